"""Quality: how work is judged, and the reports of it."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, request_schema, response_schema
from cvat_lite.api.parameters import integer, number
from cvat_lite.api.respond import list_query, respond, respond_page
from cvat_lite.schemas.common import RqId
from cvat_lite.schemas.quality import (
    PaginatedAnnotationConflictList,
    PaginatedQualityReportList,
    PaginatedQualitySettingsList,
    PatchedQualitySettingsRequest,
    QualityReport,
    QualityReportCreateRequest,
    QualitySettings,
    QualitySettingsRequest,
)
from cvat_lite.services.quality import making, reading, settings
from cvat_lite.store.quality import COLLECTION, CONFLICTS, REPORTS

routes = web.RouteTableDef()
REPORT = {
    "name": "report_id",
    "in": "query",
    "schema": {"type": "integer"},
    "description": "The conflicts of this report and of those it is made of",
}


@routes.get("/api/quality/settings")
@docs(tags=["quality"], summary="List quality settings", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedQualitySettingsList)
async def quality_list_settings(request: web.Request) -> web.Response:
    """The settings of the tasks and projects that the asker may see."""
    query = list_query(request, COLLECTION.simple)
    count, results, selection = await settings.list_page(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.get("/api/quality/settings/{id}")
@docs(tags=["quality"], summary="Get quality settings")
@response_schema(QualitySettings)
async def quality_retrieve_settings(request: web.Request) -> web.Response:
    """The settings of one task or project."""
    return respond(request, await settings.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/quality/settings/{id}")
@docs(tags=["quality"], summary="Update quality settings")
@request_schema(PatchedQualitySettingsRequest, required=False)
@response_schema(QualitySettings)
async def quality_partial_update_settings(request: web.Request) -> web.Response:
    """Change how work is judged."""
    changed = await settings.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.put("/api/quality/settings/{id}")
@docs(tags=["quality"], summary="Replace quality settings")
@request_schema(QualitySettingsRequest, required=False)
@response_schema(QualitySettings)
async def quality_update_settings(request: web.Request) -> web.Response:
    """Say how work is judged; what is left out stays as it is."""
    changed = await settings.update(request[CONTEXT], number(request), request[BODY])
    return respond(request, changed)


@routes.get("/api/quality/reports")
@docs(tags=["quality"], summary="List quality reports", parameters=list_parameters(REPORTS))
@response_schema(PaginatedQualityReportList)
async def quality_list_reports(request: web.Request) -> web.Response:
    """The reports of what the asker may see."""
    query = list_query(request, REPORTS.simple)
    count, results, selection = await reading.list_reports(request[CONTEXT], query)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/quality/reports")
@docs(tags=["quality"], summary="Have a report made")
@request_schema(QualityReportCreateRequest, required=False)
@response_schema(RqId, 202)
async def quality_create_report(request: web.Request) -> web.Response:
    """Judge the annotations of a task or project by its ground truth."""
    rq_id = await making.create(request[CONTEXT], request[BODY])
    return respond(request, {"rq_id": rq_id})


@routes.get("/api/quality/reports/{id}")
@docs(tags=["quality"], summary="Get a quality report")
@response_schema(QualityReport)
async def quality_retrieve_report(request: web.Request) -> web.Response:
    """One report."""
    return respond(request, await reading.retrieve(request[CONTEXT], number(request)))


@routes.get("/api/quality/reports/{id}/data")
@docs(
    tags=["quality"],
    summary="Get the data of a quality report",
    responses={
        200: {
            "description": "All that the report holds",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def quality_retrieve_report_data(request: web.Request) -> web.Response:
    """All that a report holds."""
    body = await reading.data(request[CONTEXT], number(request))
    return web.Response(body=body, content_type="application/json")


@routes.get("/api/quality/conflicts")
@docs(
    tags=["quality"],
    summary="List conflicts",
    parameters=[*list_parameters(CONFLICTS), REPORT],
)
@response_schema(PaginatedAnnotationConflictList)
async def quality_list_conflicts(request: web.Request) -> web.Response:
    """Where annotations and ground truth do not agree."""
    query = list_query(request, CONFLICTS.simple)
    context, report_id = request[CONTEXT], integer(request, "report_id")
    count, results, selection = await reading.list_conflicts(context, query, report_id)
    return respond_page(request, count, results, selection.page, selection.page_size)
