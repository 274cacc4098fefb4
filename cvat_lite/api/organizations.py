"""Organizations: where teams keep their work."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.organizations import (
    OrganizationRead,
    OrganizationWriteRequest,
    PaginatedOrganizationReadList,
    PatchedOrganizationWriteRequest,
)
from cvat_lite.services import organizations
from cvat_lite.store.organizations import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/organizations")
@docs(
    tags=["organizations"],
    summary="List organizations",
    parameters=list_parameters(COLLECTION, organization=()),
)
@response_schema(PaginatedOrganizationReadList)
async def organizations_list(request: web.Request) -> web.Response:
    """The organizations that the asker belongs to."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await organizations.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/organizations")
@docs(tags=["organizations"], summary="Create an organization")
@request_schema(OrganizationWriteRequest)
@response_schema(OrganizationRead, 201)
async def organizations_create(request: web.Request) -> web.Response:
    """Who founds an organization owns it."""
    return respond(request, await organizations.create(request[CONTEXT], request[BODY]))


@routes.get("/api/organizations/{id}")
@docs(tags=["organizations"], summary="Get organization details")
@response_schema(OrganizationRead)
async def organizations_retrieve(request: web.Request) -> web.Response:
    """An organization, for its members."""
    return respond(request, await organizations.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/organizations/{id}")
@docs(tags=["organizations"], summary="Update an organization")
@request_schema(PatchedOrganizationWriteRequest, required=False)
@response_schema(OrganizationRead)
async def organizations_partial_update(request: web.Request) -> web.Response:
    """Change what an organization is called and how it is reached."""
    changed = await organizations.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/organizations/{id}")
@docs(
    tags=["organizations"],
    summary="Delete an organization",
    responses={"204": {"description": "The organization has been deleted"}},
)
async def organizations_destroy(request: web.Request) -> web.Response:
    """Its projects and tasks stay with their owners."""
    await organizations.destroy(request[CONTEXT], number(request))
    return empty()
