"""Events: sent by clients, exported as CSV."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from cvat_lite.api import bodies
from cvat_lite.api.collections import ORGANIZATION
from cvat_lite.api.declare import (
    BODY,
    CONTEXT,
    Parameter,
    docs,
    query,
    request_schema,
    response_schema,
)
from cvat_lite.api.respond import CVAT_JSON, PRIVATE, respond, respond_file
from cvat_lite.domain.enums import RequestStatus
from cvat_lite.errors import ValidationError
from cvat_lite.schemas.common import RqId
from cvat_lite.schemas.events import ClientEvents, ClientEventsRequest, EventFilters
from cvat_lite.services import event_export, events

routes = web.RouteTableDef()

CSV = "text/csv"
QUERY_ID = {"type": "object", "properties": {"query_id": {"type": "string"}}}
FILTERS: tuple[Parameter, ...] = (
    query("filename", description="Desired output file name"),
    query(
        "from",
        description="UTC start date for events filtration. Default is the minimal time.",
        format="date-time",
    ),
    query("job_id", "integer", "Filter events by job ID"),
    query("org_id", "integer", "Filter events by organization ID"),
    query("project_id", "integer", "Filter events by project ID"),
    query("task_id", "integer", "Filter events by task ID"),
    query(
        "to",
        description="UTC end date for events filtration. Default is the current time.",
        format="date-time",
    ),
    query("user_id", "integer", "Filter events by user ID"),
)


@routes.post("/api/events")
@docs(tags=["events"], summary="Log client events", parameters=ORGANIZATION)
@request_schema(ClientEventsRequest)
@response_schema(ClientEvents, 201)
async def events_create(request: web.Request) -> web.Response:
    """What users do in a client; who and when is corrected by the server."""
    return respond(request, await events.create(request[CONTEXT], request[BODY]))


@routes.get("/api/events")
@docs(
    tags=["events"],
    summary="Get an event log",
    parameters=[
        query(
            "action",
            description="Used to start downloading process after the file had been created",
            enum=["download"],
        ),
        *FILTERS,
        query("query_id", description="ID of query request that need to check or download"),
    ],
    responses={
        "200": {"description": "Download of file started", "content": {CSV: {}}},
        "201": {"description": "CSV log file is ready for downloading"},
        "202": {
            "description": "Creating a CSV log file has been started",
            "content": {CVAT_JSON: {"schema": QUERY_ID}},
        },
    },
)
async def events_list(request: web.Request) -> web.StreamResponse:
    """Ask without ``query_id`` first, then with it until it is ready, then with ``action``."""
    context, query_id = request[CONTEXT], request.query.get("query_id")
    if not query_id:
        started = await event_export.start(context, filters_of(request))
        return respond(request, {"query_id": started}, status=202)
    if await event_export.status(context, query_id) != RequestStatus.FINISHED:
        return respond(request, {"query_id": query_id}, status=202)
    action = request.query.get("action")
    if not action:
        return respond(request, {"query_id": query_id}, status=201)
    if action != "download":
        raise ValidationError({"action": [f'"{action}" is not a valid choice.']})
    return await send(request, event_export.request_id(query_id))


@routes.post("/api/events/export")
@docs(
    tags=["events"],
    summary="Initiate a process to export events",
    parameters=[
        query("cloud_storage_id", "integer", "Storage id"),
        *FILTERS,
        query(
            "location",
            description="Where need to save events file",
            enum=["cloud_storage", "local"],
        ),
    ],
)
@response_schema(RqId, 202)
async def events_create_export(request: web.Request) -> web.Response:
    """The background request's ``result_url`` is where the file can be fetched."""
    started = await event_export.start(request[CONTEXT], filters_of(request))
    return respond(request, {"rq_id": event_export.request_id(started)})


@routes.get("/api/events/download")
@docs(
    tags=["events"],
    summary="Download exported events",
    parameters=[query("rq_id", description="The id of the export's request", required=True)],
    responses={"200": {"description": "The events", "content": {CSV: {}}}},
)
async def events_retrieve_download(request: web.Request) -> web.StreamResponse:
    """The file of a finished export."""
    rq_id = request.query.get("rq_id")
    if not rq_id:
        raise ValidationError({"rq_id": ["This field is required."]})
    return await send(request, rq_id)


def filters_of(request: web.Request) -> dict[str, Any]:
    """Which events the query string asks for; empty values ask for nothing."""
    given = {name: value for name, value in request.query.items() if value}
    return bodies.check(EventFilters(), given)


async def send(request: web.Request, rq_id: str) -> web.StreamResponse:
    """The file of an export."""
    path, name = await event_export.download(request[CONTEXT], rq_id)
    return await respond_file(path, CSV, filename=name, headers=PRIVATE)
