"""Comments: what is said about an issue, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.api.people import acting_as, add_task, add_user, recorded
from tests.client import Api


@dataclass
class Talk:
    """An issue of ann's in a job of wim's, and a client of ann."""

    ann: Api
    issue: int
    job: int


@pytest.fixture
async def talk(server, url) -> AsyncIterator[Talk]:
    """The issue to talk about."""
    owner = await add_user(server, "ann")
    worker = await add_user(server, "wim", "worker")
    await add_user(server, "eve")
    _, job = await add_task(server, owner, job_assignee_id=worker)
    body = {"job": job, "frame": 3, "position": [1, 2], "message": "look here"}
    async with acting_as(url, "ann") as ann:
        yield Talk(ann, (await ann.post("/issues", body))["id"], job)


async def test_a_comment_can_be_read_back_changed_and_removed(talk: Talk) -> None:
    made = await talk.ann.post("/comments", {"issue": talk.issue, "message": "second"})
    assert made["issue"] == talk.issue
    assert made["owner"]["username"] == "ann"
    path = f"/comments/{made['id']}"
    assert await talk.ann.get(path) == made
    edited = await talk.ann.patch(path, {"message": "edited"})
    assert edited == {**made, "message": "edited", "updated_date": edited["updated_date"]}
    assert (await talk.ann.get(f"/issues/{talk.issue}"))["comments"]["count"] == 2
    await talk.ann.delete(path)
    error = await talk.ann.get(path, expect=404)
    assert error == {"detail": "No Comment matches the given query."}


async def test_wrong_comments_are_refused(talk: Talk) -> None:
    missing = ["Issue matching query does not exist."]
    assert await talk.ann.post("/comments", {}, expect=400) == missing
    unknown = {"issue": 999999, "message": "x"}
    assert await talk.ann.post("/comments", unknown, expect=400) == missing
    blank = await talk.ann.post("/comments", {"issue": talk.issue, "message": ""}, expect=400)
    assert blank == {"message": ["This field may not be blank."]}


async def test_whoever_works_on_the_job_joins_in_and_strangers_do_not(talk: Talk, url: str) -> None:
    made = await talk.ann.post("/comments", {"issue": talk.issue, "message": "why?"})
    async with acting_as(url, "wim") as wim:
        await wim.post("/comments", {"issue": talk.issue, "message": "because"})
        assert (await wim.get("/comments"))["count"] == 3
    async with acting_as(url, "eve") as eve:
        await eve.post("/comments", {"issue": talk.issue, "message": "x"}, expect=403)
        await eve.get(f"/comments/{made['id']}", expect=403)
        await eve.patch(f"/comments/{made['id']}", {"message": "x"}, expect=403)
        await eve.delete(f"/comments/{made['id']}", expect=403)
        assert (await eve.get("/comments"))["results"] == []


async def test_comments_are_listed_by_issue_job_and_frame(talk: Talk) -> None:
    await talk.ann.post("/comments", {"issue": talk.issue, "message": "second"})

    async def said(**parameters) -> list[str]:
        found = await talk.ann.get("/comments", params=parameters)
        return [one["message"] for one in found["results"]]

    both = ["second", "look here"]
    assert await said() == both
    assert await said(issue_id=str(talk.issue), sort="id") == both[::-1]
    assert await said(job_id=str(talk.job), org="", page_size="500", page="1") == both
    assert await said(frame_id="3", owner="ann") == both
    assert await said(frame_id="4") == []


async def test_a_talk_is_recorded(talk: Talk, server) -> None:
    made = await talk.ann.post("/comments", {"issue": talk.issue, "message": "second"})
    await talk.ann.patch(f"/comments/{made['id']}", {"message": "edited"})
    await talk.ann.delete(f"/comments/{made['id']}")
    events = (await recorded(server))[1:]
    assert [event["scope"] for event in events] == [
        "create:comment",
        "update:comment",
        "delete:comment",
    ]
    assert {event["job_id"] for event in events} == {talk.job}
    assert events[1]["payload"] == '{"old_value":"second"}'
