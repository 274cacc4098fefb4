"""What is written and read is what a real CVAT wrote and read, but for listed differences."""

from __future__ import annotations

import json
import zipfile
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
from tests.formats.corrections import CORRECTED
from tests.formats.recordings import (
    DATA,
    ROOT,
    comparable,
    content,
    dataset_of,
    labels_of,
    target_of,
)

IMPORTER = {"CVAT for images 1.1": "CVAT 1.1", "CVAT for video 1.1": "CVAT 1.1"}


def cases(kind: str) -> list[Any]:
    """A format and a task for each recorded file of this kind, by the formats that there are."""
    names = {one.name.replace(" ", "_"): one.name for one in registry.formats()}
    names |= {one.replace(" ", "_"): one for one in IMPORTER}
    found = [
        (names[file.stem], file.parts[-3])
        for file in sorted(ROOT.glob(f"*/{kind}/*"))
        if file.stem in names
    ]
    return [pytest.param(name, task, id=f"{name}-{task}") for name, task in found]


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


@pytest.mark.parametrize(("name", "task"), cases("exports"))
def test_an_export_is_the_recorded_one(name: str, task: str, tmp_path: Path) -> None:
    recorded = content(ROOT / task / "exports" / f"{name.replace(' ', '_')}.zip")
    correct = CORRECTED.get(f"export {name}-{task}")
    if correct:
        correct(recorded)
    ours = written(name, task, tmp_path / "ours.zip")
    assert ours.keys() == recorded.keys()
    for file, tree in recorded.items():
        assert ours[file] == tree, file


@pytest.mark.parametrize(("name", "task"), cases("imports"))
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
