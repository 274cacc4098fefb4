"""Frames, chunks and previews as they are sent, for tasks and jobs alike."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.api.declare import CONTEXT, Parameter, header, query
from cvat_lite.api.parameters import integer, number
from cvat_lite.api.respond import PRIVATE, empty, respond_file, respond_kept
from cvat_lite.domain import clock
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.services import data
from cvat_lite.services.data import Made

DATA_PARAMETERS: tuple[Parameter, ...] = (
    query(
        "type",
        description="Whether a chunk, a frame or the frame's related images are wanted",
        enum=["chunk", "frame", "context_image"],
    ),
    query("number", "integer", "The number of the chunk or frame within the task"),
    query(
        "quality",
        description="Recoded at the task's quality, or as it came",
        enum=["compressed", "original"],
        default="original",
    ),
)
BINARY = {
    "200": {
        "description": "The bytes of a chunk, a frame or a zip of related images. A chunk of sound "
        "has a header X-Media-Offset with the millisecond of the task at which it begins",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}
#: Where in the task a chunk of sound begins, in milliseconds.
OFFSET = "X-Media-Offset"
PREVIEW_PARAMETERS = (header("Prefer", "handling=empty asks for 204 where there is no preview"),)


async def send_data(request: web.Request, kind: str) -> web.StreamResponse:
    """What ``type`` asks for of a task or job."""
    context, target = request[CONTEXT], number(request)
    quality = request.query.get("quality", "original")
    wanted = integer(request, "number")
    match request.query.get("type"):
        case "chunk":
            index = integer(request, "index") if kind == "jobs" else None
            if kind == "jobs" and (index is None) == (wanted is None):
                raise RuleError("Either number or index must be given, and not both")
            made = await data.chunk(context, kind, target, (wanted, index), quality)
            return await send(made)
        case "frame":
            found, changed = await data.frame(context, kind, target, wanted, quality)
            if isinstance(found.content, bytes):
                return send_bytes(request, found.content, found.mime, changed)
            return await respond_file(found.content, found.mime, headers=PRIVATE)
        case "context_image":
            zipped, changed = await data.context_images(context, kind, target, wanted)
            if not zipped:
                return web.Response(content_type="application/zip")
            return send_bytes(request, zipped, "application/zip", changed)
    raise RuleError("Data type not specified or has wrong value")


async def send_preview(request: web.Request, kind: str) -> web.StreamResponse:
    """The preview of a task or job; where there is none, 404 or what ``Prefer`` asks for."""
    return await answer_preview(
        request, await data.preview(request[CONTEXT], kind, number(request))
    )


async def answer_preview(request: web.Request, made: Made | None) -> web.StreamResponse:
    """The picture; where there is none, 404 or what ``Prefer`` asks for."""
    if made is not None:
        return await send(made)
    if "handling=empty" in request.headers.get("Prefer", "").replace(" ", ""):
        return empty(204, {"Preference-Applied": "handling=empty"})
    raise NotFoundError


async def send(made: Made) -> web.StreamResponse:
    """A file of the cache."""
    more = {} if made.offset is None else {OFFSET: str(made.offset)}
    return await respond_file(made.path, made.mime, headers={**PRIVATE, **more})


def send_bytes(request: web.Request, body: bytes, mime: str, changed: str | None) -> web.Response:
    """Bytes made for the occasion; ``changed`` is when the frames of the data last were others."""
    date = None if changed is None else clock.read(changed)
    return respond_kept(request, body, {**PRIVATE, "Content-Type": mime}, date)
