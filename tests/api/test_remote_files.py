"""Files that a task fetches from elsewhere, and what it must not be made to fetch."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from cvat_lite.clients import downloads
from cvat_lite.config import Config
from cvat_lite.errors import MediaError
from tests.api.test_data_wrong import assert_goes_on, new_task
from tests.client import Api
from tests.images import png

PICTURE = png(33, 22)


class Elsewhere:
    """Another server: it has a picture, ways that lead to it, and counts who comes."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/far.png":
            raise web.HTTPFound(request.query["to"])
        if request.path == "/circle.png":
            raise web.HTTPFound("/circle.png")
        if request.path.endswith("picture.png"):
            return web.Response(body=PICTURE)
        raise web.HTTPNotFound


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    found = Elsewhere()
    app = web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """Settings that allow private addresses, unless a test says otherwise."""
    changed = {"allow_private_addresses": True, **getattr(request, "param", {})}
    return dataclasses.replace(config, **changed)


guarded = pytest.mark.parametrize(
    "config", [{"allow_private_addresses": False}], indirect=True, ids=["guarded"]
)
small = pytest.mark.parametrize("config", [{"max_upload_bytes": 100}], indirect=True, ids=["small"])


async def fetch(api: Api, task: int, *urls: str, expect: int = 202) -> Any:
    body = {"image_quality": 70, "remote_files": urls}
    return await api.post(f"/tasks/{task}/data/", body, expect=expect)


async def assert_fails(api: Api, config: Config, url: str, told: str) -> None:
    """The background request fails with these words, and the task goes on."""
    task = await new_task(api)
    answer = await fetch(api, task, url)
    failed = await api.finished(answer["rq_id"], status="failed")
    assert told in failed["message"]
    await assert_goes_on(api, config, task)


async def test_remote_files_become_frames(api: Api, elsewhere: Elsewhere) -> None:
    task = await new_task(api)
    ways = (f"{elsewhere.url}/picture.png", f"{elsewhere.url}/far.png?to=/in/picture.png")
    answer = await fetch(api, task, *ways)
    await api.finished(answer["rq_id"])
    meta = await api.get(f"/tasks/{task}/data/meta")
    assert [frame["name"] for frame in meta["frames"]] == ["far.png", "picture.png"]
    for number in (0, 1):
        place = {"type": "frame", "number": str(number), "quality": "original"}
        assert await api.get(f"/tasks/{task}/data/", params=place) == PICTURE


async def test_a_file_that_is_not_there(api: Api, config: Config, elsewhere: Elsewhere) -> None:
    await assert_fails(api, config, f"{elsewhere.url}/other.png", "answered 404")


async def test_a_server_that_is_not_there(api: Api, config: Config) -> None:
    await assert_fails(api, config, "http://127.0.0.1:1/a.png", "could not be fetched")


async def test_a_way_that_never_ends(api: Api, config: Config, elsewhere: Elsewhere) -> None:
    await assert_fails(api, config, f"{elsewhere.url}/circle.png", "redirects too often")


async def test_a_redirect_to_what_is_no_web_address(
    api: Api, config: Config, elsewhere: Elsewhere
) -> None:
    url = f"{elsewhere.url}/far.png?to=file:///etc/passwd"
    await assert_fails(api, config, url, "not an http or https address")


async def test_one_missing_file_among_several(
    api: Api, config: Config, elsewhere: Elsewhere
) -> None:
    task = await new_task(api)
    answer = await fetch(api, task, f"{elsewhere.url}/picture.png", f"{elsewhere.url}/no.png")
    failed = await api.finished(answer["rq_id"], status="failed")
    assert "no.png" in failed["message"]
    await assert_goes_on(api, config, task)


@small
async def test_a_file_over_the_limit(api: Api, config: Config, elsewhere: Elsewhere) -> None:
    task = await new_task(api)
    answer = await fetch(api, task, f"{elsewhere.url}/picture.png")
    failed = await api.finished(answer["rq_id"], status="failed")
    assert "larger than 100 bytes" in failed["message"]
    assert not any(config.media.iterdir())


@guarded
@pytest.mark.parametrize(
    "address",
    [
        "{elsewhere}/picture.png",
        "http://localhost/picture.png",
        "http://LOCALHOST./picture.png",
        "http://[::1]/picture.png",
        "http://[::ffff:127.0.0.1]/picture.png",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/picture.png",
        "http://0.0.0.0/picture.png",
        "ftp://example.com/picture.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "http:///picture.png",
        "http://example.com/",
    ],
)
async def test_an_address_that_must_not_be_fetched_is_refused(
    api: Api, config: Config, elsewhere: Elsewhere, address: str
) -> None:
    task = await new_task(api)
    error = await fetch(api, task, address.format(elsewhere=elsewhere.url), expect=400)
    assert list(error) == ["remote_files"]
    assert elsewhere.asked == []
    await assert_goes_on(api, config, task)


@guarded
@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_other_spellings_of_a_private_address_are_refused_as_well(
    api: Api, config: Config, elsewhere: Elsewhere, host: str
) -> None:
    port = elsewhere.url.rpartition(":")[2]
    task = await new_task(api)
    answer = await api.session.post(
        f"{api.url}/api/tasks/{task}/data/",
        json={"remote_files": [f"http://{host}:{port}/picture.png"]},
    )
    if answer.status == 202:
        answered = await answer.json(content_type=None)
        failed = await api.finished(answered["rq_id"], status="failed")
        assert "could not be fetched" in failed["message"]
    else:
        assert answer.status == 400
    assert elsewhere.asked == []
    await assert_goes_on(api, config, task)


async def test_a_public_server_cannot_lead_to_a_private_one(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    # No public server can be reached from here: one address of this machine counts as public.
    monkeypatch.setattr(downloads, "is_public", lambda address: address == "127.0.0.1")
    port = elsewhere.url.rpartition(":")[2]
    target = tmp_path / "a.png"
    for private in (f"http://127.0.0.2:{port}/picture.png", f"http://localhost:{port}/picture.png"):
        with pytest.raises(MediaError, match="not on a public host"):
            await downloads.download(
                f"{elsewhere.url}/far.png?to={private}", target, allow_private=False, limit=10_000
            )
        assert not target.exists()
    assert elsewhere.asked == ["/far.png", "/far.png"]
    await downloads.download(
        f"{elsewhere.url}/far.png?to=/picture.png", target, allow_private=False, limit=10_000
    )
    assert target.read_bytes() == PICTURE


async def test_a_name_is_resolved_to_public_addresses_only() -> None:
    resolver = downloads.GuardedResolver()
    with pytest.raises(OSError, match="not a public host"):
        await resolver.resolve("localhost", 80)


async def test_the_servers_own_api_cannot_be_fetched_by_default(api: Api) -> None:
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{api.url}/api/server/about")
        assert response.status == 200
    with pytest.raises(MediaError):
        downloads.check_url(f"{api.url}/api/server/about", allow_private=False)
