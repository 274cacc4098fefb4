"""Files that a power cut has left without their row: removed at the next start."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from cvat_lite.services.context import Server
from cvat_lite.services.snapshots import DROPPED
from cvat_lite.store import data as data_store
from cvat_lite.store import requests as request_store


async def remove(server: Server) -> None:
    """Remove media of data that is gone, and results of requests that are gone.

    Data that a snapshot names is not gone.
    A row goes before its files do, so that what is found here belonged to something removed.
    Called before the queue starts: nothing is being made meanwhile.
    """
    async with server.database.reading() as db:
        data_ids = {str(number) for number in await data_store.ids(db)}
    async with server.database.reading() as db:
        results = await request_store.result_files(db)
    if not server.keeping.holds_all():
        known = data_ids | {str(number) for number in server.keeping.data_ids()}
        await asyncio.to_thread(remove_others, server.config.media, known)
    for place in server.config.data_dir.glob(f"{DROPPED}*"):
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
    await asyncio.to_thread(remove_others, server.config.exports, results)


def remove_others(directory: Path, known: set[str]) -> None:
    """Remove what lies in a directory under other names than these."""
    for place in directory.iterdir():
        if place.name in known:
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
