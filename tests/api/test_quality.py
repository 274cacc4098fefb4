"""Quality: settings, reports made from ground truth, and conflicts."""

from __future__ import annotations

from typing import Any

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_tasks import make_task
from tests.client import Api
from tests.validation import gt_job, shape


async def judged(api: Api) -> dict[str, Any]:
    """A task of two jobs with a ground truth that has one rectangle that nobody drew."""
    task = await make_task(api, 6, segment_size=3)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[1, 4])
    labels = (await api.get("/labels", params={"task_id": task["id"]}))["results"]
    missed = {"shapes": [shape(labels[0]["id"], 1)], "tags": [], "tracks": []}
    await api.put(f"/jobs/{truth['id']}/annotations/", missed)
    await api.patch(f"/jobs/{truth['id']}", {"stage": "acceptance", "state": "completed"})
    return {**task, "truth": truth["id"]}


async def report_of(api: Api, target: dict[str, int]) -> dict[str, Any]:
    made = await api.post("/quality/reports", target, expect=202)
    done = await api.finished(made["rq_id"])
    return await api.get(f"/quality/reports/{done['result_id']}")


async def test_a_task_comes_with_settings_that_can_be_changed(api: Api) -> None:
    task = await make_task(api, 1)
    found = await api.get("/quality/settings", params={"task_id": task["id"]})
    assert [one["task_id"] for one in found["results"]] == [task["id"]]
    where = f"/quality/settings/{found['results'][0]['id']}"
    changed = await api.patch(where, {"iou_threshold": 0.5, "target_metric": "precision"})
    assert (changed["iou_threshold"], changed["target_metric"]) == (0.5, "precision")
    assert await api.get(where) == changed
    assert (await api.put(where, {"inherit": False}))["inherit"] is False
    wrong = await api.patch(where, {"iou_threshold": 5}, expect=400)
    assert wrong == {"iou_threshold": ["Ensure this value is less than or equal to 1."]}
    await api.get("/quality/settings/999", expect=404)


async def test_a_report_tells_what_the_annotator_missed(api: Api) -> None:
    task = await judged(api)
    report = await report_of(api, {"task_id": task["id"]})
    assert (report["target"], report["task_id"]) == ("task", task["id"])
    assert report["summary"]["conflicts_by_type"] == {"missing_annotation": 1}
    assert report["summary"]["gt_count"] == 1
    below = await api.get("/quality/reports", params={"parent_id": report["id"]})
    assert {one["target"] for one in below["results"]} == {"job"}
    found = await api.get("/quality/conflicts", params={"report_id": report["id"]})
    assert [one["frame"] for one in found["results"]] == [1]
    data = await api.get(f"/quality/reports/{report['id']}/data")
    assert data["id"] == report["id"]


async def test_the_reports_of_jobs_that_have_not_changed_are_kept(api: Api) -> None:
    task = await judged(api)
    for _ in range(2):
        report = await report_of(api, {"task_id": task["id"]})
    found = await api.get("/quality/reports", params={"target": "job"})
    assert found["count"] == 2
    assert {one["parent_id"] for one in found["results"]} == {report["id"]}


async def test_a_project_is_judged_by_its_tasks(api: Api) -> None:
    project = await api.post("/projects", {"name": "p"})
    report = await report_of(api, {"project_id": project["id"]})
    assert (report["target"], report["project_id"]) == ("project", project["id"])


async def test_without_a_target_nothing_is_judged(api: Api) -> None:
    await api.post("/quality/reports", {}, expect=400)
    await api.post("/quality/reports", {"task_id": 99}, expect=400)


async def test_strangers_see_no_settings_and_have_no_reports_made(
    api: Api, server: Server, url: str
) -> None:
    task = await judged(api)
    report = await report_of(api, {"task_id": task["id"]})
    await add_user(server, "stranger")
    async with acting_as(url, "stranger") as other:
        await other.get(f"/quality/reports/{report['id']}", expect=403)
        await other.post("/quality/reports", {"task_id": task["id"]}, expect=403)
        assert (await other.get("/quality/settings"))["count"] == 0
