"""What recorded documents (CVAT, COCO, VOC, Datumaro) would hold without CVAT's faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from cvat_lite.domain.annotations import LabeledData
from tests.formats.recordings import ROOT, comparable, labels_of


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
