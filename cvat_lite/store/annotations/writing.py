"""Writing the annotations of one job: create, replace, update, delete.

The functions work inside ``Database.writing()``. Each puts all rows of a table in with one call,
which takes them from a generator in the connection's own thread; the ids that annotations are
given are written into the structs, from where the answer takes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.segments import JobSpan
from cvat_lite.store.annotations.copies import with_copies
from cvat_lite.store.annotations.rows import (
    Ids,
    Row,
    interval_rows,
    shape_rows,
    tag_rows,
    track_rows,
    tracked_shape_rows,
)
from cvat_lite.store.database import Connection

TABLES = ("tags", "shapes", "tracks", "intervals")


def _insert(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


_LABELED = ("id", "job_id", "label_id", "frame", "group", "source", "attributes")
_INSERT_TAGS = _insert("tags", _LABELED)
_INSERT_INTERVALS = _insert(
    "intervals",
    ("id", "job_id", "label_id", "start", "stop", "group", "source", "score", "attributes"),
)
_INSERT_TRACKS = _insert("tracks", ("parent_id", *_LABELED))
_GEOMETRY = ("type", "frame", "occluded", "outside", "z_order", "rotation", "points", "attributes")
_INSERT_TRACKED_SHAPES = _insert("tracked_shapes", ("id", "track_id", *_GEOMETRY))
_INSERT_SHAPES = _insert(
    "shapes",
    ("id", "job_id", "parent_id", "label_id", "group", "source", "score", *_GEOMETRY),
)


async def create(db: Connection, job_id: int, data: LabeledData, rules: LabelRules) -> None:
    """Add all annotations of the payload to the job, each with a new id.

    ``rules`` are those that the payload was checked by; they give the attributes that it left out.
    """
    await _put(db, job_id, data, rules, await _ids(db))


async def replace(db: Connection, job_id: int, data: LabeledData, rules: LabelRules) -> None:
    """Put the payload in place of all annotations of the job; all ids are new."""
    await delete_all(db, [job_id])
    await create(db, job_id, data, rules)


async def update(db: Connection, job_id: int, data: LabeledData, rules: LabelRules) -> None:
    """Put each annotation of the payload in the place of the job's one with its id, keeping ids.

    One whose id is not of this job (any more) is added with a new id, so that an answer names
    every annotation that was sent.
    """
    await _update(db, [(job_id, data)], rules, data)


async def update_task(
    db: Connection, spans: Sequence[JobSpan], parts: Sequence[LabeledData], rules: LabelRules
) -> None:
    """Update the jobs of a task by a payload that was split into parts, one for each span.

    An annotation may move to frames of another job, and what two jobs have as copies is changed
    in both: the ids count for the task as a whole. To be called before anything else is written.
    """
    sent = _together(parts)
    jobs = [(span.job_id, part) for span, part in zip(spans, parts, strict=True)]
    await _update(db, jobs, rules, await with_copies(db, spans, sent))


async def delete(db: Connection, job_id: int, data: LabeledData) -> None:
    """Remove the annotations with the payload's ids from the job; unknown ids are no error."""
    await _delete(db, [job_id], data)


async def delete_task(db: Connection, spans: Sequence[JobSpan], data: LabeledData) -> None:
    """Remove the annotations with the payload's ids from a task, with their copies in other jobs.

    To be called before anything else is written.
    """
    doomed = await with_copies(db, spans, data)
    await _delete(db, [span.job_id for span in spans], doomed)


async def _update(
    db: Connection,
    parts: Sequence[tuple[int, LabeledData]],
    rules: LabelRules,
    replaced: LabeledData,
) -> None:
    """Put the parts in place of what ``replaced`` names by id, each id given again only once."""
    ids = await _ids(db)
    jobs = [job_id for job_id, _ in parts]
    sent = _together([part for _, part in parts])
    for name, brought in _sent_ids(sent).items():
        if brought:
            ids[name].keep(await _of_jobs(db, name, jobs, brought))
    await _delete(db, jobs, replaced)
    for job_id, part in parts:
        await _put(db, job_id, part, rules, ids)


def _together(parts: Sequence[LabeledData]) -> LabeledData:
    return LabeledData(
        tags=[tag for part in parts for tag in part.tags],
        shapes=[shape for part in parts for shape in part.shapes],
        tracks=[track for part in parts for track in part.tracks],
        intervals=[interval for part in parts for interval in part.intervals],
    )


async def _delete(db: Connection, job_ids: Sequence[int], data: LabeledData) -> None:
    # The sign before the column keeps SQLite from walking over all rows of the jobs.
    jobs = _listed(job_ids)
    for name in TABLES:
        sent = [item.id for item in getattr(data, name) if item.id is not None]
        if sent:
            top = " AND parent_id IS NULL" if name in ("shapes", "tracks") else ""
            await db.execute(
                f"DELETE FROM {name} WHERE id IN (SELECT value FROM json_each(?))"
                f" AND +job_id IN (SELECT value FROM json_each(?)){top}",
                (_listed(sent), jobs),
            )


async def delete_all(db: Connection, job_ids: Sequence[int]) -> None:
    """Remove all annotations of these jobs."""
    jobs = _listed(job_ids)
    for name in TABLES:
        await db.execute(
            f"DELETE FROM {name} WHERE job_id IN (SELECT value FROM json_each(?))", (jobs,)
        )


async def _put(
    db: Connection, job_id: int, data: LabeledData, rules: LabelRules, ids: dict[str, Ids]
) -> None:
    """Insert the rows of the payload, one call for each table that gets any."""
    inserts: list[tuple[str, Sequence[object], Iterator[Row]]] = [
        (_INSERT_TAGS, data.tags, tag_rows(job_id, data.tags, rules, ids["tags"])),
        (_INSERT_SHAPES, data.shapes, shape_rows(job_id, data.shapes, rules, ids["shapes"])),
        (_INSERT_TRACKS, data.tracks, track_rows(job_id, data.tracks, rules, ids["tracks"])),
        # After the tracks, whose ids it needs.
        (
            _INSERT_TRACKED_SHAPES,
            data.tracks,
            tracked_shape_rows(data.tracks, rules, ids["tracked_shapes"]),
        ),
        (
            _INSERT_INTERVALS,
            data.intervals,
            interval_rows(job_id, data.intervals, rules, ids["intervals"]),
        ),
    ]
    for statement, items, rows in inserts:
        if items:
            await db.executemany(statement, rows)


async def _ids(db: Connection) -> dict[str, Ids]:
    """The next ids of all tables; nobody else takes any while the transaction lasts."""
    rows = await db.execute_fetchall("SELECT name, seq FROM sqlite_sequence")
    taken = {row["name"]: int(row["seq"]) for row in rows}
    return {name: Ids(taken.get(name, 0) + 1) for name in (*TABLES, "tracked_shapes")}


async def _of_jobs(
    db: Connection, table: str, job_ids: Sequence[int], sent: Sequence[int]
) -> set[int]:
    """Which of these ids are of the jobs."""
    of = "+job_id"
    if table == "tracked_shapes":
        of = "(SELECT job_id FROM tracks WHERE tracks.id = track_id)"
    query = (
        f"SELECT id FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
        f" AND {of} IN (SELECT value FROM json_each(?))"
    )
    rows = await db.execute_fetchall(query, (_listed(sent), _listed(job_ids)))
    return {row["id"] for row in rows}


def _sent_ids(data: LabeledData) -> dict[str, list[int]]:
    """The ids that a payload brings for the rows of each table, those of elements among them."""
    paths = [path for track in data.tracks for path in (track, *track.elements)]
    sent = {
        "tags": [tag.id for tag in data.tags],
        "shapes": [one.id for shape in data.shapes for one in (shape, *shape.elements)],
        "tracks": [path.id for path in paths],
        "tracked_shapes": [shape.id for path in paths for shape in path.shapes],
        "intervals": [interval.id for interval in data.intervals],
    }
    return {table: [number for number in ids if number is not None] for table, ids in sent.items()}


def _listed(numbers: Sequence[int]) -> str:
    return msgspec.json.encode(numbers).decode()
