"""Requirements of quality: what annotations of a kind have to reach."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import CVAT_JSON, empty, list_query, respond, respond_page
from cvat_lite.schemas.quality_requirements import (
    PaginatedQualityRequirementListItemList,
    PatchedQualityRequirementRequest,
    QualityRequirement,
    QualityRequirementBulkCreateRequest,
    QualityRequirementRequest,
)
from cvat_lite.services.quality import requirements
from cvat_lite.store.quality_requirements import COLLECTION

routes = web.RouteTableDef()
PATH = "/api/quality/settings/requirements"


@routes.get(PATH)
@docs(tags=["quality"], summary="List requirements", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedQualityRequirementListItemList)
async def quality_list_settings_requirements(request: web.Request) -> web.Response:
    """The requirements of the settings that the asker may see."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await requirements.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post(PATH)
@docs(tags=["quality"], summary="Add a requirement")
@request_schema(QualityRequirementRequest, required=False)
@response_schema(QualityRequirement, 201)
async def quality_create_settings_requirements(request: web.Request) -> web.Response:
    """Say what annotations of a kind have to reach."""
    return respond(request, await requirements.create(request[CONTEXT], request[BODY]))


@routes.post(f"{PATH}/bulk")
@docs(
    tags=["quality"],
    summary="Add trees of requirements",
    responses={
        "201": {
            "description": "The requirements, each before those that inherit from it",
            "content": {CVAT_JSON: {"schema": {"type": "array", "items": QualityRequirement}}},
        }
    },
)
@request_schema(QualityRequirementBulkCreateRequest)
async def quality_create_settings_requirements_bulk(request: web.Request) -> web.Response:
    """Add requirements with those that inherit from them, all or none."""
    return respond(request, await requirements.create_bulk(request[CONTEXT], request[BODY]))


@routes.get(f"{PATH}/{{id}}")
@docs(tags=["quality"], summary="Get a requirement")
@response_schema(QualityRequirement)
async def quality_retrieve_settings_requirements(request: web.Request) -> web.Response:
    """A requirement with what it comes to."""
    return respond(request, await requirements.retrieve(request[CONTEXT], number(request)))


@routes.put(f"{PATH}/{{id}}")
@docs(tags=["quality"], summary="Replace a requirement")
@request_schema(QualityRequirementRequest, required=False)
@response_schema(QualityRequirement)
async def quality_update_settings_requirements(request: web.Request) -> web.Response:
    """Say what a requirement is; what is left out stays as it is."""
    changed = await requirements.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.patch(f"{PATH}/{{id}}")
@docs(tags=["quality"], summary="Update a requirement")
@request_schema(PatchedQualityRequirementRequest, required=False)
@response_schema(QualityRequirement)
async def quality_partial_update_settings_requirements(request: web.Request) -> web.Response:
    """Change a requirement."""
    changed = await requirements.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.delete(f"{PATH}/{{id}}")
@docs(
    tags=["quality"],
    summary="Delete a requirement",
    responses={"204": {"description": "The requirement has been deleted"}},
)
async def quality_destroy_settings_requirements(request: web.Request) -> web.Response:
    """Remove a requirement and those that inherit from it."""
    await requirements.delete(request[CONTEXT], number(request))
    return empty()
