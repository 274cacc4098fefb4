"""Invitations: memberships offered, found by a key that only sender and invitee know."""

from __future__ import annotations

from typing import Any

from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
n.key, n.created_date, n.sent_date, n.owner_id, ow.username, ow.first_name, ow.last_name,
m.id, m.role, m.is_active, m.user_id, u.username, u.first_name, u.last_name, u.email,
m.organization_id, o.slug
"""
FROM = """
invitations n JOIN memberships m ON m.id = n.membership_id
JOIN organizations o ON o.id = m.organization_id LEFT JOIN users u ON u.id = m.user_id
LEFT JOIN users ow ON ow.id = n.owner_id
"""

COLLECTION = Collection(
    fields={
        "id": Field("n.key"),
        "accepted": Field("m.is_active", Kind.BOOLEAN),
        "owner": Field("ow.username"),
        "user_id": Field("m.user_id", Kind.INTEGER),
        "created_date": Field("n.created_date", Kind.DATE),
    },
    filter=("accepted", "id", "owner", "user_id"),
    search=("owner",),
    ordering=("accepted", "created_date", "owner", "user_id"),
    simple=("accepted", "owner", "user_id"),
    default_sort="-created_date",
)


class Invitation(rows.Struct, frozen=True):
    """An invitation with the membership it offers; accepted once that is active."""

    key: str
    created_date: str
    sent_date: str | None
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    membership_id: int
    role: str
    accepted: int
    user_id: int | None
    username: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    organization_id: int
    slug: str


WIDTH = len(Invitation.__struct_fields__)


async def get(db: Connection, key: str) -> Invitation | None:
    """The invitation with that key, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE n.key = ?", (key,))
    return Invitation(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Invitation]]:
    """A page of invitations and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Invitation(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> None:
    """Add an invitation to a membership."""
    await rows.insert(db, "invitations", values)


async def update(db: Connection, key: str, values: dict[str, Any]) -> None:
    """Set columns of an invitation."""
    await rows.update(db, "invitations", key, values, column="key")


async def delete(db: Connection, key: str) -> None:
    """Remove an invitation; the membership it offered is another matter."""
    await rows.delete(db, "invitations", key, column="key")
