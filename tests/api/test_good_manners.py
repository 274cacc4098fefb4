"""Good manners: what may be kept is told so and not sent twice, what must not be is not kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from cvat_lite.config import Config
from tests.api.test_assets import add_asset
from tests.api.test_tasks import form, make_task
from tests.client import Api
from tests.images import png

#: A password that would be good.
P = "three knocks on wood"
LONG_AGO = "Thu, 01 Jan 2015 00:00:00 GMT"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
DATA = "/tasks/{task}/data"
#: Everything that a client may keep: path below /api, and query.
KEPT: dict[str, tuple[str, dict[str, str]]] = {
    "chunk": (DATA, {"type": "chunk", "number": "0", "quality": "compressed"}),
    "original chunk": (DATA, {"type": "chunk", "number": "0", "quality": "original"}),
    "frame": (DATA, {"type": "frame", "number": "0", "quality": "compressed"}),
    "original frame": (DATA, {"type": "frame", "number": "0", "quality": "original"}),
    "context images": (DATA, {"type": "context_image", "number": "0"}),
    "chunk of a job": ("/jobs/{job}/data", {"type": "chunk", "index": "0"}),
    "frame of a job": ("/jobs/{job}/data", {"type": "frame", "number": "0"}),
    "preview of a task": ("/tasks/{task}/preview", {}),
    "preview of a job": ("/jobs/{job}/preview", {}),
    "preview of a project": ("/projects/{project}/preview", {}),
    "asset": ("/assets/{asset}", {}),
    "dataset": ("/tasks/{task}/dataset/download", {"rq_id": "{dataset}"}),
    "backup": ("/tasks/{task}/backup/download", {"rq_id": "{backup}"}),
    "events": ("/events/download", {"rq_id": "{events}"}),
}
#: What is made of the program itself has no date, only a tag.
TAGGED = ("/api/schema/", "/api/auth/rules", "/api/docs/", "/api/swagger/swagger.json")
STATIC = ("/", "/static/logo.svg", "/static/landing.css")


@dataclass
class World:
    """A server with one of everything, and the ids of it."""

    api: Api
    names: dict[str, str]

    async def fetch(self, what: str, expect: int = 200, **headers: str) -> aiohttp.ClientResponse:
        """One of the things that may be kept."""
        path, query = KEPT[what]
        params = {key: value.format(**self.names) for key, value in query.items()}
        return await self.api.call(
            "GET", path.format(**self.names), expect=expect, params=params, headers=headers
        )


def archive() -> bytes:
    """A picture with one related image, as an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.png", png(32, 24, 1))
        packed.writestr("related_images/a_png/side.png", png(16, 12, 2))
    return out.getvalue()


@pytest.fixture
async def world(api: Api) -> AsyncIterator[World]:
    project = (await api.post("/projects", {"name": "p", "labels": [{"name": "cat"}]}))["id"]
    task = (await api.post("/tasks", {"name": "t", "project_id": project}))["id"]
    files = form({"all.zip": archive()}, image_quality=75)
    await api.finished((await api.post(f"/tasks/{task}/data/", expect=202, data=files))["rq_id"])
    job = (await api.get("/jobs", params={"task_id": task}))["results"][0]["id"]
    guide = (await api.post("/guides", {"task_id": task}))["id"]
    names = {"task": task, "job": job, "project": project}
    names["asset"] = (await add_asset(api, guide))["uuid"]
    exports: dict[str, tuple[str, dict[str, str]]] = {
        "dataset": (f"/tasks/{task}/dataset/export", {"format": "COCO 1.0"}),
        "backup": (f"/tasks/{task}/backup/export", {}),
        "events": ("/events/export", {}),
    }
    for name, (path, params) in exports.items():
        names[name] = (await api.post(path, expect=202, params=params))["rq_id"]
        await api.finished(names[name])
    yield World(api, {name: str(value) for name, value in names.items()})


async def test_what_may_be_kept_is_not_sent_to_who_has_it(world: World) -> None:
    for what in KEPT:
        first = await world.fetch(what)
        kept = first.headers["Cache-Control"]
        assert (what, kept) == (what, "private, no-cache")
        tag, date = first.headers["ETag"], first.headers["Last-Modified"]
        for known in ({"If-None-Match": tag}, {"If-Modified-Since": date}):
            again = await world.fetch(what, 304, **known)
            assert await again.read() == b""
            assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, kept)


async def test_who_has_something_else_is_sent_it(world: World) -> None:
    for what in KEPT:
        first = await world.fetch(what)
        date = first.headers["Last-Modified"]
        for known in (
            {"If-None-Match": '"other"'},
            {"If-Modified-Since": LONG_AGO},
            # A tag is more exact than a date, which then is not asked about.
            {"If-None-Match": '"other"', "If-Modified-Since": date},
        ):
            again = await world.fetch(what, **known)
            assert await again.read() == await first.read()


@pytest.mark.parametrize("path", TAGGED)
async def test_documents_and_pages_are_not_sent_to_who_has_them(url: str, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(url + path) as first:
            assert first.status == 200
            assert first.headers["Cache-Control"] == "no-cache"
            known = {"If-None-Match": first.headers["ETag"]}
        async with session.get(url + path, headers=known) as again:
            assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize("path", STATIC)
async def test_static_files_are_not_sent_to_who_has_them(url: str, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(url + path) as first:
            assert first.status == 200
            headers = first.headers
        for known in (
            {"If-None-Match": headers["ETag"]},
            {"If-Modified-Since": headers["Last-Modified"]},
        ):
            async with session.get(url + path, headers=known) as again:
                assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize(
    ("method", "path", "expect"),
    [
        ("GET", "/users/self", 200),
        ("GET", "/tasks", 200),
        ("GET", "/tasks/1", 404),
        ("POST", "/tasks", 400),
        ("PUT", "/tasks", 405),
        ("GET", "/auth/access_tokens", 200),
        ("GET", "/server/about", 200),
        ("OPTIONS", "/tasks", 200),
    ],
)
async def test_nothing_keeps_what_the_api_tells(
    api: Api, method: str, path: str, expect: int
) -> None:
    answer = await api.call(method, path, expect=expect, documented=False)
    assert answer.headers["Cache-Control"] == "no-store"


def everywhere() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Answers of every kind: method, path and headers."""
    yield "GET", "/api/server/about", {}
    yield "GET", "/api/tasks", {}
    yield "OPTIONS", "/api/tasks", {}
    yield "POST", "/api/auth/login", {}
    yield "DELETE", "/api/server/about", {}
    yield "GET", "/api/nowhere", {}
    yield "GET", "/nowhere", {}
    yield "GET", "/", {}
    yield "GET", "/static/logo.svg", {}
    yield "GET", "/api/docs/", {}
    yield "GET", "/api/schema/", {}
    yield "GET", "/api/server/about", {"Accept": "application/vnd.cvat+json; version=1.0"}
    yield "GET", "/", {"Host": "evil.example.com"}


@pytest.mark.parametrize(("method", "path", "headers"), everywhere())
async def test_every_answer_tells_browsers_what_not_to_do(
    url: str, method: str, path: str, headers: dict[str, str]
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, headers=headers) as answer,
    ):
        assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert policy.startswith("default-src 'none'")


async def test_media_and_exports_tell_it_too(world: World) -> None:
    for what in KEPT:
        answer = await world.fetch(what)
        assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/", "/api/server/about", "/static/logo.svg", "/api/nowhere"])
async def test_a_foreign_host_gets_nothing_at_any_path(url: str, path: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(url + path, headers={"Host": "rebound.example.com"}) as answer,
    ):
        assert answer.status == 400
        assert "rebound.example.com" in await answer.text()


class TestWithALowLimit:
    """Strangers who knock too often wait at each door; who works does not."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return replace(config, rate_limit_per_minute=2)

    @pytest.mark.parametrize(
        ("door", "body"),
        [
            ("/auth/login", {"username": "admin", "password": "guess"}),
            (
                "/auth/register",
                {"username": "admin", "email": "a@example.org", "password1": P, "password2": P},
            ),
            ("/auth/password/reset", {"email": "nobody@example.org"}),
            (
                "/auth/password/reset/confirm",
                {"uid": "x", "token": "x", "new_password1": P, "new_password2": P},
            ),
        ],
    )
    async def test_the_third_knock_has_to_wait(
        self, nobody: Api, api: Api, door: str, body: dict[str, Any]
    ) -> None:
        for _ in range(2):
            async with nobody.session.post(f"{nobody.url}/api{door}", json=body) as answer:
                assert answer.status in (200, 400)
        refused = await nobody.call("POST", door, body, expect=429)
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        assert refused.headers["Cache-Control"] == "no-store"
        await api.get("/users/self")


async def test_a_changed_preview_is_sent_again(api: Api) -> None:
    task = await make_task(api, 2)
    where = f"/tasks/{task['id']}"
    first = await api.call("GET", f"{where}/preview")
    await api.patch(f"{where}/data/meta", {"deleted_frames": [0]})
    known = {"If-None-Match": first.headers["ETag"]}
    again = await api.call("GET", f"{where}/preview", headers=known)
    assert await again.read() != await first.read()
