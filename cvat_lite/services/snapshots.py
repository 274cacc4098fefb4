"""Snapshots: the whole state under a name, and back to it, also while the server runs.

A snapshot is a copy of the database. Media are not copied: their files are never changed, and stay
as long as the live store or any snapshot names them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cvat_lite.config import Config
from cvat_lite.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    StoreError,
    ValidationError,
)
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import keeping, requests
from cvat_lite.services.context import Context, Server
from cvat_lite.services.keeping import SUFFIX
from cvat_lite.store import snapshots as store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
#: Requests under way when a snapshot is put back get this long to end by themselves.
PATIENCE = 2.0
NOT_ALLOWED = "This server was started without --allow-snapshots."
#: What has been put aside to be removed; found at the next start if that did not happen.
DROPPED = "dropped-"


def authorize(context: Context, scope: str) -> None:
    """ForbiddenError unless the asker and the server allow it."""
    engine.authorize(context.subject, scope, Resource("snapshots"))
    if not context.config.allow_snapshots:
        raise ForbiddenError(NOT_ALLOWED)


def file_of(config: Config, name: str) -> Path:
    """Where the snapshot of a name is or would be; ValidationError for what cannot be a name."""
    if not NAME.fullmatch(name):
        raise ValidationError(
            {"name": ["A name is of letters, digits and . _ - only, at most 100 of them."]}
        )
    return config.snapshots / f"{name}{SUFFIX}"


def existing(config: Config, name: str) -> Path:
    """The file of a snapshot; NotFoundError where there is none of that name."""
    path = file_of(config, name)
    if not path.is_file():
        raise NotFoundError(f"There is no snapshot {name}.")
    return path


def view(path: Path) -> dict[str, Any]:
    """A snapshot on the wire; ``size`` is in bytes, without media."""
    facts = path.stat()
    made = datetime.fromtimestamp(facts.st_mtime, UTC)
    return {
        "name": path.name.removesuffix(SUFFIX),
        "created_date": made.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "size": facts.st_size,
    }


def views(config: Config) -> list[dict[str, Any]]:
    """All snapshots on the wire, by name."""
    return [view(path) for path in keeping.files(config)]


def check_new(config: Config, name: str, *, replace: bool) -> Path:
    """Where a new snapshot goes; ConflictError if there is one that may not be replaced."""
    path = file_of(config, name)
    if path.exists() and not replace:
        raise ConflictError(f"There is a snapshot {name} already.")
    return path


async def list_all(context: Context) -> dict[str, Any]:
    """All snapshots, as one page."""
    authorize(context, "list")
    found = await asyncio.to_thread(views, context.config)
    return {"count": len(found), "next": None, "previous": None, "results": found}


async def create(context: Context, name: str, *, replace: bool) -> dict[str, Any]:
    """Save the state of this moment under a name; the server goes on answering meanwhile."""
    authorize(context, "create")
    server = context.server
    async with server.snapshot_lock:
        path = check_new(server.config, name, replace=replace)
        try:
            with server.keeping.saving():
                found = await asyncio.to_thread(store.save, server.config.database, path)
                server.keeping.note(name, found)
        finally:
            await remove_unnamed(server, server.keeping.waited())
    return await asyncio.to_thread(view, path)


async def destroy(context: Context, name: str) -> None:
    """Remove a snapshot, and the media that only it named."""
    authorize(context, "delete")
    server = context.server
    async with server.snapshot_lock:
        path = existing(server.config, name)
        found = await asyncio.to_thread(store.content, path)
        await asyncio.to_thread(path.unlink)
        server.keeping.forget(name)
        live = await asyncio.to_thread(store.content, server.config.database)
        await remove_unnamed(server, found.data_ids - live.data_ids)


async def remove_unnamed(server: Server, data_ids: set[int] | frozenset[int]) -> None:
    """Remove the media of data that the live store does not name, unless a snapshot does."""
    await keeping.remove_media(server.config, server.keeping, data_ids)


async def restore(context: Context, name: str) -> dict[str, Any]:
    """Make a snapshot the state of the running server.

    New requests wait meanwhile; those under way end first or are refused; background work is
    dropped. ConflictError for a snapshot that cannot be used.
    """
    authorize(context, "restore")
    server = context.server
    async with server.snapshot_lock:
        path = existing(server.config, name)
        with aside(server.config) as place:
            copy = place / path.name
            try:
                await asyncio.to_thread(store.ready, path, copy)
            except StoreError as error:
                raise ConflictError(str(error)) from error
            async with server.gate.closed(PATIENCE):
                gone = await swap(server, copy, place)
            await remove_unnamed(server, gone)
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
        return await asyncio.to_thread(view, path)


async def swap(server: Server, copy: Path, place: Path | None) -> frozenset[int]:
    """Replace the state while nobody is inside; answers the ids of data that have gone.

    ``place`` is where uploads and results of the old state go; without it they stay.
    """
    if await server.queue.drop():
        # What a process computes now belongs to the state that goes.
        server.workers.close()
    try:
        gone = await server.database.replace(lambda: store.put_back(copy, server.config.database))
        if place is not None:
            await asyncio.to_thread(put_aside, server.config, place)
    finally:
        server.identities.forget()
        await requests.take_up(server)
    return gone


@contextlib.contextmanager
def aside(config: Config) -> Iterator[Path]:
    """A directory beside the store for what is on its way in or out; it goes afterwards."""
    place = config.data_dir / f"{DROPPED}{uuid.uuid4().hex}"
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put_aside(config: Config, place: Path) -> None:
    """Empty the directories of uploads and results, which belong to the state that has gone.

    They are moved as a whole: it takes as long for many files as for none.
    """
    for directory in (config.uploads, config.exports):
        try:
            directory.rename(place / directory.name)
        except OSError:
            # Windows does not move a directory in which a file is open.
            shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)


def restore_stopped(config: Config, name: str) -> None:
    """Make a snapshot the state of a store that no server uses.

    Media that nothing names any more go at the server's next start.
    """
    path = existing(config, name)
    with aside(config) as place:
        copy = place / path.name
        store.ready(path, copy)
        store.put_back(copy, config.database)
        put_aside(config, place)
