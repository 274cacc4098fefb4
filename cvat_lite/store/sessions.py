"""Sessions and messages that let somebody in: kept as digests, each with the date it ends."""

from __future__ import annotations

from dataclasses import dataclass

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session it is and until when it lasts, if it is not used again."""

    digest: str
    user_id: int
    expiry_date: str


async def get(db: Connection, digest: str) -> Session | None:
    """The session of this digest, if it is not over."""
    row = await rows.fetch_one(
        db,
        "SELECT digest, user_id, expiry_date FROM sessions WHERE digest = ? AND expiry_date > ?",
        (digest, clock.now()),
    )
    return rows.load(Session, row) if row else None


async def insert(db: Connection, digest: str, user_id: int, expiry_date: str) -> None:
    """Remember a session, and forget those that are over."""
    await db.execute("DELETE FROM sessions WHERE expiry_date <= ?", (clock.now(),))
    await rows.insert(
        db,
        "sessions",
        {
            "digest": digest,
            "user_id": user_id,
            "created_date": clock.now(),
            "expiry_date": expiry_date,
        },
    )


async def extend(db: Connection, digest: str, expiry_date: str) -> None:
    """Let a session last until then."""
    await rows.update(db, "sessions", digest, {"expiry_date": expiry_date}, column="digest")


async def delete(db: Connection, digest: str) -> None:
    """Forget a session."""
    await rows.delete(db, "sessions", digest, column="digest")


async def insert_reset(db: Connection, digest: str, user_id: int, expiry_date: str) -> None:
    """Remember that a message has gone out with which the user may set a new password."""
    await db.execute("DELETE FROM password_resets WHERE expiry_date <= ?", (clock.now(),))
    values = {"digest": digest, "user_id": user_id, "expiry_date": expiry_date}
    await rows.insert(db, "password_resets", values)


async def reset_is_open(db: Connection, digest: str, user_id: int) -> bool:
    """Whether the user may set a new password with this message's token."""
    row = await rows.fetch_one(
        db,
        "SELECT 1 FROM password_resets WHERE digest = ? AND user_id = ? AND expiry_date > ?",
        (digest, user_id, clock.now()),
    )
    return row is not None


async def delete_resets(db: Connection, user_id: int) -> None:
    """Make the messages that were sent to the user worthless."""
    await db.execute("DELETE FROM password_resets WHERE user_id = ?", (user_id,))
