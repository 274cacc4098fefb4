"""Users, their groups, and what they tell about themselves."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """u.id, u.username, u.password, u.email, u.first_name, u.last_name, u.is_active,
u.is_staff, u.is_superuser, u.has_analytics_access, u.email_verified, u.last_login, u.date_joined,
u.cvat_usage_reason, u.primary_role, u.planned_activities, u.data_types, u.discovery_source,
u.created_via,
(SELECT group_concat(g.name) FROM user_groups g WHERE g.user_id = u.id) AS groups"""
FROM = "users u"
SELECT = f"SELECT {COLUMNS} FROM {FROM}"
#: Columns that hold JSON lists of texts.
LISTS = ("planned_activities", "data_types")
ADMINISTRATOR = """u.is_active = 1 AND (u.is_superuser = 1 OR EXISTS (
    SELECT 1 FROM user_groups g WHERE g.user_id = u.id AND g.name = 'admin'))"""

COLLECTION = Collection(
    fields={
        "id": Field("u.id", Kind.INTEGER),
        "username": Field("u.username"),
        "first_name": Field("u.first_name"),
        "last_name": Field("u.last_name"),
        "is_active": Field("u.is_active", Kind.BOOLEAN),
    },
    filter=("first_name", "id", "is_active", "last_name", "username"),
    search=("first_name", "last_name", "username"),
    ordering=("first_name", "id", "is_active", "last_name", "username"),
    simple=("first_name", "is_active", "last_name", "username"),
)


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a program that acts as one.

    ``created_via`` tells how the account came to be; None for one made by an administrator.
    """

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
    cvat_usage_reason: str = ""
    primary_role: str = ""
    planned_activities: tuple[str, ...] = ()
    data_types: tuple[str, ...] = ()
    discovery_source: str = ""
    created_via: str | None = None

    @property
    def is_administrator(self) -> bool:
        """Whether the user may do whatever there is to do, while active."""
        return self.is_superuser or "admin" in self.groups


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
        cvat_usage_reason=row["cvat_usage_reason"],
        primary_role=row["primary_role"],
        planned_activities=tuple(orjson.loads(row["planned_activities"])),
        data_types=tuple(orjson.loads(row["data_types"])),
        discovery_source=row["discovery_source"],
        created_via=row["created_via"],
    )


async def find(db: Connection, condition: str, *values: Any) -> User | None:
    """The first user for whom the condition, SQL of this package with its parameters, holds."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE {condition}", values)
    return from_row(row) if row else None


async def get(db: Connection, user_id: int) -> User | None:
    """The user of that id."""
    return await find(db, "u.id = ?", user_id)


async def by_name(db: Connection, username: str) -> User | None:
    """The user of that name."""
    return await find(db, "u.username = ?", username)


async def by_email(db: Connection, email: str) -> User | None:
    """The user of that address, whatever its capitals; an active and earlier one before others."""
    return await find(
        db,
        "u.email = ? COLLATE NOCASE AND u.email != '' ORDER BY u.is_active DESC, u.id LIMIT 1",
        email,
    )


async def by_token(db: Connection, key: str) -> User | None:
    """The user whose API token this is."""
    return await find(db, "u.id = (SELECT user_id FROM tokens WHERE key = ?)", key)


async def name_is_taken(db: Connection, username: str, *, but: int = 0) -> bool:
    """Whether another user has this name, or one that differs in capitals only."""
    row = await rows.fetch_one(
        db,
        "SELECT 1 FROM users WHERE username = ? COLLATE NOCASE AND id != ? LIMIT 1",
        (username, but),
    )
    return row is not None


async def email_is_taken(db: Connection, email: str, *, but: int = 0) -> bool:
    """Whether another user has this address, whatever its capitals."""
    row = await rows.fetch_one(
        db,
        "SELECT 1 FROM users WHERE email = ? COLLATE NOCASE AND email != '' AND id != ? LIMIT 1",
        (email, but),
    )
    return row is not None


async def first_administrator(db: Connection) -> User | None:
    """The active administrator of the lowest id."""
    return await find(db, f"{ADMINISTRATOR} ORDER BY u.id LIMIT 1")


async def another_administrator(db: Connection, user_id: int) -> bool:
    """Whether there is an active administrator beside that user."""
    row = await rows.fetch_one(
        db, f"SELECT 1 FROM {FROM} WHERE u.id != ? AND {ADMINISTRATOR} LIMIT 1", (user_id,)
    )
    return row is not None


async def everyone(db: Connection) -> list[User]:
    """All users by id."""
    return [from_row(row) for row in await rows.fetch_all(db, f"{SELECT} ORDER BY u.id")]


async def page(db: Connection, selection: Selection) -> tuple[int, list[User]]:
    """A page of users and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [from_row(row) for row in found]


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
        [(user_id, name) for name in dict.fromkeys(groups)],
    )


async def update(db: Connection, user_id: int, values: dict[str, Any]) -> None:
    """Set columns of a user; lists are stored as JSON."""
    columns = {
        name: orjson.dumps(value).decode() if name in LISTS else value
        for name, value in values.items()
    }
    await rows.update(db, "users", user_id, columns)


async def delete(db: Connection, user_id: int) -> bool:
    """Remove a user; their work stays, owned by nobody. Whether there was one."""
    return await rows.delete(db, "users", user_id)


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


async def drop_sessions(db: Connection, user_id: int, but: str = "") -> None:
    """Forget all sessions of a user but the one with this digest."""
    await db.execute("DELETE FROM sessions WHERE user_id = ? AND digest != ?", (user_id, but))
