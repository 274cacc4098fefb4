"""Tasks: the collection and its members."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.tasks import (
    PaginatedTaskReadList,
    PatchedTaskWriteRequest,
    RqStatus,
    TaskRead,
    TaskWriteRequest,
)
from cvat_lite.services import task_creation, tasks
from cvat_lite.store.tasks import COLLECTION

routes = web.RouteTableDef()


@routes.get("/api/tasks")
@docs(tags=["tasks"], summary="List tasks", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedTaskReadList)
async def tasks_list(request: web.Request) -> web.Response:
    """The tasks that the asker may see."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await tasks.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/tasks")
@docs(tags=["tasks"], summary="Create a task", parameters=ORGANIZATION)
@request_schema(TaskWriteRequest)
@response_schema(TaskRead, 201)
async def tasks_create(request: web.Request) -> web.Response:
    """The new task has no data; attach it with ``POST /api/tasks/{id}/data/``."""
    return respond(request, await tasks.create(request[CONTEXT], request[BODY]))


@routes.get("/api/tasks/{id}")
@docs(tags=["tasks"], summary="Get task details")
@response_schema(TaskRead)
async def tasks_retrieve(request: web.Request) -> web.Response:
    """A task."""
    return respond(request, await tasks.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/tasks/{id}")
@docs(tags=["tasks"], summary="Update a task")
@request_schema(PatchedTaskWriteRequest, required=False)
@response_schema(TaskRead)
async def tasks_partial_update(request: web.Request) -> web.Response:
    """Change the fields that the body names."""
    changed = await tasks.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/tasks/{id}")
@docs(
    tags=["tasks"],
    summary="Delete a task",
    responses={"204": {"description": "The task has been deleted"}},
)
async def tasks_destroy(request: web.Request) -> web.Response:
    """All attached jobs, annotations and data go with it."""
    await tasks.destroy(request[CONTEXT], number(request))
    return empty()


@routes.get("/api/tasks/{id}/status")
@docs(tags=["tasks"], summary="Get the creation status of a task")
@response_schema(RqStatus)
async def tasks_retrieve_status(request: web.Request) -> web.Response:
    """The old way to ask; ``GET /api/requests/{rq_id}`` tells more."""
    return respond(request, await task_creation.status(request[CONTEXT], number(request)))
