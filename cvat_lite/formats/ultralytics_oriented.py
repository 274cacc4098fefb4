"""Ultralytics YOLO Oriented Bounding Boxes 1.0: boxes, turned or not, by their four corners.

See https://docs.ultralytics.com/datasets/obb/. A line is the label's number and the corners,
clockwise from the box's own top left.
"""

from __future__ import annotations

from collections.abc import Sequence

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import box_corners, box_of_corners
from cvat_lite.formats import survey_yolo
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions
from cvat_lite.formats.ultralytics import read_lines, write_labels
from cvat_lite.formats.yolo_lines import Line, shares_text


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write boxes; only whole labels are numbered, not sublabels."""
    places = {label.id: place for place, label in enumerate(dataset.labels)}

    def lines_of(on_frame: FrameAnnotations) -> str:
        return "".join(
            f"{places[shape.label_id]} "
            f"{shares_text(box_corners(shape.points, shape.rotation), on_frame.frame)}\n"
            for shape in on_frame.shapes
            if shape.type is ShapeType.RECTANGLE
        )

    write_labels(dataset, sink, options, dataset.labels, lines_of)


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes below ``labels/``."""
    found = []
    for line in read_lines(source, target):
        if len(line.numbers) != 8:
            raise line.fault("a line is a label's number and four corners of a box")
        box, rotation = box_of_corners(_corners(line))
        points = [round(value, 2) for value in box]
        found.append(line.shape(ShapeType.RECTANGLE, points, round(rotation, 2) % 360))
    return LabeledData(shapes=found)


def _corners(line: Line) -> Sequence[float]:
    sides = (line.frame.width, line.frame.height) * 4
    return [share * side for share, side in zip(line.numbers, sides, strict=True)]


FORMATS = (
    Format(
        "Ultralytics YOLO Oriented Bounding Boxes 1.0",
        "1.0",
        write=write,
        read=read,
        survey=survey_yolo.ultralytics,
    ),
)
