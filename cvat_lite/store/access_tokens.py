"""Personal access tokens: ``prefix.secret``, of which only the prefix and a hash are kept."""

from __future__ import annotations

from dataclasses import dataclass

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection

SELECT = """
SELECT a.id, a.name, a.prefix, a.hashed_key, a.owner_id, a.read_only, a.revoked, a.expiry_date,
       a.last_used_date, a.created_date, a.updated_date
FROM access_tokens a
"""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token with which a program acts as its owner."""

    id: int
    name: str
    prefix: str
    hashed_key: str
    owner_id: int
    read_only: int
    revoked: int
    expiry_date: str | None
    last_used_date: str | None
    created_date: str
    updated_date: str


async def by_prefix(db: Connection, prefix: str) -> AccessToken | None:
    """The token in force that begins so."""
    row = await rows.fetch_one(
        db,
        f"""{SELECT} WHERE a.prefix = ? AND a.revoked = 0
            AND (a.expiry_date IS NULL OR a.expiry_date > ?)""",
        (prefix, clock.now()),
    )
    return rows.load(AccessToken, row) if row else None


async def touch(db: Connection, token_id: int) -> None:
    """Remember that the token was used now."""
    await rows.update(db, "access_tokens", token_id, {"last_used_date": clock.now()})
