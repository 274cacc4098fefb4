"""The validation layout of a job: the frames that its work is checked by."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import respond
from cvat_lite.schemas.validation import (
    JobValidationLayoutRead,
    PatchedJobValidationLayoutWriteRequest,
)
from cvat_lite.services.validation import layouts

routes = web.RouteTableDef()


@routes.get("/api/jobs/{id}/validation_layout")
@docs(tags=["jobs"], summary="Get the validation layout of a job")
@response_schema(JobValidationLayoutRead)
async def jobs_retrieve_validation_layout(request: web.Request) -> web.Response:
    """The honeypots of the job."""
    return respond(request, await layouts.of_job(request[CONTEXT], number(request)))


@routes.patch("/api/jobs/{id}/validation_layout")
@docs(tags=["jobs"], summary="Update the validation layout of a job")
@request_schema(PatchedJobValidationLayoutWriteRequest, required=False)
@response_schema(JobValidationLayoutRead)
async def jobs_partial_update_validation_layout(request: web.Request) -> web.Response:
    """Draw the honeypots anew or name what they show; annotations on those that change go."""
    changed = await layouts.update_job(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)
