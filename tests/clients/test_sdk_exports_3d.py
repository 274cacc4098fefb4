"""Exports and imports of point clouds and sounds by the SDK."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import Task

from tests.images import png
from tests.media.clouds import ascii_pcd, binary_pcd
from tests.media.sounds import write_wav

CLOUDS = ("Datumaro 3D 1.0", "Kitti Raw Format 1.0", "Sly Point Cloud Format 1.0")
FILES = {
    "set/pointcloud/1.pcd": ascii_pcd(),
    "set/pointcloud/2.pcd": binary_pcd(),
    "set/related_images/1_pcd/front.png": png(30, 20),
}


def cuboid(*first: float) -> list[float]:
    return [*first, 0.0, 0.0, 0.123, 1.5, 2.0, 1.0, *[0.0] * 7]


@pytest.fixture(scope="module")
def clouds(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A task of two clouds, the first with an image."""
    path = tmp_path_factory.mktemp("clouds") / "clouds.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="clouds", labels=[{"name": "car"}]), [path]
    )


@pytest.fixture(scope="module")
def talk(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A sound of three seconds in two jobs."""
    path = write_wav(tmp_path_factory.mktemp("talk") / "talk.wav", 3.0)
    return client.tasks.create_from_data(
        models.TaskWriteRequest(
            name="talk", labels=[{"name": "speech", "type": "interval"}], segment_size=1500
        ),
        [path],
    )


def annotate(task: Task) -> dict[str, Any]:
    """Put a cuboid on the second cloud, and a track on both."""
    label = task.get_labels()[0].id
    shape = models.LabeledShapeRequest(
        type="cuboid", frame=1, label_id=label, points=cuboid(1, 2, 3)
    )
    keys = [
        models.TrackedShapeRequest(type="cuboid", frame=n, points=cuboid(n, 0, 0), outside=False)
        for n in range(2)
    ]
    track = models.LabeledTrackRequest(frame=0, label_id=label, shapes=keys)
    task.set_annotations(models.LabeledDataRequest(shapes=[shape], tracks=[track]))
    return held(task)


def held(task: Task) -> dict[str, Any]:
    """Where shapes and keyframes of tracks are."""
    found = task.get_annotations()
    return {
        "shapes": [(one.frame, one.points) for one in found.shapes],
        "tracks": [
            [(one.frame, one.outside, one.points) for one in track.shapes] for track in found.tracks
        ],
    }


@pytest.mark.parametrize("name", CLOUDS)
def test_cuboids_and_tracks_go_out_and_come_back(name: str, clouds: Task, tmp_path: Path) -> None:
    before = annotate(clouds)
    clouds.export_dataset(name, tmp_path / "a.zip", include_images=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        contents = [archive.read(member) for member in archive.namelist()]
    assert all(content in contents for content in FILES.values())
    clouds.remove_annotations()
    clouds.import_annotations(name, tmp_path / "a.zip")
    assert held(clouds) == before
    (job,) = clouds.get_jobs()
    job.export_dataset(name, tmp_path / "job.zip", include_images=False)
    job.import_annotations(name, tmp_path / "job.zip")
    assert held(clouds) == before


def test_an_archive_of_kitti_with_its_clouds_makes_a_task_again(
    client: Client, clouds: Task, tmp_path: Path
) -> None:
    clouds.export_dataset(CLOUDS[1], tmp_path / "a.zip", include_images=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert "image_00/data/set/pointcloud/1.png" in archive.namelist()
        files = [name for name in archive.namelist() if name.endswith(".pcd")]
        archive.extractall(tmp_path)
    task = client.tasks.create_from_data(
        models.TaskWriteRequest(name="again", labels=[{"name": "car"}]),
        [tmp_path / name for name in files],
    )
    task.import_annotations(CLOUDS[1], tmp_path / "a.zip")
    assert held(task) == held(clouds)


def test_intervals_are_exported_as_a_plain_file_and_come_back(talk: Task, tmp_path: Path) -> None:
    label = talk.get_labels()[0].id
    spans = [(0, 400), (1400, 1700), (1600, None)]
    sent = [
        models.LabeledIntervalRequest(label_id=label, start=start, stop=stop)
        for start, stop in spans
    ]
    talk.set_annotations(models.LabeledDataRequest(intervals=sent))
    talk.export_dataset("Generic TSV 1.0", tmp_path / "a.tsv", include_images=False)
    assert (tmp_path / "a.tsv").read_text() == (
        "file\tstart\tstop\tlabel\tgroup\tscore\n"
        "talk.wav\t0.000\t0.400\tspeech\t0\t1.0\n"
        "talk.wav\t1.400\t1.700\tspeech\t0\t1.0\n"
        "talk.wav\t1.600\t\tspeech\t0\t1.0\n"
    )
    talk.remove_annotations()
    talk.import_annotations("Generic TSV 1.0", tmp_path / "a.tsv")
    assert [(one.start, one.stop) for one in talk.get_annotations().intervals] == spans
    second = max(talk.get_jobs(), key=lambda job: job.start_frame)
    second.export_dataset("Generic TSV 1.0", tmp_path / "job.tsv", include_images=False)
    assert len((tmp_path / "job.tsv").read_text().splitlines()) == 2
    with pytest.raises(Exception, match=r"it does not start between 1\.500 and 3\.000"):
        second.import_annotations("Generic TSV 1.0", tmp_path / "a.tsv")
    assert len(talk.get_annotations().intervals) == 3


def test_a_plain_file_is_sent_under_its_own_name_and_type(client: Client, talk: Task) -> None:
    api = client.api_client.tasks_api
    asked, _ = api.create_dataset_export(format="Generic TSV 1.0", id=talk.id, save_images=True)
    request = client.wait_for_completion(asked.rq_id)[0]
    response = client.api_client.rest_client.GET(
        request.result_url, headers=client.api_client.get_common_headers()
    )
    assert response.headers["Content-Type"] == "text/tab-separated-values"
    name = f"task_{talk.id}_talk_dataset_generic_tsv_1.0.tsv"
    assert f'filename="{name}"' in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("COCO 1.0", "The format 'COCO 1.0' is for 2d data, the task has 3d data"),
        ("Generic TSV 1.0", "The format 'Generic TSV 1.0' is for 1d data, the task has 3d data"),
    ],
)
def test_a_format_of_another_dimension_is_refused_before_anything_is_done(
    name: str, why: str, client: Client, clouds: Task, tmp_path: Path
) -> None:
    api = client.api_client
    with pytest.raises(Exception, match="400") as caught:
        api.tasks_api.create_dataset_export(format=name, id=clouds.id)
    assert json.loads(caught.value.body) == [why]
    before = annotate(clouds)
    (tmp_path / "a.zip").write_bytes(b"nothing")
    with pytest.raises(Exception, match="400") as caught:
        clouds.import_annotations(name, tmp_path / "a.zip")
    assert json.loads(caught.value.body) == [why]
    assert held(clouds) == before
    (job,) = clouds.get_jobs()
    with pytest.raises(Exception, match="the job has 3d data"):
        job.export_dataset(name, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_a_project_of_clouds_is_exported_and_refuses_flat_formats(
    client: Client, tmp_path: Path
) -> None:
    project = client.projects.create(
        models.ProjectWriteRequest(name="clouds", labels=[{"name": "car"}])
    )
    (tmp_path / "a.pcd").write_bytes(ascii_pcd())
    for _ in range(2):
        client.tasks.create_from_data(
            models.TaskWriteRequest(name="member", project_id=project.id), [tmp_path / "a.pcd"]
        )
    for name in CLOUDS:
        project.export_dataset(name, tmp_path / f"{name}.zip", include_images=True)
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
            clouds = [one for one in archive.namelist() if one.endswith(".pcd")]
            assert [archive.read(one) for one in clouds] == [ascii_pcd()] * 2
            assert len(set(clouds)) == 2
    with pytest.raises(Exception, match="the project has 3d data"):
        project.export_dataset("YOLO 1.1", tmp_path / "b.zip")
