"""Memberships: who is in an organization, and as what."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.memberships import (
    MembershipRead,
    PaginatedMembershipReadList,
    PatchedMembershipWriteRequest,
)
from cvat_lite.services import memberships
from cvat_lite.store.memberships import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/memberships")
@docs(tags=["memberships"], summary="List memberships", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedMembershipReadList)
async def memberships_list(request: web.Request) -> web.Response:
    """The members of the organization that the request names, else one's own memberships."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await memberships.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/memberships/{id}")
@docs(tags=["memberships"], summary="Get membership details")
@response_schema(MembershipRead)
async def memberships_retrieve(request: web.Request) -> web.Response:
    """A membership; not active while its invitation waits for an answer."""
    return respond(request, await memberships.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/memberships/{id}")
@docs(tags=["memberships"], summary="Update a membership")
@request_schema(PatchedMembershipWriteRequest, required=False)
@response_schema(MembershipRead)
async def memberships_partial_update(request: web.Request) -> web.Response:
    """Give a member another role."""
    changed = await memberships.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/memberships/{id}")
@docs(
    tags=["memberships"],
    summary="Delete a membership",
    responses={"204": {"description": "The membership has been deleted"}},
)
async def memberships_destroy(request: web.Request) -> web.Response:
    """Remove a member, or leave an organization."""
    await memberships.destroy(request[CONTEXT], number(request))
    return empty()
