"""Ultralytics YOLO Segmentation 1.0: polygons; masks and ellipses as the polygons around them.

See https://docs.ultralytics.com/datasets/segment/. A line is the label's number and the corners.
A mask in several pieces becomes as many polygons; holes are filled, as the format has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.stamps import stamp_of_shape
from cvat_lite.formats import survey_yolo
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions
from cvat_lite.formats.ultralytics import read_lines, write_labels
from cvat_lite.formats.yolo_lines import shares_text


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write outlines; only whole labels are numbered, not sublabels."""
    places = {label.id: place for place, label in enumerate(dataset.labels)}

    def lines_of(on_frame: FrameAnnotations) -> str:
        frame = on_frame.frame
        return "".join(
            f"{places[shape.label_id]} {shares_text(polygon, frame)}\n"
            for shape in on_frame.shapes
            for polygon in _polygons(shape, frame)
        )

    write_labels(dataset, sink, options, dataset.labels, lines_of)


def _polygons(shape: Shape, frame: Frame) -> Iterator[Sequence[float]]:
    if shape.type is ShapeType.POLYGON:
        yield [round(value, 2) for value in shape.points]
    elif shape.type in (ShapeType.MASK, ShapeType.ELLIPSE):
        yield from stamp_of_shape(shape, frame.width, frame.height).outlines()


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the polygons below ``labels/``."""
    found = []
    for line in read_lines(source, target):
        if len(line.numbers) < 6 or len(line.numbers) % 2:
            raise line.fault("a line is a label's number and three or more corners of a polygon")
        found.append(line.shape(ShapeType.POLYGON, line.pixels(line.numbers)))
    return LabeledData(shapes=found)


FORMATS = (
    Format(
        "Ultralytics YOLO Segmentation 1.0",
        "1.0",
        write=write,
        read=read,
        survey=survey_yolo.ultralytics,
    ),
)
