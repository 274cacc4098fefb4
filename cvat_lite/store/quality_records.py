"""Putting reports down, with their conflicts: many rows at a time, under ids given beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection

COLUMNS = (
    "job_id",
    "task_id",
    "project_id",
    "assignee_id",
    "assignee_last_updated",
    "target_last_updated",
    "gt_last_updated",
    "data",
)


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be put down: columns by name (``COLUMNS``), and conflicts as reports have them.

    ``summary`` is what lists tell of it, as JSON; ``immediate`` tells that the completion of the
    job asked for it.
    """

    values: dict[str, Any]
    summary: str
    conflicts: Sequence[dict[str, Any]] = ()
    immediate: bool = False


@dataclass(frozen=True, slots=True)
class Last:
    """The last report of a job: when it was made, and when job and ground truth had changed."""

    id: int
    created_date: str
    target_last_updated: str
    gt_last_updated: str | None
    data: str


async def latest(db: Connection, job_id: int) -> Last | None:
    """The last report of a job, or None before the first."""
    row = await rows.fetch_one(
        db,
        "SELECT id, created_date, target_last_updated, gt_last_updated, data FROM quality_reports"
        " WHERE job_id = ? ORDER BY id DESC LIMIT 1",
        (job_id,),
    )
    return rows.load(Last, row) if row else None


async def add(db: Connection, reports: Sequence[NewReport], parent: int | None) -> list[int]:
    """Record reports in their order, below a parent; answers their ids, which ascend."""
    now = clock.now()
    first = await _next_id(db, "quality_reports")
    await db.executemany(
        f"INSERT INTO quality_reports (id, created_date, {', '.join(COLUMNS)})"
        f" VALUES (?, ?, {', '.join('?' for _ in COLUMNS)})",
        (
            (first + place, now, *(report.values.get(name) for name in COLUMNS))
            for place, report in enumerate(reports)
        ),
    )
    numbers = list(range(first, first + len(reports)))
    await db.executemany(
        "INSERT INTO quality_summaries (report_id, data, immediate) VALUES (?, ?, ?)",
        [(at, each.summary, each.immediate) for at, each in zip(numbers, reports, strict=True)],
    )
    if parent is not None:
        await attach(db, numbers, parent)
    await _add_conflicts(db, reports, first)
    return numbers


async def immediate_reports(db: Connection, job_id: int) -> int:
    """How many reports the completion of a job has asked for."""
    row = await rows.fetch_one(
        db,
        "SELECT count(*) FROM quality_reports r JOIN quality_summaries s ON s.report_id = r.id"
        " WHERE r.job_id = ? AND s.immediate",
        (job_id,),
    )
    return int(row[0]) if row else 0


async def attach(db: Connection, reports: Sequence[int], parent: int) -> None:
    """Make reports parts of another."""
    await db.executemany(
        "INSERT OR IGNORE INTO quality_report_parents (report_id, parent_id) VALUES (?, ?)",
        [(number, parent) for number in reports],
    )


async def _add_conflicts(db: Connection, reports: Sequence[NewReport], report_id: int) -> None:
    first = await _next_id(db, "quality_conflicts")
    # The connection's thread makes the rows while it writes them.
    await db.executemany(
        "INSERT INTO quality_conflicts (id, report_id, frame, type, severity, attribute_names)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                number,
                report_id + place,
                *(one[name] for name in ("frame_id", "type", "severity")),
                orjson.dumps(one.get("attribute_names", [])).decode(),
            )
            for number, place, one in _numbered(reports, first)
        ),
    )
    await db.executemany(
        "INSERT INTO quality_annotation_ids (conflict_id, job_id, obj_id, type, shape_type)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            (number, each["job_id"], each["obj_id"], each["type"], each["shape_type"])
            for number, _, one in _numbered(reports, first)
            for each in one["annotation_ids"]
        ),
    )


def _numbered(
    reports: Sequence[NewReport], first: int
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """All conflicts with their ids and the places of their reports."""
    number = first
    for place, report in enumerate(reports):
        for one in report.conflicts:
            yield number, place, one
            number += 1


async def _next_id(db: Connection, table: str) -> int:
    """The id that the next row would get: one that none has had, and nobody else writes now."""
    row = await rows.fetch_one(db, "SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
    return 1 + (row[0] if row else 0)
