"""People."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.users import MetaUser, PaginatedMetaUserList, PatchedUserRequest
from cvat_lite.services import users
from cvat_lite.store.users import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/users")
@docs(tags=["users"], summary="List users", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedMetaUserList)
async def users_list(request: web.Request) -> web.Response:
    """The members of the organization; outside of one, oneself, or everybody for administrators."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await users.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/users/self")
@docs(tags=["users"], summary="Get details of the current user")
@response_schema(MetaUser)
async def users_retrieve_self(request: web.Request) -> web.Response:
    """Whoever asks."""
    return respond(request, users.me(request[CONTEXT]))


@routes.get("/api/users/{id}")
@docs(tags=["users"], summary="Get user details", parameters=ORGANIZATION)
@response_schema(MetaUser)
async def users_retrieve(request: web.Request) -> web.Response:
    """Everything for the user and administrators, names for fellow members."""
    return respond(request, await users.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/users/{id}")
@docs(tags=["users"], summary="Update a user")
@request_schema(PatchedUserRequest, required=False)
@response_schema(MetaUser)
async def users_partial_update(request: web.Request) -> web.Response:
    """Names by the user, address, groups and rights by administrators only."""
    changed = await users.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/users/{id}")
@docs(
    tags=["users"],
    summary="Delete a user",
    responses={"204": {"description": "The user has been deleted"}},
)
async def users_destroy(request: web.Request) -> web.Response:
    """What the user made stays, without an owner."""
    await users.destroy(request[CONTEXT], number(request))
    return empty()
