"""Assets: the pictures and papers that a guide shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection

SELECT = """
SELECT a.uuid, a.guide_id, a.owner_id, ow.username, ow.first_name, ow.last_name, a.filename,
       a.content_type, a.created_date
FROM assets a LEFT JOIN users ow ON ow.id = a.owner_id
"""


class Asset(rows.Struct, frozen=True):
    """A file that belongs to a guide; its content lies under its uuid."""

    uuid: str
    guide_id: int
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    filename: str
    content_type: str
    created_date: str


async def get(db: Connection, uuid: str) -> Asset | None:
    """The asset, or None where there is none."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE a.uuid = ?", (uuid,))
    return Asset(*row) if row else None


async def of_guide(db: Connection, guide_id: int) -> list[Asset]:
    """The assets of a guide, the oldest first."""
    found = await rows.fetch_all(
        db, f"{SELECT} WHERE a.guide_id = ? ORDER BY a.created_date, a.uuid", (guide_id,)
    )
    return [Asset(*row) for row in found]


async def unknown(db: Connection, uuids: Iterable[str]) -> list[str]:
    """Those of the uuids that are no asset's."""
    found = await rows.fetch_all(
        db,
        """SELECT value FROM json_each(?)
           WHERE NOT EXISTS (SELECT 1 FROM assets a WHERE a.uuid = value)""",
        (orjson.dumps(list(uuids)).decode(),),
    )
    return [row["value"] for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> None:
    """Add an asset."""
    await rows.insert(db, "assets", {**values, "created_date": clock.now()})


async def delete(db: Connection, uuid: str) -> None:
    """Remove an asset; its file is another matter."""
    await rows.delete(db, "assets", uuid, column="uuid")
