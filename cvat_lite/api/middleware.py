"""What every request passes: the host, the caller, the body, and errors becoming answers."""

from __future__ import annotations

import asyncio
import html
import logging
import uuid

import orjson
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.typedefs import Handler

from cvat_lite.api import addresses, authentication, bodies, options
from cvat_lite.api.declare import BODY, CONTEXT, body_schema, is_public
from cvat_lite.api.respond import CVAT_JSON, negotiate
from cvat_lite.errors import (
    ApiError,
    ForbiddenError,
    MethodNotAllowedError,
    ParseError,
    TextError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
)
from cvat_lite.services.context import Server

SERVER: web.AppKey[Server] = web.AppKey("server", Server)
REPLACED = "The state of the server was replaced meanwhile; nothing of this request was done."
LOG = logging.getLogger("cvat_lite")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Of what is no page, nothing may be run or shown in a frame; pages bring their own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@web.middleware
async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pass the request on, and turn what comes of it into an answer."""
    gate = request.app[SERVER].gate
    task = await gate.enter()
    try:
        response = await pass_on(request, handler)
    except asyncio.CancelledError:
        if not gate.dropped(task):
            raise
        response = error_response(UnavailableError(REPLACED, {"Retry-After": "1"}))
    except ConnectionResetError:
        # The caller has gone. Nobody reads this answer; raised on, it would be logged as a fault.
        response = web.Response(status=400)
    except Exception as error:  # noqa: BLE001  # each becomes an answer, the unexpected a logged one
        response = await answer_to(request, error)
    finally:
        gate.leave(task)
    if not response.prepared:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers and request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
    return response


async def answer_to(request: web.Request, error: Exception) -> web.Response:
    """The answer that an exception becomes."""
    match error:
        case ApiError():
            return error_response(error)
        case BadHttpMessage():
            # A part of a form whose own headers are none; those of the request never get here.
            return error_response(ParseError("Multipart form parse error - malformed headers"))
        case web.HTTPMethodNotAllowed() if request.method == "OPTIONS":
            return await options.describe(request)
        case web.HTTPMethodNotAllowed():
            return wrong_method(request, error)
        case web.HTTPRequestEntityTooLarge():
            return error_response(TooLargeError("The request body is too large."))
        case web.HTTPNotFound():
            # No such path at all: a page, not JSON, as clients that probe a server expect it.
            return error_response(TextError("Not Found", 404))
        case web.HTTPException():
            return web.Response(status=error.status, headers=error.headers, body=error.body)
    return unexpected(request, error)


async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check host, caller and body, in this order, and call the handler."""
    server = request.app[SERVER]
    name = addresses.host_name(request)
    if not addresses.host_is_allowed(server.config, name):
        return web.Response(
            status=400,
            text=f"This server does not answer to the host {name!r}; "
            "allow it with --allowed-host if it is yours.\n",
        )
    declared = request.match_info.handler
    if not hasattr(declared, "__apispec__"):
        return await handler(request)
    negotiate(request)
    public = is_public(declared)
    context = await authentication.make_context(request, server)
    if context.identity is None and not public:
        raise UnauthorizedError
    if (
        context.identity
        and context.identity.read_only
        and request.method not in authentication.SAFE_METHODS
    ):
        raise ForbiddenError
    request[CONTEXT] = context
    found = body_schema(declared)
    if found is not None:
        schema, required = found
        request[BODY] = await bodies.load(request, schema, required=required)
    return await handler(request)


def error_response(error: ApiError) -> web.Response:
    """The answer that an error stands for."""
    if isinstance(error, TextError):
        text = html.escape(str(error.body))
        return web.Response(text=text, status=error.status, content_type="text/html")
    return web.Response(
        body=orjson.dumps(error.body),
        status=error.status,
        headers=error.headers,
        content_type=CVAT_JSON,
    )


def wrong_method(request: web.Request, error: web.HTTPMethodNotAllowed) -> web.Response:
    """405 in CVAT's words."""
    allow = ", ".join(sorted({*error.allowed_methods, "OPTIONS"}))
    answer = MethodNotAllowedError(f'Method "{request.method}" not allowed.', {"Allow": allow})
    return error_response(answer)


def unexpected(request: web.Request, error: Exception) -> web.Response:
    """Log an exception nobody expected, once, and answer with the number it is logged under."""
    number = uuid.uuid4().hex
    LOG.error("request %s: %s %s failed", number, request.method, request.path, exc_info=error)
    return web.Response(
        body=orjson.dumps({"detail": "Internal server error.", "request_id": number}),
        status=500,
        content_type=CVAT_JSON,
    )
