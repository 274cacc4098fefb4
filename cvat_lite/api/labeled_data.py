"""Annotations as they are sent and received, for tasks and jobs alike."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from cvat_lite.api import bodies, uploads
from cvat_lite.api.declare import CONTEXT, FORM_TYPES, JSON_TYPES, Parameter, query
from cvat_lite.api.locations import LOCATION, goal, origin
from cvat_lite.api.parameters import flag, number, request_id
from cvat_lite.api.respond import PRIVATE, respond, respond_bytes, respond_file
from cvat_lite.services import annotations as service
from cvat_lite.services import datasets
from cvat_lite.services.cloud_transfers import Location
from cvat_lite.services.uploads import Place

FILE_TYPES = (*JSON_TYPES, *FORM_TYPES)
EXPORT_PARAMETERS: tuple[Parameter, ...] = (
    query("format", description="Desired output format name", required=True),
    query("save_images", "boolean", "Include images or not", default=False),
    *LOCATION,
)
IMPORT_PARAMETERS: tuple[Parameter, ...] = (
    query("format", description="Input format name"),
    query("use_default_location", "boolean", default=True),
    query("conv_mask_to_poly", "boolean", "Make polygons of masks", default=True),
    query(
        "import_mode",
        description="Put the file's annotations in place of the others, or beside them",
        enum=["replace", "append"],
    ),
    *LOCATION,
)
CONTENT_TYPES = {".zip": "application/zip", ".tsv": "text/tab-separated-values"}
ARCHIVES: dict[str, dict[str, Any]] = {kind: {} for kind in CONTENT_TYPES.values()}
DOWNLOAD_PARAMETERS: tuple[Parameter, ...] = (
    query("rq_id", description="The id of the export's request", required=True),
)


async def send(request: web.Request, kind: str) -> web.Response:
    """All annotations."""
    return respond_bytes(request, await service.retrieve(request[CONTEXT], kind, number(request)))


async def put(request: web.Request, kind: str) -> web.Response:
    """Put the body in place of all annotations."""
    body = await bodies.read(request, request[CONTEXT].config.max_json_bytes)
    return respond_bytes(request, await service.put(request[CONTEXT], kind, number(request), body))


async def patch(request: web.Request, kind: str) -> web.Response:
    """Create, update or delete the annotations of the body."""
    body = await bodies.read(request, request[CONTEXT].config.max_json_bytes)
    action = request.query.get("action")
    return respond_bytes(
        request, await service.patch(request[CONTEXT], kind, number(request), body, action)
    )


async def receive(request: web.Request, kind: str) -> web.StreamResponse:
    """Import a file: sent in a form, or by TUS between a start and a finish."""
    context, target = request[CONTEXT], number(request)
    format_name = request.query.get("format")
    await datasets.may_import(context, kind, target, format_name)
    sent: dict[str, Any] = {}
    location = await origin(request, kind, target)
    if location is None:
        received = await uploads.handle(request, Place(f"{kind}/annotations", target))
        if isinstance(received, web.StreamResponse):
            return received
        sent, location = received.fields, Location(received.named(request))
    rq_id = await datasets.start_import(
        context,
        kind,
        target,
        format_name or sent.get("format") or "",
        location=location,
        append=request.query.get("import_mode", "replace") == "append",
        masks_to_polygons=flag(request, "conv_mask_to_poly", default=True),
    )
    return respond(request, {"rq_id": rq_id})


async def receive_piece(request: web.Request, kind: str) -> web.StreamResponse:
    """A piece of a file for an import, or the question how much has arrived."""
    await datasets.may_import(request[CONTEXT], kind, number(request), None)
    return await uploads.tus_file(request, Place(f"{kind}/annotations", number(request)))


async def export(request: web.Request, kind: str) -> web.Response:
    """Ask for an export."""
    rq_id = await datasets.export(
        request[CONTEXT],
        kind,
        number(request),
        request.query.get("format", ""),
        save_images=flag(request, "save_images"),
        goal=await goal(request, kind),
    )
    return respond(request, {"rq_id": rq_id})


async def download(request: web.Request, kind: str) -> web.StreamResponse:
    """The file of a finished export."""
    rq_id = request_id(request)
    path, name = await datasets.download(request[CONTEXT], kind, number(request), rq_id)
    kind_of_file = CONTENT_TYPES.get(path.suffix, "application/octet-stream")
    return await respond_file(path, kind_of_file, filename=name, headers=PRIVATE)
