"""Datasets imported into projects by the SDK and the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cvat_sdk import Client
from cvat_sdk.core.exceptions import BackgroundRequestException

from tests.client import ADMIN_PASSWORD
from tests.clients.conftest import Running
from tests.images import png

FORMATS = {"COCO 1.0": "COCO 1.0", "CVAT for images 1.1": "CVAT 1.1"}


def exported(client: Client, directory: Path, name: str) -> Path:
    """The archive of a project with two tasks in two subsets, a box on each."""
    project = client.projects.create({"name": "zoo", "labels": [{"name": "cat"}]})
    (label,) = project.get_labels()
    (directory / "a.png").write_bytes(png())
    for subset in ("train", "val"):
        task = client.tasks.create_from_data(
            {"name": subset, "project_id": project.id, "subset": subset},
            resources=[directory / "a.png"],
            data_params={"image_quality": 70},
        )
        box = {"type": "rectangle", "frame": 0, "label_id": label.id, "points": [1, 2, 30, 40]}
        task.set_annotations({"shapes": [box]})
    archive = directory / "zoo.zip"
    project.export_dataset(name, archive, include_images=True)
    return archive


def held(client: Client, project_id: int) -> list[tuple[str, bytes, list[float]]]:
    """The subset, the first frame and the first box of each task of a project."""
    tasks = client.projects.retrieve(project_id).get_tasks()
    found = []
    for task in tasks:
        points = [round(value, 2) for value in task.get_annotations().shapes[0].points]
        found.append((task.subset, task.get_frame(0, quality="original").read(), points))
    return sorted(found)


EXPECTED = [(subset, png(), [1.0, 2.0, 30.0, 40.0]) for subset in ("train", "val")]


@pytest.mark.parametrize(("written", "read"), FORMATS.items(), ids=FORMATS)
def test_a_project_is_made_of_a_dataset(
    client: Client, tmp_path: Path, written: str, read: str
) -> None:
    archive = exported(client, tmp_path, written)
    project = client.projects.create_from_dataset(
        {"name": "again"}, dataset_path=str(archive), dataset_format=read
    )
    assert [label.name for label in project.get_labels()] == ["cat"]
    assert project.tasks.count == 2
    assert held(client, project.id) == EXPECTED


def test_a_dataset_is_imported_into_a_project_that_is_there(client: Client, tmp_path: Path) -> None:
    archive = exported(client, tmp_path, "COCO 1.0")
    project = client.projects.create({"name": "again", "labels": [{"name": "cat"}]})
    project.import_dataset("COCO 1.0", archive, conv_mask_to_poly=False)
    assert held(client, project.id) == EXPECTED


def test_a_dataset_with_a_label_that_the_project_lacks_is_refused(
    client: Client, tmp_path: Path
) -> None:
    archive = exported(client, tmp_path, "COCO 1.0")
    project = client.projects.create({"name": "dogs", "labels": [{"name": "dog"}]})
    with pytest.raises(BackgroundRequestException, match="does not have label with name 'cat'"):
        project.import_dataset("COCO 1.0", archive)
    assert project.get_tasks() == []


def test_the_command_line_makes_a_project_of_a_dataset(
    client: Client, running: Running, tmp_path: Path
) -> None:
    archive = exported(client, tmp_path, "CVAT for images 1.1")
    cli = [sys.executable, "-m", "cvat_cli", "--server-host", running.url]
    cli += ["--auth", f"admin:{ADMIN_PASSWORD}", "project"]
    period = ["--completion_verification_period", "0.05"]
    create = [*cli, "create", *period, "again", "--dataset_path", str(archive)]
    made = subprocess.run(create, check=True, capture_output=True, text=True)
    project_id = int(made.stdout.split()[-1])
    assert held(client, project_id) == EXPECTED
    more = [*cli, "import-dataset", "--format", "CVAT 1.1", str(project_id), str(archive)]
    subprocess.run(more, check=True)
    assert held(client, project_id) == sorted(2 * EXPECTED)
