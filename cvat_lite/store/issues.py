"""Issues: what a reviewer finds wrong on a frame of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
i.id, i.frame, i.position, i.job_id, i.owner_id, ow.username, ow.first_name, ow.last_name,
i.assignee_id, asg.username, asg.first_name, asg.last_name, i.created_date, i.updated_date,
i.resolved, (SELECT count(*) FROM comments c WHERE c.issue_id = i.id)
"""
FROM = """
issues i LEFT JOIN users ow ON ow.id = i.owner_id LEFT JOIN users asg ON asg.id = i.assignee_id
"""

NAMES = ("assignee", "frame_id", "id", "job_id", "owner", "resolved", "task_id")
COLLECTION = Collection(
    fields={
        "assignee": Field("asg.username"),
        "frame_id": Field("i.frame", Kind.INTEGER),
        "id": Field("i.id", Kind.INTEGER),
        "job_id": Field("i.job_id", Kind.INTEGER),
        "owner": Field("ow.username"),
        "resolved": Field("i.resolved", Kind.BOOLEAN),
        "task_id": Field("i.task_id", Kind.INTEGER),
    },
    filter=NAMES,
    search=("assignee", "owner"),
    ordering=NAMES,
    simple=tuple(name for name in NAMES if name != "id"),
)


class Issue(rows.Struct, frozen=True):
    """An issue as its answers need it; ``position`` is JSON text, pixels of the frame."""

    id: int
    frame: int
    position: str
    job_id: int
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    assignee_id: int | None
    assignee_username: str | None
    assignee_first_name: str | None
    assignee_last_name: str | None
    created_date: str
    updated_date: str
    resolved: int
    comments: int


WIDTH = len(Issue.__struct_fields__)


async def get(db: Connection, issue_id: int) -> Issue | None:
    """The issue, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE i.id = ?", (issue_id,))
    return Issue(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Issue]]:
    """A page of issues and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Issue(*tuple(row)[:WIDTH]) for row in found]


async def insert(
    db: Connection, values: dict[str, Any], position: Sequence[float], message: str
) -> int:
    """Add an issue with its first comment, of the same owner; answers its id."""
    now = clock.now()
    dates = {"created_date": now, "updated_date": now}
    text = orjson.dumps(list(position)).decode()
    issue_id = await rows.insert(db, "issues", {**values, "position": text, **dates})
    comment = {"issue_id": issue_id, "owner_id": values["owner_id"], "message": message}
    await rows.insert(db, "comments", {**comment, **dates})
    return issue_id


async def update(db: Connection, issue_id: int, values: dict[str, Any]) -> None:
    """Set columns of an issue; it counts as changed now."""
    await rows.update(db, "issues", issue_id, {**values, "updated_date": clock.now()})


async def delete(db: Connection, issue_id: int) -> None:
    """Remove an issue with its comments."""
    await rows.delete(db, "issues", issue_id)
