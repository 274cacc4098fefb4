"""Invitations to organizations."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.invitations import (
    AcceptInvitationRead,
    InvitationRead,
    InvitationWriteRequest,
    PaginatedInvitationReadList,
)
from cvat_lite.services import invitations
from cvat_lite.store.invitations import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/invitations")
@docs(tags=["invitations"], summary="List invitations", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedInvitationReadList)
async def invitations_list(request: web.Request) -> web.Response:
    """The invitations that the asker sent or got, or all of an organization one maintains."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await invitations.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/invitations")
@docs(tags=["invitations"], summary="Create an invitation", parameters=ORGANIZATION)
@request_schema(InvitationWriteRequest)
@response_schema(InvitationRead, 201)
async def invitations_create(request: web.Request) -> web.Response:
    """Invite somebody by email address into the organization that the request names."""
    return respond(request, await invitations.create(request[CONTEXT], request[BODY]))


@routes.get("/api/invitations/{key}")
@docs(tags=["invitations"], summary="Get invitation details")
@response_schema(InvitationRead)
async def invitations_retrieve(request: web.Request) -> web.Response:
    """An invitation, for who sent it, who got it, and the organization's maintainers."""
    return respond(request, await invitations.retrieve(request[CONTEXT], key_of(request)))


@routes.delete("/api/invitations/{key}")
@docs(
    tags=["invitations"],
    summary="Delete an invitation",
    responses={"204": {"description": "The invitation has been deleted"}},
)
async def invitations_destroy(request: web.Request) -> web.Response:
    """Withdraw an invitation."""
    await invitations.destroy(request[CONTEXT], key_of(request))
    return empty()


@routes.post("/api/invitations/{key}/accept")
@docs(tags=["invitations"], summary="Accept an invitation")
@response_schema(AcceptInvitationRead)
async def invitations_accept(request: web.Request) -> web.Response:
    """Join the organization."""
    return respond(request, await invitations.accept(request[CONTEXT], key_of(request)))


@routes.post("/api/invitations/{key}/decline")
@docs(
    tags=["invitations"],
    summary="Decline an invitation",
    responses={"204": {"description": "The invitation has been declined"}},
)
async def invitations_decline(request: web.Request) -> web.Response:
    """Do not join the organization."""
    await invitations.decline(request[CONTEXT], key_of(request))
    return empty()


@routes.post("/api/invitations/{key}/resend")
@docs(
    tags=["invitations"],
    summary="Resend an invitation",
    responses={
        "204": {"description": "Invitation has been sent"},
        "400": {"description": "The invitation has already been accepted"},
    },
)
async def invitations_resend(request: web.Request) -> web.Response:
    """Send an invitation that has not been accepted once more."""
    await invitations.resend(request[CONTEXT], key_of(request))
    return empty()


def key_of(request: web.Request) -> str:
    """The key in the path."""
    return request.match_info["key"]
