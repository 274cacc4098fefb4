"""Reviews: verdicts on jobs, what they do to the jobs, and who may give them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from cvat_lite.store import rows
from tests.api.people import acting_as, add_user, recorded
from tests.api.test_jobs import add_job
from tests.client import Api


@dataclass
class Work:
    """A task of ann with a job of wim, and a client of ann."""

    ann: Api
    job: int
    task: int
    users: dict[str, int]

    def body(self, status: str = "accepted", **more: Any) -> dict[str, Any]:
        """A verdict."""
        return {"job": self.job, "status": status, "estimated_quality": 3.5, **more}

    async def stands(self) -> tuple[str, str, str, str]:
        """Stage, state and status of the job, and the status of its task."""
        job = await self.ann.get(f"/jobs/{self.job}")
        task = await self.ann.get(f"/tasks/{self.task}")
        return job["stage"], job["state"], job["status"], task["status"]


@pytest.fixture
async def work(server, url) -> AsyncIterator[Work]:
    """The work to be judged."""
    users = {name: await add_user(server, name) for name in ("ann", "bob", "eve")}
    users["wim"] = await add_user(server, "wim", "worker")
    task, job = await add_job(server, users["ann"], job_assignee_id=users["wim"])
    async with acting_as(url, "ann") as ann:
        yield Work(ann, job, task, users)


ISSUE = {"frame": 2, "position": [1, 2, 3, 4], "message": "look here"}


async def test_a_verdict_can_be_read_back(work: Work) -> None:
    made = await work.ann.post("/reviews", work.body())
    assert made["reviewer"]["username"] == "ann"
    assert (made["job"], made["status"], made["estimated_quality"]) == (work.job, "accepted", 3.5)
    assert (made["assignee"], made["issue_set"]) == (None, [])
    assert await work.ann.get(f"/reviews/{made['id']}") == made
    assert (await work.ann.get("/reviews"))["results"] == [made]


async def test_an_accepted_job_is_completed_and_so_is_its_task(work: Work) -> None:
    await work.ann.post("/reviews", work.body())
    assert await work.stands() == ("acceptance", "completed", "completed", "completed")


async def test_a_rejected_job_goes_back_to_its_annotator(work: Work) -> None:
    await work.ann.patch(f"/jobs/{work.job}", {"stage": "validation"})
    await work.ann.post("/reviews", work.body("rejected"))
    assert await work.stands() == ("annotation", "rejected", "annotation", "annotation")
    assert (await work.ann.get(f"/jobs/{work.job}"))["assignee"]["username"] == "wim"


@pytest.mark.parametrize("name", ["assignee", "reviewer"])
async def test_a_job_to_be_reviewed_further_goes_to_the_next_reviewer(
    api: Api, work: Work, name: str
) -> None:
    body = work.body("review_further", **{name: work.users["bob"]})
    made = await api.post("/reviews", body)
    assert made["assignee"]["username"] == "bob"
    assert made["reviewer"]["username"] == "admin"
    job = await work.ann.get(f"/jobs/{work.job}")
    assert job["assignee"]["username"] == "bob"
    assert job["assignee_updated_date"] is not None
    assert await work.stands() == ("validation", "new", "validation", "validation")


async def test_without_a_next_reviewer_the_job_waits_where_it_was_assigned(work: Work) -> None:
    await work.ann.post("/reviews", work.body("review_further"))
    assert (await work.ann.get(f"/jobs/{work.job}"))["assignee"]["username"] == "wim"
    assert await work.stands() == ("validation", "new", "validation", "validation")


@pytest.mark.parametrize("name", ["issue_set", "issues"])
async def test_issues_are_raised_with_the_verdict(work: Work, name: str) -> None:
    issues = [ISSUE, {**ISSUE, "frame": 5, "message": "and here", "assignee": work.users["ann"]}]
    made = await work.ann.post("/reviews", work.body("rejected", **{name: issues}))
    listed = await work.ann.get("/issues", params={"job_id": work.job, "sort": "id"})
    assert [one["id"] for one in listed["results"]] == made["issue_set"]
    assert [one["frame"] for one in listed["results"]] == [2, 5]
    assert [one["owner"]["username"] for one in listed["results"]] == ["ann", "ann"]
    assert listed["results"][1]["assignee"]["username"] == "ann"
    said = await work.ann.get("/comments", params={"sort": "id"})
    assert [one["message"] for one in said["results"]] == ["look here", "and here"]


async def test_nothing_is_done_where_one_issue_cannot_be_raised(work: Work) -> None:
    before = await work.stands()
    body = work.body(issue_set=[ISSUE, {**ISSUE, "assignee": 999}])
    await work.ann.post("/reviews", body, expect=403)
    assert (await work.ann.get("/issues"))["count"] == 0
    assert (await work.ann.get("/comments"))["count"] == 0
    assert (await work.ann.get("/reviews"))["count"] == 0
    assert await work.stands() == before


async def test_a_verdict_taken_back_leaves_job_and_issues_as_they_are(work: Work) -> None:
    made = await work.ann.post("/reviews", work.body("rejected", issue_set=[ISSUE]))
    await work.ann.delete(f"/reviews/{made['id']}")
    error = await work.ann.get(f"/reviews/{made['id']}", expect=404)
    assert error == {"detail": "No Review matches the given query."}
    await work.ann.delete(f"/reviews/{made['id']}", expect=404)
    assert await work.stands() == ("annotation", "rejected", "annotation", "annotation")
    assert (await work.ann.get("/issues"))["count"] == 1


async def test_an_issue_removed_by_itself_is_no_longer_of_its_review(work: Work) -> None:
    made = await work.ann.post("/reviews", work.body("rejected", issue_set=[ISSUE, ISSUE]))
    await work.ann.delete(f"/issues/{made['issue_set'][0]}")
    assert (await work.ann.get(f"/reviews/{made['id']}"))["issue_set"] == made["issue_set"][1:]


async def test_reviews_go_with_their_task(work: Work, server) -> None:
    await work.ann.post("/reviews", work.body("rejected", issue_set=[ISSUE]))
    await work.ann.delete(f"/tasks/{work.task}")
    async with server.database.reading() as db:
        assert await rows.fetch_all(db, "SELECT id FROM reviews") == []
        assert await rows.fetch_all(db, "SELECT id FROM issues") == []


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"job": 999999}, ["Job matching query does not exist."]),
        ({"job": "x"}, {"job": ["A valid integer is required."]}),
        ({"status": "fine"}, {"status": ['"fine" is not a valid choice.']}),
        (
            {"estimated_quality": 5.1},
            {"estimated_quality": ["Ensure this value is less than or equal to 5."]},
        ),
        (
            {"estimated_quality": -1},
            {"estimated_quality": ["Ensure this value is greater than or equal to 0."]},
        ),
        ({"estimated_quality": "nan"}, {"estimated_quality": ["A valid number is required."]}),
        (
            {"issue_set": [{**ISSUE, "message": ""}]},
            {"issue_set": [{"message": ["This field may not be blank."]}]},
        ),
        (
            {"issues": [ISSUE, {**ISSUE, "position": []}]},
            {"issues": [{}, {"position": ["This list may not be empty."]}]},
        ),
        (
            {"issue_set": {}},
            {"issue_set": {"non_field_errors": ['Expected a list of items but got type "dict".']}},
        ),
        (
            {"assignee": 1},
            {"assignee": ["Only review_further has a next reviewer."]},
        ),
        (
            {"status": "review_further", "assignee": 1, "reviewer": 2},
            {"reviewer": ["It is the same as assignee; give one of them."]},
        ),
    ],
)
async def test_wrong_verdicts_are_refused(work: Work, more: dict, error) -> None:
    before = await work.stands()
    assert await work.ann.post("/reviews", work.body(**more), expect=400) == error
    assert await work.stands() == before


async def test_a_verdict_names_a_job_and_a_status(work: Work) -> None:
    error = await work.ann.post("/reviews", {}, expect=400)
    assert error == ["Job matching query does not exist."]
    error = await work.ann.post("/reviews", {"job": work.job}, expect=400)
    assert error == {"status": ["This field is required."]}


async def test_an_annotator_cannot_accept_their_own_work(work: Work, url: str) -> None:
    async with acting_as(url, "wim") as wim:
        await wim.post("/reviews", work.body(), expect=403)
        assert (await work.stands())[:2] == ("annotation", "new")


async def test_to_whom_a_job_is_given_for_validation_judges_it(work: Work, url: str) -> None:
    await work.ann.patch(f"/jobs/{work.job}", {"stage": "validation"})
    async with acting_as(url, "wim") as wim:
        made = await wim.post("/reviews", work.body("rejected"))
        assert made["reviewer"]["username"] == "wim"
        assert (await work.stands())[:2] == ("annotation", "rejected")
        await wim.get(f"/reviews/{made['id']}")
        await wim.delete(f"/reviews/{made['id']}")


async def test_strangers_neither_see_nor_give_verdicts(work: Work, url: str, nobody: Api) -> None:
    made = await work.ann.post("/reviews", work.body())
    path = f"/reviews/{made['id']}"
    async with acting_as(url, "eve") as eve:
        await eve.get(path, expect=403)
        await eve.delete(path, expect=403)
        await eve.post("/reviews", work.body(), expect=403)
        assert (await eve.get("/reviews"))["results"] == []
    async with acting_as(url, "wim") as wim:
        assert (await wim.get("/reviews"))["results"] == [made]
        await wim.delete(path, expect=403)
    await nobody.get("/reviews", expect=401)
    await nobody.post("/reviews", work.body(), expect=401)


async def test_the_next_reviewer_must_be_somebody_whom_the_asker_may_see(work: Work) -> None:
    before = await work.stands()
    body = work.body("review_further", assignee=work.users["bob"])
    await work.ann.post("/reviews", body, expect=403)
    await work.ann.post("/reviews", {**body, "assignee": 999}, expect=403)
    assert await work.stands() == before


async def test_reviews_are_listed_by_job_task_people_and_verdict(
    api: Api, work: Work, server
) -> None:
    first = await work.ann.post("/reviews", work.body("rejected"))
    second = await api.post("/reviews", work.body(estimated_quality=1))
    _, job = await add_job(server, work.users["ann"])
    other = await work.ann.post("/reviews", work.body(job=job, estimated_quality=5))

    async def ids(**parameters: str) -> list[int]:
        found = await work.ann.get("/reviews", params=parameters)
        return [one["id"] for one in found["results"]]

    assert await ids() == [other["id"], second["id"], first["id"]]
    assert await ids(job_id=str(work.job)) == [second["id"], first["id"]]
    assert await ids(job_id="999") == []
    assert await ids(task_id=str(work.task), sort="id") == [first["id"], second["id"]]
    assert await ids(status="rejected") == [first["id"]]
    assert await ids(reviewer="admin") == [second["id"]]
    assert await ids(search="ann") == [other["id"], first["id"]]
    assert await ids(sort="-estimated_quality") == [other["id"], first["id"], second["id"]]
    assert await ids(filter='{">=":[{"var":"estimated_quality"},3.5]}') == [
        other["id"],
        first["id"],
    ]
    page = await work.ann.get("/reviews", params={"page_size": "2", "page": "2"})
    assert (page["count"], [one["id"] for one in page["results"]]) == (3, [first["id"]])


async def test_of_two_verdicts_at_the_same_time_the_later_one_counts(work: Work) -> None:
    made = await asyncio.gather(
        *(work.ann.post("/reviews", work.body(status)) for status in ("accepted", "rejected"))
    )
    last = max(made, key=lambda one: one["id"])
    expected = {"accepted": ("acceptance", "completed"), "rejected": ("annotation", "rejected")}
    assert (await work.stands())[:2] == expected[last["status"]]


async def test_a_verdict_is_recorded_with_what_it_did(work: Work, server) -> None:
    made = await work.ann.post("/reviews", work.body(issue_set=[ISSUE]))
    await work.ann.delete(f"/reviews/{made['id']}")
    events = await recorded(server)
    told = [(event["scope"], event.get("obj_name"), event.get("obj_val")) for event in events]
    assert told == [
        ("create:issue", None, None),
        ("update:job", "status", "completed"),
        ("update:job", "stage", "acceptance"),
        ("update:job", "state", "completed"),
        ("create:review", None, None),
        ("delete:review", None, None),
    ]
    assert {(event["job_id"], event["task_id"]) for event in events} == {(work.job, work.task)}
