"""Annotation guides: what annotators of a task or project should know."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection

SELECT = """
SELECT g.id, g.task_id, g.project_id, g.markdown, g.created_date, g.updated_date FROM guides g
"""
HAS_JOB = """
SELECT 1 FROM guides g JOIN tasks t ON t.id = g.task_id OR t.project_id = g.project_id
JOIN segments s ON s.task_id = t.id JOIN jobs j ON j.segment_id = s.id
WHERE g.id = ? AND j.assignee_id = ? LIMIT 1
"""


class Guide(rows.Struct, frozen=True):
    """A text in Markdown for exactly one task or project."""

    id: int
    task_id: int | None
    project_id: int | None
    markdown: str
    created_date: str
    updated_date: str


async def get(db: Connection, guide_id: int) -> Guide | None:
    """The guide, or None where there is none."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE g.id = ?", (guide_id,))
    return Guide(*row) if row else None


async def of_target(db: Connection, column: str, number: int) -> Guide | None:
    """The guide of a task (``task_id``) or project (``project_id``)."""
    row = await rows.fetch_one(db, f'{SELECT} WHERE g."{column}" = ?', (number,))
    return Guide(*row) if row else None


async def has_job(db: Connection, guide_id: int, user_id: int) -> bool:
    """Whether the user is assigned a job that the guide is about."""
    return await rows.fetch_one(db, HAS_JOB, (guide_id, user_id)) is not None


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a guide; answers its id."""
    now = clock.now()
    return await rows.insert(db, "guides", {**values, "created_date": now, "updated_date": now})


async def update(db: Connection, guide_id: int, values: dict[str, Any]) -> None:
    """Set columns of a guide; it counts as changed now."""
    await rows.update(db, "guides", guide_id, {**values, "updated_date": clock.now()})


async def touch_target(db: Connection, guide: Guide) -> None:
    """Note that the guide's task or project has changed now."""
    table = "tasks" if guide.task_id is not None else "projects"
    number = guide.task_id if guide.task_id is not None else guide.project_id
    await rows.update(db, table, number, {"updated_date": clock.now()})


async def delete(db: Connection, guide_id: int) -> None:
    """Remove a guide with its assets."""
    await rows.delete(db, "guides", guide_id)
