"""Tasks whose work is checked, for tests."""

from __future__ import annotations

from typing import Any

from tests.api.test_tasks import LABELS, form
from tests.client import Api
from tests.images import png

POOL = {
    "mode": "gt_pool",
    "frame_selection_method": "manual",
    "frames": ["im0.png", "im1.png", "im2.png"],
    "frames_per_job_count": 2,
    "random_seed": 3,
}


async def gt_job(api: Api, task_id: int, **choice: Any) -> dict[str, Any]:
    """A new ground truth job."""
    made: dict[str, Any] = await api.post(
        "/jobs", {"type": "ground_truth", "task_id": task_id, **choice}
    )
    return made


async def send(
    api: Api, params: dict[str, Any], *, count: int = 8, ends: str = "finished", **more: Any
) -> dict[str, Any]:
    """A task of pictures that all differ, with these validation parameters and four frames a job."""
    task = await api.post("/tasks", {"name": "t", "labels": LABELS, "segment_size": 4})
    where = f"/tasks/{task['id']}/data/"
    files = {f"im{number}.png": png(40 + number, 30, number) for number in range(count)}
    await api.post(where, expect=202, headers={"Upload-Start": "true"}, documented=False)
    await api.post(
        where, data=form(files), expect=200, headers={"Upload-Multiple": "true"}, documented=False
    )
    body = {"image_quality": 70, "validation_params": params, **more}
    answer = await api.post(where, body, expect=202, headers={"Upload-Finish": "true"})
    await api.finished(answer["rq_id"], status=ends)
    return await api.get(f"/tasks/{task['id']}")  # type: ignore[no-any-return]


def shape(label: int, frame: int) -> dict[str, Any]:
    """A rectangle."""
    return {"type": "rectangle", "label_id": label, "frame": frame, "points": [1, 2, 20, 25]}
