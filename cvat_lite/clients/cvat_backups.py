"""Backups of another CVAT, both ways: archives fetched to a file and sent from one, in pieces.

The operations are those of the published SDK: an export is a background request whose result is
downloaded; an import is a TUS upload (https://tus.io/protocols/resumable-upload) between a start
and a finish, and a background request after that. Neither way is an archive held in memory.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote, urlsplit

import aiohttp

from cvat_lite.clients.cvat_server import CvatServer, RefusedError, RemoteError
from cvat_lite.errors import StoreError

#: Of what is sent at a time, as the SDK does: proxies before a CVAT limit their bodies.
SENT = 10 << 20
READ = 1 << 20
#: Seconds between two looks at a background request; they grow from the first to the last.
SOONEST, LATEST = 0.1, 3.0
#: Pieces that fail in a row before the whole is given up.
TRIES = 5
TUS = {"Tus-Resumable": "1.0.0"}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that has begun: the path where its bytes go, and the name that it was given."""

    path: str
    filename: str


async def export(server: CvatServer, kind: str, number: int) -> str:
    """Ask for a backup of a task or project (``kind`` is the plural); the id of the request.

    One that is on its way already is as good.
    """
    try:
        answer = await server.call("POST", f"/api/{kind}/{number}/backup/export")
    except RefusedError as error:
        if error.status == 409 and isinstance(error.body, dict) and "rq_id" in error.body:
            return str(error.body["rq_id"])
        raise
    return str(answer["rq_id"])


async def wait(server: CvatServer, rq_id: str, progress: Progress) -> dict[str, Any] | None:
    """A background request that has finished; None if the server knows of none.

    RefusedError, in its words, for one that has failed.
    """
    pause = SOONEST
    while True:
        try:
            request = await server.call("GET", f"/api/requests/{quote(rq_id, safe='')}")
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        if request["status"] == "finished":
            return dict(request)
        if request["status"] == "failed":
            raise RefusedError(200, request["message"] or "it failed and does not say why")
        progress(round((request.get("progress") or 0) * 100), 100)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LATEST)


async def imports(server: CvatServer, kind: str) -> list[str]:
    """The ids of the requests to restore a backup that the server knows of."""
    single = kind.removesuffix("s")
    found = server.pages("/api/requests", {"action": "import", "target": single})
    return [one["id"] async for one in found if one["operation"]["type"] == "import:backup"]


async def download(
    server: CvatServer, where: tuple[str, int, str], path: Path, progress: Progress
) -> None:
    """Fetch a finished backup (kind, number, rq_id) to a file, which is there whole or not at all.

    A connection that breaks is taken up where it broke. StoreError if the disk has no room.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with await asyncio.to_thread(part.open, "wb") as file:
            await fetch_all(server, where, file, progress)
            await asyncio.to_thread(flush, file)
        await asyncio.to_thread(part.replace, path)
    except OSError as error:
        await asyncio.to_thread(part.unlink, missing_ok=True)
        raise StoreError(f"{part} cannot be written: {error.strerror}.") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


async def fetch_all(
    server: CvatServer, where: tuple[str, int, str], file: IO[bytes], progress: Progress
) -> None:
    """Fetch an archive; RemoteError if the connection breaks ``TRIES`` times without a byte."""
    failures = 0
    before = 0
    while not await fetch(server, where, file, progress):
        now = await asyncio.to_thread(file.tell)
        failures = 0 if now > before else failures + 1
        before = now
        if failures == TRIES:
            raise RemoteError(f"{server.url} broke off the download {TRIES} times.")
        await asyncio.sleep(SOONEST * 2**failures)


async def fetch(
    server: CvatServer, where: tuple[str, int, str], file: IO[bytes], progress: Progress
) -> bool:
    """Write what is missing of a file; whether it is whole then."""
    kind, number, rq_id = where
    begin = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if begin:
        headers["Range"] = f"bytes={begin}-"
    path = f"/api/{kind}/{number}/backup/download"
    query = {"rq_id": rq_id}
    async with server.answer("GET", path, headers=headers, again=True, query=query) as response:
        if response.status != 206:
            await asyncio.to_thread(file.truncate, 0)
            begin = await asyncio.to_thread(file.seek, 0)
        total = begin + (response.content_length or 0)
        await asyncio.to_thread(ensure_room, file, total - begin)
        body = response.content.iter_chunked(READ)
        while True:
            try:
                piece = await anext(body, b"")
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                return False
            if not piece:
                return True
            await asyncio.to_thread(file.write, piece)
            begin += len(piece)
            progress(begin, total)


def ensure_room(file: IO[bytes], more: int) -> None:
    """StoreError, before anything is fetched, if the disk is too full."""
    directory = Path(file.name).parent
    free = shutil.disk_usage(directory).free
    if free < more:
        raise StoreError(
            f"The disk of {directory} is too full: {more:,} bytes are needed, {free:,} are free."
        )


def flush(file: IO[bytes]) -> None:
    """See to it that what was written survives a power cut."""
    file.flush()
    os.fsync(file.fileno())


async def begin(server: CvatServer, kind: str, path: Path) -> Upload:
    """Begin to send an archive."""
    where = f"/api/{kind}/backup/"
    await server.call("POST", where, headers={"Upload-Start": "true"})
    size = (await asyncio.to_thread(path.stat)).st_size
    name = base64.b64encode(path.name.encode()).decode()
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
    async with server.answer("POST", where, headers=headers) as response:
        location = response.headers.get("Location", "")
        filename = unquote(response.headers.get("Upload-Filename", path.name))
    # Only the path counts: behind a proxy a server may not know its own address.
    base = urlsplit(server.url).path
    target = urlsplit(location).path.removeprefix(base)
    if not target.startswith("/api/"):
        raise RemoteError(f"{server.url} does not say where an upload goes.")
    return Upload(target, filename)


async def arrived(server: CvatServer, upload: Upload) -> int | None:
    """How many bytes of an upload have arrived; None if the server knows nothing of it."""
    try:
        async with server.answer("HEAD", upload.path, headers=TUS, again=True) as response:
            return int(response.headers["Upload-Offset"])
    except RefusedError as error:
        if error.status in (403, 404, 410):
            return None
        raise


async def send(
    server: CvatServer, upload: Upload, path: Path, offset: int, progress: Progress
) -> bool:
    """Send the bytes of an archive from an offset on; False if the server has forgotten it.

    A piece that fails is sent again from where the server says it stands; RemoteError if it fails
    ``TRIES`` times.
    """
    size = (await asyncio.to_thread(path.stat)).st_size
    failures = 0
    with await asyncio.to_thread(path.open, "rb") as file:
        while offset < size:
            progress(offset, size)
            piece = await asyncio.to_thread(piece_of, file, offset)
            try:
                offset = await append(server, upload, offset, piece)
                failures = 0
            except RemoteError as error:
                failures += 1
                if failures == TRIES or (isinstance(error, RefusedError) and final(error)):
                    raise
                await asyncio.sleep(SOONEST * 2**failures)
                known = await arrived(server, upload)
                if known is None:
                    return False
                offset = known
    progress(size, size)
    return True


def final(error: RefusedError) -> bool:
    """Whether sending a piece again is of no use."""
    return error.status < 500 and error.status not in (404, 409, 410)


def piece_of(file: IO[bytes], offset: int) -> bytes:
    """The next bytes to send."""
    file.seek(offset)
    return file.read(SENT)


async def append(server: CvatServer, upload: Upload, offset: int, piece: bytes) -> int:
    """Send a piece; answers where to go on."""
    headers = {
        **TUS,
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
    }
    async with server.answer("PATCH", upload.path, headers=headers, data=piece) as response:
        said = response.headers.get("Upload-Offset", "")
    if said != str(offset + len(piece)):
        raise RemoteError(f"{server.url} took other bytes than it was sent: {reason_of(said)}.")
    return offset + len(piece)


def reason_of(offset: str) -> str:
    """What the server said of its place in the file."""
    return f"it stands at {offset}" if offset else "it does not say where it stands"


async def finish(server: CvatServer, kind: str, upload: Upload) -> str:
    """Have an archive restored that has been sent; the id of the request that does it."""
    answer = await server.call(
        "POST",
        f"/api/{kind}/backup/",
        headers={"Upload-Finish": "true"},
        query={"filename": upload.filename},
    )
    return str(answer["rq_id"])
