"""Organizations and who belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
o.id, o.slug, o.name, o.description, o.contact, o.owner_id, ow.username, ow.first_name,
ow.last_name, o.created_date, o.updated_date
"""
FROM = "organizations o LEFT JOIN users ow ON ow.id = o.owner_id"

NAMES = ("id", "name", "owner", "slug")
COLLECTION = Collection(
    fields={
        "id": Field("o.id", Kind.INTEGER),
        "name": Field("o.name"),
        "owner": Field("ow.username"),
        "slug": Field("o.slug"),
    },
    filter=NAMES,
    search=("name", "owner", "slug"),
    ordering=NAMES,
    simple=("name", "owner", "slug"),
)

#: What stays when its organization goes; it is then in its owners' personal sandboxes.
OUTLIVING = ("projects", "tasks", "cloud_storages")


@dataclass(frozen=True, slots=True)
class Belonging:
    """An organization and the role in it of one user: None for no active membership."""

    id: int
    slug: str
    owner_id: int | None
    role: str | None


class Organization(rows.Struct, frozen=True):
    """An organization as its answers need it; ``contact`` is JSON text."""

    id: int
    slug: str
    name: str
    description: str
    contact: str
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    created_date: str
    updated_date: str


WIDTH = len(Organization.__struct_fields__)


async def belonging(db: Connection, column: str, value: Any, user_id: int) -> Belonging | None:
    """The organization with that ``id`` or ``slug``, and the user's role in it."""
    row = await rows.fetch_one(
        db,
        f"""SELECT o.id, o.slug, o.owner_id, m.role FROM organizations o
            LEFT JOIN memberships m
            ON m.organization_id = o.id AND m.user_id = ? AND m.is_active = 1
            WHERE o."{column}" = ?""",
        (user_id, value),
    )
    return rows.load(Belonging, row) if row else None


async def get(db: Connection, organization_id: int) -> Organization | None:
    """The organization, or None where there is none."""
    row = await rows.fetch_one(
        db, f"SELECT {COLUMNS} FROM {FROM} WHERE o.id = ?", (organization_id,)
    )
    return Organization(*row) if row else None


async def by_slug(db: Connection, slug: str) -> Organization | None:
    """The organization with that short name."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE o.slug = ?", (slug,))
    return Organization(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Organization]]:
    """A page of organizations and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Organization(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add an organization, whose owner becomes its first member; answers its id."""
    now = clock.now()
    organization_id = await rows.insert(
        db, "organizations", {**values, "created_date": now, "updated_date": now}
    )
    await rows.insert(
        db,
        "memberships",
        {
            "user_id": values["owner_id"],
            "organization_id": organization_id,
            "is_active": 1,
            "joined_date": now,
            "role": "owner",
        },
    )
    return organization_id


async def update(db: Connection, organization_id: int, values: dict[str, Any]) -> None:
    """Set columns of an organization; it counts as changed now."""
    await rows.update(db, "organizations", organization_id, {**values, "updated_date": clock.now()})


async def delete(db: Connection, organization_id: int) -> None:
    """Remove an organization with its memberships and invitations; its work stays."""
    for table in OUTLIVING:
        await db.execute(
            f"UPDATE {table} SET organization_id = NULL WHERE organization_id = ?",
            (organization_id,),
        )
    await rows.delete(db, "organizations", organization_id)
