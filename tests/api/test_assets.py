"""Assets: files that guides show, kept and served without harm."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest

from cvat_lite.services import asset_files
from tests.api.people import PASSWORD, acting_as, add_task, add_user
from tests.client import Api

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABQAAAAKCAIAAAA7N+mxAAAAFUlEQVR4nGOI6jlBNmIY1TyqmRACAADSUADR"
    "bFkkAAAAAElFTkSuQmCC"
)


async def add_asset(
    api: Api,
    guide: int | str,
    content: bytes = PNG,
    filename: str = "a.png",
    expect: int = 201,
    content_type: str = "image/png",
) -> dict:
    """Upload a file as the web client does: the file first, then the guide's id."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", content, filename=filename, content_type=content_type)
    form.add_field("guide_id", str(guide))
    return await api.post("/assets", data=form, expect=expect)


@dataclass
class Guided:
    """A task of ann's with a guide and a job of wim's, and a client of ann."""

    ann: Api
    guide: int
    task: int


@pytest.fixture
async def guided(server, url) -> AsyncIterator[Guided]:
    """The guide to add assets to."""
    owner = await add_user(server, "ann")
    worker = await add_user(server, "wim", "worker")
    await add_user(server, "eve")
    task, _ = await add_task(server, owner, job_assignee_id=worker)
    async with acting_as(url, "ann") as ann:
        yield Guided(ann, (await ann.post("/guides", {"task_id": task}))["id"], task)


async def test_an_asset_comes_back_as_it_was_sent(guided: Guided) -> None:
    made = await add_asset(guided.ann, guided.guide)
    assert made["filename"] == "a.png"
    assert made["guide_id"] == guided.guide
    assert made["owner"]["username"] == "ann"
    answer = await guided.ann.call("GET", f"/assets/{made['uuid']}")
    assert await answer.read() == PNG
    assert answer.content_type == "image/png"


async def test_an_asset_is_served_so_that_it_runs_nothing(guided: Guided) -> None:
    made = await add_asset(guided.ann, guided.guide, PNG + b"<script>alert(1)</script>", "a.html")
    answer = await guided.ann.call("GET", f"/assets/{made['uuid']}")
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    etag = {"If-None-Match": answer.headers["ETag"]}
    await guided.ann.call("GET", f"/assets/{made['uuid']}", headers=etag, expect=304)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"GIF89a...", "image/gif"),
        (b"%PDF-1.7 ...", "application/pdf"),
    ],
)
async def test_pictures_and_papers_are_told_by_their_content(
    guided: Guided, content: bytes, kind: str
) -> None:
    made = await add_asset(guided.ann, guided.guide, content, content_type="text/plain")
    answer = await guided.ann.call("GET", f"/assets/{made['uuid']}")
    assert answer.content_type == kind


@pytest.mark.parametrize("content", [b"", b"MZ...", b"<svg xmlns='...'/>", b"<html>"])
async def test_other_files_are_refused_and_leave_nothing(
    guided: Guided, content: bytes, config
) -> None:
    error = await add_asset(guided.ann, guided.guide, content, expect=400)
    supported = "('image/jpeg', 'image/png', 'image/webp', 'image/gif', 'application/pdf')"
    assert error == {"file": [f"File is not supported as an asset. Supported are {supported}"]}
    assert list(config.assets.iterdir()) == []


async def test_a_file_of_more_than_ten_megabytes_is_refused(guided: Guided, config) -> None:
    largest = PNG.ljust(10 * 2**20, b"\0")
    await add_asset(guided.ann, guided.guide, largest)
    error = await add_asset(guided.ann, guided.guide, largest + b"\0", expect=400)
    assert error == {"file": ["Maximum size of asset is 10 MB"]}
    assert len(list(config.assets.iterdir())) == 1


async def test_an_upload_that_breaks_off_leaves_nothing(guided: Guided, config, url) -> None:
    host, port = url.removeprefix("http://").split(":")
    login = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    head = (
        "POST /api/assets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
        f"Authorization: Basic {login}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    )
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + PNG)
    await until(lambda: config.assets.is_dir() and any(config.assets.iterdir()))
    writer.close()
    await writer.wait_closed()
    await until(lambda: not any(config.assets.iterdir()))


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that the server does in its own time."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it has not come to pass")


async def test_a_form_without_guide_or_file_is_refused(guided: Guided, config) -> None:
    bad = await add_asset(guided.ann, "x", expect=400)
    assert bad == {"guide_id": ["A valid integer is required."]}
    unknown = await add_asset(guided.ann, 999, expect=400)
    assert unknown == ["AnnotationGuide matching query does not exist."]
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("guide_id", str(guided.guide))
    empty = await guided.ann.post("/assets", data=form, expect=400)
    assert empty == {"file": ["No file was submitted."]}
    await guided.ann.post("/assets", {"guide_id": guided.guide}, expect=415)
    assert list(config.assets.iterdir()) == []


async def test_names_of_files_lead_nowhere(guided: Guided, config) -> None:
    made = await add_asset(guided.ann, guided.guide, filename="../../../etc/passwd.png")
    assert made["filename"] == "passwd.png"
    assert [path.name for path in config.assets.iterdir()] == [made["uuid"]]


async def test_a_guide_has_thirty_assets_at_most(guided: Guided, config) -> None:
    for _ in range(30):
        await add_asset(guided.ann, guided.guide)
    error = await add_asset(guided.ann, guided.guide, expect=400)
    assert error == ["Maximum number of assets per guide reached"]
    assert len(list(config.assets.iterdir())) == 30


async def test_assets_are_seen_and_changed_with_their_guide(
    guided: Guided, url: str, config
) -> None:
    made = await add_asset(guided.ann, guided.guide)
    path = f"/assets/{made['uuid']}"
    async with acting_as(url, "wim") as wim:
        await wim.get(path)
        await wim.delete(path, expect=403)
        await add_asset(wim, guided.guide, expect=403)
    async with acting_as(url, "eve") as eve:
        await eve.get(path, expect=403)
        await eve.delete(path, expect=403)
    await guided.ann.delete(path)
    error = await guided.ann.get(path, expect=404)
    assert error == {"detail": "No Asset matches the given query."}
    assert list(config.assets.iterdir()) == []


async def test_files_that_no_asset_refers_to_are_swept_once_they_are_old(
    guided: Guided, server, config
) -> None:
    kept = await add_asset(guided.ann, guided.guide)
    long_ago = time.time() - 2 * asset_files.ORPHAN_SECONDS
    for name in ("left-over", "being-received"):
        (config.assets / name).write_bytes(b"x")
    for name in ("left-over", kept["uuid"]):
        os.utime(config.assets / name, (long_ago, long_ago))
    await asset_files.sweep(server)
    assert {path.name for path in config.assets.iterdir()} == {kept["uuid"], "being-received"}
