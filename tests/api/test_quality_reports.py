"""What reports are about: which frames and jobs are judged, what mistakes are called, and by whom."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cvat_lite.config import Config
from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_honeypots import pooled
from tests.api.test_quality import judged, report_of
from tests.api.test_quality_requirements import settings_of
from tests.api.test_tasks import form, make_task
from tests.api.test_validation_layouts import first_job
from tests.client import Api
from tests.images import png
from tests.validation import gt_job, shape


async def label_of(api: Api, task_id: int) -> int:
    found = await api.get("/labels", params={"task_id": task_id})
    return int(found["results"][0]["id"])


async def complete(api: Api, truth_id: int, shapes: list[dict[str, Any]], **more: Any) -> None:
    """Give a ground truth job its annotations and have it done."""
    body = {"shapes": shapes, "tags": [], "tracks": [], **more}
    await api.put(f"/jobs/{truth_id}/annotations/", body)
    await api.patch(f"/jobs/{truth_id}", {"stage": "acceptance", "state": "completed"})


async def conflicts_of(api: Api, report: dict[str, Any]) -> list[dict[str, Any]]:
    found = await api.get("/quality/conflicts", params={"report_id": report["id"]})
    return sorted(found["results"], key=lambda one: (one["frame"], one["type"]))


# Frames


async def test_frames_that_are_disabled_or_deleted_are_not_judged(api: Api) -> None:
    task = await make_task(api, 6, segment_size=3)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[0, 1, 4])
    label = await label_of(api, task["id"])
    await complete(api, truth["id"], [shape(label, frame) for frame in (0, 1, 4)])
    first = await report_of(api, {"task_id": task["id"]})
    assert [one["frame"] for one in await conflicts_of(api, first)] == [0, 1, 4]

    await api.patch(f"/tasks/{task['id']}/validation_layout", {"disabled_frames": [1]})
    second = await report_of(api, {"task_id": task["id"]})
    assert [one["frame"] for one in await conflicts_of(api, second)] == [0, 4]
    assert second["summary"]["validation_frames"] == 2

    await api.patch(f"/tasks/{task['id']}/data/meta", {"deleted_frames": [0]})
    third = await report_of(api, {"task_id": task["id"]})
    assert [one["frame"] for one in await conflicts_of(api, third)] == [4]


async def test_a_honeypot_is_held_against_the_frame_that_it_shows(api: Api) -> None:
    task, layout = await pooled(api)
    label = await label_of(api, task["id"])
    jobs = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"]
    # The truth has something on one frame of the pool only.
    await complete(api, jobs[-1]["id"], [shape(label, 10)])
    job, where = await first_job(api, task["id"]), "validation_layout"
    for shown in ([9, 10], [9, 11], [10, 11]):
        body = {"frame_selection_method": "manual", "honeypot_real_frames": shown}
        await api.patch(f"/jobs/{job}/{where}", body)
        frames = (await api.get(f"/jobs/{job}/{where}"))["honeypot_frames"]
        report = await report_of(api, {"task_id": task["id"]})
        wrong = {one["frame"] for one in await conflicts_of(api, report)}
        expected = {at for at, real in zip(frames, shown, strict=True) if real == 10}
        others = zip(layout["honeypot_frames"][2:], layout["honeypot_real_frames"][2:], strict=True)
        assert wrong == expected | {at for at, real in others if real == 10}


async def test_what_overlaps_is_judged_in_both_jobs(api: Api) -> None:
    task = await make_task(api, 5, segment_size=3, overlap=1)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[2])
    await complete(api, truth["id"], [shape(await label_of(api, task["id"]), 2)])
    report = await report_of(api, {"task_id": task["id"]})
    below = await api.get("/quality/reports", params={"parent_id": report["id"]})
    missed = [one["summary"]["conflicts_by_type"] for one in below["results"]]
    assert missed == [{"missing_annotation": 1}] * 2


# Jobs


async def test_jobs_that_the_filter_leaves_out_are_counted(api: Api) -> None:
    task = await judged(api)
    job = await first_job(api, task["id"])
    settings = await settings_of(api, task["id"])
    rule = f'{{"==": [{{"var": "id"}}, {job}]}}'
    await api.patch(f"/quality/settings/{settings['id']}", {"job_filter": rule})
    report = await report_of(api, {"task_id": task["id"]})
    counts = report["summary"]["jobs"]
    assert (counts["total"], counts["excluded"], counts["included"]) == (2, 1, 1)


async def test_jobs_without_a_frame_of_the_truth_cannot_be_checked(api: Api) -> None:
    task = await make_task(api, 6, segment_size=3)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[1])
    await complete(api, truth["id"], [])
    counts = (await report_of(api, {"task_id": task["id"]}))["summary"]["jobs"]
    assert (counts["total"], counts["not_checkable"]) == (2, 1)


@pytest.mark.parametrize("has_truth", [True, False])
async def test_without_an_accepted_ground_truth_the_request_fails(
    api: Api, *, has_truth: bool
) -> None:
    task = await make_task(api, 2)
    if has_truth:
        await gt_job(api, task["id"], frame_selection_method="manual", frames=[1])
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    failed = await api.finished(made["rq_id"], status="failed")
    assert "Ground truth job must be accepted and completed" in failed["message"]
    assert (await api.get("/quality/reports"))["count"] == 0


# Mistakes

BOX = [10, 10, 30, 28]
KINDS: dict[str, list[float]] = {
    "rectangle": BOX,
    "polygon": [10, 10, 30, 12, 28, 28, 12, 26],
    "polyline": [10, 10, 30, 12, 28, 28],
    "points": [10, 10, 30, 12, 28, 28],
    "ellipse": [20, 18, 30, 10],
    # Run lengths of nothing and all of a box of 20 by 10, then the box.
    "mask": [0, 200, 10, 10, 29, 19],
}


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_of_shape_has_its_mistakes(api: Api, kind: str) -> None:
    task = await make_task(api, 4, segment_size=4)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[0, 1, 2, 3])
    labels = (await api.get("/labels", params={"task_id": task["id"]}))["results"]
    job = await first_job(api, task["id"])

    def made(frame: int, label: int = 0, **more: Any) -> dict[str, Any]:
        one = shape(labels[label]["id"], frame)
        return {**one, "type": kind, "points": KINDS[kind], **more}

    # The same on frame 0, missed on 1, too much on 2, and another label on 3.
    await complete(api, truth["id"], [made(0), made(1), made(3)])
    given = {"shapes": [made(0), made(2), made(3, 1)], "tags": [], "tracks": []}
    await api.put(f"/jobs/{job}/annotations/", given)
    ours = [one["id"] for one in (await api.get(f"/jobs/{job}/annotations/"))["shapes"]]
    found = await api.get(f"/jobs/{truth['id']}/annotations/")
    theirs = [one["id"] for one in found["shapes"]]
    report = await report_of(api, {"task_id": task["id"]})
    told = [
        (
            one["frame"],
            one["type"],
            one["severity"],
            {(each["job_id"], each["obj_id"]) for each in one["annotation_ids"]},
        )
        for one in await conflicts_of(api, report)
    ]
    assert told == [
        (1, "missing_annotation", "error", {(truth["id"], theirs[1])}),
        (2, "extra_annotation", "error", {(job, ours[1])}),
        (3, "mismatching_label", "error", {(job, ours[2]), (truth["id"], theirs[2])}),
    ]
    assert report["summary"]["valid_count"] == 1


async def test_a_turned_box_is_another_than_an_upright_one(api: Api) -> None:
    task = await make_task(api, 2)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[0, 1])
    label = await label_of(api, task["id"])
    long = {"points": [5, 12, 35, 18]}
    await complete(
        api,
        truth["id"],
        [{**shape(label, 0), **long, "rotation": 90}, {**shape(label, 1), **long, "rotation": 45}],
    )
    job = await first_job(api, task["id"])
    given = [{**shape(label, 0), **long}, {**shape(label, 1), **long, "rotation": 45}]
    await api.put(f"/jobs/{job}/annotations/", {"shapes": given, "tags": [], "tracks": []})
    found = await conflicts_of(api, await report_of(api, {"task_id": task["id"]}))
    assert [(one["frame"], one["type"]) for one in found] == [
        (0, "extra_annotation"),
        (0, "missing_annotation"),
    ]


async def test_tags_that_differ_are_missed_or_too_much(api: Api) -> None:
    task = await make_task(api, 2)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[0, 1])
    label = await label_of(api, task["id"])
    await complete(api, truth["id"], [], tags=[{"label_id": label, "frame": 0}])
    job = await first_job(api, task["id"])
    given = {"shapes": [], "tracks": [], "tags": [{"label_id": label, "frame": 1}]}
    await api.put(f"/jobs/{job}/annotations/", given)
    found = await conflicts_of(api, await report_of(api, {"task_id": task["id"]}))
    assert [(one["frame"], one["type"]) for one in found] == [
        (0, "missing_annotation"),
        (1, "extra_annotation"),
    ]


# What happens meanwhile


async def test_a_second_click_is_told_that_work_is_under_way_or_makes_a_second_report(
    api: Api,
) -> None:
    task = await judged(api)
    answers = await asyncio.gather(
        *(
            api.session.post(f"{api.url}/api/quality/reports", json={"task_id": task["id"]})
            for _ in range(4)
        )
    )
    assert {answer.status for answer in answers} <= {202, 409}
    accepted = [(await answer.json())["rq_id"] for answer in answers if answer.status == 202]
    assert accepted
    for rq_id in accepted:
        await api.finished(rq_id)
    found = await api.get("/quality/reports", params={"target": "task"})
    assert found["count"] == len(accepted)


async def test_a_task_that_goes_takes_its_reports_along(api: Api, config: Config) -> None:
    task = await judged(api)
    report = await report_of(api, {"task_id": task["id"]})
    await api.delete(f"/tasks/{task['id']}")
    await api.get(f"/quality/reports/{report['id']}", expect=404)
    for what in ("reports", "conflicts", "settings", "settings/requirements"):
        assert (await api.get(f"/quality/{what}"))["count"] == 0


async def test_a_task_that_goes_while_it_is_judged_leaves_nothing(api: Api) -> None:
    task = await judged(api)
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    await api.delete(f"/tasks/{task['id']}")
    async with asyncio.timeout(20):
        while True:
            answer = await api.session.get(f"{api.url}/api/requests/{made['rq_id']}")
            if answer.status == 404 or (await answer.json())["status"] in ("failed", "finished"):
                break
            await asyncio.sleep(0.02)
    assert (await api.get("/quality/reports"))["count"] == 0


async def test_the_ground_truth_that_goes_takes_the_next_report_along(api: Api) -> None:
    task = await judged(api)
    await report_of(api, {"task_id": task["id"]})
    await api.delete(f"/jobs/{task['truth']}")
    made = await api.post("/quality/reports", {"task_id": task["id"]}, expect=202)
    await api.finished(made["rq_id"], status="failed")


# Projects


async def task_of(api: Api, project_id: int) -> dict[str, Any]:
    """A task of two pictures in a project."""
    task: dict[str, Any] = await api.post("/tasks", {"name": "t", "project_id": project_id})
    files = {f"im{number}.png": png(64 + number, 48, number) for number in range(2)}
    where = f"/tasks/{task['id']}/data/"
    answer = await api.post(where, expect=202, data=form(files, image_quality=75))
    await api.finished(answer["rq_id"])
    return task


async def inheriting(api: Api, project_id: int, *, inherit: bool) -> dict[str, Any]:
    """A task of a project with a ground truth that has one rectangle that nobody drew."""
    task = await task_of(api, project_id)
    truth = await gt_job(api, task["id"], frame_selection_method="manual", frames=[1])
    await complete(api, truth["id"], [shape(await label_of(api, task["id"]), 1)])
    settings = await settings_of(api, task["id"])
    await api.patch(f"/quality/settings/{settings['id']}", {"inherit": inherit})
    return task


async def test_a_project_counts_its_tasks_and_has_their_reports_below(api: Api) -> None:
    project = await api.post("/projects", {"name": "p", "labels": [{"name": "cat"}]})
    whole = await inheriting(api, project["id"], inherit=True)
    await inheriting(api, project["id"], inherit=False)
    await task_of(api, project["id"])
    report = await report_of(api, {"project_id": project["id"]})
    counts = report["summary"]["tasks"]
    assert (counts["total"], counts["custom"], counts["not_configured"]) == (3, 1, 1)
    assert report["summary"]["conflicts_by_type"] == {"missing_annotation": 1}
    tasks = (await api.get("/quality/reports", params={"parent_id": report["id"]}))["results"]
    assert [(one["target"], one["task_id"]) for one in tasks] == [("task", whole["id"])]
    jobs = (await api.get("/quality/reports", params={"parent_id": tasks[0]["id"]}))["results"]
    assert [one["target"] for one in jobs] == ["job"]
    # What has not changed is not compared again: the report of the job moves below the new one.
    again = await report_of(api, {"project_id": project["id"]})
    tasks = (await api.get("/quality/reports", params={"parent_id": again["id"]}))["results"]
    moved = (await api.get("/quality/reports", params={"parent_id": tasks[0]["id"]}))["results"]
    assert [one["id"] for one in moved] == [one["id"] for one in jobs]


# People


async def test_only_who_may_see_a_task_sees_how_good_it_is(
    api: Api, server: Server, url: str
) -> None:
    task = await judged(api)
    report = await report_of(api, {"task_id": task["id"]})
    assignee = await add_user(server, "ann")
    await add_user(server, "eve")
    await api.patch(f"/tasks/{task['id']}", {"assignee_id": assignee})
    async with acting_as(url, "ann") as ann:
        assert (await ann.get(f"/quality/reports/{report['id']}"))["id"] == report["id"]
        assert (await ann.get("/quality/reports", params={"task_id": task["id"]}))["count"] == 3
        assert len(await conflicts_of(ann, report)) == 1
    async with acting_as(url, "eve") as eve:
        for below in ("", "/data", "/confusion"):
            await eve.get(f"/quality/reports/{report['id']}{below}", expect=403, documented=False)
        assert (await eve.get("/quality/reports"))["count"] == 0
        assert (await eve.get("/quality/reports", params={"task_id": task["id"]}))["count"] == 0
        await eve.post("/quality/reports", {"task_id": task["id"]}, expect=403)


# Lists


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"target": "job"}, 2),
        ({"target": "task"}, 1),
        ({"filter": '{"!":{"==":[{"var":"job_id"},0]}}'}, 3),
        ({"filter": '{">":[{"var":"created_date"},"2001-01-01T00:00:00Z"]}'}, 3),
        ({"sort": "-created_date", "page_size": 1}, 3),
        ({"sort": "gt_last_updated"}, 3),
    ],
)
async def test_reports_are_filtered_and_sorted(
    api: Api, params: dict[str, Any], count: int
) -> None:
    await report_of(api, {"task_id": (await judged(api))["id"]})
    assert (await api.get("/quality/reports", params=params))["count"] == count


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"type": "missing_annotation"}, 2),
        ({"severity": "warning"}, 0),
        ({"frame": 1}, 2),
        ({"filter": '{"==":[{"var":"frame"},4]}'}, 0),
        ({"sort": "-frame"}, 2),
    ],
)
async def test_conflicts_are_filtered_and_sorted(
    api: Api, params: dict[str, Any], count: int
) -> None:
    await report_of(api, {"task_id": (await judged(api))["id"]})
    assert (await api.get("/quality/conflicts", params=params))["count"] in (count, count // 2)


@pytest.mark.parametrize("what", ["reports", "conflicts", "settings", "settings/requirements"])
async def test_lists_refuse_what_cannot_be_asked(api: Api, what: str) -> None:
    await api.get(f"/quality/{what}", params={"filter": "{"}, expect=400)
    await api.get(f"/quality/{what}/999", expect=404, documented=what != "conflicts")
