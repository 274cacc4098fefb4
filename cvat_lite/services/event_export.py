"""Events as CSV: made by a background request, fetched when it has finished."""

from __future__ import annotations

import asyncio
import csv
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import RequestStatus
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, Subject
from cvat_lite.services import organizations, requests
from cvat_lite.services.cloud_transfers import Asked, deliver, goal
from cvat_lite.services.context import Context, Identity, Server
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.store import events as store
from cvat_lite.store import users
from cvat_lite.store.events import Event
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "export:events"
TARGET = "events"
#: The columns, in the order of CVAT's own exports.
COLUMNS = (
    "scope",
    "obj_name",
    "obj_id",
    "obj_val",
    "source",
    "timestamp",
    "count",
    "duration",
    "project_id",
    "task_id",
    "job_id",
    "user_id",
    "user_name",
    "user_email",
    "org_id",
    "org_slug",
    "payload",
)
BATCH = 5000
UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]+")


def request_id(query_id: str) -> str:
    """The id of the background request that a query is."""
    return f"action=export&target={TARGET}&id={query_id}"


async def start(context: Context, filters: dict[str, Any]) -> str:
    """Ask for the events that the filters let through and the asker may see; answers a query id.

    ``filters`` are named as in the query string, ``filename`` among them. What the asker may see
    is looked up when the export runs.
    """
    engine.authorize(context.subject, "dump:events", Resource.here(context.subject, "events"))
    place = Asked(
        filters.get("location"),
        filters.get("cloud_storage_id"),
        filters.get("filename"),
        may_default=False,
    )
    where = await goal(context, place, "", 0)
    chosen = {name: filters[name] for name in store.FILTERS if filters.get(name) is not None}
    if chosen.get("from", "") > chosen.get("to", "~"):
        raise RuleError("'from' must be before 'to'")
    stamp = clock.now()[:19].replace(":", "-")
    name = where.filename or ""
    if where.storage_id is None:
        # In a bucket, a slash leads to a directory.
        name = UNFIT.sub("_", name)
    name = name or f"logs_{stamp}.csv"
    query_id = str(uuid.uuid4())
    await requests.submit(
        context,
        Order(
            id=request_id(query_id),
            operation=OPERATION,
            target=TARGET,
            payload={
                "filters": chosen,
                "filename": name,
                "everywhere": context.subject.everywhere,
                **where.payload,
            },
            project_id=chosen.get("project_id"),
            task_id=chosen.get("task_id"),
            job_id=chosen.get("job_id"),
            organization_id=context.organization_id,
        ),
    )
    return query_id


async def run(server: Server, request: BackgroundRequest, _report: Report) -> Outcome:
    """Write the events into a file, which bears its name once it is whole."""
    subject = await asker(server, request)
    engine.authorize(subject, "dump:events", Resource.here(subject, "events"))
    visible = engine.visible(subject, "events")
    name = f"{uuid.uuid4().hex}.csv"
    path = server.config.exports / name
    partial = path.with_suffix(".partial")
    try:
        await asyncio.to_thread(write_header, partial)
        last = ("", 0)
        while True:
            async with server.database.reading() as db:
                found = await store.after(db, last, request.payload["filters"], visible, BATCH)
            await asyncio.to_thread(write_events, partial, found)
            if len(found) < BATCH:
                break
            last = (found[-1].timestamp, found[-1].id)
        await asyncio.to_thread(partial.replace, path)
    finally:
        await asyncio.to_thread(partial.unlink, missing_ok=True)
    lifetime = server.config.export_lifetime
    made = Outcome(file=name, name=request.payload["filename"], seconds=lifetime)
    return await deliver(server, request, made)


async def asker(server: Server, request: BackgroundRequest) -> Subject:
    """Who asked, with the rights of now; NotFoundError for a user or organization that has gone."""
    async with server.database.reading() as db:
        user = await users.get(db, request.owner_id or 0)
    if user is None:
        raise NotFoundError.of("User")
    number = request.organization_id
    slug = None if request.payload["everywhere"] or number is not None else ""
    text = str(number) if number is not None else None
    subject, _ = await organizations.subject(server, Identity(user), slug, text)
    return subject


def write_header(path: Path) -> None:
    """Begin a file with the names of the columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(COLUMNS)


def write_events(path: Path, found: Sequence[Event]) -> None:
    """Add events to a file, one a line."""
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(line(event) for event in found)


def line(event: Event) -> list[Any]:
    """An event as a line; what is not known is empty."""
    values = {
        "org_slug": event.organization_slug,
        **event.fields,
        "scope": event.scope,
        "timestamp": event.timestamp,
        "project_id": event.project_id,
        "task_id": event.task_id,
        "job_id": event.job_id,
        "user_id": event.user_id,
        "org_id": event.organization_id,
    }
    return [values.get(name) for name in COLUMNS]


async def status(context: Context, query_id: str) -> str:
    """How far a query is; RuleError with the reason for one that has failed."""
    request = await find(context, request_id(query_id))
    if request.status == RequestStatus.FAILED:
        raise RuleError(request.message)
    return request.status


async def find(context: Context, rq_id: str) -> BackgroundRequest:
    """The request of an export of events; NotFoundError for any other."""
    request = await requests.find(context, "view", rq_id)
    if request.target != TARGET:
        raise NotFoundError
    return request


async def download(context: Context, rq_id: str) -> tuple[Path, str]:
    """The file of a finished export and the name it should be saved under."""
    return await requests.result_of(context, await find(context, rq_id))


requests.OPERATIONS[OPERATION] = Operation(run)
