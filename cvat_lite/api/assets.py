"""Assets: the pictures and papers that annotation guides show."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from cvat_lite.api import bodies
from cvat_lite.api.declare import CONTEXT, docs, response_schema
from cvat_lite.api.respond import empty, respond, respond_file
from cvat_lite.errors import (
    ParseError,
    TooLargeError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from cvat_lite.schemas.assets import AssetForm, AssetRead, AssetWriteRequest
from cvat_lite.services import assets
from cvat_lite.services.asset_files import Upload, received

routes = web.RouteTableDef()

CHUNK = 256 * 1024
LONGEST_FIELD = 1000
MOST_FIELDS = 100
#: A file that somebody uploaded is shown, but runs nothing.
CONTENT_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@routes.post("/api/assets")
@docs(
    tags=["assets"],
    summary="Saves new asset on the server and attaches it to a corresponding guide",
    consumes=["multipart/form-data"],
    request_body={"schema": AssetForm},
)
@response_schema(AssetRead, 201)
async def assets_create(request: web.Request) -> web.Response:
    """A picture or a PDF of at most 10 MB, for a guide that the asker may change."""
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaTypeError(
            f'Unsupported media type "{request.content_type}" in request.'
        )
    async with contextlib.AsyncExitStack() as kept:
        form, upload = await read_form(request, kept)
        guide_id = bodies.check(AssetWriteRequest(), form, partial=False)["guide_id"]
        if upload is None:
            raise ValidationError({"file": ["No file was submitted."]})
        made = await assets.create(request[CONTEXT], guide_id, upload)
    return respond(request, made)


async def read_form(
    request: web.Request, kept: contextlib.AsyncExitStack
) -> tuple[dict[str, str], Upload | None]:
    """The fields of the form and its file, which goes again if the stack ends in an error."""
    form: dict[str, str] = {}
    upload = None
    try:
        async for part in await bodies.multipart(request):
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.name == "file" and part.filename is not None and upload is None:
                receiving = received(request[CONTEXT].server, part.filename, content_of(part))
                upload = await kept.enter_async_context(receiving)
            elif part.filename is None:
                form[part.name] = await text_of(part)
            if len(form) > MOST_FIELDS:
                raise TooLargeError("The form is too large.")
    except ValueError as error:
        raise ParseError(f"Multipart form parse error - {error}") from None
    return form, upload


async def content_of(part: BodyPartReader) -> AsyncIterator[bytes]:
    """The bytes of an uploaded file, piece by piece."""
    while chunk := await part.read_chunk(CHUNK):
        yield bytes(chunk)


async def text_of(part: BodyPartReader) -> str:
    """The value of a field; TooLargeError for one that is no short text."""
    text = bytearray()
    async for chunk in content_of(part):
        text += chunk
        if len(text) > LONGEST_FIELD:
            raise TooLargeError("The form is too large.")
    return text.decode(errors="replace")


@routes.get("/api/assets/{uuid}")
@docs(
    tags=["assets"],
    summary="Get an asset",
    responses={"200": {"description": "Asset file", "content": {"*/*": {}}}},
)
async def assets_retrieve(request: web.Request) -> web.StreamResponse:
    """The file, for those who may see the guide."""
    path, kind = await assets.retrieve(request[CONTEXT], request.match_info["uuid"])
    return await respond_file(path, kind, headers=CONTENT_HEADERS)


@routes.delete("/api/assets/{uuid}")
@docs(
    tags=["assets"],
    summary="Delete an asset",
    responses={"204": {"description": "The asset has been deleted"}},
)
async def assets_destroy(request: web.Request) -> web.Response:
    """The text of the guide is left as it is."""
    await assets.destroy(request[CONTEXT], request.match_info["uuid"])
    return empty()
