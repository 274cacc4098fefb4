"""Backups as they are asked for, fetched and sent, for tasks and projects alike."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api import uploads
from cvat_lite.api.collections import ORGANIZATION
from cvat_lite.api.declare import CONTEXT, Parameter, query
from cvat_lite.api.locations import LOCATION, goal, origin
from cvat_lite.api.parameters import flag, number, request_id
from cvat_lite.api.respond import PRIVATE, respond, respond_file
from cvat_lite.services.backups import exporting, restoring
from cvat_lite.services.cloud_transfers import Location

EXPORT_PARAMETERS: tuple[Parameter, ...] = (
    *LOCATION,
    query("lightweight", "boolean", "Leave out media that lie in a cloud storage"),
)
IMPORT_PARAMETERS: tuple[Parameter, ...] = (*LOCATION, *ORGANIZATION)


async def export(request: web.Request, kind: str) -> web.Response:
    """Ask for a backup."""
    rq_id = await exporting.export(
        request[CONTEXT],
        kind,
        number(request),
        lightweight=flag(request, "lightweight"),
        goal=await goal(request, kind),
    )
    return respond(request, {"rq_id": rq_id})


async def download(request: web.Request, kind: str) -> web.StreamResponse:
    """The archive of a finished backup."""
    rq_id = request_id(request)
    path, name = await exporting.download(request[CONTEXT], kind, number(request), rq_id)
    return await respond_file(path, "application/zip", filename=name, headers=PRIVATE)


async def receive(request: web.Request, kind: str) -> web.StreamResponse:
    """Restore a backup: sent in a form, or by TUS between a start and a finish."""
    context = request[CONTEXT]
    restoring.may_restore(context, kind)
    location = await origin(request)
    if location is None:
        received = await uploads.handle(request, restoring.place_of(context, kind))
        if isinstance(received, web.StreamResponse):
            return received
        location = Location(received.named(request))
    rq_id = await restoring.start(context, kind, location)
    return respond(request, {"rq_id": rq_id})


async def receive_piece(request: web.Request, kind: str) -> web.StreamResponse:
    """A piece of a backup, or the question how much has arrived."""
    context = request[CONTEXT]
    restoring.may_restore(context, kind)
    return await uploads.tus_file(request, restoring.place_of(context, kind))
