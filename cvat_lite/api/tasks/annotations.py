"""The annotations of a task."""

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


@routes.get("/api/tasks/{id}/annotations/")
@docs(tags=["tasks"], summary="Get task annotations")
@response_schema(LabeledData)
async def tasks_retrieve_annotations(request: web.Request) -> web.Response:
    """Tags, shapes, tracks and intervals."""
    return await labeled_data.send(request, "tasks")


@routes.put("/api/tasks/{id}/annotations/")
@docs(
    tags=["tasks"],
    summary="Replace task annotations",
    consumes=FILE_TYPES,
    request_body={"schema": LabeledDataRequest},
)
@response_schema(LabeledData)
async def tasks_update_annotations(request: web.Request) -> web.Response:
    """All annotations are replaced by those of the body."""
    return await labeled_data.put(request, "tasks")


@routes.patch("/api/tasks/{id}/annotations/")
@docs(
    tags=["tasks"],
    summary="Update task annotations",
    parameters=[ACTION],
    consumes=FILE_TYPES,
    request_body={"schema": PatchedLabeledDataRequest},
)
@response_schema(LabeledData)
async def tasks_partial_update_annotations(request: web.Request) -> web.Response:
    """The annotations of the body are created, updated or deleted."""
    return await labeled_data.patch(request, "tasks")


@routes.delete("/api/tasks/{id}/annotations/")
@docs(
    tags=["tasks"],
    summary="Delete task annotations",
    responses={"204": {"description": "The annotations have been deleted"}},
)
async def tasks_destroy_annotations(request: web.Request) -> web.Response:
    """All annotations go."""
    await service.destroy(request[CONTEXT], "tasks", number(request))
    return empty()


@routes.post("/api/tasks/{id}/annotations/")
@docs(
    tags=["tasks"],
    summary="Import annotations into a task",
    parameters=IMPORT_PARAMETERS,
    consumes=FILE_TYPES,
    request_body={"schema": AnnotationFileRequest},
)
@response_schema(RqId, 202)
async def tasks_create_annotations(request: web.Request) -> web.StreamResponse:
    """A background request reads the file; nothing changes if it cannot be read."""
    return await labeled_data.receive(request, "tasks")


@routes.route("PATCH", "/api/tasks/{id}/annotations/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["tasks"],
    summary="Append to an annotation file's upload (TUS)",
    consumes=["application/offset+octet-stream"],
    responses={"204": {"description": "The bytes have been stored"}},
)
async def tasks_append_annotations_file(request: web.Request) -> web.StreamResponse:
    """``Upload-Offset`` says where the bytes belong, and in the answer where to go on."""
    return await labeled_data.receive_piece(request, "tasks")


@routes.route("HEAD", "/api/tasks/{id}/annotations/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["tasks"],
    summary="Ask how much of an annotation file has arrived (TUS)",
    responses={"200": {"description": "Upload-Offset and Upload-Length tell"}},
)
async def tasks_annotations_file_info(request: web.Request) -> web.StreamResponse:
    """Where to go on after a dropped connection."""
    return await labeled_data.receive_piece(request, "tasks")


@routes.post("/api/tasks/{id}/dataset/export")
@docs(
    tags=["tasks"],
    summary="Initialize process to export task dataset in a specific format",
    parameters=EXPORT_PARAMETERS,
)
@response_schema(RqId, 202)
async def tasks_create_dataset_export(request: web.Request) -> web.Response:
    """The background request's ``result_url`` is where the file can be fetched."""
    return await labeled_data.export(request, "tasks")


@routes.get("/api/tasks/{id}/dataset/download")
@docs(
    tags=["tasks"],
    summary="Download an exported dataset of a task",
    parameters=DOWNLOAD_PARAMETERS,
    responses={"200": {"description": "The archive", "content": ARCHIVES}},
)
async def tasks_retrieve_dataset_download(request: web.Request) -> web.StreamResponse:
    """The archive; it can be fetched in ranges."""
    return await labeled_data.download(request, "tasks")
