"""Organizations and who belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cvat_lite.store import rows
from cvat_lite.store.database import Connection


@dataclass(frozen=True, slots=True)
class Belonging:
    """An organization and the role in it of one user: None for no active membership."""

    id: int
    slug: str
    owner_id: int | None
    role: str | None


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
