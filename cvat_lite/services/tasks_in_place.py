"""A task of what lies in a directory of this machine, made once and found again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cvat_lite.domain.enums import RequestStatus, SortingMethod
from cvat_lite.errors import MediaError
from cvat_lite.media import kinds
from cvat_lite.media.kinds import Kind
from cvat_lite.media.material import files_below
from cvat_lite.services import requests, task_creation, tasks
from cvat_lite.services.context import Context
from cvat_lite.store import labels as label_store
from cvat_lite.store import requests as request_store
from cvat_lite.store import settings
from cvat_lite.store import tasks as store

#: Something to draw with where nobody has named a label.
DEFAULT_LABEL = "object"
NAME_LENGTH = 256
POLL_SECONDS = 0.05


async def open_directory(context: Context, directory: Path, labels: Sequence[str]) -> int:
    """The task of the images, or else the one video or PDF, in a directory; answers its id.

    The files are used where they lie. The task of an earlier call is found again, and gets those
    of the labels that it has not. Returns when the frames are there. MediaError where none can be
    made; then there is no task either.
    """
    directory = await asyncio.to_thread(directory.resolve)
    key = f"task_in_place {os.path.normcase(directory)}"
    task_id = await known(context, key)
    if task_id is None:
        body = await asyncio.to_thread(choose, directory)
        task_id = await begin(context, key, directory, labels or (DEFAULT_LABEL,))
        await finish(context, key, task_id, (directory, body))
    else:
        await add_labels(context, task_id, labels)
    return task_id


async def known(context: Context, key: str) -> int | None:
    """The task remembered under that key, if it is still there and has its frames.

    One without frames was begun by a server that was killed: it goes, and is made anew.
    """
    async with context.database.snapshot() as db:
        value = await settings.get(db, key)
        task = await store.get(db, int(value)) if value else None
    if task is None:
        return None
    rq_id = task_creation.request_id(task.id)
    if task.size or await outcome(context, rq_id) == RequestStatus.FINISHED:
        return task.id
    await tasks.destroy(context, task.id)
    return None


def choose(directory: Path) -> dict[str, Any]:
    """The data of a task of that directory; MediaError where it is not clear what is meant."""
    names = list(files_below(directory))
    groups = kinds.group_by_kind(names)
    body: dict[str, Any] = {"copy_data": False, "sorting_method": SortingMethod.NATURAL}
    images = groups.get(Kind.IMAGE, [])
    clouds = groups.get(Kind.POINT_CLOUD, [])
    if clouds:
        return {**body, "server_files": [*clouds, *images]}
    if images:
        # Named one by one only where something else lies among them: a walk is much faster.
        return {**body, "server_files": ["/"] if len(images) == len(names) else images}
    found = [name for kind in (Kind.VIDEO, Kind.PDF, Kind.AUDIO) for name in groups.get(kind, ())]
    if not found:
        raise MediaError(f"There are no images and no video in {directory}.")
    if len(found) > 1:
        listed = ", ".join(sorted(found)[:5])
        raise MediaError(
            f"There are {len(found)} videos in {directory} ({listed}), and a task has one: put "
            "each into a directory of its own."
        )
    return {**body, "server_files": found, "use_zip_chunks": False}


async def begin(context: Context, key: str, directory: Path, labels: Sequence[str]) -> int:
    """Make the task without its frames, and remember it."""
    wanted = [{"name": name} for name in dict.fromkeys(labels)]
    name = (directory.name or str(directory))[:NAME_LENGTH]
    made = await tasks.create(context, {"name": name, "labels": wanted})
    task_id = int(made["id"])
    async with context.database.writing() as db:
        await settings.put(db, key, str(task_id))
    return task_id


async def finish(
    context: Context, key: str, task_id: int, data: tuple[Path, dict[str, Any]]
) -> None:
    """Have the frames made; where that fails, remove and forget the task and raise MediaError."""
    directory, body = data
    rq_id = await task_creation.attach(context, task_id, body, root=str(directory))
    if await outcome(context, rq_id) == RequestStatus.FINISHED:
        return
    message = (await requests.retrieve(context, rq_id))["message"]
    await tasks.destroy(context, task_id)
    async with context.database.writing() as db:
        await settings.delete(db, key)
    raise MediaError(f"No task can be made of {directory}: {message}")


async def outcome(context: Context, rq_id: str) -> str | None:
    """How a request ended, once it has; None if it is not known."""
    while True:
        async with context.database.reading() as db:
            request = await request_store.get(db, rq_id)
        if request is None:
            return None
        if request.status in (RequestStatus.FINISHED, RequestStatus.FAILED):
            return request.status
        await asyncio.sleep(POLL_SECONDS)


async def add_labels(context: Context, task_id: int, names: Sequence[str]) -> None:
    """Give the task those of the labels that it has not."""
    async with context.database.reading() as db:
        there = {label.name for label in await label_store.of_task(db, task_id)}
    missing = [{"name": name} for name in dict.fromkeys(names) if name not in there]
    if missing:
        await tasks.update(context, task_id, {"labels": missing})
