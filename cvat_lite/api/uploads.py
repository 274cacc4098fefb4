"""Uploads over HTTP: TUS 1.0, CVAT's start, multiple and finish, and forms with files.

TUS is described at https://tus.io/protocols/resumable-upload; here are its core and ``creation``.
Handlers ask for the permission first and then call ``handle`` for POST and ``tus_file`` for HEAD
and PATCH.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.multipart import BodyPartReader, MultipartReader

from cvat_lite.api import bodies
from cvat_lite.api.declare import CONTEXT
from cvat_lite.api.middleware import SERVER
from cvat_lite.api.parameters import header_flag
from cvat_lite.api.respond import empty
from cvat_lite.errors import (
    ConflictError,
    NotFoundError,
    ParseError,
    RuleError,
    TooLargeError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from cvat_lite.schemas.base import not_an_object
from cvat_lite.services import upload_forms, uploads
from cvat_lite.services.uploads import Place

VERSION = "1.0.0"
TUS = {"Tus-Resumable": VERSION}
APPEND_TYPE = "application/offset+octet-stream"
READ = 256 * 1024
#: The fields of a form that bring files, by place.
FILE_FIELDS = {
    "tasks/data": ("client_files",),
    "tasks/annotations": ("annotation_file",),
    "jobs/annotations": ("annotation_file",),
    "projects/dataset": ("dataset_file",),
    "tasks/backup": ("task_file",),
    "projects/backup": ("project_file",),
}


@dataclass
class Received:
    """What a request brought: its fields, and the names of the files it has stored, in order.

    ``finishes`` is whether it ends an upload that other requests have begun.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    finishes: bool = False


async def handle(request: web.Request, place: Place) -> web.Response | Received:
    """Do what a POST to a place of uploads asks for.

    The answer, where the request is a step of an upload; what was received, for the caller to
    act on, where it ends one or is one by itself.
    """
    if "Upload-Length" in request.headers or "Upload-Defer-Length" in request.headers:
        return await tus_create(request, place)
    finishes = header_flag(request, "Upload-Finish")
    if header_flag(request, "Upload-Start"):
        await uploads.start(request[CONTEXT], place)
        if not finishes:
            return empty(202)
    received = await receive(request, place, FILE_FIELDS[place.target])
    received.finishes = finishes
    if header_flag(request, "Upload-Multiple") and not finishes:
        return empty(200)
    return received


async def tus_options(request: web.Request) -> web.Response:
    """What this server can do of TUS; anybody may ask."""
    limits = {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation",
        "Tus-Max-Size": str(request.app[SERVER].config.max_upload_bytes),
    }
    return empty(204, {**TUS, **limits})


async def tus_create(request: web.Request, place: Place) -> web.Response:
    """Begin a file; ``Location`` says where its bytes go, ``Upload-Filename`` what it is called."""
    refusal = wrong_version(request)
    if refusal is not None:
        return refusal
    length = whole_number(request, "Upload-Length")
    metadata = read_metadata(request.headers.get("Upload-Metadata", ""))
    if not metadata.get("filename"):
        raise ValidationError("Metadata is expected to contain 'filename' key")
    context = request[CONTEXT]
    try:
        file_id, name = await uploads.create(
            context, place, length, metadata["filename"], metadata
        )
    except RuleError as error:
        # A plain sentence, as clients know it, and not the list that rules are answered with.
        return web.Response(status=error.status, text=error.body[0], headers=TUS)
    path = f"{request.rel_url.raw_path.rstrip('/')}/{file_id}"
    shown = name.encode("ascii", "ignore").decode()
    return empty(
        201,
        {
            **TUS,
            "Location": context.link(path),
            "Upload-Offset": "0",
            "Upload-Filename": name if name.isascii() else name,
        },
    )
