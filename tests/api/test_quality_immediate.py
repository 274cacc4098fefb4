"""Immediate feedback: jobs that are completed are judged at once, where the settings ask for it."""

from __future__ import annotations

from typing import Any

from tests.api.test_quality import judged
from tests.api.test_quality_requirements import settings_of
from tests.client import Api


async def asked(api: Api, most: int) -> dict[str, Any]:
    """A task with ground truth whose jobs are judged that often; with the job that misses one."""
    task = await judged(api)
    settings = await settings_of(api, task["id"])
    await api.patch(f"/quality/settings/{settings['id']}", {"max_validations_per_job": most})
    params = {"task_id": task["id"], "type": "annotation", "sort": "id"}
    jobs = (await api.get("/jobs", params=params))["results"]
    return {**task, "job": jobs[0]["id"]}


def request_of(job_id: int) -> str:
    return f"action=calculate&target=job&target_id={job_id}&subresource=quality"


async def complete(api: Api, job_id: int) -> None:
    await api.patch(f"/jobs/{job_id}", {"state": "in progress"})
    await api.patch(f"/jobs/{job_id}", {"state": "completed"})


async def test_a_completed_job_is_judged_at_once(api: Api) -> None:
    task = await asked(api, 1)
    await complete(api, task["job"])
    done = await api.finished(request_of(task["job"]))
    report = await api.get(f"/quality/reports/{done['result_id']}")
    assert (report["target"], report["job_id"], report["parent_id"]) == ("job", task["job"], None)
    assert report["summary"]["conflicts_by_type"] == {"missing_annotation": 1}


async def test_it_is_judged_no_more_often_than_the_settings_say(api: Api) -> None:
    task = await asked(api, 2)
    for _ in range(4):
        await api.patch(f"/jobs/{task['job']}/annotations/", EMPTY, params={"action": "create"})
        await complete(api, task["job"])
        await api.finished(request_of(task["job"]))
    found = await api.get("/quality/reports", params={"job_id": task["job"]})
    assert found["count"] == 2


async def test_a_report_that_still_holds_is_told_again(api: Api) -> None:
    task = await asked(api, 5)
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    await api.finished(made["rq_id"])
    before = await api.get("/quality/reports", params={"job_id": task["job"]})
    await api.patch(f"/jobs/{task['job']}", {"state": "completed"})
    await api.finished(request_of(task["job"]))
    after = await api.get("/quality/reports", params={"job_id": task["job"], "sort": "id"})
    # Completing the job has changed it, hence the second report.
    assert (before["count"], after["count"]) == (1, 2)
    await api.patch(f"/jobs/{task['job']}", {"state": "completed"})
    assert (await api.get("/quality/reports", params={"job_id": task["job"]}))["count"] == 2


async def test_nothing_is_judged_where_nobody_asked_for_it(api: Api) -> None:
    task = await asked(api, 0)
    await complete(api, task["job"])
    await api.get(f"/requests/{request_of(task['job'])}", expect=404)


async def test_ground_truth_and_jobs_that_the_filter_leaves_out_are_not_judged(api: Api) -> None:
    task = await asked(api, 3)
    settings = await settings_of(api, task["id"])
    rule = '{"==": [{"var": "stage"}, "acceptance"]}'
    await api.patch(f"/quality/settings/{settings['id']}", {"job_filter": rule})
    await complete(api, task["truth"])
    await complete(api, task["job"])
    for number in (task["truth"], task["job"]):
        await api.get(f"/requests/{request_of(number)}", expect=404)


async def test_nothing_is_judged_before_the_ground_truth_is_complete(api: Api) -> None:
    task = await asked(api, 3)
    await api.patch(f"/jobs/{task['truth']}", {"state": "in progress"})
    await complete(api, task["job"])
    await api.get(f"/requests/{request_of(task['job'])}", expect=404)


EMPTY: dict[str, Any] = {"shapes": [], "tags": [], "tracks": []}
