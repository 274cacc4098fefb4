"""Buckets that stop answering half-way: work ends with a message, and nothing of it stays."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from PIL import Image

from cvat_lite.clients import bucket_stores, buckets
from cvat_lite.config import Config
from tests.api.test_cloud_tasks import attached, config, connected, frame, names_in
from tests.client import Api
from tests.images import encoded
from tests.s3 import S3

__all__ = ["config"]
NAMES = [f"cats/{number}.png" for number in range(6)]


@dataclass
class Line:
    """A line to a bucket that falls silent when ``left`` bytes have been answered."""

    url: str
    left: float = float("inf")


@pytest.fixture
async def line(s3: S3) -> AsyncIterator[Line]:
    address = urlsplit(s3.url)
    found = Line("")

    async def carry(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool
    ) -> None:
        while piece := await reader.read(4096):
            if back:
                found.left -= len(piece)
                while found.left < 0:
                    await asyncio.sleep(0.02)
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection(address.hostname, address.port)
        await asyncio.gather(
            carry(reader, to, back=False),
            carry(there, writer, back=True),
            return_exceptions=True,
        )

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    found.left = float("inf")
    server.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket is waited for a moment only."""
    monkeypatch.setattr(bucket_stores, "READ", 0.3)
    monkeypatch.setattr(bucket_stores, "REQUEST", 0.6)
    monkeypatch.setattr(bucket_stores, "TRIES", 1)
    monkeypatch.setattr(buckets, "SOON", 3.0)
    monkeypatch.setattr(buckets, "PIECE_TIME", 3.0)


def noise(seed: int) -> bytes:
    """An image of some 30 kB."""
    return encoded(Image.frombytes("RGB", (120, 90), random.Random(seed).randbytes(120 * 90 * 3)))


async def storage_by(api: Api, s3: S3, line: Line) -> int:
    """A cloud storage of six images, reached by the line."""
    bucket = s3.new_bucket({name: noise(at) for at, name in enumerate(NAMES)})
    return await connected(api, s3, bucket, specific_attributes=f"endpoint_url={line.url}")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("copy", [False, True])
async def test_a_bucket_that_falls_silent_leaves_no_half_task(
    api: Api, s3: S3, line: Line, config: Config, *, copy: bool
) -> None:
    storage = await storage_by(api, s3, line)
    body = {"cloud_storage_id": storage, "server_files": NAMES, "copy_data": copy}
    # Some images come through, and the rest of one does not.
    line.left = 60_000
    task = await attached(api, body, "failed")
    assert "in time" in task["request"]["message"]
    assert (task["size"], task["jobs"]["count"]) == (0, 0)
    assert list(config.media.glob("*")) == []
    # It answers again, and so does the task.
    line.left = float("inf")
    sent = await api.post(f"/tasks/{task['id']}/data/", {"image_quality": 80, **body}, expect=202)
    await api.finished(sent["rq_id"])
    assert names_in(await api.get(f"/tasks/{task['id']}/data/meta")) == NAMES


@pytest.mark.usefixtures("impatient")
async def test_while_a_bucket_is_silent_everything_else_goes_on(
    api: Api, s3: S3, line: Line
) -> None:
    storage = await storage_by(api, s3, line)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": NAMES})
    line.left = 0
    where = f"/tasks/{task['id']}/data?type=frame&number=1&quality=original"
    waiting = [
        asyncio.create_task(api.session.get(f"{api.url}/api{path}"))
        for path in (
            where,
            f"/cloudstorages/{storage}/status",
            f"/cloudstorages/{storage}/content-v2",
        )
    ]
    await api.get("/users/self")
    assert not any(one.done() for one in waiting)
    shown, status, content = [await one for one in waiting]
    assert (shown.status, content.status) == (400, 400)
    assert "in time" in await shown.text()
    assert await status.json() == "NOT_FOUND"
    line.left = float("inf")
    assert len(await frame(api, task, 1)) > 1000
