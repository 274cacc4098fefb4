"""Batches of functions as clients ask for them: begun, looked at, stopped."""

from __future__ import annotations

import asyncio
from typing import Any

from cvat_lite.domain.enums import RequestStatus
from cvat_lite.domain.finding_labels import targets_of
from cvat_lite.domain.functions import FunctionKind
from cvat_lite.errors import NotFoundError, RuleError, TextError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import data as data_service
from cvat_lite.services import requests, targets
from cvat_lite.services.context import Context
from cvat_lite.services.lambdas.batch import OPERATIONS
from cvat_lite.services.lambdas.calls import check_pictures, region_of
from cvat_lite.services.requests import UNDER_WAY, Order
from cvat_lite.store import labels as label_store
from cvat_lite.store import requests as store
from cvat_lite.store.filters import ListQuery, select
from cvat_lite.store.requests import BackgroundRequest

BATCHED = (FunctionKind.DETECTOR, FunctionKind.REID)
OPTIONS = ("threshold", "max_distance", "cleanup", "conv_mask_to_poly", "mapping", "roi")
MOST_LISTED = 500
MOMENT = 0.02


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Have a function annotate a task, or one job of it, in the background."""
    here = Resource.here(context.subject, "lambda")
    engine.authorize(context.subject, "call:offline", here)
    function, _ = await context.server.functions.find(body["function"])
    if function.kind not in BATCHED:
        raise RuleError(f"A function of the kind {function.kind} cannot be run over whole tasks")
    kind, number = ("job", body["job"]) if "job" in body else ("task", body["task"])
    async with context.database.snapshot() as db:
        scopes = ("view:data", "update:annotations")
        target = await targets.require(db, context, f"{kind}s", number, *scopes)
        task_id = number if kind == "task" else target.task_id or 0
        if task_id != body["task"]:
            raise RuleError(f"Job {number} is not one of task {body['task']}")
        media = await data_service.of_target(db, context, f"{kind}s", number, "view:data")
        check_pictures(media.data.kind)
        labels = await label_store.of_task(db, task_id)
    targets_of(function, labels, body.get("mapping"))
    region_of(body)
    asked = {"id": function.id, "task": task_id, "threshold": body.get("threshold")}
    if kind == "job":
        asked["job"] = number
    request_id = await requests.submit(
        context,
        Order(
            id=f"action=autoannotate&target={kind}&target_id={number}",
            operation=f"autoannotate:{kind}",
            target=kind,
            payload={
                "function": asked,
                "options": {key: body[key] for key in OPTIONS if key in body},
            },
            project_id=target.project_id,
            task_id=task_id,
            job_id=number if kind == "job" else None,
            organization_id=target.organization_id,
        ),
    )
    return await retrieve(context, request_id)


async def list_all(context: Context) -> list[dict[str, Any]]:
    """The batches of the asker, the latest first."""
    engine.authorize(context.subject, "list:offline", Resource.here(context.subject, "lambda"))
    query = ListQuery(page_size=str(MOST_LISTED), simple={"action": "autoannotate"})
    condition = engine.visible(context.subject, "requests")
    async with context.database.reading() as db:
        _, found = await store.page(db, select(store.COLLECTION, query, condition))
    return [view(context, request) for request in found]


async def retrieve(context: Context, request_id: str) -> dict[str, Any]:
    """One batch."""
    return view(context, await find(context, "view", request_id))


async def find(context: Context, scope: str, request_id: str) -> BackgroundRequest:
    """The batch, if the asker may do that to it; NotFoundError for other requests."""
    engine.authorize(context.subject, "list:offline", Resource.here(context.subject, "lambda"))
    try:
        request = await requests.find(context, scope, request_id)
    except TextError:
        raise NotFoundError from None
    if request.operation not in OPERATIONS:
        raise NotFoundError
    return request


async def destroy(context: Context, request_id: str) -> None:
    """Stop a batch, wherever it is, and forget it; what it has not written stays unwritten."""
    request = await find(context, "delete", request_id)
    functions = context.server.functions
    while request.status in UNDER_WAY:
        if context.server.queue.withdraw(request_id):
            await requests.fail(context.server, request, "Cancelled.")
        work = functions.running.get(request_id)
        if work is not None and not work.done():
            functions.stopped.add(request_id)
            work.cancel()
            await asyncio.wait([work])
        # Between being taken from the line and being at work there is a moment.
        await asyncio.sleep(MOMENT)
        request = await find(context, "delete", request_id)
    async with context.database.writing() as db:
        await store.delete(db, request_id)


def view(context: Context, request: BackgroundRequest) -> dict[str, Any]:
    """A batch on the wire; ``progress`` is in per cent."""
    progress = context.server.queue.progress(request.id) or 0.0
    finished = request.status == RequestStatus.FINISHED
    return {
        "id": request.id,
        "function": request.payload["function"],
        "status": request.status,
        "progress": 100 if finished else round(progress * 100),
        "enqueued": request.created_date,
        "started": request.started_date,
        "ended": request.finished_date,
        "exc_info": request.message or None,
    }
