"""What the web client has asked people: a row a user, those who never answered included."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

ANSWERS = (
    "github_prompt_shown",
    "github_prompt_support_clicked",
    "promotion_notifications_allowed",
)
COLUMNS = "u.id, " + ", ".join(f"coalesce(g.{name}, 0) AS {name}" for name in ANSWERS)
FROM = "users u LEFT JOIN growth g ON g.user_id = u.id"

COLLECTION = Collection(
    fields={"id": Field("u.id", Kind.INTEGER), "user_id": Field("u.id", Kind.INTEGER)},
    filter=("id", "user_id"),
    ordering=("id",),
)


@dataclass(frozen=True, slots=True)
class Growth:
    """What one user was asked and answered; ``id`` is the user's."""

    id: int
    github_prompt_shown: bool
    github_prompt_support_clicked: bool
    promotion_notifications_allowed: bool


def from_row(row: sqlite3.Row) -> Growth:
    """The answers from a row of ``COLUMNS``."""
    return Growth(
        id=row["id"],
        github_prompt_shown=bool(row["github_prompt_shown"]),
        github_prompt_support_clicked=bool(row["github_prompt_support_clicked"]),
        promotion_notifications_allowed=bool(row["promotion_notifications_allowed"]),
    )


async def get(db: Connection, user_id: int) -> Growth | None:
    """The answers of a user; None where there is no such user."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE u.id = ?", (user_id,))
    return from_row(row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Growth]]:
    """A page of answers and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [from_row(row) for row in found]


async def update(db: Connection, user_id: int, values: dict[str, bool]) -> None:
    """Keep these answers of a user."""
    await db.execute("INSERT OR IGNORE INTO growth (user_id) VALUES (?)", (user_id,))
    await rows.update(db, "growth", user_id, values, column="user_id")
