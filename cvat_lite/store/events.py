"""Events: what users and their clients did, in the order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cvat_lite.store import rows
from cvat_lite.store.database import Connection

#: Kept in columns of their own, for the export to find them by; the rest is one JSON object.
KEYS = ("timestamp", "scope", "user_id", "organization_id", "project_id", "task_id", "job_id")
INSERT = f"""INSERT INTO events ({", ".join(KEYS)}, fields)
VALUES ({", ".join("?" * len(KEYS))}, ?)"""
FILTERS = {
    "org_id": "e.organization_id = ?",
    "project_id": "e.project_id = ?",
    "task_id": "e.task_id = ?",
    "job_id": "e.job_id = ?",
    "user_id": "e.user_id = ?",
    "from": "e.timestamp >= ?",
    "to": "e.timestamp <= ?",
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``fields`` are the wire's names beside those of the columns."""

    id: int
    timestamp: str
    scope: str
    user_id: int | None
    organization_id: int | None
    project_id: int | None
    task_id: int | None
    job_id: int | None
    organization_slug: str | None
    fields: dict[str, Any]


async def insert_many(db: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Record events, given as the names of the columns and ``fields``."""
    await db.executemany(
        INSERT,
        [
            (*(event.get(name) for name in KEYS), orjson.dumps(event["fields"]).decode())
            for event in events
        ],
    )


async def after(
    db: Connection,
    last: tuple[str, int],
    filters: Mapping[str, Any],
    visible: tuple[str, tuple[object, ...]],
    limit: int,
) -> list[Event]:
    """The next events, in the order of time, that the filters let through.

    ``last`` are the timestamp and the id of the event before; ``filters`` are named as in
    ``FILTERS``; ``visible`` is a condition over ``e``.
    """
    parts = ["(e.timestamp, e.id) > (?, ?)", f"({visible[0]})"]
    parts += [FILTERS[name] for name in filters]
    found = await rows.fetch_all(
        db,
        f"""SELECT e.id, {", ".join(f"e.{name}" for name in KEYS)}, o.slug, e.fields
            FROM events e LEFT JOIN organizations o ON o.id = e.organization_id
            WHERE {" AND ".join(parts)} ORDER BY e.timestamp, e.id LIMIT ?""",
        (*last, *visible[1], *filters.values(), limit),
    )
    return [Event(*(*tuple(row)[:-1], orjson.loads(row["fields"]))) for row in found]
