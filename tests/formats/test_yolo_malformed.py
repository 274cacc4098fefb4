"""Archives of the YOLO family and of COCO Keypoints that cannot be read: file, place and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from cvat_lite.errors import DatasetError
from tests.formats.test_yolo_family import (
    CLASSIFICATION,
    DETECTION,
    KEYPOINTS,
    ORIENTED,
    POSE,
    SEGMENTATION,
    archive,
    read,
)


def keypoints(**changed: Any) -> dict[str, bytes]:
    one = {"image_id": 1, "category_id": 1, "keypoints": [1, 2, 2, 3, 4, 1]} | changed
    root = {
        "images": [{"id": 1, "file_name": "d/a.jpg"}],
        "categories": [{"id": 1, "name": "body"}, {"id": 2, "name": "cat"}],
        "annotations": [one],
    }
    return {"p.json": orjson.dumps(root)}


def labeled(line: bytes, *, more: bytes = b"") -> dict[str, bytes]:
    names = b"names: [cat, body, bird]\n" + more
    return {"data.yaml": names, "labels/train/d/a.txt": b"\n" + line + b"\n"}


POINTS = b"kpt_shape: [2, 3]\n"
LINE = "labels/train/d/a.txt, line 2: "
WRONG = {
    (DETECTION, "no configuration"): ({"a.txt": b""}, "data.yaml: there is no such file"),
    (DETECTION, "no YAML"): ({"data.yaml": b"a: [", "x/other.yaml": b""}, "data.yaml: this is not"),
    (DETECTION, "no labels"): ({"data.yaml": b"names: cat"}, "data.yaml, names: this is neither"),
    (DETECTION, "YAML of a list"): ({"data.yaml": b"[1]"}, "data.yaml, names: this is neither"),
    (DETECTION, "labels without numbers"): (
        {"data.yaml": b"names: {a: cat}"},
        "data.yaml, names: this is neither",
    ),
    (DETECTION, "a label that is not listed"): (labeled(b"7 1 1 1 1"), LINE + "there is no label"),
    (DETECTION, "a label below zero"): (labeled(b"-1 1 1 1 1"), LINE + "there is no label -1"),
    (DETECTION, "a label of another task"): (labeled(b"2 1 1 1 1"), LINE + "Label 'bird' is not"),
    (DETECTION, "five numbers"): (labeled(b"0 1 1 1 1 1"), LINE + "a line is a label's number and"),
    (DETECTION, "infinity"): (labeled(b"0 1 1 1 inf"), LINE + ".* finite numbers"),
    (DETECTION, "words"): (labeled(b"cat 1 1 1 1"), LINE + "a line is a label's number"),
    (DETECTION, "an image of another task"): (
        labeled(b"") | {"labels/train/z.txt": b"0 1 1 1 1"},
        "labels/train/z.txt: no frame of the task matches 'z'",
    ),
    (DETECTION, "bytes that are no text"): (
        labeled(b"") | {"labels/train/d/a.txt": b"\xff\xfe"},
        "labels/train/d/a.txt: the text is not UTF-8",
    ),
    (ORIENTED, "a box's centre and size"): (labeled(b"0 1 1 1 1"), LINE + ".* four corners"),
    (SEGMENTATION, "two corners"): (labeled(b"0 0 0 1 1"), LINE + ".* three or more corners"),
    (SEGMENTATION, "half a corner"): (labeled(b"0 0 0 1 1 0 1 1"), LINE + ".* three or more"),
    (POSE, "no number of points"): (labeled(b""), "data.yaml, kpt_shape: this is not the number"),
    (POSE, "points of four numbers"): (
        labeled(b"", more=b"kpt_shape: [2, 4]"),
        "data.yaml, kpt_shape: this is not the number",
    ),
    (POSE, "a point too few"): (
        labeled(b"1 1 1 1 1 .1 .1 2", more=POINTS),
        LINE + "a line is a label's number, a box, and 2 points",
    ),
    (POSE, "a label that is no skeleton"): (
        labeled(b"0 1 1 1 1 .1 .1 2 .1 .1 2", more=POINTS),
        LINE + "Label 'cat' is not a skeleton",
    ),
    (POSE, "an unknown visibility"): (
        labeled(b"1 1 1 1 1 .1 .1 3 .1 .1 2", more=POINTS),
        LINE + "a point's visibility is 0, 1 or 2",
    ),
    (POSE, "fewer points than the skeleton has"): (
        labeled(b"1 1 1 1 1 .1 .1 2", more=b"kpt_shape: [1, 3]"),
        LINE + "Label 'body' has 2 points, not 1",
    ),
    (CLASSIFICATION, "nothing of the format"): ({"cat/a.jpg": b""}, "labels.json: there is no"),
    (CLASSIFICATION, "no JSON"): ({"train/labels.json": b"{"}, "train/labels.json: this is not"),
    (CLASSIFICATION, "a list"): ({"train/labels.json": b"[]"}, "this is not an object of images"),
    (CLASSIFICATION, "an image without labels"): (
        {"train/labels.json": b'{"d/a": {"path": "x"}}'},
        "train/labels.json, 'd/a': an image has a list of labels",
    ),
    (CLASSIFICATION, "a directory of another task's label"): (
        {"train/bird/a.jpg": b""},
        "train/bird/a.jpg: Label 'bird' is not registered",
    ),
    (CLASSIFICATION, "an image of another task"): (
        {"train/cat/z.jpg": b""},
        "train/cat/z.jpg: no frame of the task matches 'z.jpg'",
    ),
    (KEYPOINTS, "no JSON file"): ({"a.txt": b""}, "annotations: there is no JSON file"),
    (KEYPOINTS, "no list of annotations"): (
        {"p.json": b'{"images": [], "categories": [], "annotations": 5}'},
        "p.json: this is not a COCO file",
    ),
    (KEYPOINTS, "another number of points"): (
        keypoints(keypoints=[1, 2, 2]),
        r"p.json, annotations\[0\]: Label 'body' has 2 points",
    ),
    (KEYPOINTS, "a label that is no skeleton"): (
        keypoints(category_id=2),
        r"annotations\[0\]: Label 'cat' is not a skeleton",
    ),
    (KEYPOINTS, "an unknown visibility"): (
        keypoints(keypoints=[1, 2, 7, 3, 4, 1]),
        r"annotations\[0\]: a point's visibility is 0, 1 or 2",
    ),
    (KEYPOINTS, "a number that is none"): (
        keypoints(keypoints=[1, "x", 2, 3, 4, 1]),
        r"annotations\[0\]: could not convert",
    ),
    (KEYPOINTS, "a number without end"): (
        {name: text.replace(b"[1,2,2", b"[1e999,2,2") for name, text in keypoints().items()},
        "p.json: this is not JSON",
    ),
    ("COCO 1.0", "a box that ends beyond all numbers"): (
        keypoints(bbox=[1.7e308, 1, 1.7e308, 1], category_id=2),
        r"p.json, annotations\[0\]: a coordinate is not a finite number",
    ),
    (KEYPOINTS, "attributes that are none"): (
        keypoints(attributes=[1]),
        r"annotations\[0\]: 'list' object has no attribute 'items'",
    ),
}


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [(name, *rest) for (name, _), rest in WRONG.items()],
    ids=[f"{name}: {what}" for name, what in WRONG],
)
def test_what_cannot_be_read_is_told_with_its_file_and_place(
    name: str, files: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message):
        read(name, archive(tmp_path / "a.zip", files))
