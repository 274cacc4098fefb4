"""Projects: the collection, its members, and their exports."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import labeled_data
from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import (
    BODY,
    CONTEXT,
    docs,
    query,
    request_schema,
    response_schema,
)
from cvat_lite.api.labeled_data import ARCHIVES, DOWNLOAD_PARAMETERS, EXPORT_PARAMETERS
from cvat_lite.api.media import PREVIEW_PARAMETERS, answer_preview
from cvat_lite.api.parameters import flag, number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.common import RqId
from cvat_lite.schemas.projects import (
    PaginatedProjectReadList,
    PatchedProjectWriteRequest,
    ProjectRead,
    ProjectWriteRequest,
)
from cvat_lite.services import projects
from cvat_lite.store.projects import COLLECTION

routes = web.RouteTableDef()
NAMES_ONLY = query("names_only", "boolean", "Show nothing but id and name", default=False)


@routes.get("/api/projects")
@docs(
    tags=["projects"],
    summary="List projects",
    parameters=list_parameters(COLLECTION, [NAMES_ONLY]),
)
@response_schema(PaginatedProjectReadList)
async def projects_list(request: web.Request) -> web.Response:
    """The projects that the asker may see."""
    count, results, selection = await projects.list_page(
        request[CONTEXT],
        list_query(request, COLLECTION.simple),
        names_only=flag(request, "names_only"),
    )
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/projects")
@docs(tags=["projects"], summary="Create a project", parameters=ORGANIZATION)
@request_schema(ProjectWriteRequest)
@response_schema(ProjectRead, 201)
async def projects_create(request: web.Request) -> web.Response:
    """The new project has labels and no tasks; make tasks in it with its id."""
    return respond(request, await projects.create(request[CONTEXT], request[BODY]))


@routes.get("/api/projects/{id}")
@docs(tags=["projects"], summary="Get project details")
@response_schema(ProjectRead)
async def projects_retrieve(request: web.Request) -> web.Response:
    """A project."""
    return respond(request, await projects.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/projects/{id}")
@docs(tags=["projects"], summary="Update a project")
@request_schema(PatchedProjectWriteRequest, required=False)
@response_schema(ProjectRead)
async def projects_partial_update(request: web.Request) -> web.Response:
    """Change the fields that the body names; changed labels are those of all its tasks."""
    changed = await projects.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/projects/{id}")
@docs(
    tags=["projects"],
    summary="Delete a project",
    responses={"204": {"description": "The project has been deleted"}},
)
async def projects_destroy(request: web.Request) -> web.Response:
    """All its tasks go with it."""
    await projects.destroy(request[CONTEXT], number(request))
    return empty()


@routes.get("/api/projects/{id}/preview")
@docs(
    tags=["projects"],
    summary="Get a preview image for a project",
    parameters=PREVIEW_PARAMETERS,
    responses={
        "200": {"description": "The picture", "content": {"image/jpeg": {}}},
        "204": {"description": "There is none, and handling=empty was preferred"},
    },
)
async def projects_retrieve_preview(request: web.Request) -> web.StreamResponse:
    """A small picture of the first task."""
    made = await projects.preview(request[CONTEXT], number(request))
    return await answer_preview(request, made)


@routes.post("/api/projects/{id}/dataset/export")
@docs(
    tags=["projects"],
    summary="Initialize process to export project dataset in a specific format",
    parameters=EXPORT_PARAMETERS,
)
@response_schema(RqId, 202)
async def projects_create_dataset_export(request: web.Request) -> web.Response:
    """All tasks in one archive; the background request's ``result_url`` is where it is."""
    return await labeled_data.export(request, "projects")


@routes.get("/api/projects/{id}/dataset/download")
@docs(
    tags=["projects"],
    summary="Download an exported dataset of a project",
    parameters=DOWNLOAD_PARAMETERS,
    responses={"200": {"description": "The archive", "content": ARCHIVES}},
)
async def projects_retrieve_dataset_download(request: web.Request) -> web.StreamResponse:
    """The archive; it can be fetched in ranges."""
    return await labeled_data.download(request, "projects")
