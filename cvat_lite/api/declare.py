"""How a handler is declared: the one place that imports aiohttp-apispec's decorators.

``docs``, ``request_schema`` and ``response_schema`` leave metadata on the handler, from which the
OpenAPI document is made, the body is checked and the status of the answer is taken. Paths are
answered with and without a trailing slash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from aiohttp import web
from marshmallow import Schema

from cvat_lite.api.distutils_version import quick_distutils
from cvat_lite.services.context import Context

with quick_distutils():
    from aiohttp_apispec import docs as apispec_docs
    from aiohttp_apispec import request_schema as apispec_request_schema
    from aiohttp_apispec import response_schema as apispec_response_schema

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)
Parameter = dict[str, Any]

CONTEXT: web.RequestKey[Context] = web.RequestKey("context", Context)
BODY: web.RequestKey[dict[str, Any]] = web.RequestKey("body", dict)

JSON_TYPES = ("application/json", "application/vnd.cvat+json")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def docs(
    *,
    tags: Sequence[str],
    summary: str,
    parameters: Sequence[Parameter] = (),
    responses: Mapping[str, Any] | None = None,
    public: bool = False,
    consumes: Sequence[str] = JSON_TYPES,
    request_body: Mapping[str, Any] | None = None,
) -> Callable[[H], H]:
    """Document an operation; ``public`` ones may be called by anybody."""
    more: dict[str, Any] = {"security": []} if public else {}
    if request_body is not None:
        more["x-request-body"] = dict(request_body)
    decorate: Callable[[H], H] = apispec_docs(
        tags=list(tags),
        summary=summary,
        parameters=[dict(parameter) for parameter in parameters],
        responses=dict(responses or {}),
        consumes=list(consumes),
        **more,
    )
    return decorate


def request_schema(schema: type[Schema], *, required: bool = True) -> Callable[[H], H]:
    """The shape of the body; what it loads stands in ``request[BODY]``."""
    decorate: Callable[[H], H] = apispec_request_schema(schema, required=required)
    return decorate


def response_schema(
    schema: type[Schema], status: int = 200, description: str = ""
) -> Callable[[H], H]:
    """The shape and the status of the answer."""
    decorate: Callable[[H], H] = apispec_response_schema(
        schema(), code=status, description=description
    )
    return decorate


def query(name: str, kind: str = "string", description: str = "", **more: Any) -> Parameter:
    """A parameter of the query string; ``more`` goes into its schema (``enum``, ``default``)."""
    required = more.pop("required", False)
    schema = {"type": kind, **more}
    if kind == "array":
        schema.setdefault("items", {"type": "string"})
    return {
        "in": "query",
        "name": name,
        "schema": schema,
        "description": description,
        "required": required,
    }


def path(name: str, kind: str = "string", description: str = "") -> Parameter:
    """A parameter of the path; only one whose name does not tell its type needs declaring."""
    return {
        "in": "path",
        "name": name,
        "schema": {"type": kind},
        "description": description,
        "required": True,
    }


def header(name: str, description: str, **more: Any) -> Parameter:
    """A header that the operation reads."""
    return {
        "in": "header",
        "name": name,
        "schema": {"type": "string", **more},
        "description": description,
        "required": False,
    }


def success(handler: Handler) -> int:
    """The status that the handler's documentation gives to its success."""
    responses = getattr(handler, "__apispec__", {}).get("responses", {})
    return min((int(code) for code in responses if str(code).startswith("2")), default=200)


def is_public(handler: Handler) -> bool:
    """Whether the operation may be called without logging in."""
    return bool(getattr(handler, "__apispec__", {}).get("security") == [])


def body_schema(handler: Handler) -> tuple[Schema, bool] | None:
    """The schema of the operation's body and whether a body must be there."""
    schemas = getattr(handler, "__apispec__", {}).get("schemas", [])
    if not schemas:
        return None
    return schemas[0]["schema"], schemas[0]["options"]["required"]


def register(app: web.Application, routes: web.RouteTableDef) -> None:
    """Add the routes of a namespace, each with and without a slash at its end."""
    for route in routes:
        if not isinstance(route, web.RouteDef):
            raise TypeError(f"{route!r} is not a route")
        route.register(app.router)
        other = route.path.removesuffix("/") if route.path.endswith("/") else f"{route.path}/"
        web.RouteDef(route.method, other, route.handler, route.kwargs).register(app.router)


def close_fixed_paths(router: web.UrlDispatcher) -> None:
    """Answer 405 where a path without variables does not take a method; to be called at the end.

    The router would go on to a path with variables that matches as well, and take
    ``PATCH /api/users/self`` for one of a user whose id is ``self``.
    """
    patterns = [
        found["pattern"]
        for found in (resource.get_info() for resource in router.resources())
        if "pattern" in found
    ]
    methods: dict[str, set[str]] = {}
    for route in router.routes():
        found = route.resource.get_info() if route.resource is not None else {}
        fixed = found.get("path")
        if fixed is not None and any(pattern.fullmatch(fixed) for pattern in patterns):
            methods.setdefault(fixed, set()).add(route.method)
    for fixed, taken in methods.items():
        router.add_route("*", fixed, refuse_others(frozenset(taken)))


def refuse_others(taken: frozenset[str]) -> Handler:
    """The handler of the methods that a path does not take; ``taken`` are those that it does."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMethodNotAllowed(request.method, taken)

    return refuse
