"""Bodies of requests: JSON and forms, read with a limit and checked against a schema."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from aiohttp.multipart import BodyPartReader
from marshmallow import Schema
from marshmallow import ValidationError as MarshmallowError

from cvat_lite.errors import (
    ParseError,
    TooLargeError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from cvat_lite.schemas.base import error_body, not_an_object

#: Descriptions of objects are small; annotations and files have limits of their own.
LARGEST_OBJECT = 16 * 1024 * 1024
#: What takes longer than this to parse is parsed outside the event loop.
LARGE = 128 * 1024
FORM_KEY = re.compile(r"^([^\[\]]+)((?:\[\d*\])*)$")


async def load(request: web.Request, schema: Schema, *, required: bool) -> dict[str, Any]:
    """The body, checked; ValidationError in the REST framework's shape if it is wrong."""
    data = await read_object(request)
    if data is None:
        raise ValidationError({"non_field_errors": ["No data provided"]})
    if not isinstance(data, dict):
        raise ValidationError({"non_field_errors": [not_an_object(data)]})
    return check(schema, data, partial=False if required else None)


def check(schema: Schema, data: dict[str, Any], *, partial: bool | None = None) -> dict[str, Any]:
    """The data as the schema loads it; ValidationError if it does not fit."""
    try:
        loaded: dict[str, Any] = schema.load(data, partial=partial)
    except MarshmallowError as error:
        raise ValidationError(error_body(error.messages, data)) from None
    return loaded


async def read_object(request: web.Request) -> Any:
    """The value of the body, from JSON or a form; an empty object where there is no body."""
    kind = request.content_type
    if kind == "multipart/form-data":
        return unfold([pair async for pair in form_fields(request)])
    body = await read(request, min(LARGEST_OBJECT, request.client_max_size))
    if not body:
        return {}
    if kind == "application/x-www-form-urlencoded":
        return unfold(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    if kind.endswith("json") or kind == "application/octet-stream":
        return await parse_json(body)
    raise UnsupportedMediaTypeError(f'Unsupported media type "{kind}" in request.')


async def read(request: web.Request, limit: int) -> bytes:
    """The whole body; TooLargeError as soon as it is known to be longer than the limit."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLargeError(f"The request body is larger than {limit} bytes.")
    parts = bytearray()
    async for part in request.content.iter_chunked(1 << 20):
        parts += part
        if len(parts) > limit:
            raise TooLargeError(f"The request body is larger than {limit} bytes.")
    return bytes(parts)


async def parse_json(body: bytes) -> Any:
    """The value of a JSON text; ParseError that says where it is broken."""
    if len(body) > LARGE:
        return await asyncio.to_thread(parse, body)
    return parse(body)


def parse(body: bytes) -> Any:
    """The value of a JSON text; ParseError that says where it is broken."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"JSON parse error - {explain(body, error)}") from None


def explain(body: bytes, error: ValueError) -> str:
    """The standard library's words for what is wrong: they are the ones that clients know."""
    try:
        json.loads(body[:LARGE])
    except (ValueError, RecursionError) as known:
        return str(known)
    return str(error)


async def form_fields(request: web.Request) -> Any:
    """The fields of a multipart form that are not files."""
    size = 0
    async for part in await multipart(request):
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.filename is None:
            value = await part.text()
            size += len(value)
            if size > LARGEST_OBJECT:
                raise TooLargeError("The form is too large.")
            yield part.name, value


async def multipart(request: web.Request) -> Any:
    """The parts of a multipart body; ParseError if it is not one."""
    try:
        return await request.multipart()
    except (ValueError, AssertionError) as error:
        raise ParseError(f"Multipart form parse error - {error}") from None


def unfold(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Form fields as an object: ``a[0]`` and ``a[1]`` are a list, and so is a repeated ``a[]``.

    Nested lists are written ``a[0][1]``. Positions only tell the order.
    """
    plain: dict[str, Any] = {}
    lists: dict[str, list[tuple[list[int], str]]] = {}
    for key, value in pairs:
        match = FORM_KEY.match(key)
        if match is None or not match[2]:
            plain[key] = value
            continue
        gathered = lists.setdefault(match[1], [])
        at = [int(digits) if digits else len(gathered) for digits in match[2][1:-1].split("][")]
        gathered.append((at, value))
    for name, items in lists.items():
        plain[name] = nest(sorted(items, key=lambda item: item[0]))
    return plain


def nest(items: list[tuple[list[int], str]]) -> list[Any]:
    """Sorted positions and values as lists of lists."""
    found: list[Any] = []
    groups: dict[int, list[tuple[list[int], str]]] = {}
    for at, value in items:
        if len(at) == 1:
            found.append(value)
        else:
            groups.setdefault(at[0], []).append((at[1:], value))
    return found + [nest(group) for group in groups.values()]
