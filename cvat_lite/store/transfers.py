"""Putting projects and tasks into another organization, with all that belongs to them."""

from __future__ import annotations

from cvat_lite.store.database import Connection

#: Who is assigned and no active member of where it goes; in a sandbox anybody may be.
_STRANGER = """assignee_id IS NOT NULL AND (:organization IS NULL OR assignee_id NOT IN
 (SELECT user_id FROM memberships WHERE organization_id = :organization AND is_active = 1))"""
_UNASSIGN = "SET assignee_id = NULL, assignee_updated_date = NULL"


def _moving(tasks: str) -> tuple[str, ...]:
    """The statements that move the tasks of a condition, and what is assigned in them."""
    jobs = f"task_id IN (SELECT id FROM tasks WHERE {tasks})"
    return (
        f"UPDATE tasks SET organization_id = :organization WHERE {tasks}",
        f"UPDATE tasks {_UNASSIGN} WHERE {tasks} AND {_STRANGER}",
        f"""UPDATE jobs {_UNASSIGN} WHERE segment_id IN
            (SELECT id FROM segments WHERE {jobs}) AND {_STRANGER}""",
    )


_TASK = _moving("id = :number")
_PROJECT = (
    "UPDATE projects SET organization_id = :organization WHERE id = :number",
    f"UPDATE projects {_UNASSIGN} WHERE id = :number AND {_STRANGER}",
    *_moving("project_id = :number"),
)


async def move_task(db: Connection, task_id: int, organization_id: int | None) -> None:
    """Put a task into an organization, or into its owner's sandbox (None).

    Whoever is no active member there is assigned to nothing of it any more.
    """
    await _execute(db, _TASK, task_id, organization_id)


async def move_project(db: Connection, project_id: int, organization_id: int | None) -> None:
    """Put a project with its tasks into an organization, or into its owner's sandbox (None).

    Whoever is no active member there is assigned to nothing of it any more.
    """
    await _execute(db, _PROJECT, project_id, organization_id)


async def _execute(
    db: Connection, statements: tuple[str, ...], number: int, organization_id: int | None
) -> None:
    for sql in statements:
        await db.execute(sql, {"number": number, "organization": organization_id})
