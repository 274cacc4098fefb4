"""Background requests: the durable record of long work."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page
from cvat_lite.store.rows import load

COLUMNS = """
       r.id, r.operation, r.target, r.project_id, r.task_id, r.job_id, r.organization_id, r.format,
       r.owner_id, r.status, r.progress, r.message, r.payload, r.attempts, r.result_file,
       r.result_name, r.result_id, r.created_date, r.started_date, r.finished_date, r.expiry_date,
       u.username AS owner_name
"""
FROM = "background_requests r LEFT JOIN users u ON u.id = r.owner_id"
SELECT = f"SELECT {COLUMNS} FROM {FROM}"

COLLECTION = Collection(
    fields={
        "id": Field("r.id"),
        "status": Field("r.status"),
        "project_id": Field("r.project_id", Kind.INTEGER),
        "task_id": Field("r.task_id", Kind.INTEGER),
        "job_id": Field("r.job_id", Kind.INTEGER),
        "org": Field("(SELECT o.slug FROM organizations o WHERE o.id = r.organization_id)"),
        "action": Field("substr(r.operation, 1, instr(r.operation, ':') - 1)"),
        "target": Field("r.target"),
        "subresource": Field("substr(r.operation, instr(r.operation, ':') + 1)"),
        "format": Field("r.format"),
        "created_date": Field("r.created_date", Kind.DATE),
    },
    filter=(
        "status",
        "project_id",
        "task_id",
        "job_id",
        "action",
        "target",
        "subresource",
        "format",
    ),
    ordering=("created_date", "status", "action"),
    simple=(
        "status",
        "project_id",
        "task_id",
        "job_id",
        "org",
        "action",
        "target",
        "subresource",
        "format",
    ),
    default_sort="-created_date",
)


@dataclass(frozen=True, slots=True)
class BackgroundRequest:
    """A piece of long work; ``payload`` is what is needed to do it, or to do it again."""

    id: str
    operation: str
    target: str
    project_id: int | None
    task_id: int | None
    job_id: int | None
    organization_id: int | None
    format: str | None
    owner_id: int | None
    owner_name: str | None
    status: str
    progress: float
    message: str
    payload: dict[str, Any]
    attempts: int
    result_file: str | None
    result_name: str | None
    result_id: int | None
    created_date: str
    started_date: str | None
    finished_date: str | None
    expiry_date: str | None


def from_row(row: sqlite3.Row) -> BackgroundRequest:
    """A request from a row of ``SELECT``."""
    request = load(BackgroundRequest, row)
    return replace_fields(request, payload=orjson.loads(row["payload"]))


async def get(db: Connection, request_id: str) -> BackgroundRequest | None:
    """The request of that id."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE r.id = ?", (request_id,))
    return from_row(row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[BackgroundRequest]]:
    """A page of requests and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [from_row(row) for row in found]


async def replace(db: Connection, values: dict[str, Any]) -> None:
    """Record a queued request; an earlier one of the same id, which has ended, makes room."""
    await db.execute("DELETE FROM background_requests WHERE id = ?", (values["id"],))
    number = await rows.fetch_one(
        db, "SELECT coalesce(max(number), 0) + 1 AS number FROM background_requests"
    )
    await rows.insert(
        db,
        "background_requests",
        {
            **values,
            "payload": orjson.dumps(values["payload"]).decode(),
            "number": number["number"] if number else 1,
            "status": "queued",
            "created_date": clock.now(),
        },
    )


async def update(db: Connection, request_id: str, values: dict[str, Any]) -> None:
    """Set columns of a request."""
    await rows.update(db, "background_requests", request_id, values)


async def delete(db: Connection, request_id: str) -> None:
    """Forget a request."""
    await rows.delete(db, "background_requests", request_id)


async def unfinished(db: Connection) -> list[BackgroundRequest]:
    """What was waiting or under way, in the order in which it was asked for."""
    found = await rows.fetch_all(
        db,
        f"{SELECT} WHERE r.status IN ('queued', 'started') ORDER BY r.number",
    )
    return [from_row(row) for row in found]


async def expired(db: Connection) -> list[BackgroundRequest]:
    """What may be forgotten."""
    found = await rows.fetch_all(db, f"{SELECT} WHERE r.expiry_date < ?", (clock.now(),))
    return [from_row(row) for row in found]


async def result_files(db: Connection) -> set[str]:
    """The names of all results that somebody may still fetch."""
    found = await rows.fetch_all(
        db, "SELECT result_file FROM background_requests WHERE result_file IS NOT NULL"
    )
    return {row["result_file"] for row in found}
