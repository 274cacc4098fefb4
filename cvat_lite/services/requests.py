"""Background requests: asked for, run, taken up again after a crash, listed, cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from cvat_lite.background.workers import WorkerCrashError
from cvat_lite.domain import clock
from cvat_lite.domain.enums import RequestStatus
from cvat_lite.domain.webhook_events import completed
from cvat_lite.errors import (
    ApiError,
    DatasetError,
    MediaError,
    NotFoundError,
    RuleError,
    TextError,
)
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, Subject
from cvat_lite.permissions.rules import Privilege
from cvat_lite.services.context import Context, Identity, Server
from cvat_lite.services.webhooks import outbox
from cvat_lite.store import requests as store
from cvat_lite.store import users
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.requests import BackgroundRequest

LOG = logging.getLogger("cvat_lite")

#: A request that was under way each time the server died is what it dies of.
MOST_ATTEMPTS = 3
DAY = 24 * 3600.0
FAILED_SECONDS = 30 * DAY
LONGEST_MESSAGE = 4000

UNDER_WAY = (RequestStatus.QUEUED, RequestStatus.STARTED)

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished request leaves: a file (name below the exports directory) or an id."""

    file: str | None = None
    name: str | None = None
    result_id: int | None = None
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Operation:
    """How requests of one kind are done, and what to clean up when one fails for good."""

    run: Callable[[Server, BackgroundRequest, Report], Awaitable[Outcome]]
    failed: Callable[[Server, BackgroundRequest], Awaitable[None]] | None = None


OPERATIONS: dict[str, Operation] = {}


class InProgressError(ApiError):
    """409: a request of this id is under way; the body names it, as CVAT's clients expect."""

    status = 409


@dataclass(frozen=True, slots=True)
class Order:
    """A request to be made: its id in CVAT's form, ``create:task`` and the like, and its object."""

    id: str
    operation: str
    target: str
    payload: dict[str, Any]
    project_id: int | None = None
    task_id: int | None = None
    job_id: int | None = None
    organization_id: int | None = None
    format: str | None = None


async def submit(context: Context, order: Order) -> str:
    """Record a request and put it in line; InProgressError while one of the same id is under way."""
    server = context.server
    async with server.database.writing() as db:
        known = await store.get(db, order.id)
        if known is not None and known.status in UNDER_WAY:
            raise InProgressError({"rq_id": order.id})
        await store.replace(
            db,
            {
                "id": order.id,
                "operation": order.operation,
                "target": order.target,
                "payload": {"base_url": context.base_url, **order.payload},
                "project_id": order.project_id,
                "task_id": order.task_id,
                "job_id": order.job_id,
                "organization_id": order.organization_id,
                "format": order.format,
                "owner_id": context.user.id,
            },
        )
    if known is not None and known.result_file:
        await remove_file(server, known.result_file)
    server.queue.submit(order.id, context.user.id)
    return order.id


async def execute(server: Server, request_id: str) -> None:
    """Do a request that its turn has come for, and record what became of it."""
    async with server.database.writing() as db:
        request = await store.get(db, request_id)
        if request is None or request.status != RequestStatus.QUEUED:
            return
        await store.update(
            db,
            request_id,
            {
                "status": RequestStatus.STARTED,
                "started_date": clock.now(),
                "attempts": request.attempts + 1,
            },
        )
    operation = OPERATIONS[request.operation]
    try:
        outcome = await operation.run(
            server, request, lambda progress: server.queue.report(request_id, progress)
        )
    except asyncio.CancelledError:
        await put_back(server, request)
        raise
    except (ApiError, MediaError, DatasetError, WorkerCrashError) as error:
        await fail(server, request, str(error))
    except OSError as error:
        LOG.exception("background request %s failed", request_id)
        await fail(server, request, error.strerror or str(error))
    except Exception:
        LOG.exception("background request %s failed", request_id)
        await fail(server, request, "Internal server error; the server's log has the details.")
    else:
        await finish(server, request, outcome)


async def finish(server: Server, request: BackgroundRequest, outcome: Outcome) -> None:
    """Record that a request is done."""
    async with server.database.writing() as db:
        await store.update(
            db,
            request.id,
            {
                "status": RequestStatus.FINISHED,
                "finished_date": clock.now(),
                "expiry_date": clock.later(outcome.seconds),
                "result_file": outcome.file,
                "result_name": outcome.name,
                "result_id": outcome.result_id,
                "payload": lasting(request),
            },
        )
        await tell(db, server, request)


def lasting(request: BackgroundRequest) -> str:
    """What stays of the payload of a request that has ended: which function it was about."""
    kept = {key: request.payload[key] for key in ("function",) if key in request.payload}
    return orjson.dumps(kept).decode()


async def tell(db: Connection, server: Server, request: BackgroundRequest) -> None:
    """Have the webhooks told what became of a request that has ended."""
    ended = await store.get(db, request.id)
    owner = await users.get(db, request.owner_id) if request.owner_id else None
    if ended is None or owner is None:
        return
    subject = Subject(owner.id, Privilege.NONE)
    base_url = request.payload.get("base_url", "")
    context = Context(server, Identity(owner), subject, base_url)
    await outbox.note(
        db,
        context,
        completed(ended.operation),
        view(context, ended),
        project_id=ended.project_id,
        organization_id=ended.organization_id,
    )


async def fail(server: Server, request: BackgroundRequest, message: str) -> None:
    """Clean up after a request that cannot be done, and record it.

    In this order: who reads that it failed may begin anew at once, with files of the same place.
    """
    operation = OPERATIONS.get(request.operation)
    try:
        if operation is not None and operation.failed is not None:
            await operation.failed(server, request)
    finally:
        async with server.database.writing() as db:
            await store.update(
                db,
                request.id,
                {
                    "status": RequestStatus.FAILED,
                    "message": shortened(message),
                    "finished_date": clock.now(),
                    "expiry_date": clock.later(FAILED_SECONDS),
                    "payload": lasting(request),
                },
            )
            await tell(db, server, request)


def shortened(message: str) -> str:
    """A message as it is recorded: what it quotes of somebody's file may be of any length."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2
    return f"{message[:half]} ... {message[-half:]}"


async def put_back(server: Server, request: BackgroundRequest) -> None:
    """Return a request to the queue because the server is stopping; it counts as not tried."""
    async with server.database.writing() as db:
        await store.update(
            db,
            request.id,
            {
                "status": RequestStatus.QUEUED,
                "started_date": None,
                "attempts": request.attempts,
            },
        )


async def take_up(server: Server) -> None:
    """At the start: continue what was waiting or under way when the server last ended."""
    async with server.database.reading() as db:
        found = await store.unfinished(db)
    for request in found:
        if request.operation not in OPERATIONS:
            await fail(server, request, "This version of the server cannot do this operation.")
        elif request.attempts >= MOST_ATTEMPTS:
            await fail(
                server,
                request,
                f"The server ended {request.attempts} times while it did this; not tried again.",
            )
        else:
            if request.status == RequestStatus.STARTED:
                async with server.database.writing() as db:
                    await store.update(db, request.id, {"status": RequestStatus.QUEUED})
            server.queue.submit(request.id, request.owner_id)
    server.queue.start(lambda request_id: execute(server, request_id))


async def forget_expired(server: Server) -> None:
    """Drop requests whose time is over, with their files."""
    async with server.database.reading() as db:
        found = await store.expired(db)
    for request in found:
        if request.result_file:
            await remove_file(server, request.result_file)
        async with server.database.writing() as db:
            await store.delete(db, request.id)


async def remove_file(server: Server, name: str) -> None:
    """Remove the result of a request."""
    path = server.config.exports / name
    await asyncio.to_thread(path.unlink, missing_ok=True)


async def list_page(context: Context, query: ListQuery) -> tuple[int, list[Any], Selection]:
    """A page of the requests that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "requests"))
    condition = engine.visible(context.subject, "requests")
    selection = select(store.COLLECTION, query, condition)
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, request) for request in found], selection


async def retrieve(context: Context, request_id: str) -> dict[str, Any]:
    """A request as the API shows it."""
    return view(context, await find(context, "view", request_id))


async def find(context: Context, scope: str, request_id: str) -> BackgroundRequest:
    """The request, if the asker may do that to it."""
    async with context.database.reading() as db:
        request = await store.get(db, request_id)
    if request is None:
        raise TextError("There is no request with the specified id", 404)
    mine = frozenset(("owner",)) if request.owner_id == context.user.id else frozenset[str]()
    engine.authorize(context.subject, scope, Resource("requests", ownerships=mine))
    return request


async def result_of(context: Context, request: BackgroundRequest) -> tuple[Path, str]:
    """The file that a finished request has made, and the name it should be saved under.

    RuleError if it is not there yet, NotFoundError if it is there no more.
    """
    if request.result_file is None:
        raise RuleError("The result of the request is not ready")
    path = context.config.exports / request.result_file
    if not await asyncio.to_thread(path.is_file):
        raise NotFoundError("The result of the request has expired")
    return path, request.result_name or path.name


async def cancel(context: Context, request_id: str) -> None:
    """Drop a request that has not been started; TextError for one that has."""
    request = await find(context, "cancel", request_id)
    if request.status != RequestStatus.QUEUED or not context.server.queue.withdraw(request_id):
        raise TextError("Only requests that have not yet been started can be cancelled")
    await fail(context.server, request, "Cancelled.")
    async with context.database.writing() as db:
        await store.delete(db, request_id)


def view(context: Context, request: BackgroundRequest) -> dict[str, Any]:
    """A request on the wire; the progress of one that does not run is 0, as CVAT answers it."""
    # Only what has to do with files has a format, and only automatic annotation a function.
    form: dict[str, Any] = {"format": request.format}
    if request.operation.startswith(("merge:", "calculate:")):
        form = {}
    if request.operation.startswith("autoannotate:"):
        # What has been done needs its payload no more: the id tells.
        form["function_id"] = request.payload.get("function", {}).get("id")
    return {
        "status": request.status,
        "message": request.message,
        "id": request.id,
        "operation": {
            "type": request.operation,
            "target": request.target,
            "project_id": request.project_id,
            "task_id": request.task_id,
            "job_id": request.job_id,
            "org_id": request.organization_id,
            **form,
            "lightweight": True if "lightweight=true" in request.id.split("&") else None,
        },
        "progress": context.server.queue.progress(request.id) or 0.0,
        "created_date": request.created_date,
        "started_date": request.started_date,
        "finished_date": request.finished_date,
        "expiry_date": request.expiry_date,
        "owner": {"id": request.owner_id, "username": request.owner_name}
        if request.owner_id
        else None,
        "result_url": result_url(context, request),
        "result_id": request.result_id,
    }


def result_url(context: Context, request: BackgroundRequest) -> str | None:
    """Where the file of a finished export can be fetched."""
    if request.result_file is None:
        return None
    if request.target == "events":
        return context.link(f"/api/events/download?rq_id={quote(request.id, safe='')}")
    number = request.job_id or request.task_id or request.project_id
    what = "backup" if request.operation.endswith("backup") else "dataset"
    path = f"/api/{request.target}s/{number}/{what}/download"
    return context.link(f"{path}?rq_id={quote(request.id, safe='')}")
