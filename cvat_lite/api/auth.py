"""Login, logout, registration, passwords, and the permission tables."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import authentication, rate_limit
from cvat_lite.api.declare import (
    BODY,
    CONTEXT,
    FORM_TYPES,
    JSON_TYPES,
    docs,
    request_schema,
    response_schema,
)
from cvat_lite.api.respond import respond
from cvat_lite.schemas.auth import (
    LoginSerializerExRequest,
    PasswordChangeRequest,
    PasswordResetConfirmRequest,
    PasswordResetSerializerExRequest,
    RegisterSerializerEx,
    RegisterSerializerExRequest,
    RestAuthDetail,
    Token,
)
from cvat_lite.services import auth, password_reset, permission_rules

routes = web.RouteTableDef()

CONSUMES = (*JSON_TYPES, *FORM_TYPES)
THROTTLED = {"429": {"description": "Too many calls; ``Retry-After`` says when to come again"}}


@routes.post("/api/auth/login")
@docs(tags=["auth"], summary="Log in", public=True, consumes=CONSUMES, responses=THROTTLED)
@request_schema(LoginSerializerExRequest)
@response_schema(Token)
async def auth_create_login(request: web.Request) -> web.Response:
    """By username or email; sets the session cookies and answers the key for ``Token``."""
    come_in(request, "login")
    entry = await auth.login(request[CONTEXT], request[BODY])
    return authentication.set_cookies(request, respond(request, entry.body), entry.session)


@routes.post("/api/auth/logout")
@docs(tags=["auth"], summary="Log out", public=True)
@response_schema(RestAuthDetail)
async def auth_create_logout(request: web.Request) -> web.Response:
    """Ends the session and the ``Token`` key; nobody in particular may call it, too."""
    response = respond(request, await auth.logout(request[CONTEXT]))
    return authentication.drop_cookies(response)


@routes.post("/api/auth/register")
@docs(
    tags=["auth"],
    summary="Register a new user",
    public=True,
    consumes=CONSUMES,
    responses=THROTTLED,
)
@request_schema(RegisterSerializerExRequest)
@response_schema(RegisterSerializerEx, 201)
async def auth_create_register(request: web.Request) -> web.Response:
    """The newcomer is in the group ``user`` and logged in at once."""
    come_in(request, "register")
    entry = await auth.register(request[CONTEXT], request[BODY])
    return authentication.set_cookies(request, respond(request, entry.body), entry.session)


@routes.post("/api/auth/password/change")
@docs(tags=["auth"], summary="Change the password", consumes=CONSUMES, responses=THROTTLED)
@request_schema(PasswordChangeRequest)
@response_schema(RestAuthDetail)
async def auth_create_password_change(request: web.Request) -> web.Response:
    """Ends all other sessions and the ``Token`` key; not for personal access tokens."""
    rate_limit.knock(request, "password")
    return respond(request, await auth.change_password(request[CONTEXT], request[BODY]))


@routes.post("/api/auth/password/reset")
@docs(
    tags=["auth"],
    summary="Ask for a message to set a new password",
    public=True,
    responses=THROTTLED,
)
@request_schema(PasswordResetSerializerExRequest)
@response_schema(RestAuthDetail)
async def auth_create_password_reset(request: web.Request) -> web.Response:
    """Answers the same whether the address is known; without a mail server the log has it."""
    come_in(request, "reset")
    return respond(request, password_reset.ask(request[CONTEXT], request[BODY]["email"]))


@routes.post("/api/auth/password/reset/confirm")
@docs(
    tags=["auth"],
    summary="Set a new password with the message's token",
    public=True,
    responses=THROTTLED,
)
@request_schema(PasswordResetConfirmRequest)
@response_schema(RestAuthDetail)
async def auth_create_password_reset_confirm(request: web.Request) -> web.Response:
    """The token is good once."""
    come_in(request, "reset")
    return respond(request, await password_reset.confirm(request[CONTEXT], request[BODY]))


@routes.get("/api/auth/rules")
@docs(
    tags=["auth"],
    summary="The permission tables as a tar of JSON files",
    public=True,
    responses={
        "200": {
            "description": "One file a namespace",
            "content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}},
        },
        "304": {"description": "The tables are those of ``If-None-Match``"},
    },
)
async def auth_retrieve_rules(request: web.Request) -> web.Response:
    """Who may do what, for programs that decide as this server does."""
    archive = permission_rules.archive()
    headers = {"ETag": archive.etag, "Cache-Control": "no-cache"}
    known = [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]
    if archive.etag in known:
        return web.Response(status=304, headers=headers)
    return web.Response(body=archive.body, content_type="application/x-tar", headers=headers)


def come_in(request: web.Request, door: str) -> None:
    """Refuse what another site's page sends in a browser's name, and who knocks too often."""
    authentication.check_site(request)
    rate_limit.knock(request, door)
