"""Issues: raised, assigned, resolved, and who may do so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.api.people import acting_as, add_project, add_task, add_user, recorded
from tests.client import Api


@dataclass
class Review:
    """A task of ann with a job of wim, and a client of ann."""

    ann: Api
    job: int
    task: int
    users: dict[str, int]

    def body(self, **more) -> dict:
        """An issue to be raised."""
        return {
            "job": self.job,
            "frame": 0,
            "position": [1, 2, 3, 4],
            "message": "look here",
            **more,
        }


@pytest.fixture
async def review(server, url) -> AsyncIterator[Review]:
    """The work to be reviewed."""
    users = {name: await add_user(server, name) for name in ("ann", "bob", "eve")}
    users["wim"] = await add_user(server, "wim", "worker")
    task, job = await add_task(server, users["ann"], job_assignee_id=users["wim"])
    async with acting_as(url, "ann") as ann:
        yield Review(ann, job, task, users)


async def test_an_issue_is_raised_with_its_first_comment(review: Review) -> None:
    made = await review.ann.post("/issues", review.body())
    assert made["position"] == [1.0, 2.0, 3.0, 4.0]
    assert made["owner"]["username"] == "ann"
    assert made["assignee"] is None
    assert made["resolved"] is False
    assert made["comments"]["count"] == 1
    assert made["comments"]["url"].endswith(f"/api/comments?issue_id={made['id']}")
    assert await review.ann.get(f"/issues/{made['id']}") == made
    said = await review.ann.get("/comments", params={"issue_id": made["id"]})
    assert [one["message"] for one in said["results"]] == ["look here"]


async def test_an_issue_is_moved_assigned_and_resolved(api: Api, review: Review) -> None:
    made = await api.post("/issues", review.body(assignee=review.users["bob"]))
    assert made["assignee"]["username"] == "bob"
    path = f"/issues/{made['id']}"
    assert (await api.patch(path, {"resolved": True}))["resolved"] is True
    moved = await api.patch(path, {"position": [0, 0, 9, 9], "assignee": None})
    assert (moved["position"], moved["assignee"]) == ([0.0, 0.0, 9.0, 9.0], None)
    assert moved["updated_date"] > made["updated_date"]
    assert moved["created_date"] == made["created_date"]
    assert (await api.patch(path, {}))["resolved"] is True


async def test_a_removed_issue_takes_its_comments_along(review: Review) -> None:
    made = await review.ann.post("/issues", review.body())
    await review.ann.delete(f"/issues/{made['id']}")
    error = await review.ann.get(f"/issues/{made['id']}", expect=404)
    assert error == {"detail": "No Issue matches the given query."}
    assert (await review.ann.get("/comments"))["count"] == 0


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"job": 999999}, ["Job matching query does not exist."]),
        ({"frame": -1}, {"frame": ["Ensure this value is greater than or equal to 0."]}),
        ({"message": ""}, {"message": ["This field may not be blank."]}),
        ({"position": []}, {"position": ["This list may not be empty."]}),
        ({"position": [1, "x"]}, {"position": {"1": ["A valid number is required."]}}),
        ({"job": "x"}, {"job": ["A valid integer is required."]}),
    ],
)
async def test_wrong_issues_are_refused(review: Review, more: dict, error) -> None:
    assert await review.ann.post("/issues", review.body(**more), expect=400) == error


async def test_an_issue_of_no_job_is_refused(review: Review) -> None:
    error = await review.ann.post("/issues", {}, expect=400)
    assert error == ["Job matching query does not exist."]


async def test_an_assignee_must_be_somebody_whom_the_asker_may_see(review: Review) -> None:
    await review.ann.post("/issues", review.body(assignee=review.users["bob"]), expect=403)
    await review.ann.post("/issues", review.body(assignee=999), expect=403)
    made = await review.ann.post("/issues", review.body(assignee=review.users["ann"]))
    body = {"assignee": review.users["bob"]}
    await review.ann.patch(f"/issues/{made['id']}", body, expect=403)


async def test_only_those_around_the_job_review_it(review: Review, url: str) -> None:
    made = await review.ann.post("/issues", review.body())
    path = f"/issues/{made['id']}"
    async with acting_as(url, "wim") as wim:
        await wim.get(path)
        await wim.post("/issues", review.body())
        await wim.patch(path, {"resolved": True})
        await wim.delete(path, expect=403)
    async with acting_as(url, "eve") as eve:
        await eve.post("/issues", review.body(), expect=403)
        await eve.get(path, expect=403)
        await eve.patch(path, {"resolved": False}, expect=403)
        await eve.delete(path, expect=403)
        assert (await eve.get("/issues"))["results"] == []


async def test_whom_an_issue_is_assigned_to_may_answer_it(
    api: Api, review: Review, url: str
) -> None:
    made = await api.post("/issues", review.body(assignee=review.users["eve"]))
    async with acting_as(url, "eve") as eve:
        assert [one["id"] for one in (await eve.get("/issues"))["results"]] == [made["id"]]
        await eve.patch(f"/issues/{made['id']}", {"resolved": True})
        await eve.delete(f"/issues/{made['id']}", expect=403)


async def test_the_owner_of_the_project_sees_the_issues_of_its_tasks(
    api: Api, review: Review, server, url
) -> None:
    project = await add_project(server, review.users["bob"])
    _, job = await add_task(server, None, project_id=project)
    made = await api.post("/issues", review.body(job=job))
    async with acting_as(url, "bob") as bob:
        assert await bob.get(f"/issues/{made['id']}") == made
        assert (await bob.get("/issues"))["count"] == 1
        await bob.delete(f"/issues/{made['id']}")


async def test_issues_are_listed_by_job_task_people_and_state(review: Review) -> None:
    first = await review.ann.post("/issues", review.body())
    second = await review.ann.post("/issues", review.body(frame=5, resolved=True))

    async def ids(**parameters) -> list[int]:
        found = await review.ann.get("/issues", params=parameters)
        return [one["id"] for one in found["results"]]

    both = [second["id"], first["id"]]
    assert await ids() == both
    assert await ids(job_id=str(review.job), org="", page_size="500", page="1") == both
    assert await ids(task_id=str(review.task), sort="id") == both[::-1]
    assert await ids(resolved="true") == [second["id"]]
    assert await ids(frame_id="0") == [first["id"]]
    assert await ids(owner="ann", search="ann") == both
    assert await ids(filter='{"==":[{"var":"assignee"},"bob"]}') == []
    assert await ids(job_id="999") == []


async def test_a_review_is_recorded(review: Review, server) -> None:
    made = await review.ann.post("/issues", review.body())
    await review.ann.patch(f"/issues/{made['id']}", {"resolved": True})
    await review.ann.delete(f"/issues/{made['id']}")
    events = await recorded(server)
    assert [(event["scope"], event.get("obj_name"), event.get("obj_val")) for event in events] == [
        ("create:issue", None, None),
        ("update:issue", "resolved", "true"),
        ("delete:issue", None, None),
    ]
    assert {(event["job_id"], event["task_id"]) for event in events} == {(review.job, review.task)}
