"""Snapshots of the whole state, for administrators; not a part of CVAT's API."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import BODY, CONTEXT, docs, path, request_schema, response_schema
from cvat_lite.api.respond import empty, respond
from cvat_lite.schemas.snapshots import PaginatedSnapshotList, Snapshot, SnapshotWriteRequest
from cvat_lite.services import snapshots

routes = web.RouteTableDef()
NAME = path("name", description="The name of the snapshot")


@routes.get("/api/snapshots")
@docs(tags=["snapshots"], summary="List snapshots")
@response_schema(PaginatedSnapshotList)
async def snapshots_list(request: web.Request) -> web.Response:
    """All of them, by name."""
    return respond(request, await snapshots.list_all(request[CONTEXT]))


@routes.post("/api/snapshots")
@docs(
    tags=["snapshots"],
    summary="Save a snapshot",
    responses={"409": {"description": "There is a snapshot of that name"}},
)
@request_schema(SnapshotWriteRequest)
@response_schema(Snapshot, 201)
async def snapshots_create(request: web.Request) -> web.Response:
    """The state of the moment; the server goes on answering meanwhile."""
    body = request[BODY]
    made = await snapshots.create(request[CONTEXT], body["name"], replace=body["replace"])
    return respond(request, made)


@routes.post("/api/snapshots/{name}/restore")
@docs(
    tags=["snapshots"],
    summary="Restore a snapshot",
    parameters=[NAME],
    responses={"409": {"description": "The snapshot cannot be used"}},
)
@response_schema(Snapshot)
async def snapshots_restore(request: web.Request) -> web.Response:
    """Everything is as it was then; background work is dropped, later sessions are over."""
    name = request.match_info["name"]
    return respond(request, await snapshots.restore(request[CONTEXT], name))


@routes.delete("/api/snapshots/{name}")
@docs(
    tags=["snapshots"],
    summary="Delete a snapshot",
    parameters=[NAME],
    responses={"204": {"description": "The snapshot has been deleted"}},
)
async def snapshots_destroy(request: web.Request) -> web.Response:
    """Media that only it named go with it."""
    await snapshots.destroy(request[CONTEXT], request.match_info["name"])
    return empty()
