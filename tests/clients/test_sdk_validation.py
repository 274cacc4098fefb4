"""Ground truth and honeypots by the SDK."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import ResourceType

from tests.images import png


def test_a_task_with_honeypots_is_made_shuffled_and_exported(
    client: Client, tmp_path: Path
) -> None:
    files = []
    for number in range(6):
        files.append(tmp_path / f"im{number}.png")
        files[-1].write_bytes(png(40 + number, 30, number))
    task = client.tasks.create_from_data(
        spec={"name": "pool", "labels": [{"name": "cat"}], "segment_size": 2},
        resource_type=ResourceType.LOCAL,
        resources=files,
        data_params={
            "image_quality": 70,
            "sorting_method": "random",
            "validation_params": {
                "mode": "gt_pool",
                "frame_selection_method": "random_uniform",
                "frame_count": 2,
                "frames_per_job_count": 1,
            },
        },
    )
    assert (task.size, str(task.validation_mode)) == (8, "gt_pool")
    changed, _ = client.api_client.tasks_api.partial_update_validation_layout(
        task.id,
        patched_task_validation_layout_write_request=models.PatchedTaskValidationLayoutWriteRequest(
            frame_selection_method="manual", honeypot_real_frames=[7, 7]
        ),
    )
    assert changed.honeypot_real_frames == [7, 7]
    target = tmp_path / "out.zip"
    task.export_dataset("CVAT for images 1.1", target, include_images=True)
    images = [name for name in zipfile.ZipFile(target).namelist() if name.endswith(".png")]
    assert sorted(Path(name).name for name in images) == [f"im{number}.png" for number in range(6)]


def test_a_ground_truth_job_is_made_and_its_frames_are_fetched(
    client: Client, tmp_path: Path
) -> None:
    files = []
    for number in range(4):
        files.append(tmp_path / f"im{number}.png")
        files[-1].write_bytes(png(40 + number, 30, number))
    task = client.tasks.create_from_data(
        spec={"name": "gt", "labels": [{"name": "cat"}]}, resources=files
    )
    job, _ = client.api_client.jobs_api.create(
        models.JobWriteRequest(
            type="ground_truth",
            task_id=task.id,
            frame_selection_method="manual",
            frames=[1, 3],
        )
    )
    found = client.jobs.retrieve(job.id)
    assert found.get_meta().included_frames == [1, 3]
    assert io.BytesIO(found.get_frame(3, quality="original").read()).read() == files[3].read_bytes()
    target = tmp_path / "gt.zip"
    found.export_dataset("CVAT for images 1.1", target, include_images=True)
    images = [name for name in zipfile.ZipFile(target).namelist() if name.endswith(".png")]
    assert sorted(Path(name).name for name in images) == ["im1.png", "im3.png"]
    client.api_client.jobs_api.destroy(job.id)
    task.fetch()
    assert task.validation_mode is None
