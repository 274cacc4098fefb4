"""Functions that annotate: listed, called on a frame, run over whole tasks."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION
from cvat_lite.api.declare import BODY, CONTEXT, docs, path, request_schema, response_schema
from cvat_lite.api.respond import CVAT_JSON, empty, respond, respond_bytes
from cvat_lite.schemas.lambdas import FunctionCall, FunctionCallRequest, OnlineFunctionCallRequest
from cvat_lite.services.lambdas import batches, calls

routes = web.RouteTableDef()
FUNCTION_ID = path("func_id", description="The id of the function")
REQUEST_ID = path("id", description="The id of the batch")
FREE = {"type": "object", "additionalProperties": {}}
CALL = {"$ref": "#/components/schemas/FunctionCall"}
FAILED = {"description": "The function cannot be reached, crashed or answered nonsense"}
SLOW = {"description": "The function took longer than it may"}


@routes.get("/api/lambda/functions")
@docs(
    tags=["lambda"],
    summary="Get a list of functions",
    responses={
        "200": {
            "description": "The functions, and what they can find",
            "content": {CVAT_JSON: {"schema": {"type": "array", "items": FREE}}},
        },
        "503": {"description": "No functions are connected to this server"},
    },
)
async def lambda_list_functions(request: web.Request) -> web.Response:
    """Answered with 503 where there is nothing that could run functions."""
    return respond(request, await calls.functions(request[CONTEXT]))


@routes.get("/api/lambda/functions/{func_id}")
@docs(
    tags=["lambda"],
    summary="Get function details",
    parameters=[FUNCTION_ID],
    responses={
        "200": {
            "description": "The function, and what it can find",
            "content": {CVAT_JSON: {"schema": FREE}},
        },
        "502": FAILED,
        "504": SLOW,
    },
)
async def lambda_retrieve_functions(request: web.Request) -> web.Response:
    """A function's kind, and the labels or shapes that it knows."""
    found = await calls.function(request[CONTEXT], request.match_info["func_id"])
    return respond(request, found)


@routes.post("/api/lambda/functions/{func_id}")
@docs(
    tags=["lambda"],
    summary="Call a function on a frame",
    parameters=[FUNCTION_ID],
    responses={
        "200": {
            "description": "What the function answers; a detector's findings have the task's names",
            "content": {CVAT_JSON: {"schema": {}}},
        },
        "502": FAILED,
        "504": SLOW,
    },
)
@request_schema(OnlineFunctionCallRequest, required=False)
async def lambda_create_functions(request: web.Request) -> web.Response:
    """Nothing is written: the caller decides what to do with the answer."""
    name = request.match_info["func_id"]
    return respond_bytes(request, await calls.call(request[CONTEXT], name, request[BODY]))


@routes.get("/api/lambda/requests")
@docs(
    tags=["lambda"],
    summary="Get a list of requests",
    responses={
        "200": {
            "description": "The batches",
            "content": {CVAT_JSON: {"schema": {"type": "array", "items": CALL}}},
        }
    },
)
async def lambda_list_requests(request: web.Request) -> web.Response:
    """The asker's batches, the latest first."""
    return respond(request, await batches.list_all(request[CONTEXT]))


@routes.post("/api/lambda/requests")
@docs(
    tags=["lambda"],
    summary="Annotate a task or a job",
    parameters=ORGANIZATION,
    responses={"409": {"description": "A function is at work on it already"}, "502": FAILED},
)
@request_schema(FunctionCallRequest)
@response_schema(FunctionCall)
async def lambda_create_requests(request: web.Request) -> web.Response:
    """Have a function annotate all frames in the background; it is written at once, at the end."""
    return respond(request, await batches.create(request[CONTEXT], request[BODY]))


@routes.get("/api/lambda/requests/{id}")
@docs(tags=["lambda"], summary="Get request details", parameters=[REQUEST_ID])
@response_schema(FunctionCall)
async def lambda_retrieve_requests(request: web.Request) -> web.Response:
    """A batch; a failed one says why in ``exc_info``."""
    found = await batches.retrieve(request[CONTEXT], request.match_info["id"])
    return respond(request, found)


@routes.delete("/api/lambda/requests/{id}")
@docs(
    tags=["lambda"],
    summary="Cancel a request",
    parameters=[REQUEST_ID],
    responses={"204": {"description": "The batch has been stopped and forgotten"}},
)
async def lambda_delete_requests(request: web.Request) -> web.Response:
    """A batch that is under way stops, and leaves the annotations as they were."""
    await batches.destroy(request[CONTEXT], request.match_info["id"])
    return empty()
