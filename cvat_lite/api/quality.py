"""Quality: how work is judged, and the reports of it."""

from __future__ import annotations

import orjson
from aiohttp import web

from cvat_lite.api.collections import list_parameters
from cvat_lite.api.declare import BODY, CONTEXT, docs, query, request_schema, response_schema
from cvat_lite.api.parameters import flag, integer, number
from cvat_lite.api.respond import disposition, list_query, respond, respond_page
from cvat_lite.errors import ValidationError
from cvat_lite.schemas.common import RqId
from cvat_lite.schemas.quality import (
    PaginatedAnnotationConflictList,
    PaginatedQualityReportList,
    PaginatedQualitySettingsList,
    PatchedQualitySettingsRequest,
    QualityReport,
    QualityReportConfusionMatrix,
    QualityReportCreateRequest,
    QualitySettings,
    QualitySettingsRequest,
)
from cvat_lite.services.quality import downloads, making, reading, settings
from cvat_lite.store.quality import COLLECTION, CONFLICTS, REPORTS

routes = web.RouteTableDef()
BYTES = {"type": "string", "format": "binary"}
REPORT = query("report_id", "integer", "The conflicts of this report and of those it is made of")
LEGACY = query(
    "include_legacy",
    "boolean",
    "Whether reports are listed that an older CVAT made, which had no requirements",
    default=True,
)


@routes.get("/api/quality/settings")
@docs(tags=["quality"], summary="List quality settings", parameters=list_parameters(COLLECTION))
@response_schema(PaginatedQualitySettingsList)
async def quality_list_settings(request: web.Request) -> web.Response:
    """The settings of the tasks and projects that the asker may see."""
    found = list_query(request, COLLECTION.simple)
    count, results, selection = await settings.list_page(request[CONTEXT], found)
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
@docs(
    tags=["quality"],
    summary="List quality reports",
    parameters=[*list_parameters(REPORTS), LEGACY],
)
@response_schema(PaginatedQualityReportList)
async def quality_list_reports(request: web.Request) -> web.Response:
    """The reports of what the asker may see."""
    found = list_query(request, REPORTS.simple)
    legacy = flag(request, "include_legacy", default=True)
    count, results, selection = await reading.list_reports(request[CONTEXT], found, legacy=legacy)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/quality/reports")
@docs(
    tags=["quality"],
    summary="Have a report made",
    parameters=[query("rq_id", description="Ask for the report that this request has made")],
)
@request_schema(QualityReportCreateRequest, required=False)
@response_schema(QualityReport, 201, "The report that the request has made")
@response_schema(RqId, 202, "The request that makes the report")
async def quality_create_report(request: web.Request) -> web.Response:
    """Judge the annotations of a task or project by its ground truth.

    The report itself is answered to those who ask with the id of a request that is done, as
    clients did before there was ``/api/requests``.
    """
    context, rq_id = request[CONTEXT], request.query.get("rq_id")
    if rq_id:
        report = await reading.made_by(context, rq_id)
        return respond(request, report or {"rq_id": rq_id}, status=201 if report else 202)
    return respond(request, {"rq_id": await making.create(context, request[BODY])}, status=202)


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
    parameters=[query("format", enum=["json"], default="json")],
    responses={
        "200": {
            "description": "All that the report holds, as JSON",
            "content": {"application/json": {"schema": BYTES}},
        }
    },
)
async def quality_retrieve_report_data(request: web.Request) -> web.Response:
    """All that a report holds."""
    body = await downloads.data(request[CONTEXT], number(request))
    return web.Response(body=body, content_type="application/json")


@routes.get("/api/quality/reports/{id}/confusion")
@docs(
    tags=["quality"],
    summary="Download the confusion matrices of a quality report",
    responses={
        "200": {
            "description": "A zip of a table (CSV) for each requirement",
            "content": {"application/zip": {"schema": BYTES}},
        }
    },
)
async def quality_retrieve_report_confusion(request: web.Request) -> web.Response:
    """The confusion matrices of a report: rows are labels of the job, columns of the truth."""
    body, name = await downloads.confusion(request[CONTEXT], number(request))
    headers = {"Content-Disposition": disposition(name)}
    return web.Response(body=body, content_type="application/zip", headers=headers)


@routes.get("/api/quality/reports/{id}/confusion/matrix")
@docs(
    tags=["quality"],
    summary="Get the confusion matrix of a requirement",
    parameters=[
        query("requirement", "integer", "The id of the requirement", required=True),
        query("format", enum=["csv", "json"], default="json"),
    ],
    responses={
        "200": {
            "description": "The matrix and the figures that follow from it",
            "content": {
                "application/json": {"schema": QualityReportConfusionMatrix},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
async def quality_retrieve_report_requirement_confusion(request: web.Request) -> web.Response:
    """How often annotations of a label were given where another was due, for one requirement."""
    requirement = integer(request, "requirement")
    if requirement is None:
        raise ValidationError({"requirement": ["This field is required."]})
    asked = request[CONTEXT], number(request), requirement
    if request.query.get("format") == "csv":
        body = await downloads.matrix_csv(*asked)
        return web.Response(body=body, content_type="text/csv", charset="utf-8")
    found = await downloads.matrix(*asked)
    return web.Response(body=orjson.dumps(found), content_type="application/json")


@routes.get("/api/quality/conflicts")
@docs(
    tags=["quality"],
    summary="List conflicts",
    parameters=[*list_parameters(CONFLICTS), REPORT],
)
@response_schema(PaginatedAnnotationConflictList)
async def quality_list_conflicts(request: web.Request) -> web.Response:
    """Where annotations and ground truth do not agree."""
    found = list_query(request, CONFLICTS.simple)
    context, report_id = request[CONTEXT], integer(request, "report_id")
    count, results, selection = await reading.list_conflicts(context, found, report_id)
    return respond_page(request, count, results, selection.page, selection.page_size)
