"""The annotations of a job."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import labeled_data
from cvat_lite.api.declare import CONTEXT, docs, query, response_schema
from cvat_lite.api.labeled_data import (
    ARCHIVES,
    DOWNLOAD_PARAMETERS,
    EXPORT_PARAMETERS,
    FILE_TYPES,
    IMPORT_PARAMETERS,
)
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty
from cvat_lite.schemas.annotations import (
    AnnotationFileRequest,
    LabeledData,
    LabeledDataRequest,
    PatchedLabeledDataRequest,
)
from cvat_lite.schemas.common import RqId
from cvat_lite.services import annotations as service

routes = web.RouteTableDef()
ACTION = query("action", required=True, enum=["create", "delete", "update"])


@routes.get("/api/jobs/{id}/annotations/")
@docs(tags=["jobs"], summary="Get job annotations")
@response_schema(LabeledData)
async def jobs_retrieve_annotations(request: web.Request) -> web.Response:
    """Tags, shapes, tracks and intervals."""
    return await labeled_data.send(request, "jobs")


@routes.put("/api/jobs/{id}/annotations/")
@docs(
    tags=["jobs"],
    summary="Replace job annotations",
    consumes=FILE_TYPES,
    request_body={"schema": LabeledDataRequest},
)
@response_schema(LabeledData)
async def jobs_update_annotations(request: web.Request) -> web.Response:
    """All annotations are replaced by those of the body."""
    return await labeled_data.put(request, "jobs")


@routes.patch("/api/jobs/{id}/annotations/")
@docs(
    tags=["jobs"],
    summary="Update job annotations",
    parameters=[ACTION],
    consumes=FILE_TYPES,
    request_body={"schema": PatchedLabeledDataRequest},
)
@response_schema(LabeledData)
async def jobs_partial_update_annotations(request: web.Request) -> web.Response:
    """The annotations of the body are created, updated or deleted."""
    return await labeled_data.patch(request, "jobs")


@routes.delete("/api/jobs/{id}/annotations/")
@docs(
    tags=["jobs"],
    summary="Delete job annotations",
    responses={"204": {"description": "The annotations have been deleted"}},
)
async def jobs_destroy_annotations(request: web.Request) -> web.Response:
    """All annotations go."""
    await service.destroy(request[CONTEXT], "jobs", number(request))
    return empty()


@routes.post("/api/jobs/{id}/annotations/")
@docs(
    tags=["jobs"],
    summary="Import annotations into a job",
    parameters=IMPORT_PARAMETERS,
    consumes=FILE_TYPES,
    request_body={"schema": AnnotationFileRequest},
)
@response_schema(RqId, 202)
async def jobs_create_annotations(request: web.Request) -> web.StreamResponse:
    """A background request reads the file; nothing changes if it cannot be read."""
    return await labeled_data.receive(request, "jobs")


@routes.route("PATCH", "/api/jobs/{id}/annotations/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["jobs"],
    summary="Append to an annotation file's upload (TUS)",
    consumes=["application/offset+octet-stream"],
    responses={"204": {"description": "The bytes have been stored"}},
)
async def jobs_append_annotations_file(request: web.Request) -> web.StreamResponse:
    """``Upload-Offset`` says where the bytes belong, and in the answer where to go on."""
    return await labeled_data.receive_piece(request, "jobs")


@routes.route("HEAD", "/api/jobs/{id}/annotations/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["jobs"],
    summary="Ask how much of an annotation file has arrived (TUS)",
    responses={"200": {"description": "Upload-Offset and Upload-Length tell"}},
)
async def jobs_annotations_file_info(request: web.Request) -> web.StreamResponse:
    """Where to go on after a dropped connection."""
    return await labeled_data.receive_piece(request, "jobs")


@routes.post("/api/jobs/{id}/dataset/export")
@docs(
    tags=["jobs"],
    summary="Initialize process to export job dataset in a specific format",
    parameters=EXPORT_PARAMETERS,
)
@response_schema(RqId, 202)
async def jobs_create_dataset_export(request: web.Request) -> web.Response:
    """The background request's ``result_url`` is where the file can be fetched."""
    return await labeled_data.export(request, "jobs")


@routes.get("/api/jobs/{id}/dataset/download")
@docs(
    tags=["jobs"],
    summary="Download an exported dataset of a job",
    parameters=DOWNLOAD_PARAMETERS,
    responses={"200": {"description": "The archive", "content": ARCHIVES}},
)
async def jobs_retrieve_dataset_download(request: web.Request) -> web.StreamResponse:
    """The archive; it can be fetched in ranges."""
    return await labeled_data.download(request, "jobs")
