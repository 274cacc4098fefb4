"""Background requests: what they are at, and stopping them before they start."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import CONTEXT, docs, path, response_schema
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.requests import PaginatedRequestList, Request
from cvat_lite.services import requests
from cvat_lite.store.requests import COLLECTION

routes = web.RouteTableDef()
REQUEST_ID = path("id", description="The id of the background request")


@routes.get("/api/requests")
@docs(
    tags=["requests"],
    summary="List requests",
    parameters=list_parameters(COLLECTION, organization=ORGANIZATION[1:]),
)
@response_schema(PaginatedRequestList)
async def requests_list(request: web.Request) -> web.Response:
    """The asker's background requests."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await requests.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/requests/{id}")
@docs(tags=["requests"], summary="Get request details", parameters=[REQUEST_ID])
@response_schema(Request)
async def requests_retrieve(request: web.Request) -> web.Response:
    """A background request; a failed one says why in ``message``."""
    return respond(request, await requests.retrieve(request[CONTEXT], request.match_info["id"]))


@routes.post("/api/requests/{id}/cancel")
@docs(
    tags=["requests"],
    summary="Cancel request",
    parameters=[REQUEST_ID],
    responses={"200": {"description": "The request has been cancelled"}},
)
async def requests_create_cancel(request: web.Request) -> web.Response:
    """Only what waits can be cancelled."""
    await requests.cancel(request[CONTEXT], request.match_info["id"])
    return empty(200)
