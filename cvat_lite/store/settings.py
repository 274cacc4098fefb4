"""What the server remembers of itself: values by key."""

from __future__ import annotations

from cvat_lite.store import rows
from cvat_lite.store.database import Connection


async def get(db: Connection, key: str) -> str | None:
    """The value of a key, or None."""
    row = await rows.fetch_one(db, "SELECT value FROM settings WHERE key = ?", (key,))
    return str(row["value"]) if row else None


async def put(db: Connection, key: str, value: str) -> None:
    """Remember a value under a key, in place of the one before."""
    await db.execute(
        "INSERT INTO settings (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


async def delete(db: Connection, key: str) -> None:
    """Forget a key."""
    await rows.delete(db, "settings", key, column="key")
