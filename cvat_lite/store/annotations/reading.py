"""Reading annotations: as the bytes of an answer, or as a stream of structs.

These functions work on a plain connection, so that a thread or a worker process reads with one of
its own. The annotations of a task are those of its jobs; where jobs share no frames they are put
one after the other without being looked at.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec

from cvat_lite.domain.annotations import Interval, LabeledData, Shape, Tag, Track
from cvat_lite.domain.merging import merge
from cvat_lite.domain.segments import JobSpan, closing_frames, in_order, overlapping
from cvat_lite.store.annotations import wire
from cvat_lite.store.database import connect

#: Items that SQLite spells in one call: some hundred kilobytes, a few milliseconds.
PAGE = 2000
BEFORE_ALL = (-1, -1)
AFTER_ALL = (2**62, 2**62)

T = TypeVar("T")

_TAGS = msgspec.json.Decoder(list[Tag])
_SHAPES = msgspec.json.Decoder(list[Shape])
_TRACKS = msgspec.json.Decoder(list[Track])
_INTERVALS = msgspec.json.Decoder(list[Interval])


async def answer(path: Path, spans: Sequence[JobSpan]) -> bytes:
    """The ``LabeledData`` of these jobs of the store at ``path`` as JSON, read in a thread."""
    return await asyncio.to_thread(_answer, path, tuple(spans))


def _answer(path: Path, spans: Sequence[JobSpan]) -> bytes:
    with connect(path, read_only=True) as connection:
        connection.execute("BEGIN")
        return read_json(connection, spans)


def read_json(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> bytes:
    """The ``LabeledData`` of these jobs as JSON: one job's, or all of a task's merged.

    Items are in the order of frames, then ids. The connection should be inside a transaction,
    else a write in between may be seen in half.
    """
    if overlapping(spans):
        return msgspec.json.encode(_merged(connection, spans))
    pieces = [b'{"version":0']
    for kind in wire.KINDS:
        pieces.append(b',"%s":[' % kind.name.encode())
        pieces.append(b",".join(_pages(connection, kind, spans)))
        pieces.append(b"]")
    pieces.append(b"}")
    return b"".join(pieces)


def read(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> LabeledData:
    """The annotations of these jobs as structs, all in memory."""
    if overlapping(spans):
        return _merged(connection, spans)
    return _whole(connection, spans)


def tags(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> Iterator[Tag]:
    """The tags of these jobs in the order of frames, a page in memory at a time."""
    return _stream(connection, wire.TAGS, _TAGS, spans)


def shapes(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> Iterator[Shape]:
    """The shapes of these jobs in the order of frames, a page in memory at a time."""
    return _stream(connection, wire.SHAPES, _SHAPES, spans)


def tracks(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> Iterator[Track]:
    """The tracks of these jobs in the order of their first frames."""
    return _stream(connection, wire.TRACKS, _TRACKS, spans)


def intervals(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> Iterator[Interval]:
    """The intervals of these jobs in the order of their starts."""
    return _stream(connection, wire.INTERVALS, _INTERVALS, spans)


def count(connection: sqlite3.Connection, job_ids: Sequence[int]) -> dict[str, int]:
    """How many tags, shapes, tracks and intervals these jobs hold, skeletons counted once."""
    jobs = msgspec.json.encode(job_ids).decode()
    counts = {}
    for name, top in (("tags", ""), ("shapes", "parent"), ("tracks", "parent"), ("intervals", "")):
        only = " AND parent_id IS NULL" if top else ""
        query = (
            f"SELECT count(*) FROM {name} WHERE job_id IN (SELECT value FROM json_each(?)){only}"
        )
        counts[name] = int(connection.execute(query, (jobs,)).fetchone()[0])
    return counts


def _stream(
    connection: sqlite3.Connection,
    kind: wire.Kind,
    decoder: msgspec.json.Decoder[list[T]],
    spans: Sequence[JobSpan],
) -> Iterator[T]:
    if overlapping(spans):
        yield from getattr(_merged(connection, spans), kind.name)
        return
    for page in _pages(connection, kind, spans):
        yield from decoder.decode(b"[%s]" % page)


def _merged(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> LabeledData:
    """The annotations of jobs that share frames, what is twice in them taken for one."""
    ordered = in_order(spans)
    return merge([(span, _whole(connection, [span])) for span in ordered])


def _whole(connection: sqlite3.Connection, spans: Sequence[JobSpan]) -> LabeledData:
    return LabeledData(
        tags=list(_stream(connection, wire.TAGS, _TAGS, spans)),
        shapes=list(_stream(connection, wire.SHAPES, _SHAPES, spans)),
        tracks=list(_stream(connection, wire.TRACKS, _TRACKS, spans)),
        intervals=list(_stream(connection, wire.INTERVALS, _INTERVALS, spans)),
    )


def _pages(
    connection: sqlite3.Connection, kind: wire.Kind, spans: Sequence[JobSpan]
) -> Iterator[bytes]:
    """The JSON of all items of these jobs, page by page, without the brackets around."""
    return chain.from_iterable(
        _pages_of_job(connection, kind, span.job_id, closing)
        for span, closing in zip(in_order(spans), closing_frames(spans), strict=True)
    )


def _pages_of_job(
    connection: sqlite3.Connection, kind: wire.Kind, job_id: int, closing: int | None
) -> Iterator[bytes]:
    start: tuple[int, int] | None = BEFORE_ALL
    while start is not None:
        position = {"job": job_id, "at": start[0], "id": start[1], "size": PAGE}
        bound = connection.execute(kind.bound, position).fetchone()
        stop = tuple(bound) if bound else AFTER_ALL
        limits = {"to_at": stop[0], "to_id": stop[1], "closing": closing}
        page = connection.execute(kind.page, {**position, **limits}).fetchone()[0]
        if page:
            yield page
        start = (stop[0], stop[1]) if bound else None
