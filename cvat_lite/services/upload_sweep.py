"""Uploads that nobody goes on with, removed after a day."""

from __future__ import annotations

import orjson

from cvat_lite.services import staging, uploads
from cvat_lite.services.context import Server
from cvat_lite.services.receiving import in_thread
from cvat_lite.services.staging import Place
from cvat_lite.store import requests as request_store
from cvat_lite.store import uploads as store
from cvat_lite.store.requests import BackgroundRequest

#: An upload to which nothing has come for this long is not going on.
STALE_SECONDS = 24 * 3600.0


async def sweep(server: Server, seconds: float = STALE_SECONDS) -> None:
    """Remove what has lain for so long without a byte coming, with its rows.

    What waiting or running background work may still read is left alone.
    """
    async with server.database.reading() as db:
        places = {Place(target, number) for target, number in await store.places(db)}
        waiting = await request_store.unfinished(db)
    for place in places | await in_thread(staging.places, server.config):
        if not (place.belongs_to_a_task and any(work.task_id == place.number for work in waiting)):
            await sweep_place(server, place, seconds)
    await sweep_taken(server, waiting, seconds)


async def sweep_place(server: Server, place: Place, seconds: float) -> None:
    """Remove what is stale at a place.

    The files of a task belong together: they go when nothing at all has come for so long.
    """
    if await in_thread(staging.idle_seconds, staging.root(server.config, place)) > seconds:
        await uploads.discard(server, place)
        return
    parts, files = await in_thread(staging.stale, server.config, place, seconds)
    for file_id in parts:
        await in_thread(staging.remove, staging.part(server.config, place, file_id))
        async with server.database.writing() as db:
            await store.delete(db, file_id)
    if files and not place.belongs_to_a_task:
        await uploads.forget(server, place, files)


async def sweep_taken(server: Server, waiting: list[BackgroundRequest], seconds: float) -> None:
    """Remove files that were taken for work which never began or forgot to release them."""
    needed = b"".join(orjson.dumps(work.payload) for work in waiting)
    for folder in await in_thread(staging.taken, server.config):
        idle = await in_thread(staging.idle_seconds, folder)
        if idle > seconds and folder.name.encode() not in needed:
            await in_thread(staging.remove, folder)
