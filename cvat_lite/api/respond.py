"""Answers: JSON in CVAT's media type, pages of collections, files and nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from cvat_lite.api.declare import CONTEXT, success
from cvat_lite.errors import NotAcceptableError
from cvat_lite.store.filters import ListQuery, links

CVAT_JSON = "application/vnd.cvat+json"
#: Bodies larger than this are encoded and compressed outside the event loop.
LARGE = 64 * 1024
#: What the caller may keep, but no proxy, and must ask about before it is used again.
PRIVATE = {"Cache-Control": "private, no-cache"}
ORGANIZATION_PARAMETERS = ("org", "org_id")


def negotiate(request: web.Request) -> str:
    """The type to answer in; NotAcceptableError for a version that is not 2.0."""
    accept = request.headers.get("Accept", "")
    if "version=" in accept:
        version = accept.split("version=", 1)[1].split(",")[0].split(";")[0].strip().strip('"')
        if version != "2.0":
            raise NotAcceptableError
    if CVAT_JSON not in accept and "application/json" in accept:
        return "application/json"
    return CVAT_JSON


def respond(
    request: web.Request,
    body: Any = None,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The answer to a successful call, with the status its documentation names."""
    handler = request.match_info.handler
    return web.Response(
        body=orjson.dumps(body),
        status=status or success(handler),
        headers=headers,
        content_type=negotiate(request),
    )


def respond_bytes(request: web.Request, body: bytes) -> web.Response:
    """The answer whose JSON text is ready."""
    return web.Response(
        body=body, status=success(request.match_info.handler), content_type=negotiate(request)
    )


def empty(status: int = 204, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status, headers=headers)


def list_query(request: web.Request, simple: Sequence[str]) -> ListQuery:
    """What the query string asks of a collection."""
    query = request.query
    return ListQuery(
        page=query.get("page"),
        page_size=query.get("page_size"),
        search=query.get("search"),
        sort=query.get("sort"),
        filter=query.get("filter"),
        simple={name: query[name] for name in simple if name in query},
    )


def respond_page(
    request: web.Request, count: int, results: Sequence[Any], page: int, page_size: int
) -> web.Response:
    """A page of a collection, with the links to its neighbours."""
    following, previous = links(
        f"{request[CONTEXT].base_url}{request.path.removesuffix('/')}",
        list(request.query.items()),
        page,
        page_size,
        count,
    )
    return respond(
        request,
        {"count": count, "next": following, "previous": previous, "results": results},
    )


async def respond_file(
    path: Path,
    content_type: str,
    *,
    filename: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """A file, with ``ETag``, ``Last-Modified`` and ranges; as an attachment if it has a name."""
    more = {"Content-Type": content_type, **(headers or {})}
    if filename is not None:
        more["Content-Disposition"] = disposition(filename)
    if not await asyncio.to_thread(path.is_file):
        # The file went between the question and the answer: the cache is allowed to do that.
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
    return web.FileResponse(path, headers=more)


def respond_kept(
    request: web.Request,
    body: bytes,
    headers: Mapping[str, str],
    changed: datetime | None = None,
) -> web.Response:
    """Bytes that the caller may keep, with an ``ETag`` of their content; 304 for who has them.

    ``changed`` is when they last became others, where that is known. As RFC 9110 has it, who
    names a tag is not asked for a date.
    """
    tag = hashlib.blake2b(body, digest_size=16).hexdigest()
    if request.if_none_match is not None:
        known = any(one.value in (tag, "*") for one in request.if_none_match)
    else:
        since = request.if_modified_since
        known = bool(since and changed and changed.replace(microsecond=0) <= since)
    if known:
        kept = {name: value for name, value in headers.items() if name != "Content-Type"}
        response = web.Response(status=304, headers=kept)
    else:
        response = web.Response(body=body, headers=headers)
    response.etag = tag
    if changed is not None:
        response.last_modified = changed
    return response


def disposition(filename: str) -> str:
    """The header that makes a browser save a file under this name, whatever its letters."""
    plain = filename.encode("ascii", "replace").decode().replace('"', "'").replace("\\", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename)}"
