"""CVAT's XML of several tasks: only of a project, whose head tells of them all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cvat_lite.domain.dataset import Dataset, Person, ProjectInfo
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, ZipSource
from cvat_lite.formats.format import WriteOptions
from tests.formats.recordings import dataset_of

NAMES = ("CVAT for images 1.1", "CVAT for video 1.1")


def written(dataset: Dataset, name: str, path: Path) -> ET.Element:
    """The document that is written of a dataset."""
    write: Any = registry.exporter(name).write
    with ZipSink(path) as sink:
        write(dataset, sink, WriteOptions())
    with ZipSource(path, path.name) as source:
        return ET.fromstring(source.read("annotations.xml"))


def of_two_tasks(task: str) -> Dataset:
    """A recorded task, and the same once more in another subset."""
    dataset = dataset_of(task)
    part = dataset.parts[0]
    other = replace(part, info=replace(part.info, id=part.info.id + 1, subset="val"))
    project = ProjectInfo(7, "zoo & co", owner=Person("ann", "ann@example.org"))
    return replace(dataset, parts=(part, other), project=project)


@pytest.mark.parametrize("name", NAMES)
def test_several_tasks_without_a_project_are_refused(name: str, tmp_path: Path) -> None:
    dataset = replace(of_two_tasks("boxes"), project=None)
    with pytest.raises(ValueError, match="one project"):
        written(dataset, name, tmp_path / "a.zip")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", ["boxes", "skeletons", "video"])
def test_each_task_of_a_project_has_the_head_and_annotations_it_has_alone(
    name: str, task: str, tmp_path: Path
) -> None:
    dataset = of_two_tasks(task)
    root = written(dataset, name, tmp_path / "project.zip")
    assert root.findtext("meta/project/name") == "zoo & co"
    assert root.findtext("meta/project/owner/email") == "ann@example.org"
    subsets = [part.info.subset_name for part in dataset.parts]
    assert root.findtext("meta/project/subsets") == "\n".join(subsets)
    heads = root.findall("meta/project/tasks/task")
    for part, head in zip(dataset.parts, heads, strict=True):
        alone = written(replace(dataset, parts=(part,), project=None), name, tmp_path / "task.zip")
        expected = alone.find("meta/task")
        labels = alone.find("meta/task/labels")
        assert expected is not None
        assert labels is not None
        assert texts(root.find("meta/project/labels")) == texts(labels)
        expected.remove(labels)
        assert texts(head) == texts(expected)
        mine = [one for one in root if one.get("task_id") == str(part.info.id)]
        assert {one.get("subset") for one in mine} <= {part.info.subset_name}
        theirs = [one for one in alone if one.tag in ("image", "track")]
        assert [pieces(one) for one in mine] == [pieces(one) for one in theirs]
    tracks = [one.get("id") for one in root.iter("track")]
    assert tracks == [str(number) for number in range(len(tracks))]


def texts(node: ET.Element | None) -> list[tuple[str, str]]:
    """Tags and texts below a node, in order."""
    assert node is not None
    return [(one.tag, (one.text or "").strip()) for one in node.iter()]


def pieces(node: ET.Element) -> list[str]:
    """What stands in an image or track."""
    return [ET.tostring(one).decode().strip() for one in node]
