"""Personal access tokens."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.access_tokens import (
    AccessTokenRead,
    AccessTokenWriteRequest,
    PaginatedAccessTokenReadList,
    PatchedAccessTokenWriteRequest,
)
from cvat_lite.services import access_tokens
from cvat_lite.store.access_tokens import COLLECTION

routes = web.RouteTableDef()

#: Tokens belong to people, not to organizations.
LIST_PARAMETERS = tuple(
    parameter for parameter in list_parameters(COLLECTION) if parameter not in ORGANIZATION
)


@routes.get("/api/auth/access_tokens")
@docs(tags=["auth"], summary="List access tokens", parameters=LIST_PARAMETERS)
@response_schema(PaginatedAccessTokenReadList)
async def auth_list_access_tokens(request: web.Request) -> web.Response:
    """The asker's tokens that are neither revoked nor expired."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await access_tokens.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/auth/access_tokens")
@docs(tags=["auth"], summary="Create an access token")
@request_schema(AccessTokenWriteRequest)
@response_schema(AccessTokenRead, 201)
async def auth_create_access_tokens(request: web.Request) -> web.Response:
    """``value`` is what goes behind ``Bearer``; it is not shown again."""
    return respond(request, await access_tokens.create(request[CONTEXT], request[BODY]))


@routes.get("/api/auth/access_tokens/self")
@docs(tags=["auth"], summary="Get the access token of this request")
@response_schema(AccessTokenRead)
async def auth_retrieve_access_tokens_self(request: web.Request) -> web.Response:
    """For requests that a token was sent with."""
    return respond(request, await access_tokens.retrieve_self(request[CONTEXT]))


@routes.get("/api/auth/access_tokens/{id}")
@docs(tags=["auth"], summary="Get an access token")
@response_schema(AccessTokenRead)
async def auth_retrieve_access_tokens(request: web.Request) -> web.Response:
    """A token without its value."""
    return respond(request, await access_tokens.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/auth/access_tokens/{id}")
@docs(tags=["auth"], summary="Update an access token")
@request_schema(PatchedAccessTokenWriteRequest, required=False)
@response_schema(AccessTokenRead)
async def auth_partial_update_access_tokens(request: web.Request) -> web.Response:
    """Name, expiry, and whether it may write."""
    changed = await access_tokens.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/auth/access_tokens/{id}")
@docs(
    tags=["auth"],
    summary="Revoke an access token",
    responses={"204": {"description": "The token has been revoked"}},
)
async def auth_destroy_access_tokens(request: web.Request) -> web.Response:
    """It lets nobody in any more."""
    await access_tokens.destroy(request[CONTEXT], number(request))
    return empty()
