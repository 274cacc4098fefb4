"""Ultralytics YOLO Pose 1.0: skeletons as a box and points, each with its visibility.

See https://docs.ultralytics.com/datasets/pose/. A line is the label's number, centre and size of
the box around what is visible, then x, y and visibility (0 hidden, 1 occluded, 2 visible) of each
point, in the order of the sublabels. All skeletons have as many points as the largest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Target
from cvat_lite.domain.enums import LabelType, ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_yolo
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions
from cvat_lite.formats.skeleton_points import (
    ABSENT,
    VISIBLE,
    KeyPoint,
    key_points,
    skeleton,
    visible_box,
)
from cvat_lite.formats.ultralytics import configuration, read_lines, write_labels
from cvat_lite.formats.yolo_lines import Line, center_text, shares_text

BOX = 4
SHAPE = "kpt_shape"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write skeletons; only their labels are numbered."""
    labels = [label for label in dataset.labels if label.type is LabelType.SKELETON]
    places = {label.id: place for place, label in enumerate(labels)}
    size = max((len(label.sublabels) for label in labels), default=0)

    def line_of(shape: Shape, frame: Frame) -> str:
        points = key_points(shape, dataset.labels_by_id[shape.label_id])
        box = center_text(visible_box(points), frame)
        points += [(0.0, 0.0, ABSENT)] * (size - len(points))
        texts = [f"{shares_text((x, y), frame)} {visibility}" for x, y, visibility in points]
        return f"{places[shape.label_id]} {box} {' '.join(texts)}\n"

    def lines_of(on_frame: FrameAnnotations) -> str:
        return "".join(
            line_of(shape, on_frame.frame)
            for shape in on_frame.shapes
            if shape.type is ShapeType.SKELETON
        )

    write_labels(dataset, sink, options, labels, lines_of, {SHAPE: [size, 3]})


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the skeletons below ``labels/``; the boxes follow from them and are not kept."""
    file, root = configuration(source)
    size, dimension = _point_shape(root, file)
    found = []
    for line in read_lines(source, target):
        if len(line.numbers) != BOX + size * dimension:
            raise line.fault(f"a line is a label's number, a box, and {size} points")
        wanted = len(line.label.sublabels)
        if line.label.type is not LabelType.SKELETON:
            raise line.fault(f"Label {line.label.name!r} is not a skeleton")
        if wanted > size:
            raise line.fault(f"Label {line.label.name!r} has {wanted} points, not {size}")
        points = _points(line, dimension)[:wanted]
        found.append(skeleton(line.label, line.frame, points, []))
    return LabeledData(shapes=found)


def _point_shape(root: dict[str, Any], file: str) -> tuple[int, int]:
    """How many points a line has, and how many numbers a point."""
    match root.get(SHAPE):
        case [int(size), (2 | 3) as dimension] if size >= 0:
            return size, dimension
    raise DatasetError(file, SHAPE, "this is not the number of points and 2 or 3")


def _points(line: Line, dimension: int) -> list[KeyPoint]:
    """The points in pixels; without a visibility, those left of or above the image are absent."""
    numbers = line.numbers[BOX:]
    places = [numbers[start : start + dimension] for start in range(0, len(numbers), dimension)]
    return [_point(line, place) for place in places]


def _point(line: Line, place: Sequence[float]) -> KeyPoint:
    x, y = line.pixels(place[:2])
    if len(place) == 3:
        if place[2] not in (0, 1, 2):
            raise line.fault("a point's visibility is 0, 1 or 2")
        return x, y, int(place[2])
    return x, y, ABSENT if x < 0 or y < 0 else VISIBLE


FORMATS = (
    Format("Ultralytics YOLO Pose 1.0", "1.0", write=write, read=read, survey=survey_yolo.pose),
)
