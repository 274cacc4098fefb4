"""What is written and read is what a real CVAT wrote and read, but for listed differences."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.masks import bitmap_of_shape
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, ZipSource
from cvat_lite.formats.format import ReadOptions, WriteOptions
from tests.formats.recordings import (
    DATA,
    ROOT,
    TASKS,
    comparable,
    content,
    dataset_of,
    labels_of,
    target_of,
)

FORMATS = (
    "CVAT for images 1.1",
    "CVAT for video 1.1",
    "COCO 1.0",
    "YOLO 1.1",
    "Ultralytics YOLO Detection 1.0",
    "PASCAL VOC 1.1",
    "Datumaro 1.0",
)
CASES = [pytest.param(name, task, id=f"{name}-{task}") for name in FORMATS for task in TASKS]
IMPORTER = {"CVAT for images 1.1": "CVAT 1.1", "CVAT for video 1.1": "CVAT 1.1"}


def listed_differences() -> dict[str, str]:
    """The cases in which we differ on purpose, and why."""
    lines = (DATA / "format_differences.txt").read_text().splitlines()
    rows = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {case: reason for case, _, reason in rows}


def written(name: str, task: str, path: Path, *, save_images: bool = False) -> dict[str, Any]:
    with ZipSink(path) as sink:
        write = registry.exporter(name).write
        assert write is not None
        write(dataset_of(task), sink, WriteOptions(save_images=save_images))
    return content(path)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_an_export_is_the_recorded_one(name: str, task: str, tmp_path: Path) -> None:
    recorded = content(ROOT / task / "exports" / f"{name.replace(' ', '_')}.zip")
    correct = CORRECTED.get(f"export {name}-{task}")
    if correct:
        correct(recorded)
    ours = written(name, task, tmp_path / "ours.zip")
    assert ours.keys() == recorded.keys()
    for file, tree in recorded.items():
        assert ours[file] == tree, file


@pytest.mark.parametrize(("name", "task"), CASES)
def test_an_import_gives_the_recorded_annotations(name: str, task: str) -> None:
    file = name.replace(" ", "_")
    recorded = json.loads((ROOT / task / "imports" / f"{file}.json").read_bytes())
    labels = recorded["labels"]
    expected = comparable(msgspec.convert(recorded["annotations"], LabeledData), labels_of(labels))
    correct = CORRECTED.get(f"import {name}-{task}")
    if correct:
        correct(expected)
    read = registry.importer(IMPORTER.get(name, name)).read
    assert read is not None
    with ZipSource(ROOT / task / "exports" / f"{file}.zip", file) as source:
        data = read(source, target_of(task, labels), ReadOptions(masks_to_polygons=False))
    ours = comparable(data, labels_of(labels))
    for kind, members in expected.items():
        assert ours[kind] == members


@pytest.mark.parametrize("task", ["boxes", "images"])
def test_an_export_with_images_holds_the_files_as_they_came(task: str, tmp_path: Path) -> None:
    recorded = content(ROOT / task / "exports" / "with_images.zip")
    assert written("CVAT for images 1.1", task, tmp_path / "a.zip", save_images=True) == recorded


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("CVAT for images 1.1", "images"),
        ("CVAT for video 1.1", "images"),
        ("COCO 1.0", "images/train"),
        ("YOLO 1.1", "obj_train_data"),
        ("Ultralytics YOLO Detection 1.0", "images/train"),
        ("PASCAL VOC 1.1", "JPEGImages"),
        ("Datumaro 1.0", "images/train"),
    ],
)
def test_images_lie_where_the_format_has_them(name: str, folder: str, tmp_path: Path) -> None:
    without = written(name, "boxes", tmp_path / "a.zip")
    files = written(name, "boxes", tmp_path / "b.zip", save_images=True)
    assert files.keys() - without.keys() == {f"{folder}/b{i}.jpg" for i in range(3)}
    with zipfile.ZipFile(ROOT / "boxes" / "media.zip") as media:
        assert files[f"{folder}/b1.jpg"] == media.read("b1.jpg")


def test_masks_are_read_as_the_polygons_around_them_if_that_is_asked_for() -> None:
    recorded = json.loads((ROOT / "images" / "imports" / "PASCAL_VOC_1.1.json").read_bytes())
    target = target_of("images", recorded["labels"])
    read = registry.importer("PASCAL VOC 1.1").read
    assert read is not None
    found = []
    for polygons in (False, True):
        path = ROOT / "images" / "exports" / "PASCAL_VOC_1.1.zip"
        with ZipSource(path, path.name) as source:
            data = read(source, target, ReadOptions(masks_to_polygons=polygons))
        found.append([one for one in data.shapes if one.type in ("mask", "polygon")])
    masks, polygons_found = found
    assert {one.type for one in polygons_found} == {"polygon"}
    for label_id in {one.label_id for one in masks}:
        covered = [
            np.logical_or.reduce(
                [bitmap_of_shape(one, 400, 300) for one in shapes if one.label_id == label_id]
            )
            for shapes in (masks, polygons_found)
        ]
        assert (covered[0] == covered[1]).all()


def test_every_listed_difference_is_tested_and_every_tested_one_is_listed() -> None:
    assert listed_differences().keys() == CORRECTED.keys()


def end_every_shape(last_frame: int) -> Callable[[Any], None]:
    """A shape that becomes a track is hidden from the next frame on, if there is one."""

    def correct(files: dict[str, Any]) -> None:
        for tag, _, _, positions in files["annotations.xml"][3]:
            if tag == "track" and len(positions) == 1 and positions[0][1]["frame"] < last_frame:
                positions.append(hidden(positions[0]))

    return correct


def hidden(node: Any) -> Any:
    """The next frame's end of a shape on one frame."""
    tag, attributes, text, children = node
    ended = dict(attributes)
    if "frame" in ended:
        ended["frame"] += 1
    if "outside" in ended:
        ended["outside"] = 1.0
    return (tag, ended, text, [hidden(one) if one[0] == "points" else one for one in children])


def keep_groups_and_source_of_masks(expected: dict[str, list[Any]]) -> None:
    for shape in expected["shapes"]:
        shape["source"] = "file"
        shape["group"] = 2 if shape["label"] == "dog" else 0
    expected["shapes"].sort(key=repr)


def keep_hidden_elements(expected: dict[str, list[Any]]) -> None:
    for track in expected["tracks"]:
        if track["frame"] == 0:
            head = next(one for one in track["elements"] if one["label"] == "head")
            at = {**head["shapes"][0], "points": [70.0, 200.0], "outside": True}
            track["elements"].append({**head, "label": "foot", "shapes": [at]})
            track["elements"].sort(key=repr)
    expected["tracks"].sort(key=repr)


def masks_are_not_rotated(expected: dict[str, list[Any]]) -> None:
    for shape in expected["shapes"]:
        if shape["type"] == "mask":
            shape["rotation"] = 0.0
    expected["shapes"].sort(key=repr)


def masks_stay_masks_without_groups(expected: dict[str, list[Any]]) -> None:
    """The masks are those that the import of COCO has, with default attributes."""
    recorded = json.loads((ROOT / "images" / "imports" / "COCO_1.0.json").read_bytes())
    data = msgspec.convert(recorded["annotations"], LabeledData)
    masks = [shape for shape in data.shapes if shape.type == "mask"]
    for mask in masks:
        mask.attributes, mask.rotation = [], 0.0
    named = comparable(LabeledData(shapes=masks), labels_of(recorded["labels"]))["shapes"]
    boxes = [{**one, "group": 0} for one in expected["shapes"] if one["type"] == "rectangle"]
    expected["shapes"] = sorted([*boxes, *named], key=repr)


def groups_of_one_stay(kind: str, group: int, which: Callable[[Any], bool]) -> Any:
    def correct(expected: dict[str, list[Any]]) -> None:
        for one in filter(which, expected[kind]):
            one["group"] = group
        expected[kind].sort(key=repr)

    return correct


CORRECTED: dict[str, Callable[[Any], None]] = {
    "export CVAT for video 1.1-boxes": end_every_shape(2),
    "export CVAT for video 1.1-images": end_every_shape(3),
    "export CVAT for video 1.1-skeletons": end_every_shape(1),
    "import CVAT for video 1.1-images": keep_groups_and_source_of_masks,
    "import CVAT for video 1.1-skeletons": keep_hidden_elements,
    "import COCO 1.0-images": masks_are_not_rotated,
    "import PASCAL VOC 1.1-images": masks_stay_masks_without_groups,
    "import Datumaro 1.0-images": groups_of_one_stay(
        "shapes",
        2,
        lambda one: (
            (one["type"], one["z_order"]) == ("polygon", 1)
            or (one["type"], one["label"]) == ("mask", "dog")
        ),
    ),
    "import Datumaro 1.0-video": groups_of_one_stay(
        "tracks", 3, lambda one: one["label"] == "person"
    ),
}
