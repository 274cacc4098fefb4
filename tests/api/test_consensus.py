"""Consensus: replicas of jobs, and the merge of what was annotated in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import acting_as, add_user
from tests.api.test_tasks import LABELS, form
from tests.client import Api
from tests.images import png

NOTHING = (
    "No annotation jobs in the annotation stage or no consensus_replica jobs "
    "not in the annotation - new state found"
)


async def task_of(api: Api, **spec: Any) -> dict[str, Any]:
    """A task of two pictures, one a job."""
    made = await api.post("/tasks", {"name": "cons", "labels": LABELS, "segment_size": 1, **spec})
    files = {f"im{number}.png": png(60, 60, number) for number in range(2)}
    where = f"/tasks/{made['id']}/data/"
    answer = await api.post(where, data=form(files, image_quality="70"), expect=202)
    await api.finished(answer["rq_id"])
    return await api.get(f"/tasks/{made['id']}")  # type: ignore[no-any-return]


@pytest.fixture
async def task(api: Api) -> dict[str, Any]:
    """A task with two replicas of each job."""
    return await task_of(api, consensus_replicas=2)


async def jobs_of(api: Api, task: dict[str, Any]) -> list[dict[str, Any]]:
    found = await api.get("/jobs", params={"task_id": task["id"], "sort": "id"})
    return found["results"]  # type: ignore[no-any-return]


async def replicas_of(api: Api, job: dict[str, Any]) -> list[int]:
    found = await api.get("/jobs", params={"parent_job_id": job["id"], "sort": "id"})
    return [one["id"] for one in found["results"]]


async def annotate(api: Api, task: dict[str, Any], job: int, *boxes: list[float]) -> None:
    """Put boxes into a replica and call it done."""
    labels = await api.get("/labels", params={"task_id": task["id"]})
    shapes = [
        {
            "type": "rectangle",
            "label_id": labels["results"][-1]["id"],
            "frame": (await api.get(f"/jobs/{job}"))["start_frame"],
            "points": box,
        }
        for box in boxes
    ]
    await api.call("PUT", f"/jobs/{job}/annotations/", {"shapes": shapes})
    await api.patch(f"/jobs/{job}", {"state": "completed"})


async def merged(api: Api, **what: int) -> None:
    answer = await api.post("/consensus/merges", what, expect=202)
    await api.finished(answer["rq_id"])


async def test_each_job_has_its_replicas(api: Api, task: dict[str, Any]) -> None:
    assert task["consensus_enabled"] is True
    assert task["jobs"]["count"] == 6
    jobs = await jobs_of(api, task)
    assert [job["type"] for job in jobs] == ["annotation"] * 2 + ["consensus_replica"] * 4
    assert [job["replicas_count"] for job in jobs] == [2, 2, 0, 0, 0, 0]
    parents = [job["parent_job_id"] for job in jobs]
    assert parents == [None, None, jobs[0]["id"], jobs[0]["id"], jobs[1]["id"], jobs[1]["id"]]


async def test_what_replicas_hold_is_not_the_tasks_until_it_is_merged(
    api: Api, task: dict[str, Any]
) -> None:
    job = (await jobs_of(api, task))[0]
    first, second = await replicas_of(api, job)
    await annotate(api, task, first, [5, 5, 30, 30])
    await annotate(api, task, second, [7, 5, 32, 30], [40, 40, 50, 50])
    assert (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"] == []
    await merged(api, task_id=task["id"])
    shapes = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]
    assert [(one["points"], one["score"], one["source"]) for one in shapes] == [
        ([5, 5, 30, 30], 1.0, "consensus"),
        ([40, 40, 50, 50], 0.5, "consensus"),
    ]
    done = await api.get(f"/jobs/{job['id']}")
    assert (done["stage"], done["state"]) == ("acceptance", "completed")
    assert await api.post("/consensus/merges", {"task_id": task["id"]}, expect=400) == [NOTHING]


async def test_one_job_is_merged_by_itself(api: Api, task: dict[str, Any]) -> None:
    first, second = (await jobs_of(api, task))[:2]
    for job in (first, second):
        for replica in await replicas_of(api, job):
            await annotate(api, task, replica, [5, 5, 30, 30])
    await merged(api, job_id=second["id"])
    assert len((await api.get(f"/jobs/{second['id']}/annotations/"))["shapes"]) == 1
    assert (await api.get(f"/jobs/{first['id']}/annotations/"))["shapes"] == []


async def test_replicas_that_nobody_has_begun_are_not_asked(api: Api, task: dict[str, Any]) -> None:
    job = (await jobs_of(api, task))[0]
    await annotate(api, task, (await replicas_of(api, job))[0], [5, 5, 30, 30])
    await merged(api, job_id=job["id"])
    (shape,) = (await api.get(f"/jobs/{job['id']}/annotations/"))["shapes"]
    assert shape["score"] == 1


async def test_the_threshold_is_a_setting_of_the_task(api: Api, task: dict[str, Any]) -> None:
    (settings,) = (await api.get("/consensus/settings", params={"task_id": task["id"]}))["results"]
    assert settings == {"id": settings["id"], "task_id": task["id"], "iou_threshold": 0.4}
    path = f"/consensus/settings/{settings['id']}"
    changed = await api.patch(path, {"iou_threshold": 0.9, "quorum": 7})
    assert changed == {**settings, "iou_threshold": 0.9}
    assert await api.get(path) == changed
    wrong = await api.patch(path, {"iou_threshold": 5}, expect=400)
    assert wrong == {"iou_threshold": ["Ensure this value is less than or equal to 1."]}
    job = (await jobs_of(api, task))[0]
    first, second = await replicas_of(api, job)
    await annotate(api, task, first, [5, 5, 30, 30])
    await annotate(api, task, second, [10, 5, 35, 30])
    await merged(api, job_id=job["id"])
    assert len((await api.get(f"/jobs/{job['id']}/annotations/"))["shapes"]) == 2


async def test_what_cannot_be_merged_says_why(api: Api, task: dict[str, Any]) -> None:
    async def refused(status: int, **body: int) -> Any:
        return await api.post("/consensus/merges", body, expect=status)

    assert await refused(400, task_id=task["id"]) == [NOTHING]
    assert await refused(400, task_id=99999) == ["The specified task does not exist"]
    assert await refused(400, job_id=99999) == ["The specified job does not exist"]
    specified = {"detail": "Either task_id or job_id must be specified"}
    assert await refused(403) == specified
    job = (await jobs_of(api, task))[0]
    replica = (await replicas_of(api, job))[0]
    assert await refused(400, job_id=replica) == ["Only annotation jobs can be merged"]
    plain = await task_of(api)
    assert await refused(400, task_id=plain["id"]) == ["Consensus is not enabled in this task"]


async def test_a_stranger_neither_sees_settings_nor_merges(
    api: Api, task: dict[str, Any], server, url
) -> None:
    await add_user(server, "eve")
    (settings,) = (await api.get("/consensus/settings"))["results"]
    async with acting_as(url, "eve") as eve:
        assert (await eve.get("/consensus/settings"))["count"] == 0
        await eve.get(f"/consensus/settings/{settings['id']}", expect=403)
        await eve.patch(f"/consensus/settings/{settings['id']}", {}, expect=403)
        await eve.post("/consensus/merges", {"task_id": task["id"]}, expect=403)
    await api.get("/consensus/settings/99999", expect=404)
