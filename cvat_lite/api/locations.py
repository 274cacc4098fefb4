"""Where files of exports go and those of imports come from, as a request's query names it."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import CONTEXT, Parameter, query
from cvat_lite.api.parameters import flag, integer, number
from cvat_lite.services import cloud_transfers
from cvat_lite.services.cloud_transfers import Asked, Location

LOCATION: tuple[Parameter, ...] = (
    query("location", description="Where the file is or goes", enum=["cloud_storage", "local"]),
    query("cloud_storage_id", "integer", "Storage id"),
    query("filename", description="The name of the file"),
)


async def goal(request: web.Request, kind: str) -> Location:
    """Where an export of the request's project, task or job goes."""
    return await cloud_transfers.goal(request[CONTEXT], asked(request), kind, number(request))


async def origin(request: web.Request, kind: str = "", target: int = 0) -> Location | None:
    """The object of a cloud storage that is to be imported; None where the client sends a file.

    The target's own storage counts only where a name is given and nothing is being sent.
    """
    sends = request.content_type.startswith("multipart/") or any(
        name.lower().startswith("upload-") for name in request.headers
    )
    wants = flag(request, "use_default_location", default=True)
    may_default = wants and not sends and bool(request.query.get("filename"))
    found = asked(request, may_default=may_default)
    return await cloud_transfers.origin(request[CONTEXT], found, kind, target)


def asked(request: web.Request, *, may_default: bool = True) -> Asked:
    """What the query says."""
    return Asked(
        location=request.query.get("location") or None,
        storage_id=integer(request, "cloud_storage_id"),
        filename=request.query.get("filename") or None,
        may_default=may_default,
    )
