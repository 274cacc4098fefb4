"""Consensus: the settings of tasks whose jobs are done by several, and those jobs."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import JobStage, JobState, JobType
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = "ks.id, ks.task_id, ks.iou_threshold"
FROM = "consensus_settings ks"
COLLECTION = Collection(
    fields={"id": Field("ks.id", Kind.INTEGER), "task_id": Field("ks.task_id", Kind.INTEGER)},
    filter=("id", "task_id"),
    ordering=("id",),
    simple=("task_id",),
    default_sort="id",
)


class Settings(rows.Struct, frozen=True):
    """How alike annotations of a task have to be to count as one; 0 to 1."""

    id: int
    task_id: int
    iou_threshold: float


class Merging(rows.Struct, frozen=True):
    """A job to be filled from its replicas: its last frame, and the replicas that are begun."""

    job_id: int
    last_frame: int
    replicas: tuple[int, ...]


async def get(db: Connection, settings_id: int) -> Settings | None:
    """The settings, or None where there are none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE ks.id = ?", (settings_id,))
    return Settings(*row) if row else None


async def of_task(db: Connection, task_id: int) -> Settings | None:
    """The settings of a task, None for one without consensus."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE ks.task_id = ?", (task_id,))
    return Settings(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Settings]]:
    """A page of settings and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Settings(*tuple(row)[:3]) for row in found]


async def update(db: Connection, settings_id: int, values: dict[str, Any]) -> None:
    """Change settings."""
    await rows.update(db, "consensus_settings", settings_id, values)


async def add_settings(db: Connection, task_id: int) -> None:
    """Give a task settings, if it has none."""
    await db.execute("INSERT OR IGNORE INTO consensus_settings (task_id) VALUES (?)", (task_id,))


async def add_replicas(db: Connection, task_id: int, replicas: int) -> None:
    """Give each annotation job of a task so many replicas, over the same segment."""
    now = clock.now()
    parents = await rows.fetch_all(
        db,
        "SELECT j.id, j.segment_id FROM jobs j JOIN segments s ON s.id = j.segment_id"
        " WHERE s.task_id = ? AND j.type = ? ORDER BY j.id",
        (task_id, JobType.ANNOTATION),
    )
    await db.executemany(
        "INSERT INTO jobs (segment_id, type, parent_job_id, created_date, updated_date)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (row["segment_id"], JobType.CONSENSUS_REPLICA, row["id"], now, now)
            for row in parents
            for _ in range(replicas)
        ],
    )


async def mergeable(db: Connection, task_id: int, job_id: int | None = None) -> list[Merging]:
    """The jobs of a task (or the one) that still wait for their annotations, with replicas begun.

    A job that has been taken further than annotation is finished; a replica that nobody has
    touched says nothing.
    """
    found = await rows.fetch_all(
        db,
        """SELECT p.id, s.stop_frame, r.id AS replica FROM jobs p
           JOIN segments s ON s.id = p.segment_id JOIN jobs r ON r.parent_job_id = p.id
           WHERE s.task_id = ?1 AND (?2 IS NULL OR p.id = ?2) AND p.type = ?3 AND p.stage = ?4
           AND r.type = ?5 AND NOT (r.stage = ?4 AND r.state = ?6) ORDER BY p.id, r.id""",
        (
            task_id,
            job_id,
            JobType.ANNOTATION,
            JobStage.ANNOTATION,
            JobType.CONSENSUS_REPLICA,
            JobState.NEW,
        ),
    )
    jobs: dict[tuple[int, int], list[int]] = {}
    for row in found:
        jobs.setdefault((row["id"], row["stop_frame"]), []).append(row["replica"])
    return [Merging(job, last, tuple(replicas)) for (job, last), replicas in jobs.items()]
