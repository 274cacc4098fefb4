"""What the web client has asked people."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, path, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import list_query, respond, respond_page
from cvat_lite.schemas.growth import (
    PaginatedUserGrowthDataList,
    PatchedUserGrowthDataRequest,
    UserGrowthData,
)
from cvat_lite.services import growth
from cvat_lite.store.growth import COLLECTION

routes = web.RouteTableDef()
USER_ID = path("id", description="The id of the user")


@routes.get("/api/growth")
@docs(
    tags=["growth"],
    summary="List the answers of the current user",
    parameters=list_parameters(COLLECTION, organization=()),
)
@response_schema(PaginatedUserGrowthDataList)
async def growth_list(request: web.Request) -> web.Response:
    """One row: the asker's."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await growth.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/growth/{id}")
@docs(tags=["growth"], summary="Get the answers of the current user", parameters=[USER_ID])
@response_schema(UserGrowthData)
async def growth_retrieve(request: web.Request) -> web.Response:
    """The id is the user's."""
    return respond(request, await growth.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/growth/{id}")
@docs(tags=["growth"], summary="Update the answers of the current user", parameters=[USER_ID])
@request_schema(PatchedUserGrowthDataRequest, required=False)
@response_schema(UserGrowthData)
async def growth_partial_update(request: web.Request) -> web.Response:
    """Whether a question has been shown, and what was answered."""
    changed = await growth.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)
