"""Functions that annotate, as far as clients ask for them on a server that has none."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import CONTEXT, docs
from cvat_lite.api.respond import CVAT_JSON, respond
from cvat_lite.services import lambdas

routes = web.RouteTableDef()


@routes.get("/api/lambda/functions")
@docs(
    tags=["lambda"],
    summary="Get a list of functions",
    responses={"503": {"description": "No functions are connected to this server"}},
)
async def lambda_list_functions(request: web.Request) -> web.Response:
    """Answered with 503 where there is nothing that could run functions."""
    lambdas.functions(request[CONTEXT])


@routes.get("/api/lambda/requests")
@docs(
    tags=["lambda"],
    summary="Get a list of requests",
    responses={
        "200": {
            "description": "The calls of functions under way",
            "content": {CVAT_JSON: {"schema": {"type": "array", "items": {}}}},
        }
    },
)
async def lambda_list_requests(request: web.Request) -> web.Response:
    """The calls of functions under way."""
    return respond(request, lambdas.calls(request[CONTEXT]))
