"""What the web client has asked people."""

from __future__ import annotations

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.client import Api

UNASKED = {
    "github_prompt_shown": False,
    "github_prompt_support_clicked": False,
    "github_prompt_enabled": False,
    "promotion_notifications_allowed": False,
}


async def test_everybody_has_answers_before_they_were_asked(api: Api) -> None:
    page = await api.get("/growth")
    assert page["count"] == 1
    growth = page["results"][0]
    assert growth.pop("owner")["username"] == "admin"
    assert growth == {"id": 1, **UNASKED}


async def test_answers_are_kept(api: Api) -> None:
    changed = await api.patch("/growth/1", {"github_prompt_shown": True})
    assert changed["github_prompt_shown"]
    await api.patch("/growth/1", {"promotion_notifications_allowed": True})
    found = await api.get("/growth/1")
    assert found["github_prompt_shown"] and found["promotion_notifications_allowed"]
    assert not found["github_prompt_support_clicked"]
    assert await api.patch("/growth/1", {}) == found


async def test_the_answers_of_others_are_not_to_be_found(
    server: Server, url: str, api: Api
) -> None:
    number = await add_user(server, "cat")
    async with acting_as(url, "cat") as cat:
        assert [row["id"] for row in (await cat.get("/growth"))["results"]] == [number]
        await cat.get("/growth/1", expect=404)
        await cat.patch("/growth/1", {"github_prompt_shown": True}, expect=404)
    await api.get(f"/growth/{number}", expect=404)
    await api.get("/growth/x", expect=404)
    assert not (await api.get("/growth/1"))["github_prompt_shown"]


async def test_answers_are_filtered_by_user(api: Api) -> None:
    for number, count in ((1, 1), (2, 0)):
        wanted = {"filter": f'{{"==": [{{"var": "user_id"}}, {number}]}}'}
        assert (await api.get("/growth", params=wanted))["count"] == count


async def test_a_wrong_answer_is_told(api: Api) -> None:
    error = await api.patch("/growth/1", {"github_prompt_shown": "perhaps"}, expect=400)
    assert error == {"github_prompt_shown": ["Must be a valid boolean."]}
