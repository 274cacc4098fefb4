"""Datasets imported into projects: sent in a form, or by TUS between a start and a finish."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from cvat_lite.api import uploads
from cvat_lite.api.declare import CONTEXT, Parameter, docs, query, response_schema
from cvat_lite.api.labeled_data import FILE_TYPES
from cvat_lite.api.locations import LOCATION, origin
from cvat_lite.api.parameters import flag, number
from cvat_lite.api.respond import respond
from cvat_lite.schemas.common import RqId
from cvat_lite.schemas.datasets import DatasetFileRequest
from cvat_lite.services.cloud_transfers import Location
from cvat_lite.services.project_import import asking

routes = web.RouteTableDef()
PARAMETERS: tuple[Parameter, ...] = (
    query("format", description="Input format name"),
    query("conv_mask_to_poly", "boolean", "Make polygons of masks", default=True),
    *LOCATION,
)


@routes.post("/api/projects/{id}/dataset/")
@docs(
    tags=["projects"],
    summary="Import a dataset into a project",
    parameters=PARAMETERS,
    consumes=FILE_TYPES,
    request_body={"schema": DatasetFileRequest},
)
@response_schema(RqId, 202)
async def projects_create_dataset(request: web.Request) -> web.StreamResponse:
    """Each subset of the archive becomes a task with its images; all of them, or nothing."""
    context, project_id = request[CONTEXT], number(request)
    format_name = request.query.get("format")
    await asking.may_import(context, project_id, format_name)
    sent: dict[str, Any] = {}
    location = await origin(request, "projects", project_id)
    if location is None:
        received = await uploads.handle(request, asking.place_of(project_id))
        if isinstance(received, web.StreamResponse):
            return received
        sent, location = received.fields, Location(received.named(request))
    rq_id = await asking.start(
        context,
        project_id,
        format_name or str(sent.get("format") or ""),
        location,
        masks_to_polygons=flag(request, "conv_mask_to_poly", default=True),
    )
    return respond(request, {"rq_id": rq_id})


@routes.route("PATCH", "/api/projects/{id}/dataset/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["projects"],
    summary="Append to a dataset's upload (TUS)",
    consumes=["application/offset+octet-stream"],
    responses={"204": {"description": "The bytes have been stored"}},
)
async def projects_append_dataset_file(request: web.Request) -> web.StreamResponse:
    """``Upload-Offset`` says where the bytes belong, and in the answer where to go on."""
    return await receive_piece(request)


@routes.route("HEAD", "/api/projects/{id}/dataset/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["projects"],
    summary="Ask how much of a dataset has arrived (TUS)",
    responses={"200": {"description": "Upload-Offset and Upload-Length tell"}},
)
async def projects_dataset_file_info(request: web.Request) -> web.StreamResponse:
    """Where to go on after a dropped connection."""
    return await receive_piece(request)


async def receive_piece(request: web.Request) -> web.StreamResponse:
    """A piece of a dataset, or the question how much has arrived."""
    project_id = number(request)
    await asking.may_import(request[CONTEXT], project_id, None)
    return await uploads.tus_file(request, asking.place_of(project_id))
