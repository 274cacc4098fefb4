"""Background requests about a file that was uploaded: it goes when they have ended, or never begin.

Who asks may go away between the request's being recorded and their being told: then the file
stays, because the work needs it. A file without a request is swept in its time.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cvat_lite.services import requests, uploads
from cvat_lite.services.context import Context, Server
from cvat_lite.services.requests import Order
from cvat_lite.store.requests import BackgroundRequest

#: What the path of the file, below the directory of uploads, is called in the payload.
FILE = "file"


async def submit(context: Context, taken: Path, order: Order) -> str:
    """Record the request that uses a file which was taken; the file goes if that is refused."""
    name = taken.relative_to(context.config.uploads).as_posix()
    try:
        return await requests.submit(context, replace(order, payload={**order.payload, FILE: name}))
    except Exception:
        await uploads.release(context.server, taken)
        raise


def file_of(server: Server, request: BackgroundRequest) -> Path:
    """The file that a request is about."""
    name: str = request.payload[FILE]
    return server.config.uploads / name


async def drop(server: Server, request: BackgroundRequest) -> None:
    """Remove the file, with what was unpacked beside it: the request failed, or is done."""
    await uploads.release(server, file_of(server, request))
