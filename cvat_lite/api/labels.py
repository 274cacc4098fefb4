"""Labels of tasks and projects."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, query, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, list_query, respond, respond_page
from cvat_lite.schemas.labels import Label, PaginatedLabelList, PatchedLabelRequest
from cvat_lite.services import labels
from cvat_lite.store.labels import COLLECTION

routes = web.RouteTableDef()
TARGETS = ("job_id", "project_id", "task_id")


@routes.get("/api/labels")
@docs(
    tags=["labels"],
    summary="List labels",
    parameters=list_parameters(COLLECTION, [query(name, "integer") for name in TARGETS]),
)
@response_schema(PaginatedLabelList)
async def labels_list(request: web.Request) -> web.Response:
    """The labels of a task, job or project, or all that the asker may see."""
    asked = list_query(request, (*COLLECTION.simple, *TARGETS))
    count, results, selection = await labels.list_page(request[CONTEXT], asked)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/labels/{id}")
@docs(tags=["labels"], summary="Get label details")
@response_schema(Label)
async def labels_retrieve(request: web.Request) -> web.Response:
    """A label."""
    return respond(request, await labels.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/labels/{id}")
@docs(tags=["labels"], summary="Update a label")
@request_schema(PatchedLabelRequest, required=False)
@response_schema(Label)
async def labels_partial_update(request: web.Request) -> web.Response:
    """The sublabels of a skeleton are changed with it; they cannot be added or removed."""
    changed = await labels.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/labels/{id}")
@docs(
    tags=["labels"],
    summary="Delete a label",
    responses={"204": {"description": "The label has been deleted"}},
)
async def labels_destroy(request: web.Request) -> web.Response:
    """What is annotated by the label goes with it."""
    await labels.destroy(request[CONTEXT], number(request))
    return empty()
