"""HEAD and OPTIONS: every path answers both, with and without a slash at its end."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.api.test_tasks import make_task
from tests.client import Api

TUS = ("/tasks/1/data", "/tasks/1/annotations", "/jobs/1/annotations")


def paths(app: web.Application) -> set[str]:
    """A path of every resource of the API."""
    found = {resource.canonical for resource in app.router.resources()}
    return {
        path.replace("{id}", "1").replace("{file_id}", "1_0-0").replace("{", "").replace("}", "")
        for path in found
        if path.startswith("/api/")
    }


async def test_every_path_tells_its_methods_to_anybody(app: web.Application, nobody: Api) -> None:
    for path in sorted(paths(app)):
        answer = await nobody.call("OPTIONS", path.removeprefix("/api"), documented=False)
        assert "OPTIONS" in answer.headers["Allow"].split(", "), path
        about = await answer.json(content_type=None)
        assert {"name", "description", "renders", "parses"} == about.keys()


@pytest.mark.parametrize("path", ["/tasks", "/tasks/"])
async def test_options_of_a_collection(nobody: Api, path: str) -> None:
    answer = await nobody.call("OPTIONS", path)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.content_type == "application/vnd.cvat+json"
    assert (await answer.json(content_type=None))["name"] == "Task List"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", TUS)
async def test_places_of_uploads_tell_what_they_do_of_tus(
    nobody: Api, config, path: str, slash: str
) -> None:
    answer = await nobody.call("OPTIONS", path + slash)
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation"
    assert answer.headers["Tus-Max-Size"] == str(config.max_upload_bytes)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/tasks",
        "/tasks/1",
        "/tasks/1/preview",
        "/users/self",
        "/tasks/1/data/meta",
        "/server/about",
    ],
)
async def test_head_answers_as_get_without_a_body(api: Api, path: str) -> None:
    await make_task(api, 1)
    for slash in ("", "/"):
        whole = await api.call("GET", path + slash)
        head = await api.call("HEAD", path + slash)
        assert await head.read() == b""
        for name in ("Content-Type", "Content-Length", "Cache-Control", "ETag"):
            assert head.headers.get(name) == whole.headers.get(name), name


async def test_head_asks_for_who_asks(nobody: Api) -> None:
    await nobody.call("HEAD", "/tasks", expect=401)


FIXED = {
    "/users/self": "GET, HEAD, OPTIONS",
    "/auth/access_tokens/self": "GET, HEAD, OPTIONS",
    "/webhooks/events": "GET, HEAD, OPTIONS",
    "/tasks/backup": "OPTIONS, POST",
    "/projects/backup": "OPTIONS, POST",
}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", FIXED)
async def test_a_fixed_path_is_no_object_of_that_name(api: Api, path: str, slash: str) -> None:
    answer = await api.call("OPTIONS", path + slash)
    assert answer.headers["Allow"] == FIXED[path]
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await api.call(method, path + slash, expect=405)
        assert answer.headers["Allow"] == FIXED[path]
        refused = {"detail": f'Method "{method}" not allowed.'}
        assert await answer.json(content_type=None) == refused
