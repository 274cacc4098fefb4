"""Personal access tokens: ``prefix.secret``, of which only the prefix and a hash are kept."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """a.id, a.name, a.prefix, a.hashed_key, a.owner_id, a.read_only, a.expiry_date,
a.last_used_date, a.created_date, a.updated_date"""
FROM = "access_tokens a"
SELECT = f"SELECT {COLUMNS} FROM {FROM}"
#: With the current date as its parameter: neither revoked nor expired.
IN_FORCE = "a.revoked = 0 AND (a.expiry_date IS NULL OR a.expiry_date > ?)"

COLLECTION = Collection(
    fields={
        "id": Field("a.id", Kind.INTEGER),
        "name": Field("a.name"),
        "read_only": Field("a.read_only", Kind.BOOLEAN),
        "created_date": Field("a.created_date", Kind.DATE),
        "updated_date": Field("a.updated_date", Kind.DATE),
        "expiry_date": Field("a.expiry_date", Kind.DATE),
        "last_used_date": Field("a.last_used_date", Kind.DATE),
    },
    filter=(
        "created_date",
        "expiry_date",
        "id",
        "last_used_date",
        "name",
        "read_only",
        "updated_date",
    ),
    search=("name",),
    ordering=(
        "created_date",
        "expiry_date",
        "id",
        "last_used_date",
        "name",
        "read_only",
        "updated_date",
    ),
    simple=("name", "read_only"),
)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token with which a program acts as its owner."""

    id: int
    name: str
    prefix: str
    hashed_key: str
    owner_id: int
    read_only: bool
    expiry_date: str | None
    last_used_date: str | None
    created_date: str
    updated_date: str


def from_row(row: sqlite3.Row) -> AccessToken:
    """A token from a row of ``SELECT``."""
    values = {name: row[name] for name in AccessToken.__slots__}
    return AccessToken(**{**values, "read_only": bool(row["read_only"])})


async def get(db: Connection, token_id: int) -> AccessToken | None:
    """The token of that id, if it is in force."""
    row = await rows.fetch_one(
        db, f"{SELECT} WHERE a.id = ? AND {IN_FORCE}", (token_id, clock.now())
    )
    return from_row(row) if row else None


async def by_prefix(db: Connection, prefix: str) -> AccessToken | None:
    """The token in force that begins so."""
    row = await rows.fetch_one(
        db, f"{SELECT} WHERE a.prefix = ? AND {IN_FORCE}", (prefix, clock.now())
    )
    return from_row(row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[AccessToken]]:
    """A page of tokens and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [from_row(row) for row in found]


async def count_of(db: Connection, owner_id: int) -> int:
    """How many tokens in force somebody has."""
    row = await rows.fetch_one(
        db,
        f"SELECT count(*) AS number FROM {FROM} WHERE a.owner_id = ? AND {IN_FORCE}",
        (owner_id, clock.now()),
    )
    return int(row["number"]) if row else 0


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a token; answers its id."""
    now = clock.now()
    return await rows.insert(
        db, "access_tokens", {**values, "created_date": now, "updated_date": now}
    )


async def update(db: Connection, token_id: int, values: dict[str, Any]) -> None:
    """Set columns of a token, and note when."""
    await rows.update(db, "access_tokens", token_id, {**values, "updated_date": clock.now()})


async def revoke(db: Connection, token_id: int) -> None:
    """Put a token out of force for ever; its prefix is not given again."""
    await update(db, token_id, {"revoked": 1})


async def touch(db: Connection, token_id: int) -> None:
    """Remember that the token was used now."""
    await rows.update(db, "access_tokens", token_id, {"last_used_date": clock.now()})
