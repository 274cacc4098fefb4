"""Uploads over HTTP: TUS 1.0, CVAT's start, multiple and finish, and forms with files.

TUS is described at https://tus.io/protocols/resumable-upload; here are its core and ``creation``.
Handlers ask for the permission first and then call ``handle`` for POST and ``tus_file`` for HEAD
and PATCH.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from aiohttp import web
from aiohttp.multipart import BodyPartReader, MultipartReader

from cvat_lite.api import bodies
from cvat_lite.api.declare import CONTEXT
from cvat_lite.api.middleware import SERVER, error_response
from cvat_lite.api.options import describe
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

routes = web.RouteTableDef()
VERSION = "1.0.0"
TUS = {"Tus-Resumable": VERSION}
APPEND_TYPE = "application/offset+octet-stream"
READ = 256 * 1024
T = TypeVar("T")
PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
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

    def named(self, request: web.Request) -> str | None:
        """The file that work is asked for: the form's own, or the one that the query names.

        None stands for the one that came last.
        """
        return self.files[0] if self.files else request.query.get("filename") or None


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


@routes.options("/api/tasks/{id}/data/")
@routes.options("/api/tasks/{id}/annotations/")
@routes.options("/api/jobs/{id}/annotations/")
@routes.options("/api/projects/{id}/dataset/")
@routes.options("/api/tasks/backup/")
@routes.options("/api/projects/backup/")
async def tus_options(request: web.Request) -> web.Response:
    """What this server can do of TUS; anybody may ask."""
    limits = {
        "Tus-Version": VERSION,
        "Tus-Extension": "creation",
        "Tus-Max-Size": str(request.app[SERVER].config.max_upload_bytes),
    }
    return await describe(request, {**TUS, **limits})


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
        file_id, name = await uploads.create(context, place, length, metadata["filename"], metadata)
    except RuleError as error:
        # A plain sentence, as clients know it, and not the list that rules are answered with.
        return web.Response(status=error.status, text=error.body[0], headers=TUS)
    path = f"{request.rel_url.raw_path.rstrip('/')}/{file_id}"
    given = {
        "Location": context.link(path),
        "Upload-Offset": "0",
        # Only the names of a task's media can have other letters; nobody sends those back.
        "Upload-Filename": name if name.isascii() else quote(name),
    }
    return empty(201, {**TUS, **given})


async def tus_file(request: web.Request, place: Place) -> web.Response:
    """Answer to HEAD how much of a file has come, and to PATCH store the bytes that follow."""
    refusal = wrong_version(request)
    if refusal is not None:
        return refusal
    step = tus_append if request.method == "PATCH" else tus_look
    try:
        return await step(request, place, request.match_info["file_id"])
    except (ConflictError, NotFoundError, TooLargeError) as error:
        # What clients of TUS go by are the status and the headers.
        refused = error_response(error)
        refused.headers.update(TUS)
        return refused


async def tus_look(request: web.Request, place: Place, file_id: str) -> web.Response:
    """How much of a file has come, and what was said of it."""
    progress = await uploads.look(request[CONTEXT], place, file_id)
    told = {
        "Upload-Offset": str(progress.offset),
        "Upload-Length": str(progress.length),
        "Upload-Metadata": write_metadata(progress.metadata),
        "Cache-Control": "no-store",
    }
    return empty(200, {**TUS, **told})


async def tus_append(request: web.Request, place: Place, file_id: str) -> web.Response:
    """Store the bytes of the body."""
    if request.content_type != APPEND_TYPE:
        raise UnsupportedMediaTypeError(f"The bytes of a file are sent as {APPEND_TYPE}.")
    start = whole_number(request, "Upload-Offset")
    # The length of a compressed body says nothing about what it becomes.
    announced = None if "Content-Encoding" in request.headers else request.content_length
    end = await uploads.append(request[CONTEXT], place, file_id, start, content(request), announced)
    return empty(204, {**TUS, "Upload-Offset": str(end)})


def wrong_version(request: web.Request) -> web.Response | None:
    """412 for another version of TUS; one that is not named is taken for ours."""
    if request.headers.get("Tus-Resumable", VERSION) == VERSION:
        return None
    return empty(412, {"Tus-Version": VERSION})


def whole_number(request: web.Request, name: str) -> int:
    """The number in a header; ParseError if it is not there or none."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ParseError(f"{name} must be a whole number.")
    return int(text)


def read_metadata(text: str) -> dict[str, str]:
    """The keys and values of ``Upload-Metadata``; ParseError if it cannot be read."""
    found = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ParseError(f"Upload-Metadata: the value of '{key}' is not base64.") from None
    return found


def write_metadata(metadata: dict[str, str]) -> str:
    """``Upload-Metadata`` with these keys and values."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}".rstrip()
        for key, value in metadata.items()
    )


async def receive(request: web.Request, place: Place, file_fields: Sequence[str]) -> Received:
    """The fields of a JSON or form body; the files of a form are stored at the place.

    They are kept all together when the body has come whole, or none of them.
    """
    if not request.body_exists or request.content_length == 0:
        return Received()
    if request.content_type == "multipart/form-data":
        return await receive_form(request, place, file_fields)
    data = await bodies.read_object(request)
    if not isinstance(data, dict):
        raise ValidationError({"non_field_errors": [not_an_object(data)]})
    return Received(data)


async def receive_form(request: web.Request, place: Place, file_fields: Sequence[str]) -> Received:
    """The fields of a multipart form, its files stored at the place."""
    pairs: list[tuple[str, str]] = []
    room = bodies.LARGEST_OBJECT
    announced = request.content_length or 0
    async with upload_forms.incoming(request[CONTEXT], place, announced) as files:
        async for part in parts(request):
            name, filename = disposition(part.headers.get("Content-Disposition", ""))
            if filename is None:
                value = await text_of(part, room)
                room -= len(value)
                pairs.append((name, value))
            elif name.partition("[")[0] in file_fields:
                await files.add(filename, file_of(part))
        return Received(bodies.unfold(pairs), await files.keep())


async def parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    """The parts of a multipart body; ParseError where it is broken."""
    reader: MultipartReader = await bodies.multipart(request)
    while (part := await reading(reader.next)) is not None:
        if isinstance(part, BodyPartReader):
            yield part


def disposition(header: str) -> tuple[str, str | None]:
    """The names of a part's field and of its file, as they were sent.

    aiohttp's own reading makes other names of some: it takes the first slash from absolute ones,
    which makes them relative, and loses parts whose file has semicolons in its name. Browsers
    leave a backslash as it is, so only the one before a quotation mark is taken away.
    """
    found = {}
    for key, quoted, plain in PARAMETER.findall(header):
        found[key.lower()] = quoted.replace('\\"', '"') if quoted else plain.strip().strip('"')
    filename = found.get("filename")
    charset, _, encoded = found.get("filename*", "").partition("'")
    if charset.lower() in ("utf-8", "iso-8859-1"):
        filename = unquote(encoded.partition("'")[2], charset)
    return found.get("name", ""), filename


async def text_of(part: BodyPartReader, room: int) -> str:
    """The text of a field; TooLargeError if it is longer than that."""
    text = bytearray()
    async for chunk in file_of(part):
        text += chunk
        if len(text) > room:
            raise TooLargeError("The form is too large.")
    try:
        return text.decode(part.get_charset("utf-8"))
    except (UnicodeDecodeError, LookupError):
        raise ParseError(f"The field '{part.name}' is not text.") from None


async def file_of(part: BodyPartReader) -> AsyncIterator[bytes]:
    """The bytes of a part of a form."""
    while chunk := await reading(lambda: part.read_chunk(READ)):
        yield bytes(part.decode(chunk))


async def content(request: web.Request) -> AsyncIterator[bytes]:
    """The bytes of a body as they come."""
    while chunk := await reading(lambda: request.content.read(READ)):
        yield chunk


async def reading(read: Callable[[], Awaitable[T]]) -> T:
    """What is read from the client.

    ParseError if it is no well-formed body, ConnectionResetError if the client has gone away:
    whatever the network called it, that is no fault of the server.
    """
    try:
        return await read()
    except (ValueError, AssertionError) as error:
        raise ParseError(f"Multipart form parse error - {error}") from None
    except web.RequestPayloadError as error:
        raise ParseError(f"The body is broken: {error}") from None
    except OSError as error:
        raise ConnectionResetError(str(error)) from error
