"""The copies that jobs with shared frames have of one annotation of their task."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from cvat_lite.domain.annotations import LabeledData, Shape, Tag, Track
from cvat_lite.domain.merging import copies
from cvat_lite.domain.segments import JobSpan, overlapping
from cvat_lite.store.annotations.reading import read
from cvat_lite.store.database import Connection, connect

Item = TypeVar("Item", bound=Tag | Shape | Track)


async def with_copies(db: Connection, spans: Sequence[JobSpan], data: LabeledData) -> LabeledData:
    """The payload, and for each annotation in it the same again with the id of each copy.

    The copies are looked up in what is committed, by a connection of its own in a thread: inside
    a transaction this is right as long as nothing was written in it.
    """
    if not overlapping(spans) or not (data.tags or data.shapes or data.tracks):
        return data
    rows = await db.execute_fetchall("SELECT file FROM pragma_database_list WHERE name = 'main'")
    path = Path(next(iter(rows))["file"])
    return await asyncio.to_thread(_with_copies, path, tuple(spans), data)


def _with_copies(path: Path, spans: Sequence[JobSpan], data: LabeledData) -> LabeledData:
    with connect(path, read_only=True) as connection:
        connection.execute("BEGIN")
        found = copies([(span, read(connection, [span])) for span in spans])
    return replace(
        data,
        tags=[*data.tags, *_again(data.tags, found.tags)],
        shapes=[*data.shapes, *_again(data.shapes, found.shapes)],
        tracks=[*data.tracks, *_again(data.tracks, found.tracks)],
    )


def _again(items: Iterable[Item], known: dict[int, list[int]]) -> list[Item]:
    return [
        replace(item, id=copy)
        for item in items
        if item.id is not None
        for copy in known.get(item.id, ())
    ]
