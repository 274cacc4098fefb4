"""The media of a job."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import BODY, CONTEXT, docs, query, request_schema, response_schema
from cvat_lite.api.media import (
    BINARY,
    DATA_PARAMETERS,
    PREVIEW_PARAMETERS,
    send_data,
    send_preview,
)
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import respond
from cvat_lite.schemas.data import DataMetaRead, PatchedJobDataMetaWriteRequest
from cvat_lite.services import data_meta

routes = web.RouteTableDef()


@routes.get("/api/jobs/{id}/data")
@docs(
    tags=["jobs"],
    summary="Get data of a job",
    parameters=[
        *DATA_PARAMETERS,
        query("index", "integer", "The number of the chunk within the job, counted from 0"),
    ],
    responses=BINARY,
)
async def jobs_retrieve_data(request: web.Request) -> web.StreamResponse:
    """A chunk, a frame, or the related images of a frame."""
    return await send_data(request, "jobs")


@routes.get("/api/jobs/{id}/data/meta")
@docs(tags=["jobs"], summary="Get metainformation for media files in a job")
@response_schema(DataMetaRead)
async def jobs_retrieve_data_meta(request: web.Request) -> web.Response:
    """Sizes and names of the job's frames."""
    return respond(request, await data_meta.meta(request[CONTEXT], "jobs", number(request)))


@routes.patch("/api/jobs/{id}/data/meta")
@docs(tags=["jobs"], summary="Update metainformation for media files in a job")
@request_schema(PatchedJobDataMetaWriteRequest, required=False)
@response_schema(DataMetaRead)
async def jobs_partial_update_data_meta(request: web.Request) -> web.Response:
    """Delete frames of the job, or bring them back."""
    changed = await data_meta.patch_meta(request[CONTEXT], "jobs", number(request), request[BODY])
    return respond(request, changed)


@routes.get("/api/jobs/{id}/preview")
@docs(
    tags=["jobs"],
    summary="Get a preview image for a job",
    parameters=PREVIEW_PARAMETERS,
    responses={
        "200": {"description": "The picture", "content": {"image/jpeg": {}}},
        "204": {"description": "There is none, and handling=empty was preferred"},
    },
)
async def jobs_retrieve_preview(request: web.Request) -> web.StreamResponse:
    """A small picture of the job's first frame."""
    return await send_preview(request, "jobs")
