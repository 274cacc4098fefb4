"""The validation layout of a task: the frames that its work is checked by."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import respond
from cvat_lite.schemas.validation import (
    PatchedTaskValidationLayoutWriteRequest,
    TaskValidationLayoutRead,
)
from cvat_lite.services.validation import layouts

routes = web.RouteTableDef()


@routes.get("/api/tasks/{id}/validation_layout")
@docs(tags=["tasks"], summary="Get the validation layout of a task")
@response_schema(TaskValidationLayoutRead)
async def tasks_retrieve_validation_layout(request: web.Request) -> web.Response:
    """The validation frames, and in validation mode ``gt_pool`` the honeypots that show them."""
    return respond(request, await layouts.of_task(request[CONTEXT], number(request)))


@routes.patch("/api/tasks/{id}/validation_layout")
@docs(tags=["tasks"], summary="Update the validation layout of a task")
@request_schema(PatchedTaskValidationLayoutWriteRequest, required=False)
@response_schema(TaskValidationLayoutRead)
async def tasks_partial_update_validation_layout(request: web.Request) -> web.Response:
    """Disable validation frames, draw the honeypots anew or name what they show."""
    changed = await layouts.update_task(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)
