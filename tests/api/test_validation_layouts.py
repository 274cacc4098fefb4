"""Validation layouts are changed: frames disabled, honeypots drawn anew or named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_honeypots import pooled
from tests.api.test_tasks import make_task
from tests.client import Api
from tests.validation import gt_job, shape


async def first_job(api: Api, task_id: int) -> int:
    """The id of the first job of a task."""
    jobs = (await api.get("/jobs", params={"task_id": task_id, "sort": "id"}))["results"]
    return int(jobs[0]["id"])


async def test_a_named_honeypot_is_shown_at_once_everywhere(api: Api) -> None:
    task, _ = await pooled(api)
    job = await first_job(api, task["id"])
    data, meta = f"/jobs/{job}/data/", f"/jobs/{job}/data/meta"
    label = (await api.get("/labels", params={"task_id": task["id"]}))["results"][1]["id"]
    await api.patch(
        f"/jobs/{job}/validation_layout",
        {"frame_selection_method": "manual", "honeypot_real_frames": [9, 10]},
    )
    frames = (await api.get(f"/jobs/{job}/validation_layout"))["honeypot_frames"]
    shapes = [shape(label, frame) for frame in range(6)]
    await api.put(
        f"/jobs/{job}/annotations/", {"version": 0, "tags": [], "tracks": [], "shapes": shapes}
    )
    chunk = {"type": "chunk", "index": 0, "quality": "original"}
    before, told = await api.get(data, params=chunk), await api.get(meta)
    changed = await api.patch(
        f"/jobs/{job}/validation_layout",
        {"frame_selection_method": "manual", "honeypot_real_frames": [9, 11]},
    )
    assert changed["honeypot_real_frames"] == [9, 11]
    after = await api.get(meta)
    assert after["chunks_updated_date"] > told["chunks_updated_date"]
    whole = (await api.get(f"/tasks/{task['id']}/data/meta"))["frames"]
    assert after["frames"][frames[1]] == whole[11]
    assert await api.get(data, params=chunk) != before
    shown = await api.get(data, params={"type": "frame", "number": frames[1]})
    real = await api.get(f"/tasks/{task['id']}/data/", params={"type": "frame", "number": 11})
    assert shown == real
    left = {item["frame"] for item in (await api.get(f"/jobs/{job}/annotations/"))["shapes"]}
    assert left == set(range(6)) - {frames[1]}


async def test_disabled_frames_are_not_drawn(api: Api) -> None:
    task, _ = await pooled(api)
    where = f"/tasks/{task['id']}/validation_layout"
    layout = await api.patch(
        where, {"disabled_frames": [10], "frame_selection_method": "random_uniform"}
    )
    assert layout["disabled_frames"] == [10]
    assert set(layout["honeypot_real_frames"]) == {9, 11}
    await api.patch(
        where,
        {"disabled_frames": [9, 10], "frame_selection_method": "random_uniform"},
        expect=400,
    )
    assert await api.get(where) == layout


@pytest.mark.parametrize("real", [[9], [9, 9], [9, 0], [9, 100]])
async def test_honeypots_that_cannot_be_are_refused(api: Api, real: list[int]) -> None:
    task, layout = await pooled(api)
    job = await first_job(api, task["id"])
    body: dict[str, Any] = {"frame_selection_method": "manual", "honeypot_real_frames": real}
    await api.patch(f"/jobs/{job}/validation_layout", body, expect=400)
    await api.patch(f"/jobs/{job}/validation_layout", {"honeypot_real_frames": real}, expect=400)
    assert await api.get(f"/tasks/{task['id']}/validation_layout") == layout


async def test_honeypots_of_a_task_are_named_in_the_order_of_their_frames(api: Api) -> None:
    task, layout = await pooled(api)
    body = {"frame_selection_method": "manual", "honeypot_real_frames": [11, 9, 10, 11]}
    changed = await api.patch(f"/tasks/{task['id']}/validation_layout", body)
    assert changed["honeypot_frames"] == layout["honeypot_frames"]
    assert changed["honeypot_real_frames"] == [11, 9, 10, 11]


async def test_ground_truth_has_no_honeypots_but_frames_to_disable(api: Api) -> None:
    task = await make_task(api, 4)
    where = f"/tasks/{task['id']}/validation_layout"
    await api.patch(where, {"disabled_frames": [1]}, expect=400)
    job = await gt_job(api, task["id"], frame_selection_method="manual", frames=[1, 2])
    assert await api.get(f"/jobs/{job['id']}/validation_layout") == {}
    assert (await api.patch(where, {"disabled_frames": [1]}))["disabled_frames"] == [1]
    await api.patch(where, {"disabled_frames": [0]}, expect=400)
    await api.patch(where, {"frame_selection_method": "random_uniform"}, expect=400)
