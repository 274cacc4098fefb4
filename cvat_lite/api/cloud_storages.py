"""Cloud storages: buckets that tasks take images from and files go to."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.multipart import BodyPartReader
from marshmallow import Schema

from cvat_lite.api import bodies
from cvat_lite.api.collections import ORGANIZATION, list_parameters
from cvat_lite.api.declare import CONTEXT, docs, query, response_schema
from cvat_lite.api.parameters import number
from cvat_lite.api.respond import PRIVATE, empty, list_query, respond, respond_file, respond_page
from cvat_lite.errors import (
    NotFoundError,
    ParseError,
    RuleError,
    TextError,
    TooLargeError,
    ValidationError,
)
from cvat_lite.schemas.cloud_storages import (
    CloudStorageContent,
    CloudStorageRead,
    CloudStorageWriteRequest,
    PaginatedCloudStorageReadList,
    PatchedCloudStorageWriteRequest,
    UploadedText,
)
from cvat_lite.services.cloud_storages import content, storages
from cvat_lite.services.cloud_storages.content import MOST_ENTRIES, Asked
from cvat_lite.store.cloud_storages import COLLECTION

routes = web.RouteTableDef()

KEY_FILE = "key_file"
LARGEST_KEY_FILE = 64 * 1024
LONGEST_FIELD = 64 * 1024
MOST_FIELDS = 200
BODY_TYPES = ("application/json", "multipart/form-data")
CONTENT_PARAMETERS = (
    query("manifest_path", description="A manifest of the storage, to list what it names"),
    query("next_token", description="Where the page before this one ended"),
    query("page_size", "integer", "The most entries of a page", default=MOST_ENTRIES),
    query("prefix", description="A directory with its slash, or the beginning of a name in it"),
)
PICTURE = {
    "200": {
        "description": "A small JPEG of the first image of a manifest",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    },
}
WORD = {
    "200": {
        "description": "",
        "content": {"application/vnd.cvat+json": {"schema": {"type": "string"}}},
    }
}


@routes.get("/api/cloudstorages")
@docs(
    tags=["cloudstorages"],
    summary="List cloud storages",
    parameters=list_parameters(COLLECTION),
)
@response_schema(PaginatedCloudStorageReadList)
async def cloudstorages_list(request: web.Request) -> web.Response:
    """The cloud storages of the asker and of his organizations."""
    wanted = list_query(request, COLLECTION.simple)
    count, results, selection = await storages.list_page(request[CONTEXT], wanted)
    return respond_page(request, count, results, selection.page, selection.page_size)


@routes.post("/api/cloudstorages")
@docs(
    tags=["cloudstorages"],
    summary="Create a cloud storage",
    parameters=ORGANIZATION,
    consumes=BODY_TYPES,
    request_body={"schema": CloudStorageWriteRequest, "required": True},
)
@response_schema(CloudStorageRead, 201)
async def cloudstorages_create(request: web.Request) -> web.Response:
    """Tell of a bucket; it and the manifests have to be there. Credentials are kept sealed."""
    body = await checked_body(request, CloudStorageWriteRequest(), partial=False)
    return respond(request, await storages.create(request[CONTEXT], body))


@routes.get("/api/cloudstorages/{id}")
@docs(tags=["cloudstorages"], summary="Get cloud storage details")
@response_schema(CloudStorageRead)
async def cloudstorages_retrieve(request: web.Request) -> web.Response:
    """A cloud storage, without what opens it."""
    return respond(request, await storages.retrieve(request[CONTEXT], number(request)))


@routes.patch("/api/cloudstorages/{id}")
@docs(
    tags=["cloudstorages"],
    summary="Update a cloud storage",
    consumes=BODY_TYPES,
    request_body={"schema": PatchedCloudStorageWriteRequest},
)
@response_schema(CloudStorageRead)
async def cloudstorages_partial_update(request: web.Request) -> web.Response:
    """Change some fields; the bucket is asked again if it is to be reached in another way."""
    body = await checked_body(request, PatchedCloudStorageWriteRequest(), partial=True)
    return respond(request, await storages.update(request[CONTEXT], number(request), body))


@routes.delete("/api/cloudstorages/{id}")
@docs(
    tags=["cloudstorages"],
    summary="Delete a cloud storage",
    responses={"204": {"description": "The cloud storage has been removed; its bucket has not"}},
)
async def cloudstorages_destroy(request: web.Request) -> web.Response:
    """Forget a bucket. Tasks whose media lie in it can be read no more."""
    await storages.destroy(request[CONTEXT], number(request))
    return empty()


@routes.get("/api/cloudstorages/{id}/status")
@docs(tags=["cloudstorages"], summary="Get the status of a cloud storage", responses=WORD)
async def cloudstorages_retrieve_status(request: web.Request) -> web.Response:
    """``AVAILABLE``, ``FORBIDDEN`` or ``NOT_FOUND``."""
    return respond(request, await content.status(request[CONTEXT], number(request)))


@routes.get("/api/cloudstorages/{id}/actions")
@docs(tags=["cloudstorages"], summary="Get allowed actions for a cloud storage", responses=WORD)
async def cloudstorages_retrieve_actions(request: web.Request) -> web.Response:
    """``read``, and ``write`` where there are credentials."""
    return respond(request, await content.actions(request[CONTEXT], number(request)))


@routes.get("/api/cloudstorages/{id}/content-v2")
@docs(
    tags=["cloudstorages"],
    summary="Get cloud storage content",
    parameters=CONTENT_PARAMETERS,
)
@response_schema(CloudStorageContent)
async def cloudstorages_retrieve_content_v2(request: web.Request) -> web.Response:
    """The directories and files of one level, a page at a time."""
    asked = Asked(
        request.query.get("prefix", ""),
        request.query.get("next_token") or None,
        page_size(request.query.get("page_size", str(MOST_ENTRIES))),
        request.query.get("manifest_path") or None,
    )
    return respond(request, await content.content(request[CONTEXT], number(request), asked))


@routes.get("/api/cloudstorages/{id}/preview")
@docs(
    tags=["cloudstorages"],
    summary="Get a preview image for a cloud storage",
    responses=PICTURE,
)
async def cloudstorages_retrieve_preview(request: web.Request) -> web.StreamResponse:
    """The first image that a manifest of the storage names."""
    made = await content.preview(request[CONTEXT], number(request))
    if made is None:
        raise NotFoundError("There is no image in a manifest of the cloud storage.")
    return await respond_file(made, "image/jpeg", headers=PRIVATE)


def page_size(text: str) -> int:
    """How many entries are asked for; RuleError for what is no number of them."""
    if not text.isdecimal() or len(text) > 9 or int(text) == 0:
        raise RuleError("Wrong value for page_size was found")
    return min(int(text), MOST_ENTRIES)


async def checked_body(request: web.Request, schema: Schema, *, partial: bool) -> dict[str, Any]:
    """The body, from JSON or a form; TextError, as CVAT answers here, if a field is wrong."""
    if request.content_type == "multipart/form-data":
        data = await read_form(request)
    else:
        data = await bodies.read_object(request)
    if not isinstance(data, dict):
        raise ParseError("Invalid data. Expected a dictionary.")
    try:
        return bodies.check(schema, data, partial=partial)
    except ValidationError as error:
        lines = (f"{name}: {first(value)}\n" for name, value in error.body.items())
        raise TextError("".join(lines)) from None


def first(messages: Any) -> str:
    """The first of the messages of a field, however deep it lies."""
    while isinstance(messages, dict | list) and messages:
        messages = next(iter(messages.values())) if isinstance(messages, dict) else messages[0]
    return str(messages)


async def read_form(request: web.Request) -> dict[str, Any]:
    """The fields of a form, and the key file among them."""
    pairs: list[tuple[str, str]] = []
    try:
        async for part in await bodies.multipart(request):
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            is_file = part.filename is not None
            text = await text_of(part, LARGEST_KEY_FILE if is_file else LONGEST_FIELD)
            pairs.append((part.name, UploadedText(text) if is_file else text))
            if len(pairs) > MOST_FIELDS:
                raise TooLargeError("The form is too large.")
    except ValueError as error:
        raise ParseError(f"Multipart form parse error - {error}") from None
    return bodies.unfold(pairs)


async def text_of(part: BodyPartReader, limit: int) -> str:
    """The text of a part; TooLargeError if it is longer than the limit."""
    found = bytearray()
    while piece := await part.read_chunk():
        found += part.decode(piece)
        if len(found) > limit:
            raise TooLargeError("The form is too large.")
    return found.decode("utf-8", "replace")
