"""What ``OPTIONS`` answers: the methods that a path takes, and the types that it speaks.

Nothing is told that the document at ``/api/schema`` does not tell everybody, so that nobody has to
say who they are; browsers ask it before they send any credentials.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from aiohttp import web

from cvat_lite.api.respond import CVAT_JSON

PARSES = ("application/json",)


async def allowed(request: web.Request) -> str:
    """The methods that the request's path takes, as ``Allow`` lists them."""
    fixed: set[str] = set()
    varied: set[str] = set()
    for resource in request.app.router.resources():
        _, found = await resource.resolve(request)
        # A path without variables hides those with variables that match as well.
        methods = fixed if isinstance(resource, web.PlainResource) else varied
        methods |= found
    return ", ".join(sorted((fixed or varied) - {"*"} | {"OPTIONS"}))


def name_of(path: str) -> str:
    """What a path is called: ``Task List``, ``Task Instance``, ``Data Meta``."""
    words = [part for part in path.strip("/").split("/")[1:] if part]
    if len(words) == 1 and words[0].endswith("s"):
        return f"{words[0][:-1].replace('_', ' ').title()} List"
    if len(words) == 2 and words[1].isdigit():
        return f"{words[0].removesuffix('s').replace('_', ' ').title()} Instance"
    return " ".join(word.replace("_", " ").title() for word in words[1:] if not word.isdigit())


async def describe(request: web.Request, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer to ``OPTIONS``; ``headers`` are what a path has to tell beyond."""
    about = {
        "name": name_of(request.path),
        "description": "",
        "renders": [CVAT_JSON, "application/json"],
        "parses": list(PARSES),
    }
    return web.Response(
        body=orjson.dumps(about),
        headers={"Allow": await allowed(request), **(headers or {})},
        content_type=CVAT_JSON,
    )
