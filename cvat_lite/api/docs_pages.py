"""The pages on which the document can be read and each operation tried: Swagger UI and ReDoc.

aiohttp-swagger3 brings both with all of their files, so that nothing is asked of another host.
"""

from __future__ import annotations

import asyncio
import functools
import warnings
from dataclasses import dataclass
from pathlib import Path

import orjson
from aiohttp import web

from cvat_lite.api import openapi
from cvat_lite.api.pages import file_response, script_hashes, static_directory
from cvat_lite.api.respond import respond_kept

routes = web.RouteTableDef()

SWAGGER = "/api/swagger/"
REDOC = "/api/docs/"
SESSION_SCRIPT = "swagger-session.js"
#: Both pages write styles into themselves, and ReDoc searches in a worker made of a blob. All that
#: they could ask of other hosts (a badge, a logo, a validator) is refused by the browser.
POLICY = (
    "default-src 'none'; "
    "script-src 'self'{hashes}; "
    "worker-src blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FILE_POLICY = POLICY.format(hashes="")


@dataclass(frozen=True)
class Pages:
    """What the browser gets: a page and files by path, and the document that the pages draw."""

    pages: dict[str, bytes]
    files: dict[str, Path]
    document: bytes


@functools.lru_cache(maxsize=1)
def make_pages(text: bytes) -> Pages:
    """Let aiohttp-swagger3 make the pages of a document in JSON.

    The first time takes some tenths of a second: call it outside the event loop.
    """
    # With what it needs it takes as long to import as a fifth of all the rest.
    from aiohttp_swagger3 import (  # noqa: PLC0415
        ReDocUiSettings,
        SwaggerDocs,
        SwaggerInfo,
        SwaggerUiSettings,
    )

    document = orjson.loads(text)
    info = document["info"]
    shelf = web.Application()
    with warnings.catch_warnings():
        # It keeps its pages under names, of which aiohttp disapproves.
        warnings.simplefilter("ignore", web.NotAppKeyWarning)
        swagger = SwaggerDocs(
            shelf,
            validate=False,
            info=SwaggerInfo(title=info["title"], version=info["version"]),
            swagger_ui_settings=SwaggerUiSettings(
                path=SWAGGER,
                validatorUrl=None,
                docExpansion="none",
                displayOperationId=True,
                displayRequestDuration=True,
                filter=True,
            ),
            redoc_ui_settings=ReDocUiSettings(path=REDOC, requiredPropsFirst=True),
        )
    # Only now: it checks a document that it is given at once, which takes it seconds.
    swagger.spec.update(document)
    index: str = shelf["AIOHTTP_SWAGGER3_SWAGGER_INDEX_HTML"]
    session = f'<script src="./{SESSION_SCRIPT}"></script>\n    <script>'
    pages = {
        SWAGGER: index.strip().replace("<script>", session, 1).encode(),
        REDOC: shelf["AIOHTTP_SWAGGER3_REDOC_INDEX_HTML"].strip().encode(),
    }
    return Pages(pages, files_of(shelf), orjson.dumps(swagger.spec))


def files_of(shelf: web.Application) -> dict[str, Path]:
    """The files of the application's static folders, by the paths at which the pages find them."""
    found = {f"{SWAGGER}{SESSION_SCRIPT}": static_directory() / SESSION_SCRIPT}
    for resource in shelf.router.resources():
        folder = resource.get_info()
        if "directory" in folder:
            for path in filter(Path.is_file, folder["directory"].rglob("*")):
                name = path.relative_to(folder["directory"]).as_posix()
                found[f"{folder['prefix']}/{name}"] = path
    return found


def pages_of(app: web.Application) -> Pages:
    """The pages of the application's document."""
    return make_pages(openapi.as_json(app))


@routes.get(SWAGGER)
@routes.get(REDOC)
async def page(request: web.Request) -> web.StreamResponse:
    """A page; its files lie beside it, which needs the slash at its end."""
    if not request.path.endswith("/"):
        raise web.HTTPFound(f"{request.path.rpartition('/')[2]}/")
    body = (await asyncio.to_thread(pages_of, request.app)).pages[request.path]
    return respond_kept(
        request,
        body,
        {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-cache",
            "Content-Security-Policy": POLICY.format(hashes=script_hashes(body)),
        },
    )


@routes.get(f"{SWAGGER}{{name:.+[^/]}}")
@routes.get(f"{REDOC}{{name:.+[^/]}}")
async def file(request: web.Request) -> web.StreamResponse:
    """A file of a page, or the document that it draws."""
    pages = await asyncio.to_thread(pages_of, request.app)
    if request.match_info["name"] == "swagger.json":
        kept = {"Cache-Control": "no-cache", "Content-Type": "application/json"}
        return respond_kept(request, pages.document, kept)
    found = pages.files.get(request.path)
    if found is None:
        raise web.HTTPNotFound
    return file_response(found, FILE_POLICY)
