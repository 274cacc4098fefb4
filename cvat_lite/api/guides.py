"""Annotation guides of tasks and projects."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import empty, respond
from cvat_lite.schemas.guides import (
    AnnotationGuideRead,
    AnnotationGuideWriteRequest,
    PatchedAnnotationGuideWriteRequest,
)
from cvat_lite.services import guides

routes = web.RouteTableDef()


@routes.post("/api/guides")
@docs(tags=["guides"], summary="Create an annotation guide")
@request_schema(AnnotationGuideWriteRequest, required=False)
@response_schema(AnnotationGuideRead, 201)
async def guides_create(request: web.Request) -> web.Response:
    """A task or project has one guide at most."""
    return respond(request, await guides.create(request[CONTEXT], request[BODY]))


@routes.get("/api/guides/{id}")
@docs(tags=["guides"], summary="Get annotation guide details")
@response_schema(AnnotationGuideRead)
async def guides_retrieve(request: web.Request) -> web.Response:
    """A guide, for those who work on its task or project."""
    return respond(request, await guides.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/guides/{id}")
@docs(tags=["guides"], summary="Update an annotation guide")
@request_schema(PatchedAnnotationGuideWriteRequest, required=False)
@response_schema(AnnotationGuideRead)
async def guides_partial_update(request: web.Request) -> web.Response:
    """Assets that the text shows no more are removed."""
    changed = await guides.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete("/api/guides/{id}")
@docs(
    tags=["guides"],
    summary="Delete an annotation guide",
    responses={"204": {"description": "The annotation guide has been deleted"}},
)
async def guides_destroy(request: web.Request) -> web.Response:
    """Its assets go with it."""
    await guides.destroy(request[CONTEXT], number(request))
    return empty()
