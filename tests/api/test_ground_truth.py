"""Ground truth jobs: made with a task's data or later, read, annotated and removed."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_tasks import make_task
from tests.client import Api
from tests.validation import gt_job, send, shape


async def test_a_ground_truth_job_holds_the_frames_that_were_named(api: Api) -> None:
    task = await make_task(api, 6, segment_size=3)
    job = await gt_job(api, task["id"], frame_selection_method="manual", frames=[4, 1])
    assert (job["type"], job["frame_count"]) == ("ground_truth", 2)
    assert (job["start_frame"], job["stop_frame"], job["parent_job_id"]) == (0, 5, None)
    meta = await api.get(f"/jobs/{job['id']}/data/meta")
    assert (meta["size"], meta["included_frames"]) == (2, [1, 4])
    assert [frame["name"] for frame in meta["frames"]][:2] == ["placeholder.jpg", "im1.png"]
    chunk = await api.get(
        f"/jobs/{job['id']}/data/", params={"type": "chunk", "index": 0, "quality": "original"}
    )
    assert len(zipfile.ZipFile(io.BytesIO(chunk)).namelist()) == 2
    where = f"/jobs/{job['id']}/data/"
    await api.get(where, params={"type": "frame", "number": 4})
    await api.get(where, params={"type": "frame", "number": 0}, expect=400)
    assert (await api.get(f"/tasks/{task['id']}"))["validation_mode"] == "gt"
    assert (await api.get(f"/tasks/{task['id']}"))["jobs"]["count"] == 3


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        ({"frame_selection_method": "random_uniform", "frame_count": 4}, 4),
        ({"frame_selection_method": "random_uniform", "frame_share": 0.3}, 3),
        ({"frame_selection_method": "random_per_job", "frames_per_job_count": 2}, 4),
        ({"frame_selection_method": "random_per_job", "frames_per_job_share": 0.7}, 6),
    ],
)
async def test_frames_are_drawn_and_a_seed_draws_them_again(
    api: Api, choice: dict[str, Any], count: int
) -> None:
    task = await make_task(api, 10, segment_size=5)
    drawn = []
    for _ in range(2):
        job = await gt_job(api, task["id"], random_seed=7, **choice)
        layout = await api.get(f"/tasks/{task['id']}/validation_layout")
        drawn.append(layout["validation_frames"])
        assert len(layout["validation_frames"]) == count
        await api.delete(f"/jobs/{job['id']}")
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    "params",
    [
        {"frame_selection_method": "manual", "frames": ["im3.png", "im1.png"]},
        {"frame_selection_method": "random_uniform", "frame_count": 2, "random_seed": 1},
        {"frame_selection_method": "random_per_job", "frames_per_job_count": 1},
    ],
)
async def test_ground_truth_is_chosen_with_the_data_of_a_task(
    api: Api, params: dict[str, Any]
) -> None:
    task = await send(api, {"mode": "gt", **params})
    layout = await api.get(f"/tasks/{task['id']}/validation_layout")
    jobs = (await api.get("/jobs", params={"task_id": task["id"]}))["results"]
    (job,) = [job for job in jobs if job["type"] == "ground_truth"]
    meta = await api.get(f"/jobs/{job['id']}/data/meta")
    assert meta["included_frames"] == layout["validation_frames"]
    assert (layout["mode"], layout["frames_per_job_count"]) == ("gt", None)
    if params["frame_selection_method"] == "manual":
        assert layout["validation_frames"] == [1, 3]


async def test_annotations_of_ground_truth_are_not_those_of_the_task(api: Api) -> None:
    task = await make_task(api, 4)
    job = await gt_job(api, task["id"], frame_selection_method="manual", frames=[2])
    label = (await api.get("/labels", params={"task_id": task["id"]}))["results"][1]["id"]
    body = {"version": 0, "tags": [], "tracks": [], "shapes": [shape(label, 2)]}
    await api.put(f"/jobs/{job['id']}/annotations/", body)
    assert len((await api.get(f"/jobs/{job['id']}/annotations/"))["shapes"]) == 1
    assert (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"] == []


async def test_ground_truth_that_is_accepted_does_not_complete_a_task(api: Api) -> None:
    task = await make_task(api, 4)
    job = await gt_job(api, task["id"], frame_selection_method="manual", frames=[2])
    await api.patch(f"/jobs/{job['id']}", {"stage": "acceptance", "state": "completed"})
    assert (await api.get(f"/tasks/{task['id']}"))["status"] == "annotation"


async def test_a_frame_deleted_in_ground_truth_is_one_that_nothing_is_checked_by(api: Api) -> None:
    task = await make_task(api, 4)
    job = await gt_job(api, task["id"], frame_selection_method="manual", frames=[1, 2])
    meta = await api.patch(f"/jobs/{job['id']}/data/meta", {"deleted_frames": [2]})
    assert meta["deleted_frames"] == [2]
    layout = await api.get(f"/tasks/{task['id']}/validation_layout")
    assert layout["disabled_frames"] == [2]
    assert (await api.get(f"/tasks/{task['id']}/data/meta"))["deleted_frames"] == []


async def test_only_ground_truth_goes_and_its_layout_goes_with_it(api: Api) -> None:
    task = await make_task(api, 4)
    job = await gt_job(api, task["id"], frame_selection_method="manual", frames=[2])
    await api.delete(f"/jobs/{job['id'] - 1}", expect=400)
    await api.delete(f"/jobs/{job['id']}")
    assert (await api.get(f"/tasks/{task['id']}/validation_layout"))["mode"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "annotation"},
        {"frame_selection_method": None},
        {"frame_selection_method": "manual", "frames": [100]},
        {"frame_selection_method": "manual", "frames": [1, 1]},
        {"frame_selection_method": "random_uniform"},
        {"frame_selection_method": "random_uniform", "frame_count": 1, "frame_share": 0.5},
        {"frame_selection_method": "random_uniform", "frame_share": 1.5},
        {"frame_selection_method": "random_uniform", "frame_count": 100},
        {"frame_selection_method": "random_per_job"},
    ],
)
async def test_what_makes_no_ground_truth_is_refused_and_leaves_nothing(
    api: Api, body: dict[str, Any]
) -> None:
    task = await make_task(api, 3)
    await api.post("/jobs", {"type": "ground_truth", "task_id": task["id"], **body}, expect=400)
    assert (await api.get(f"/tasks/{task['id']}"))["jobs"]["count"] == 1
    assert (await api.get(f"/tasks/{task['id']}/validation_layout"))["mode"] is None


async def test_a_stranger_makes_no_ground_truth(api: Api, server: Server, url: str) -> None:
    task = await make_task(api, 3)
    await add_user(server, "eve")
    body = {"type": "ground_truth", "task_id": task["id"], "frame_selection_method": "manual"}
    async with acting_as(url, "eve") as eve:
        await eve.post("/jobs", {**body, "frames": [1]}, expect=403)
        await eve.get(f"/tasks/{task['id']}/validation_layout", expect=403)
