"""What a browser gets that is no API: the landing page, the logo, and a folder of static files.

The folder of ``--ui`` is meant for builds of web clients, CVAT's own above all: one page whose
script draws every path, beside files whose names change with their content.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import mimetypes
import re
from pathlib import Path

from aiohttp import web

import cvat_lite
from cvat_lite.api.respond import respond_kept
from cvat_lite.config import Config

#: The system's table of types is not to be trusted with these: Windows takes it from a registry
#: that any program may change, and browsers refuse scripts and modules of a wrong type.
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".onnx": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
#: A digest in a file's name, as bundlers write them: hexadecimal with a letter and a digit, or
#: a dash and eight characters of base64 with a capital, a small letter and a digit.
HASHED = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}(?![0-9A-Za-z])"
    r"|-(?=\w*[0-9])(?=\w*[A-Z])(?=\w*[a-z])\w{8}\."
)
FOREVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"
INLINE_SCRIPT = re.compile(
    rb"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE
)
#: What CVAT's client needs: workers and pictures from blobs, WebAssembly, styles made by script,
#: and ``eval`` for the decoder of videos and for OpenCV, which compile their own glue.
CLIENT_POLICY = (
    "default-src 'self'; "
    "script-src 'self' blob: 'wasm-unsafe-eval' 'unsafe-eval'{hashes}; "
    "worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
OWN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
OWN_FILES = ("logo.svg", "landing.css")


def add_pages(app: web.Application, config: Config) -> None:
    """Add the routes outside ``/api``; to be called last, for a client's cover all that is left."""
    for name in OWN_FILES:
        app.router.add_get(f"/static/{name}", own_file)
    if config.ui is None:
        app.router.add_get("/", landing_page)
        return
    client = Client(config.ui)
    app.router.add_get(r"/{path:(?!api(?:/|$)).*}", client.answer)


async def landing_page(_request: web.Request) -> web.StreamResponse:
    """What this server is, and where its documentation lies."""
    return file_response(static_directory() / "landing.html", OWN_POLICY)


async def own_file(request: web.Request) -> web.StreamResponse:
    """A file that comes with the server."""
    return file_response(static_directory() / request.path.rpartition("/")[2], OWN_POLICY)


def static_directory() -> Path:
    """Where the package's own files for browsers lie: in it, or beside it in a checkout."""
    package = Path(cvat_lite.__file__).resolve().parent
    inside = package / "static"
    return inside if inside.is_dir() else package.parent / "static"


def file_response(path: Path, policy: str) -> web.FileResponse:
    """A file with its type, how long it may be kept, and what it may do in the browser."""
    kind = TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    if kind.startswith("text/") or kind == "application/json":
        kind = f"{kind}; charset=utf-8"
    return web.FileResponse(
        path,
        headers={
            "Content-Type": kind,
            "Cache-Control": FOREVER if HASHED.search(path.name) else ALWAYS_ASK,
            "Content-Security-Policy": policy,
        },
    )


class Client:
    """A folder of static files with one page for all paths that are no files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The file of that path; the page, if the path does not look like a file's."""
        name = request.match_info["path"]
        path = await asyncio.to_thread(self.find, name)
        if path is not None:
            return file_response(path, CLIENT_POLICY.format(hashes=""))
        if name != "index.html" and "." in name.rpartition("/")[2]:
            raise web.HTTPNotFound
        return await self.page(request)

    def find(self, name: str) -> Path | None:
        """The file in the folder, or None; hidden files and what lies outside are not there."""
        parts = [part for part in name.replace("\\", "/").split("/") if part]
        if not parts or "\x00" in name or any(part.startswith(".") for part in parts):
            return None
        path = self._folder.joinpath(*parts)
        try:
            real = path.resolve()
        except OSError:
            return None
        if path == self._folder / "index.html" or not real.is_relative_to(self._folder):
            return None
        return path if real.is_file() else None

    async def page(self, request: web.Request) -> web.Response:
        """The page, whose policy names the scripts that stand in it."""
        try:
            body = await asyncio.to_thread((self._folder / "index.html").read_bytes)
        except OSError:
            raise web.HTTPNotFound from None
        return respond_kept(
            request,
            body,
            {
                "Content-Type": "text/html; charset=utf-8",
                "Cache-Control": ALWAYS_ASK,
                "Content-Security-Policy": CLIENT_POLICY.format(hashes=script_hashes(body)),
            },
        )


def script_hashes(page: bytes) -> str:
    """The sources of a policy that let the scripts in a page run, each after a space."""
    digests = (hashlib.sha256(script).digest() for script in INLINE_SCRIPT.findall(page))
    return "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
