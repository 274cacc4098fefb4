"""Jobs: the collection and its members."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.jobs import JobRead, PaginatedJobReadList, PatchedJobWriteRequest
from cvat_lite.schemas.validation import JobWriteRequest
from cvat_lite.services import jobs
from cvat_lite.services.validation import ground_truth
from cvat_lite.store.jobs import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/jobs")
@docs(tags=["jobs"], summary="List jobs", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedJobReadList)
async def jobs_list(request: web.Request) -> web.Response:
    """The jobs that the asker may see."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await jobs.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/tasks/{id}/jobs")
@docs(
    tags=["tasks"],
    summary="List the jobs of a task",
    parameters=[one for one in list_parameters(COLLECTION) if one["name"] != "task_id"],
)
@response_schema(PaginatedJobReadList)
async def tasks_list_jobs(request: web.Request) -> web.Response:
    """The short way to ``GET /api/jobs?task_id=``."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await jobs.list_of_task(request[CONTEXT], number(request), query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/jobs")
@docs(tags=["jobs"], summary="Create a ground truth job")
@request_schema(JobWriteRequest)
@response_schema(JobRead, 201)
async def jobs_create(request: web.Request) -> web.Response:
    """A task has at most one; its frames are named or drawn."""
    return respond(request, await ground_truth.create(request[CONTEXT], request[BODY]))


@routes.get("/api/jobs/{id}")
@docs(tags=["jobs"], summary="Get job details")
@response_schema(JobRead)
async def jobs_retrieve(request: web.Request) -> web.Response:
    """A job."""
    return respond(request, await jobs.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/jobs/{id}")
@docs(tags=["jobs"], summary="Update a job")
@request_schema(PatchedJobWriteRequest, required=False)
@response_schema(JobRead)
async def jobs_partial_update(request: web.Request) -> web.Response:
    """Assign the job, or move it to another stage or state."""
    changed = await jobs.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/jobs/{id}")
@docs(
    tags=["jobs"],
    summary="Delete a job",
    responses={"204": {"description": "The job has been deleted"}},
)
async def jobs_destroy(request: web.Request) -> web.Response:
    """Only ground truth jobs can be deleted."""
    await ground_truth.destroy(request[CONTEXT], number(request))
    return empty()
