"""Tasks of point clouds by the SDK, and the task that a real CVAT was recorded with."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import Task
from PIL import Image

from tests.images import png
from tests.media.clouds import ascii_pcd, binary_pcd, header, kitti_bin

CLOUD = Path(__file__).parents[1] / "data/golden_exports/cloud"


def create(client: Client, path: Path, **more: Any) -> Task:
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="clouds", labels=[{"name": "car"}, {"name": "pole"}]),
        [path],
        **more,
    )


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def read_data(client: Client, task: Task, **query: Any) -> tuple[bytes, str]:
    _, response = client.api_client.tasks_api.retrieve_data(task.id, _parse_response=False, **query)
    return response.data, response.headers.get("Content-Type", "")


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_recorded_task_is_the_same_here(client: Client) -> None:
    if not (CLOUD / "media.zip").is_file():
        pytest.skip("the recording is not here")
    recorded = json.loads((CLOUD / "task.json").read_bytes())
    task = create(
        client,
        CLOUD / "media.zip",
        data_params={"image_quality": recorded["task"]["image_quality"]},
    )
    for name in ("dimension", "mode", "media_type", "size", "segment_size", "overlap"):
        assert getattr(task, name) == recorded["task"][name], name
    for name in ("data_chunk_size", "data_original_chunk_type", "data_compressed_chunk_type"):
        assert str(getattr(task, name)) == str(recorded["task"][name]), name
    meta = json.loads(
        client.api_client.tasks_api.retrieve_data_meta(task.id, _parse_response=False)[1].data
    )
    del meta["chunks_updated_date"], recorded["meta"]["chunks_updated_date"]
    assert meta == recorded["meta"]

    labels = {label.name: label.id for label in task.get_labels()}
    names = {label["id"]: label["name"] for label in recorded["labels"]}
    body = recorded["request"]["annotations"]
    for shape in body["shapes"]:
        shape["label_id"] = labels[names[shape["label_id"]]]
    task.set_annotations(models.LabeledDataRequest(**body))
    held = json.loads(
        client.api_client.tasks_api.retrieve_annotations(task.id, _parse_response=False)[1].data
    )
    expected = json.loads((CLOUD / "annotations.json").read_bytes())
    for shape, wanted in zip(held["shapes"], expected["shapes"], strict=True):
        assert shape.pop("label_id") == labels[names[wanted.pop("label_id")]]
        assert isinstance(shape.pop("id"), int)
        del wanted["id"]
    assert held == expected


def test_frames_chunks_and_images_of_clouds_are_sent_as_they_came(
    client: Client, tmp_path: Path
) -> None:
    first, second = ascii_pcd(), binary_pcd()
    files = {
        "set/pointcloud/1.pcd": first,
        "set/pointcloud/2.pcd": second,
        "set/related_images/1_pcd/front.png": png(30, 20),
        "set/related_images/1_pcd/rear.png": png(30, 20, 1),
    }
    task = create(client, packed(tmp_path / "clouds.zip", files))
    assert (task.dimension, str(task.media_type), task.size) == ("3d", "point_cloud", 2)
    frames = task.get_meta().frames
    assert [(f.name, f.width, f.height, f.related_files) for f in frames] == [
        ("set/pointcloud/1.pcd", 12, 1, 2),
        ("set/pointcloud/2.pcd", 12, 1, 0),
    ]
    for quality in ("compressed", "original"):
        content, kind = read_data(client, task, type="chunk", number=0, quality=quality)
        assert (members(content), kind) == (
            {"000000.pcd": first, "000001.pcd": second},
            "application/zip",
        )
        content, kind = read_data(client, task, type="frame", number=1, quality=quality)
        assert (content, kind) == (second, "application/octet-stream")
    content, _ = read_data(client, task, type="context_image", number=0)
    assert {name: Image.open(io.BytesIO(file)).size for name, file in members(content).items()} == {
        "front.jpg": (30, 20),
        "rear.jpg": (30, 20),
    }
    assert read_data(client, task, type="context_image", number=1)[0] == b""
    assert Image.open(task.get_preview()).size == (256, 256)


def test_a_drive_of_kitti_becomes_a_task(client: Client, tmp_path: Path) -> None:
    files = {
        "velodyne_points/data/0000.bin": kitti_bin(),
        "image_00/data/0000.png": png(30, 20),
        "image_01/data/0000.png": png(30, 20, 1),
    }
    task = create(client, packed(tmp_path / "drive.zip", files))
    frames = task.get_meta().frames
    assert [(f.name, f.width, f.related_files) for f in frames] == [
        ("velodyne_points/data/0000.pcd", 12, 2)
    ]
    content, _ = read_data(client, task, type="frame", number=0, quality="original")
    assert content.endswith(b"DATA binary\n" + kitti_bin())
    assert len(members(read_data(client, task, type="context_image", number=0)[0])) == 2


def test_jobs_hold_cuboids_and_a_cuboid_has_sixteen_numbers(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.pcd"
    path.write_bytes(ascii_pcd())
    task = create(client, path)
    (job,) = task.get_jobs()
    label = task.get_labels()[0].id
    points = [1.0, 2.0, 0.5, 0.0, 0.0, 0.5, 1.5, 2.0, 1.0, *[0.0] * 7]

    def cuboid(points: list[float]) -> models.LabeledDataRequest:
        shape = models.LabeledShapeRequest(type="cuboid", frame=0, label_id=label, points=points)
        return models.LabeledDataRequest(shapes=[shape])

    job.set_annotations(cuboid(points))
    assert [shape.points for shape in task.get_annotations().shapes] == [points]
    with pytest.raises(Exception, match="400"):
        job.set_annotations(cuboid(points[:9]))
    assert len(job.get_annotations().shapes) == 1


def test_a_cloud_that_claims_what_is_not_there_makes_no_task(
    client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "huge.pcd"
    path.write_bytes(header(10**12, "binary"))
    with pytest.raises(Exception, match="claims to have 1000000000000 points"):
        create(client, path)
