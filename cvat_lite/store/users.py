"""Users, their groups, and the proofs by which they are recognized."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection

SELECT = """
SELECT u.id, u.username, u.password, u.email, u.first_name, u.last_name, u.is_active, u.is_staff,
       u.is_superuser, u.has_analytics_access, u.email_verified, u.last_login, u.date_joined,
       (SELECT group_concat(g.name) FROM user_groups g WHERE g.user_id = u.id) AS groups
FROM users u
"""


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a program that acts as one."""

    id: int
    username: str
    password: str
    email: str
    first_name: str
    last_name: str
    is_active: bool
    is_staff: bool
    is_superuser: bool
    has_analytics_access: bool
    email_verified: bool
    last_login: str | None
    date_joined: str
    groups: tuple[str, ...]


def from_row(row: sqlite3.Row) -> User:
    """A user from a row of ``SELECT``."""
    return User(
        id=row["id"],
        username=row["username"],
        password=row["password"],
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        is_active=bool(row["is_active"]),
        is_staff=bool(row["is_staff"]),
        is_superuser=bool(row["is_superuser"]),
        has_analytics_access=bool(row["has_analytics_access"]),
        email_verified=bool(row["email_verified"]),
        last_login=row["last_login"],
        date_joined=row["date_joined"],
        groups=tuple(sorted(row["groups"].split(","))) if row["groups"] else (),
    )


async def find(db: Connection, condition: str, value: Any) -> User | None:
    """The user for whom the condition, SQL of this package with one parameter, holds."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE {condition}", (value,))
    return from_row(row) if row else None


async def get(db: Connection, user_id: int) -> User | None:
    """The user of that id."""
    return await find(db, "u.id = ?", user_id)


async def by_name(db: Connection, username: str) -> User | None:
    """The user of that name."""
    return await find(db, "u.username = ?", username)


async def by_email(db: Connection, email: str) -> User | None:
    """The user of that address, whatever its capitals."""
    return await find(db, "u.email = ? COLLATE NOCASE AND u.email != ''", email)


async def by_token(db: Connection, key: str) -> User | None:
    """The user whose API token this is."""
    return await find(db, "u.id = (SELECT user_id FROM tokens WHERE key = ?)", key)


async def by_session(db: Connection, digest: str) -> User | None:
    """The user whose session has this digest, if it has not expired."""
    row = await rows.fetch_one(
        db,
        f"""{SELECT} WHERE u.id = (
            SELECT user_id FROM sessions WHERE digest = ? AND expiry_date > ?)""",
        (digest, clock.now()),
    )
    return from_row(row) if row else None


async def first_administrator(db: Connection) -> User | None:
    """The active administrator of the lowest id."""
    row = await rows.fetch_one(
        db, f"{SELECT} WHERE u.is_superuser = 1 AND u.is_active = 1 ORDER BY u.id LIMIT 1"
    )
    return from_row(row) if row else None


async def everyone(db: Connection) -> list[User]:
    """All users by id."""
    return [from_row(row) for row in await rows.fetch_all(db, f"{SELECT} ORDER BY u.id")]


async def insert(db: Connection, values: dict[str, Any], groups: tuple[str, ...]) -> int:
    """Add a user with its groups; answers the id."""
    user_id = await rows.insert(db, "users", {"date_joined": clock.now(), **values})
    await set_groups(db, user_id, groups)
    return user_id


async def set_groups(db: Connection, user_id: int, groups: tuple[str, ...]) -> None:
    """Make these the groups of the user."""
    await db.execute("DELETE FROM user_groups WHERE user_id = ?", (user_id,))
    await db.executemany(
        "INSERT INTO user_groups (user_id, name) VALUES (?, ?)",
        [(user_id, name) for name in groups],
    )


async def update(db: Connection, user_id: int, values: dict[str, Any]) -> None:
    """Set columns of a user."""
    await rows.update(db, "users", user_id, values)


async def token_of(db: Connection, user_id: int, new_key: str) -> str:
    """The user's API token; ``new_key`` becomes it where there is none yet."""
    await db.execute(
        "INSERT OR IGNORE INTO tokens (key, user_id, created_date) VALUES (?, ?, ?)",
        (new_key, user_id, clock.now()),
    )
    row = await rows.fetch_one(db, "SELECT key FROM tokens WHERE user_id = ?", (user_id,))
    return str(row["key"]) if row else new_key


async def drop_token(db: Connection, user_id: int) -> None:
    """Forget the user's API token."""
    await db.execute("DELETE FROM tokens WHERE user_id = ?", (user_id,))


async def add_session(db: Connection, digest: str, user_id: int, expiry_date: str) -> None:
    """Remember a session, and forget those that have expired."""
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


async def drop_session(db: Connection, digest: str) -> None:
    """Forget a session."""
    await db.execute("DELETE FROM sessions WHERE digest = ?", (digest,))


async def drop_sessions(db: Connection, user_id: int, but: str = "") -> None:
    """Forget all sessions of a user but one."""
    await db.execute("DELETE FROM sessions WHERE user_id = ? AND digest != ?", (user_id, but))
