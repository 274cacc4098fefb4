"""``cvat-lite snapshot``: of a store whose server does not run, or through a server that does."""

from __future__ import annotations

import base64
import http.client
import json
import os
from argparse import Namespace
from typing import Any
from urllib.parse import quote, urlsplit

from cvat_lite.cli import settings
from cvat_lite.cli.settings import SettingError
from cvat_lite.config import Config
from cvat_lite.errors import ApiError, StoreError, in_words
from cvat_lite.services import snapshots
from cvat_lite.store.database import prepare
from cvat_lite.store.lock import DirectoryLock
from cvat_lite.store.snapshots import save

#: A large store takes its time.
SECONDS = 600.0
DONE = {"save": "Saved", "restore": "Restored", "delete": "Deleted"}
HEADINGS = ("NAME", "SAVED", "SIZE")


def run(options: Namespace) -> None:
    """Do one of the actions; SettingError or StoreError says why it cannot be done."""
    found = through_server(options) if options.url else on_store(options)
    if options.action == "list":
        print(table(found["results"]))
    else:
        print(f"{DONE[options.action]} the snapshot {options.name}.")


def on_store(options: Namespace) -> Any:
    """The action on a store that no server uses."""
    config = settings.read(options, os.environ)
    if not config.data_dir.is_dir():
        raise StoreError(f"There is no store in {config.data_dir}; name one with --data-dir.")
    if options.action == "list":
        return {"results": snapshots.views(config)}
    try:
        lock = DirectoryLock(config.data_dir / "lock")
    except StoreError as error:
        raise StoreError(f"{error} Name it with --url, or stop it.") from None
    except OSError as error:
        raise StoreError(f"The directory {config.data_dir} cannot be used: {error}.") from error
    try:
        return change(config, options)
    except ApiError as error:
        raise SettingError(str(error)) from error
    finally:
        lock.release()


def change(config: Config, options: Namespace) -> None:
    """Save, restore or delete."""
    match options.action:
        case "save":
            if not config.database.is_file():
                raise StoreError(f"There is no store in {config.data_dir}.")
            prepare(config.database)
            save(
                config.database, snapshots.check_new(config, options.name, replace=options.replace)
            )
        case "restore":
            snapshots.existing(config, options.name)
            prepare(config.database)
            snapshots.restore_stopped(config, options.name)
        case _:
            snapshots.existing(config, options.name).unlink()


def through_server(options: Namespace) -> Any:
    """The action of a running server, as its administrator; the answer's body."""
    path = "/api/snapshots"
    match options.action:
        case "list":
            return call(options, "GET", path)
        case "save":
            return call(options, "POST", path, {"name": options.name, "replace": options.replace})
        case "restore":
            return call(options, "POST", f"{path}/{quote(options.name, safe='')}/restore")
        case _:
            return call(options, "DELETE", f"{path}/{quote(options.name, safe='')}")


def call(options: Namespace, method: str, path: str, body: Any = None) -> Any:
    """What the server answers; SettingError in its words if it refuses."""
    headers = {"Authorization": proof(options), "Accept": "application/json"}
    content = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body)
    connection = connected(options.url)
    try:
        connection.request(method, urlsplit(options.url).path.rstrip("/") + path, content, headers)
        response = connection.getresponse()
        data = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise SettingError(f"{options.url} does not answer: {error}.") from error
    finally:
        connection.close()
    try:
        answer = json.loads(data) if data else None
    except ValueError:
        raise SettingError(f"{options.url} is no server of CVAT Lite.") from None
    if response.status >= 300:
        raise SettingError(in_words(answer))
    return answer


def connected(url: str) -> http.client.HTTPConnection:
    """A connection to the server of that address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(f"{url!r} is not an address such as http://127.0.0.1:8080.")
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=SECONDS)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)


def proof(options: Namespace) -> str:
    """The header that proves the administrator."""
    if options.token:
        return f"Token {options.token}"
    if not options.username or options.password is None:
        raise SettingError("Say who you are: --username and --password, or --token.")
    pair = f"{options.username}:{options.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def table(found: list[dict[str, Any]]) -> str:
    """The snapshots in columns."""
    lines = [HEADINGS]
    for one in found:
        saved = one["created_date"][:19].replace("T", " ")
        lines.append((one["name"], saved, f"{one['size']:,}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
