"""What the server says about itself."""

from __future__ import annotations

from tests.client import Api


async def test_anybody_may_ask_for_the_version(nobody: Api) -> None:
    about = await nobody.get("/server/about")
    assert about["version"] == "2.80.0"


async def test_paths_work_with_and_without_a_slash_at_the_end(nobody: Api) -> None:
    assert await nobody.get("/server/about/") == await nobody.get("/server/about")


async def test_the_plugins_are_for_those_who_are_logged_in(api: Api, nobody: Api) -> None:
    assert await api.get("/server/plugins") == {"ANALYTICS": False, "MODELS": False}
    error = await nobody.get("/server/plugins", expect=401)
    assert error == {"detail": "Authentication credentials were not provided."}


async def test_a_healthy_server_says_so(nobody: Api) -> None:
    assert await nobody.get("/server/health/") == {"database": "working", "media": "working"}


async def test_another_version_of_the_api_is_refused(nobody: Api) -> None:
    wanted = {"Accept": "application/vnd.cvat+json; version=9.0"}
    error = await nobody.get("/server/about", headers=wanted, expect=406)
    assert error == {"detail": 'Invalid version in "Accept" header.'}


async def test_a_method_that_is_not_there_is_refused(api: Api) -> None:
    error = await api.put("/server/about", expect=405)
    assert error == {"detail": 'Method "PUT" not allowed.'}
    await api.call("OPTIONS", "/server/about")


async def test_the_share_can_be_browsed(api: Api, config) -> None:
    (config.share / "photos").mkdir()
    (config.share / "cat.jpg").write_bytes(b"")
    found = await api.get("/server/share", params={"directory": "/"})
    assert [(entry["name"], entry["type"]) for entry in found] == [
        ("photos", "DIR"),
        ("cat.jpg", "REG"),
    ]
    await api.get("/server/share", params={"directory": "../"}, expect=400)


async def test_a_foreign_host_is_refused(nobody: Api) -> None:
    await nobody.get("/server/about", headers={"Host": "evil.example.com"}, expect=400)


async def test_a_path_that_is_not_there_gets_a_page(nobody: Api) -> None:
    response = await nobody.call("GET", "/nosuch", expect=404, documented=False)
    assert response.content_type == "text/html"
    assert await response.text() == "Not Found"
