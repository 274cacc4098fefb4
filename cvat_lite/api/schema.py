"""The OpenAPI document of this API."""

from __future__ import annotations

import asyncio

from aiohttp import web

from cvat_lite.api import openapi
from cvat_lite.api.declare import docs, query
from cvat_lite.api.respond import respond_kept
from cvat_lite.errors import RuleError

routes = web.RouteTableDef()

YAML = "application/vnd.oai.openapi"
JSON = "application/vnd.oai.openapi+json"
#: The types that can be asked for by ``Accept``, the one for who does not mind first.
TYPES = (YAML, "application/yaml", JSON, "application/json")
SCHEMES = {"json": JSON, "yaml": YAML}
OBJECT = {"type": "object", "additionalProperties": {}}


@routes.get("/api/schema/")
@docs(
    tags=["schema"],
    summary="Get the OpenAPI document",
    public=True,
    parameters=[
        query("lang", description="Accepted for clients that send it; there is one language"),
        query("scheme", description="Instead of the header Accept", enum=list(SCHEMES)),
    ],
    responses={
        "200": {
            "description": "This document",
            "content": {kind: {"schema": OBJECT} for kind in TYPES},
        },
        "304": {"description": "The document is that of If-None-Match"},
    },
)
async def schema_retrieve(request: web.Request) -> web.Response:
    """OpenAPI 3.0.3, as YAML or JSON by `scheme` or else by `Accept`."""
    kind = wanted(request)
    make = openapi.as_json if "json" in kind else openapi.as_yaml
    body = await asyncio.to_thread(make, request.app)
    headers = {"Cache-Control": "no-cache", "Vary": "Accept", "Content-Type": kind}
    return respond_kept(request, body, headers)


def wanted(request: web.Request) -> str:
    """The type that the request asks for; RuleError for a scheme that is none."""
    scheme = request.query.get("scheme")
    if scheme:
        if scheme not in SCHEMES:
            raise RuleError(f'"{scheme}" is not a valid scheme: use json or yaml.')
        return SCHEMES[scheme]
    accepted = [part.split(";")[0].strip() for part in request.headers.get("Accept", "").split(",")]
    return next((kind for kind in accepted if kind in TYPES), YAML)
