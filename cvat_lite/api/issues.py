"""Issues: what reviewers find on the frames of jobs."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.issues import (
    IssueRead,
    IssueWriteRequest,
    PaginatedIssueReadList,
    PatchedIssueWriteRequest,
)
from cvat_lite.services import issues
from cvat_lite.store.issues import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/issues")
@docs(tags=["issues"], summary="List issues", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedIssueReadList)
async def issues_list(request: web.Request) -> web.Response:
    """The issues of the jobs, tasks and projects that are in some way the asker's."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await issues.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/issues")
@docs(tags=["issues"], summary="Create an issue", parameters=ORGANIZATION)
@request_schema(IssueWriteRequest)
@response_schema(IssueRead, 201)
async def issues_create(request: web.Request) -> web.Response:
    """Raise an issue on a frame of a job."""
    return respond(request, await issues.create(request[CONTEXT], request[BODY]))


@routes.get("/api/issues/{id}")
@docs(tags=["issues"], summary="Get issue details")
@response_schema(IssueRead)
async def issues_retrieve(request: web.Request) -> web.Response:
    """An issue; its comments are listed elsewhere."""
    return respond(request, await issues.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/issues/{id}")
@docs(tags=["issues"], summary="Update an issue")
@request_schema(PatchedIssueWriteRequest, required=False)
@response_schema(IssueRead)
async def issues_partial_update(request: web.Request) -> web.Response:
    """Move, assign, resolve or reopen an issue."""
    changed = await issues.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/issues/{id}")
@docs(
    tags=["issues"],
    summary="Delete an issue",
    responses={"204": {"description": "The issue has been deleted"}},
)
async def issues_destroy(request: web.Request) -> web.Response:
    """Its comments go with it."""
    await issues.destroy(request[CONTEXT], number(request))
    return empty()
