"""Deliveries of webhooks: what is to be sent, and what became of what was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
d.id, d.webhook_id, d.event, d.status_code, d.redelivery, d.attempt, d.request_duration,
d.changed_fields, d.request, d.response, d.created_date, d.updated_date, d.due
"""
FROM = "webhook_deliveries d"
COLLECTION = Collection(fields={"id": Field("d.id", Kind.INTEGER)}, filter=(), ordering=())


class Delivery(rows.Struct, frozen=True):
    """A delivery; ``request`` is the JSON that is sent, ``response`` the text that came back.

    ``status_code`` is None until an attempt has ended; ``attempt`` counts them from 1, and is 0
    before the first. ``request_duration`` is in milliseconds. ``due`` is when the next attempt
    is to be made, None where there will be none.
    """

    id: int
    webhook_id: int
    event: str
    status_code: int | None
    redelivery: int
    attempt: int | None
    request_duration: int | None
    changed_fields: str
    request: str
    response: str
    created_date: str
    updated_date: str
    due: str | None


WIDTH = len(Delivery.__struct_fields__)


class Due(rows.Struct, frozen=True):
    """A delivery whose time has come, with what sending it needs of its webhook."""

    id: int
    webhook_id: int
    request: str
    attempt: int
    created_date: str
    target_url: str
    secret: str
    enable_ssl: int


async def get(db: Connection, delivery_id: int) -> Delivery | None:
    """The delivery, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE d.id = ?", (delivery_id,))
    return Delivery(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Delivery]]:
    """A page of deliveries and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Delivery(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a delivery that is due now; answers its id."""
    now = clock.now()
    dates = {"created_date": now, "updated_date": now, "due": now}
    return await rows.insert(db, "webhook_deliveries", {"attempt": 0, **dates, **values})


async def due(db: Connection, busy: Sequence[int], most: int) -> list[Due]:
    """Of the deliveries whose time has come, the oldest of each webhook.

    Webhooks in ``busy`` are left out: a receiver gets one thing at a time.
    """
    marks = ", ".join("?" * len(busy))
    found = await rows.fetch_all(
        db,
        "SELECT d.id, d.webhook_id, d.request, coalesce(d.attempt, 0), d.created_date,"
        " w.target_url, w.secret, w.enable_ssl"
        " FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id"
        " WHERE d.id IN (SELECT min(o.id) FROM webhook_deliveries o"
        f" WHERE o.due <= ? AND o.webhook_id NOT IN ({marks}) GROUP BY o.webhook_id)"
        " ORDER BY d.id LIMIT ?",
        (clock.now(), *busy, most),
    )
    return [Due(*row) for row in found]


async def next_due(db: Connection) -> str | None:
    """When the first of the waiting deliveries is due, None where none waits."""
    row = await rows.fetch_one(db, "SELECT min(due) FROM webhook_deliveries WHERE due IS NOT NULL")
    return row[0] if row else None


async def record(db: Connection, one: Due, values: dict[str, Any]) -> None:
    """Set what became of an attempt.

    The date it was made on tells it from another that has its id since a snapshot was put back.
    """
    names = {**values, "updated_date": clock.now()}
    assignments = ", ".join(f'"{name}" = ?' for name in names)
    await db.execute(
        f"UPDATE webhook_deliveries SET {assignments} WHERE id = ? AND created_date = ?",
        (*names.values(), one.id, one.created_date),
    )
