"""Jobs with what their answers show of task, segment, data and project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.domain.enums import (
    Dimension,
    JobStage,
    JobState,
    JobType,
    MediaType,
    SegmentType,
)
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
j.id, t.id, t.name, t.project_id, p.name, j.assignee_id, asg.username, asg.first_name,
asg.last_name, j.assignee_updated_date,
(SELECT g.id FROM guides g WHERE g.task_id = t.id OR g.project_id = t.project_id LIMIT 1),
t.dimension, t.mode, t.media_type,
coalesce(nullif(t.bug_tracker, ''), p.bug_tracker),
j.status, j.stage, j.state, j.type, s.start_frame, s.stop_frame, s.type, s.frames,
d.chunk_size, d.compressed_chunk_type, d.original_chunk_type, j.created_date, j.updated_date,
(SELECT count(*) FROM issues i WHERE i.job_id = j.id), t.organization_id, j.parent_job_id,
(SELECT count(*) FROM jobs r WHERE r.parent_job_id = j.id),
t.source_storage_id, ss.location, ss.cloud_storage_id,
t.target_storage_id, ts.location, ts.cloud_storage_id,
t.owner_id, t.assignee_id, p.owner_id, p.assignee_id
"""
#: Every job has its segment and task; a LEFT JOIN is left out where no condition needs it.
FROM = """
jobs j LEFT JOIN segments s ON s.id = j.segment_id LEFT JOIN tasks t ON t.id = j.task_id
LEFT JOIN data d ON d.id = t.data_id LEFT JOIN projects p ON p.id = t.project_id
LEFT JOIN users asg ON asg.id = j.assignee_id
LEFT JOIN storages ss ON ss.id = t.source_storage_id
LEFT JOIN storages ts ON ts.id = t.target_storage_id
"""

NAMES = (
    "assignee",
    "dimension",
    "id",
    "media_type",
    "mode",
    "parent_job_id",
    "project_id",
    "project_name",
    "stage",
    "state",
    "task_id",
    "task_name",
    "type",
    "updated_date",
)
COLLECTION = Collection(
    fields={
        "id": Field("j.id", Kind.INTEGER),
        "task_id": Field("j.task_id", Kind.INTEGER),
        "task_name": Field("t.name"),
        "project_id": Field("t.project_id", Kind.INTEGER),
        "project_name": Field("p.name"),
        "assignee": Field("asg.username"),
        "stage": Field("j.stage", choices=tuple(JobStage)),
        "state": Field("j.state", choices=tuple(JobState)),
        "type": Field("j.type", choices=tuple(JobType)),
        "dimension": Field("t.dimension", choices=tuple(Dimension)),
        "media_type": Field("t.media_type", choices=tuple(MediaType)),
        "mode": Field("t.mode"),
        "parent_job_id": Field("j.parent_job_id", Kind.INTEGER),
        "updated_date": Field("j.updated_date", Kind.DATE),
    },
    filter=NAMES,
    search=("assignee", "project_name", "task_name"),
    ordering=NAMES,
    simple=tuple(name for name in NAMES if name not in ("id", "updated_date")),
)


class Job(rows.Struct, frozen=True):
    """A job as its answers need it."""

    id: int
    task_id: int
    task_name: str
    project_id: int | None
    project_name: str | None
    assignee_id: int | None
    assignee_username: str | None
    assignee_first_name: str | None
    assignee_last_name: str | None
    assignee_updated_date: str | None
    guide_id: int | None
    dimension: str
    mode: str
    media_type: str
    bug_tracker: str | None
    status: str
    stage: str
    state: str
    type: str
    start_frame: int
    stop_frame: int
    segment_type: str
    segment_frames: str
    chunk_size: int | None
    compressed_chunk_type: str | None
    original_chunk_type: str | None
    created_date: str
    updated_date: str
    issues: int
    organization_id: int | None
    parent_job_id: int | None
    replicas: int
    source_storage_id: int | None
    source_location: str | None
    source_cloud_storage_id: int | None
    target_storage_id: int | None
    target_location: str | None
    target_cloud_storage_id: int | None
    task_owner_id: int | None
    task_assignee_id: int | None
    project_owner_id: int | None
    project_assignee_id: int | None

    @property
    def frames(self) -> Sequence[int]:
        """The frames of the task that the job is about, ascending."""
        if self.segment_type == SegmentType.RANGE:
            return range(self.start_frame, self.stop_frame + 1)
        frames: list[int] = orjson.loads(self.segment_frames)
        return frames


WIDTH = len(Job.__struct_fields__)


async def get(db: Connection, job_id: int) -> Job | None:
    """The job, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE j.id = ?", (job_id,))
    return Job(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Job]]:
    """A page of jobs and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Job(*tuple(row)[:WIDTH]) for row in found]


async def of_task(db: Connection, task_id: int) -> list[Job]:
    """All jobs of a task by id."""
    found = await rows.fetch_all(
        db, f"SELECT {COLUMNS} FROM {FROM} WHERE j.task_id = ? ORDER BY j.id", (task_id,)
    )
    return [Job(*row) for row in found]


async def add_ranges(db: Connection, task_id: int, ranges: Sequence[tuple[int, int]]) -> None:
    """Make a segment with its annotation job for each first and last frame."""
    now = clock.now()
    for start, stop in ranges:
        segment_id = await rows.insert(
            db,
            "segments",
            {
                "task_id": task_id,
                "start_frame": start,
                "stop_frame": stop,
                "chunks_updated_date": now,
            },
        )
        await rows.insert(
            db, "jobs", {"segment_id": segment_id, "created_date": now, "updated_date": now}
        )


async def update(db: Connection, job_id: int, values: dict[str, Any]) -> None:
    """Set columns of a job."""
    await rows.update(db, "jobs", job_id, values)


async def touch(db: Connection, job_ids: Sequence[int]) -> None:
    """Note that jobs, and their tasks, have changed now."""
    now, ids = clock.now(), orjson.dumps(list(job_ids)).decode()
    await db.execute(
        "UPDATE jobs SET updated_date = ? WHERE id IN (SELECT value FROM json_each(?))", (now, ids)
    )
    await db.execute(
        """UPDATE tasks SET updated_date = ? WHERE id IN (SELECT s.task_id FROM segments s
           JOIN jobs j ON j.segment_id = s.id WHERE j.id IN (SELECT value FROM json_each(?)))""",
        (now, ids),
    )


async def delete_segment(db: Connection, job_id: int) -> None:
    """Remove a job together with its segment."""
    await db.execute(
        "DELETE FROM segments WHERE id = (SELECT segment_id FROM jobs WHERE id = ?)", (job_id,)
    )
