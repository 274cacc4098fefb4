"""Backups of projects: made, fetched, and restored as new ones."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import backups
from cvat_lite.api.declare import docs, response_schema
from cvat_lite.api.labeled_data import DOWNLOAD_PARAMETERS, FILE_TYPES
from cvat_lite.schemas.backups import ProjectFileRequest
from cvat_lite.schemas.common import RqId

routes = web.RouteTableDef()


@routes.post("/api/projects/backup/")
@docs(
    tags=["projects"],
    summary="Recreate a project from a backup",
    parameters=backups.IMPORT_PARAMETERS,
    consumes=FILE_TYPES,
    request_body={"schema": ProjectFileRequest},
)
@response_schema(RqId, 202)
async def projects_create_backup(request: web.Request) -> web.StreamResponse:
    """The background request's ``result_id`` is the new project's; it is made whole or not at all."""
    return await backups.receive(request, "projects")


@routes.route("PATCH", "/api/projects/backup/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["projects"],
    summary="Append to a backup's upload (TUS)",
    consumes=["application/offset+octet-stream"],
    responses={"204": {"description": "The bytes have been stored"}},
)
async def projects_append_backup_file(request: web.Request) -> web.StreamResponse:
    """``Upload-Offset`` says where the bytes belong, and in the answer where to go on."""
    return await backups.receive_piece(request, "projects")


@routes.route("HEAD", "/api/projects/backup/{file_id:[0-9]+_[0-9a-f-]+}")
@docs(
    tags=["projects"],
    summary="Ask how much of a backup has arrived (TUS)",
    responses={"200": {"description": "Upload-Offset and Upload-Length tell"}},
)
async def projects_backup_file_info(request: web.Request) -> web.StreamResponse:
    """Where to go on after a dropped connection."""
    return await backups.receive_piece(request, "projects")


@routes.post("/api/projects/{id}/backup/export")
@docs(
    tags=["projects"],
    summary="Initiate process to backup a project",
    parameters=backups.EXPORT_PARAMETERS,
)
@response_schema(RqId, 202)
async def projects_create_backup_export(request: web.Request) -> web.Response:
    """The background request's ``result_url`` is where the archive can be fetched."""
    return await backups.export(request, "projects")


@routes.get("/api/projects/{id}/backup/download")
@docs(
    tags=["projects"],
    summary="Download a prepared backup of a project",
    parameters=DOWNLOAD_PARAMETERS,
    responses={"200": {"description": "The archive", "content": {"application/zip": {}}}},
)
async def projects_retrieve_backup_download(request: web.Request) -> web.StreamResponse:
    """The archive; it can be fetched in ranges."""
    return await backups.download(request, "projects")
