"""Memberships: who is in an organization, and as what."""

from __future__ import annotations

from typing import Any

from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

ROLES = ("worker", "supervisor", "maintainer", "owner")

COLUMNS = """
m.id, m.user_id, u.username, u.first_name, u.last_name, m.organization_id, m.is_active,
m.joined_date, m.role, n.key
"""
FROM = """
memberships m LEFT JOIN users u ON u.id = m.user_id
LEFT JOIN invitations n ON n.membership_id = m.id
"""

NAMES = ("id", "role", "user")
COLLECTION = Collection(
    fields={
        "id": Field("m.id", Kind.INTEGER),
        "role": Field("m.role", choices=ROLES),
        "user": Field("u.username"),
    },
    filter=NAMES,
    search=("user",),
    ordering=NAMES,
    simple=("role", "user"),
)


class Membership(rows.Struct, frozen=True):
    """A user in an organization; not active until the invitation has been accepted."""

    id: int
    user_id: int | None
    username: str | None
    first_name: str | None
    last_name: str | None
    organization_id: int
    is_active: int
    joined_date: str | None
    role: str
    invitation: str | None


WIDTH = len(Membership.__struct_fields__)


async def get(db: Connection, membership_id: int) -> Membership | None:
    """The membership, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE m.id = ?", (membership_id,))
    return Membership(*row) if row else None


async def of_user(db: Connection, organization_id: int, user_id: int) -> Membership | None:
    """The membership of a user in an organization, active or only offered."""
    row = await rows.fetch_one(
        db,
        f"SELECT {COLUMNS} FROM {FROM} WHERE m.user_id = ? AND m.organization_id = ?",
        (user_id, organization_id),
    )
    return Membership(*row) if row else None


async def roles(db: Connection, user_id: int) -> dict[int, str]:
    """The roles that a user has in organizations, by their ids; none where it is only offered."""
    found = await rows.fetch_all(
        db,
        "SELECT organization_id, role FROM memberships WHERE user_id = ? AND is_active = 1",
        (user_id,),
    )
    return {row["organization_id"]: row["role"] for row in found}


async def page(db: Connection, selection: Selection) -> tuple[int, list[Membership]]:
    """A page of memberships and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Membership(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a membership; answers its id."""
    return await rows.insert(db, "memberships", values)


async def update(db: Connection, membership_id: int, values: dict[str, Any]) -> None:
    """Set columns of a membership."""
    await rows.update(db, "memberships", membership_id, values)


async def delete(db: Connection, membership_id: int) -> None:
    """Remove a membership with its invitation."""
    await rows.delete(db, "memberships", membership_id)
