"""Whose a project, task or job is, and where it stands: what permission questions need."""

from __future__ import annotations

from cvat_lite.store import rows
from cvat_lite.store.database import Connection

ROLE = """(SELECT m.role FROM memberships m WHERE m.user_id = :user AND m.is_active = 1
           AND m.organization_id = {}.organization_id)"""

QUERIES = {
    "projects": f"""SELECT p.organization_id, {ROLE.format("p")}, p.id, p.owner_id, p.assignee_id,
        NULL, NULL, NULL, NULL, NULL, NULL FROM projects p WHERE p.id = :number""",
    "tasks": f"""SELECT t.organization_id, {ROLE.format("t")}, p.id, p.owner_id, p.assignee_id,
        t.id, t.owner_id, t.assignee_id, t.data_id, NULL, NULL
        FROM tasks t LEFT JOIN projects p ON p.id = t.project_id WHERE t.id = :number""",
    "jobs": f"""SELECT t.organization_id, {ROLE.format("t")}, p.id, p.owner_id, p.assignee_id,
        t.id, t.owner_id, t.assignee_id, t.data_id, s.id, j.assignee_id
        FROM jobs j JOIN segments s ON s.id = j.segment_id JOIN tasks t ON t.id = s.task_id
        LEFT JOIN projects p ON p.id = t.project_id WHERE j.id = :number""",
}


class Facts(rows.Struct, frozen=True):
    """The ids and people around a project, task or job; ``role`` is the asking user's there."""

    organization_id: int | None
    role: str | None
    project_id: int | None
    project_owner: int | None
    project_assignee: int | None
    task_id: int | None
    task_owner: int | None
    task_assignee: int | None
    data_id: int | None
    segment_id: int | None
    job_assignee: int | None


async def get(db: Connection, kind: str, number: int, user_id: int) -> Facts | None:
    """The facts of a thing of that kind (``projects``, ``tasks``, ``jobs``), or None."""
    found = await db.execute_fetchall(QUERIES[kind], {"number": number, "user": user_id})
    row = next(iter(found), None)
    return Facts(*row) if row else None
