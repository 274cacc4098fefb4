"""What a report is made of: the jobs of a task, its ground truth, and the frames in question."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from cvat_lite.domain.enums import JobStage, JobState, JobType
from cvat_lite.store import jobs as job_store
from cvat_lite.store import rows, validation
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, select


@dataclass(frozen=True, slots=True)
class Source:
    """An annotation job or the ground truth: its frames within the task, when it last changed."""

    id: int
    start: int
    stop: int
    updated: str


@dataclass(frozen=True, slots=True)
class Sources:
    """A task to be judged. ``frames`` leads from frames of the task to those of the truth."""

    updated: str
    size: int
    truth: Source
    jobs: tuple[Source, ...]
    frames: dict[int, int]
    sizes: dict[int, tuple[int, int]]


async def of_task(db: Connection, task_id: int) -> Sources | None:
    """What a task is judged by; None without an accepted and completed ground truth job."""
    task = await rows.fetch_one(
        db,
        "SELECT t.updated_date, d.size, d.id, d.deleted_frames FROM tasks t"
        " JOIN data d ON d.id = t.data_id WHERE t.id = ?",
        (task_id,),
    )
    layout = await validation.get(db, task[2]) if task else None
    found = await rows.fetch_all(
        db,
        "SELECT j.id, g.start_frame, g.stop_frame, j.updated_date, j.type, j.stage, j.state"
        " FROM jobs j JOIN segments g"
        " ON g.id = j.segment_id WHERE g.task_id = ? ORDER BY j.id",
        (task_id,),
    )
    truth = next((row for row in found if row["type"] == JobType.GROUND_TRUTH), None)
    done = (JobStage.ACCEPTANCE, JobState.COMPLETED)
    if not task or layout is None or truth is None or (truth["stage"], truth["state"]) != done:
        return None
    left = set(layout.frames) - set(layout.disabled_frames) - set(orjson.loads(task[3]))
    frames = {frame: frame for frame in left}
    if layout.mode == "gt_pool":
        shown = await rows.fetch_all(
            db,
            "SELECT frame, real_frame FROM images WHERE data_id = ? AND is_placeholder = 1",
            (task[2],),
        )
        frames = {row[0]: row[1] for row in shown if row[1] in left}
    jobs = tuple(Source(*tuple(row)[:4]) for row in found if row["type"] == JobType.ANNOTATION)
    sizes = await sizes_of(db, task[2], task[1])
    return Sources(task[0], task[1], Source(*tuple(truth)[:4]), jobs, frames, sizes)


async def sizes_of(db: Connection, data_id: int, size: int) -> dict[int, tuple[int, int]]:
    """Width and height of each frame of a data."""
    video = await rows.fetch_one(
        db, "SELECT width, height FROM videos WHERE data_id = ?", (data_id,)
    )
    if video:
        return dict.fromkeys(range(size), (video[0], video[1]))
    found = await rows.fetch_all(
        db, "SELECT frame, width, height FROM images WHERE data_id = ?", (data_id,)
    )
    return {row[0]: (row[1], row[2]) for row in found}


async def chosen(db: Connection, task_id: int, rule: str) -> set[int]:
    """The jobs of a task that a filter of jobs lets through; RuleError for a wrong one."""
    query = ListQuery(filter=rule or None, page_size="all")
    selection = select(job_store.COLLECTION, query, ("j.task_id = ?", (task_id,)))
    _, found = await job_store.page(db, selection)
    return {job.id for job in found}


async def tasks_of(db: Connection, project_id: int) -> list[int]:
    """The tasks of a project."""
    found = await rows.fetch_all(
        db, "SELECT id FROM tasks WHERE project_id = ? ORDER BY id", (project_id,)
    )
    return [row[0] for row in found]


@dataclass(frozen=True, slots=True)
class Place:
    """When a task or project last changed, and whose it is."""

    updated_date: str
    assignee_id: int | None


async def place(db: Connection, kind: str, number: int) -> Place | None:
    """What is seen of a ``task`` or ``project``; None where it is gone."""
    table = {"task": "tasks", "project": "projects"}[kind]
    row = await rows.fetch_one(
        db, f"SELECT updated_date, assignee_id FROM {table} WHERE id = ?", (number,)
    )
    return rows.load(Place, row) if row else None


async def assignees(db: Connection, task_id: int) -> dict[int, tuple[int | None, str | None]]:
    """Whose each job of a task is, and since when."""
    found = await rows.fetch_all(
        db,
        "SELECT j.id, j.assignee_id, j.assignee_updated_date FROM jobs j"
        " JOIN segments g ON g.id = j.segment_id WHERE g.task_id = ?",
        (task_id,),
    )
    return {row[0]: (row[1], row[2]) for row in found}


async def project_of(db: Connection, task_id: int) -> int | None:
    """The project of a task."""
    row = await rows.fetch_one(db, "SELECT project_id FROM tasks WHERE id = ?", (task_id,))
    return row[0] if row else None
