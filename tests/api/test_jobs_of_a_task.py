"""The short way to the jobs of a task."""

from __future__ import annotations

from tests.api.people import acting_as, add_user
from tests.api.test_jobs import add_job
from tests.api.test_tasks import make_task
from tests.client import Api


async def test_the_jobs_of_a_task_are_those_of_the_list_of_jobs(api: Api, server) -> None:
    task = await make_task(api, 5, segment_size=2)
    await add_job(server, 1)
    short = await api.get(f"/tasks/{task['id']}/jobs")
    assert short == await api.get("/jobs", params={"task_id": task["id"]})
    assert short["count"] == 3
    assert await api.get(f"/tasks/{task['id']}/jobs/") == short


async def test_they_are_filtered_sorted_and_paged_as_all_jobs(api: Api) -> None:
    task = await make_task(api, 5, segment_size=2)
    path = f"/tasks/{task['id']}/jobs"
    ids = [job["id"] for job in (await api.get(path, params={"sort": "id"}))["results"]]
    await api.patch(f"/jobs/{ids[1]}", {"stage": "validation"})
    only = await api.get(path, params={"stage": "validation"})
    assert [job["id"] for job in only["results"]] == [ids[1]]
    logic = {"filter": '{"==":[{"var":"stage"},"annotation"]}', "sort": "id"}
    assert [job["id"] for job in (await api.get(path, params=logic))["results"]] == [ids[0], ids[2]]
    page = await api.get(path, params={"sort": "id", "page_size": "2", "page": "2"})
    assert [job["id"] for job in page["results"]] == ids[2:]
    assert page["previous"].endswith(f"/api/tasks/{task['id']}/jobs?page_size=2&sort=id")
    await api.get(path, params={"page": "9"}, expect=404)


async def test_no_other_task_can_be_asked_for(api: Api, server) -> None:
    first, _ = await add_job(server, 1)
    second, job = await add_job(server, 1)
    found = await api.get(f"/tasks/{second}/jobs", params={"task_id": str(first)})
    assert [one["id"] for one in found["results"]] == [job]


async def test_a_task_of_which_nothing_may_be_seen_is_not_there(api: Api, server, url) -> None:
    ann, wim = await add_user(server, "ann"), await add_user(server, "wim", "worker")
    task, job = await add_job(server, ann, job_assignee_id=wim)
    await add_user(server, "eve")
    async with acting_as(url, "eve") as eve:
        error = await eve.get(f"/tasks/{task}/jobs", expect=404)
        assert error == {"detail": "No Task matches the given query."}
    async with acting_as(url, "wim") as worker:
        found = await worker.get(f"/tasks/{task}/jobs")
        assert [one["id"] for one in found["results"]] == [job]
    await api.get("/tasks/999/jobs", expect=404)
