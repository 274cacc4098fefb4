"""What recorded Ultralytics files would hold without CVAT's faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.masks import bitmap_of_shape
from cvat_lite.domain.outlines import outlines
from tests.formats.recordings import dataset_of


def turn_back(task: str) -> Callable[[dict[str, list[Any]]], None]:
    """The boxes that were exported: the recorded ones are these, lying on their sides."""

    def correct(expected: dict[str, list[Any]]) -> None:
        exported = [
            (on_frame.frame.number, shape)
            for on_frame in dataset_of(task).by_frame()
            for shape in on_frame.shapes
            if shape.type is ShapeType.RECTANGLE
        ]
        for one in expected["shapes"]:
            left, top, right, bottom = one["points"]
            cx, cy = (left + right) / 2, (top + bottom) / 2
            width, height = bottom - top, right - left
            upright = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
            rotation = one["rotation"] - 90
            (shape,) = [
                shape
                for frame, shape in exported
                if frame == one["frame"]
                and shape.points == pytest.approx(upright, abs=0.02)
                and shape.rotation == pytest.approx(rotation, abs=0.01)
            ]
            one["points"] = [round(value, 2) for value in shape.points]
            one["rotation"] = shape.rotation
        expected["shapes"].sort(key=repr)

    return correct


def whole_pixels(files: dict[str, Any]) -> None:
    """Outlines around the pixels of the ellipses and masks on the third image."""
    dataset = dataset_of("images")
    (part,) = dataset.parts
    frame = part.frames[2]
    lines = []
    for shape in part.shapes():
        if shape.frame == 2 and shape.type in (ShapeType.MASK, ShapeType.ELLIPSE):
            bitmap = bitmap_of_shape(shape, frame.width, frame.height)
            for polygon in outlines(bitmap):
                sides = (frame.width, frame.height) * (len(polygon) // 2)
                shares = [f"{at / side:.6f}" for at, side in zip(polygon, sides, strict=True)]
                lines.append(" ".join([str(dataset.label_index[shape.label_id]), *shares]))
    assert len(files["labels/train/train/dog.txt"]) == 4
    files["labels/train/train/dog.txt"] = lines


CORRECTED = {
    "export Ultralytics YOLO Segmentation 1.0-images": whole_pixels,
    **{
        f"import Ultralytics YOLO Oriented Bounding Boxes 1.0-{task}": turn_back(task)
        for task in ("boxes", "images", "video")
    },
}
