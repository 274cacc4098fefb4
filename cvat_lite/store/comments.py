"""Comments: what is said about an issue."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
c.id, c.issue_id, c.owner_id, ow.username, ow.first_name, ow.last_name, c.message,
c.created_date, c.updated_date
"""
FROM = """
comments c LEFT JOIN issues i ON i.id = c.issue_id LEFT JOIN users ow ON ow.id = c.owner_id
"""

NAMES = ("frame_id", "id", "issue_id", "job_id", "owner")
COLLECTION = Collection(
    fields={
        "frame_id": Field("i.frame", Kind.INTEGER),
        "id": Field("c.id", Kind.INTEGER),
        "issue_id": Field("c.issue_id", Kind.INTEGER),
        "job_id": Field("c.job_id", Kind.INTEGER),
        "owner": Field("ow.username"),
    },
    filter=NAMES,
    search=("owner",),
    ordering=NAMES,
    simple=tuple(name for name in NAMES if name != "id"),
)


class Comment(rows.Struct, frozen=True):
    """A comment as its answers need it."""

    id: int
    issue_id: int
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    message: str
    created_date: str
    updated_date: str


WIDTH = len(Comment.__struct_fields__)


async def get(db: Connection, comment_id: int) -> Comment | None:
    """The comment, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE c.id = ?", (comment_id,))
    return Comment(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Comment]]:
    """A page of comments and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Comment(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a comment; answers its id."""
    now = clock.now()
    return await rows.insert(db, "comments", {**values, "created_date": now, "updated_date": now})


async def update(db: Connection, comment_id: int, values: dict[str, Any]) -> None:
    """Set columns of a comment; it counts as changed now."""
    await rows.update(db, "comments", comment_id, {**values, "updated_date": clock.now()})


async def delete(db: Connection, comment_id: int) -> None:
    """Remove a comment."""
    await rows.delete(db, "comments", comment_id)
