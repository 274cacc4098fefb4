"""The jobs whose annotations a task or a job has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from cvat_lite.domain.enums import JobType, SegmentType
from cvat_lite.domain.segments import JobSpan, in_order
from cvat_lite.store.database import Connection

SELECT = (
    "SELECT jobs.id, jobs.type AS job_type, segments.type, segments.start_frame,"
    " segments.stop_frame, segments.frames"
    " FROM jobs JOIN segments ON segments.id = jobs.segment_id"
)
_OF_TASK = f"{SELECT} WHERE segments.task_id = ? ORDER BY jobs.id"
_OF_JOB = f"{SELECT} WHERE jobs.id = ?"


async def of_job(db: Connection, job_id: int) -> list[JobSpan]:
    """The job itself; nothing where there is none."""
    return [_span(row) for row in await db.execute_fetchall(_OF_JOB, (job_id,))]


async def of_task(db: Connection, task_id: int) -> list[JobSpan]:
    """The jobs that a task's annotations are made of, in the order of their frames.

    Replicas of a job are not among them, nor a ground truth job over frames that other jobs have;
    one that has its frames to itself (the pool of honeypots) is.
    """
    return chosen(await db.execute_fetchall(_OF_TASK, (task_id,)))


def of_task_plainly(connection: sqlite3.Connection, task_id: int) -> list[JobSpan]:
    """The same as :func:`of_task` on a plain connection."""
    return chosen(connection.execute(_OF_TASK, (task_id,)).fetchall())


def of_job_plainly(connection: sqlite3.Connection, job_id: int) -> list[JobSpan]:
    """The same as :func:`of_job` on a plain connection."""
    return [_span(row) for row in connection.execute(_OF_JOB, (job_id,)).fetchall()]


def chosen(rows: Iterable[sqlite3.Row]) -> list[JobSpan]:
    """The jobs among these rows of a task that hold its annotations."""
    usual, truths = [], []
    for row in rows:
        if row["job_type"] == JobType.ANNOTATION:
            usual.append(_span(row))
        elif row["job_type"] == JobType.GROUND_TRUTH:
            truths.append(_span(row))
    apart = [
        truth
        for truth in truths
        if not any(truth.start <= span.stop and span.start <= truth.stop for span in usual)
    ]
    return in_order(usual + apart)


def _span(row: sqlite3.Row) -> JobSpan:
    frames = None
    if row["type"] == SegmentType.SPECIFIC_FRAMES:
        frames = frozenset(json.loads(row["frames"]))
    return JobSpan(row["id"], row["start_frame"], row["stop_frame"], frames)
