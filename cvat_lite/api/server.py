"""The server about itself: version, formats, plugins, share and health."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import CONTEXT, docs, query, response_schema
from cvat_lite.api.respond import CVAT_JSON, respond
from cvat_lite.schemas.server import About, DatasetFormats, FileInfo, Health, Plugins
from cvat_lite.services import server

routes = web.RouteTableDef()


@routes.get("/api/server/about")
@docs(tags=["server"], summary="Get basic CVAT information", public=True)
@response_schema(About)
async def server_retrieve_about(request: web.Request) -> web.Response:
    """Clients compare the version with their own."""
    return respond(request, server.about(request[CONTEXT]))


@routes.get("/api/server/annotation/formats")
@docs(tags=["server"], summary="Get supported annotation formats")
@response_schema(DatasetFormats)
async def server_retrieve_annotation_formats(request: web.Request) -> web.Response:
    """What can be imported and exported."""
    return respond(request, await server.formats(request[CONTEXT]))


@routes.get("/api/server/plugins")
@docs(tags=["server"], summary="Get enabled plugins")
@response_schema(Plugins)
async def server_retrieve_plugins(request: web.Request) -> web.Response:
    """Which optional parts are there."""
    return respond(request, server.plugins(request[CONTEXT]))


@routes.get("/api/server/share")
@docs(
    tags=["server"],
    summary="List files/directories in the mounted share",
    parameters=[
        query("directory", description="Directory to browse", default="/"),
        query("search", description="Search for specific files"),
    ],
    responses={
        "200": {
            "description": "What lies there",
            "content": {CVAT_JSON: {"schema": {"type": "array", "items": FileInfo}}},
        }
    },
)
async def server_list_share(request: web.Request) -> web.Response:
    """A directory of the share that ``--share`` named."""
    found = await server.browse(
        request[CONTEXT], request.query.get("directory", "/"), request.query.get("search", "")
    )
    return respond(request, found)


@routes.get("/api/server/health")
@docs(tags=["server"], summary="Whether the server is well", public=True)
@response_schema(Health)
async def server_retrieve_health(request: web.Request) -> web.Response:
    """Answered with 503 while something is wrong."""
    return respond(request, await server.health(request[CONTEXT].server))
