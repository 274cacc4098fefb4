"""``cvat-lite open``: a task of a directory, and the browser at it."""

from __future__ import annotations

import asyncio
import webbrowser
from argparse import Namespace
from pathlib import Path

from cvat_lite.cli.settings import SettingError
from cvat_lite.errors import ApiError, MediaError, StoreError
from cvat_lite.services import organizations, tasks_in_place
from cvat_lite.services.context import Context, Server


def check(directory: Path) -> None:
    """SettingError for what is no directory, before anything is started."""
    if not directory.is_dir():
        raise SettingError(f"{directory} is not a directory.")


async def open_task(server: Server, url: str, options: Namespace) -> None:
    """Make or find the task, say where it is, and open the browser.

    The browser goes to the task where there is a web client, and else to the page that says what
    this server is. SettingError where no task can be made.
    """
    labels = [name.strip() for name in options.labels.split(",") if name.strip()]
    context = await administrator(server, url)
    try:
        task_id = await tasks_in_place.open_directory(context, options.directory, labels)
    except (ApiError, MediaError) as error:
        raise SettingError(str(error)) from error
    has_client = server.config.ui is not None
    page = f"{url}/tasks/{task_id}" if has_client else f"{url}/"
    print(
        f"  Task {task_id} is at {page if has_client else f'{url}/api/tasks/{task_id}'}", flush=True
    )
    if not options.no_browser:
        await asyncio.to_thread(webbrowser.open, page)


async def administrator(server: Server, url: str) -> Context:
    """The context of whoever sits at this machine."""
    identity = await server.identities.administrator()
    if identity is None:
        raise StoreError("The store has no active administrator.")
    subject, _ = await organizations.subject(server, identity, "", None)
    return Context(server=server, identity=identity, subject=subject, base_url=url)
