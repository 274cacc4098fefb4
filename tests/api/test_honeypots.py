"""Honeypots: a pool at the end of the task, shown by frames that are mixed into the jobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import Api
from tests.validation import POOL, send, shape


async def pooled(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """A task with honeypots and its layout."""
    task = await send(api, POOL, sorting_method="random")
    return task, await api.get(f"/tasks/{task['id']}/validation_layout")


async def test_the_pool_stands_at_the_end_and_each_job_has_its_honeypots(api: Api) -> None:
    task, layout = await pooled(api)
    assert (task["size"], task["segment_size"], task["overlap"]) == (12, 0, 0)
    assert (task["validation_mode"], task["jobs"]["count"]) == ("gt_pool", 3)
    assert layout["validation_frames"] == [9, 10, 11]
    jobs = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"]
    assert [(job["start_frame"], job["stop_frame"]) for job in jobs] == [(0, 5), (6, 8), (9, 11)]
    for job in jobs[:2]:
        found = await api.get(f"/jobs/{job['id']}/validation_layout")
        assert found["honeypot_count"] == len(set(found["honeypot_real_frames"])) == 2
    names = [frame["name"] for frame in (await api.get(f"/tasks/{task['id']}/data/meta"))["frames"]]
    assert sorted(names[9:]) == ["im0.png", "im1.png", "im2.png"]
    for frame, real in zip(layout["honeypot_frames"], layout["honeypot_real_frames"], strict=True):
        assert names[frame] == names[real]


async def test_a_honeypot_is_the_very_picture_of_its_real_frame(api: Api) -> None:
    task, layout = await pooled(api)
    for frame, real in zip(layout["honeypot_frames"], layout["honeypot_real_frames"], strict=True):
        shown = [
            await api.get(f"/tasks/{task['id']}/data/", params={"type": "frame", "number": number})
            for number in (frame, real)
        ]
        assert shown[0] == shown[1]


async def test_a_seed_makes_the_same_task_again(api: Api) -> None:
    params = {
        "mode": "gt_pool",
        "frame_selection_method": "random_uniform",
        "frame_share": 0.4,
        "frames_per_job_share": 0.3,
        "random_seed": 5,
    }
    metas = []
    for _ in range(2):
        task = await send(api, params, sorting_method="random")
        metas.append((await api.get(f"/tasks/{task['id']}/data/meta"))["frames"])
    assert metas[0] == metas[1]


async def test_tracks_and_the_deletion_of_pooled_frames_are_refused(api: Api) -> None:
    task, _ = await pooled(api)
    label = (await api.get("/labels", params={"task_id": task["id"]}))["results"][0]["id"]
    track = {"label_id": label, "frame": 0, "shapes": [{**shape(label, 0), "outside": False}]}
    for shown in track["shapes"]:
        del shown["label_id"]
    body = {"version": 0, "tags": [], "shapes": [], "tracks": [track]}
    await api.put(f"/tasks/{task['id']}/annotations/", body, expect=400)
    await api.patch(f"/tasks/{task['id']}/data/meta", {"deleted_frames": [10]}, expect=400)
    await api.patch(f"/tasks/{task['id']}/data/meta", {"deleted_frames": [0]})


async def test_the_ground_truth_of_honeypots_stays(api: Api) -> None:
    task, _ = await pooled(api)
    jobs = (await api.get("/jobs", params={"task_id": task["id"], "sort": "id"}))["results"]
    await api.delete(f"/jobs/{jobs[-1]['id']}", expect=400)


@pytest.mark.parametrize(
    ("more", "params"),
    [
        ({}, {}),
        ({"sorting_method": "random"}, {"frames_per_job_count": None}),
        ({"sorting_method": "random"}, {"frame_selection_method": "random_per_job"}),
        ({"sorting_method": "random"}, {"frames": []}),
    ],
)
async def test_parameters_that_do_not_fit_are_refused_at_once(
    api: Api, more: dict[str, Any], params: dict[str, Any]
) -> None:
    wrong = {key: value for key, value in {**POOL, **params}.items() if value is not None}
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "a"}]})
    body = {"image_quality": 70, "validation_params": wrong, **more}
    await api.post(f"/tasks/{task['id']}/data/", body, expect=400)


async def test_a_name_that_no_image_has_fails_the_making_of_the_task(api: Api) -> None:
    task = await send(
        api, {**POOL, "frames": ["x.png", "im1.png"]}, sorting_method="random", ends="failed"
    )
    assert (task["jobs"]["count"], task["validation_mode"]) == (0, None)
