"""What all collections do alike: pages, filters right and wrong, and paths with either ending."""

from __future__ import annotations

import pytest

from tests.client import Api

COLLECTIONS = (
    "auth/access_tokens",
    "comments",
    "invitations",
    "issues",
    "jobs",
    "labels",
    "memberships",
    "organizations",
    "projects",
    "tasks",
    "users",
    "webhooks",
)


@pytest.mark.parametrize("name", COLLECTIONS)
async def test_a_path_with_a_slash_at_its_end_is_the_same(api: Api, name: str) -> None:
    plain = await api.get(f"/{name}")
    assert await api.get(f"/{name}/") == plain
    assert plain.keys() == {"count", "next", "previous", "results"}


@pytest.mark.parametrize("name", COLLECTIONS)
async def test_wrong_questions_to_a_collection_are_refused(api: Api, name: str) -> None:
    await api.get(f"/{name}", params={"filter": "{"}, expect=400)
    unknown = '{"==":[{"var":"nothing"},1]}'
    await api.get(f"/{name}", params={"filter": unknown}, expect=400)
    await api.get(f"/{name}", params={"filter": '{"shout":[1]}'}, expect=400)
    error = await api.get(f"/{name}", params={"page": "9"}, expect=404)
    assert error == {"detail": "Invalid page."}


async def test_all_pages_can_be_asked_for_as_one(api: Api) -> None:
    for number in range(13):
        await api.post("/projects", {"name": f"p{number}"})
    page = await api.get("/projects")
    assert (page["count"], len(page["results"])) == (13, 10)
    assert page["next"] == f"{api.url}/api/projects?page=2"
    whole = await api.get("/projects", params={"page_size": "all"})
    assert (len(whole["results"]), whole["next"], whole["previous"]) == (13, None, None)


async def test_summaries_count_and_lead_to_what_they_summarize(api: Api) -> None:
    labels = [{"name": "cat"}, {"name": "dog"}]
    project = (await api.post("/projects", {"name": "p", "labels": labels}))["id"]
    await api.post("/tasks", {"name": "t", "project_id": project})
    shown = await api.get(f"/projects/{project}")
    assert shown["tasks"]["count"] == 1
    for name in ("tasks", "labels"):
        where = shown[name]["url"]
        assert where.startswith(f"{api.url}/api/{name}?")
        found = await api.get(where.removeprefix(f"{api.url}/api"))
        assert found["count"] == {"tasks": 1, "labels": 2}[name]
