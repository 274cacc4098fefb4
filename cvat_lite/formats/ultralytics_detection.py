"""Ultralytics YOLO Detection and Detection Track 1.0: upright boxes, the latter with track ids.

See https://docs.ultralytics.com/datasets/detect/. A line is the label's number, the box's centre
and its size; of Detection Track, which is only written, boxes of tracks have the track's number
behind.
"""

from __future__ import annotations

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.formats import survey_yolo
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions
from cvat_lite.formats.ultralytics import read_lines, write_labels
from cvat_lite.formats.yolo import box_lines
from cvat_lite.formats.yolo_lines import box_of, center_text


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write upright boxes; only whole labels are numbered, not sublabels."""
    places = {label.id: place for place, label in enumerate(dataset.labels)}

    def lines_of(on_frame: FrameAnnotations) -> str:
        return box_lines(on_frame, places).decode()

    write_labels(dataset, sink, options, dataset.labels, lines_of)


def write_tracks(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write upright boxes, those of tracks with the track's number."""
    places = {label.id: place for place, label in enumerate(dataset.labels)}

    def lines_of(on_frame: FrameAnnotations) -> str:
        found = []
        for shape in on_frame.shapes:
            if shape.type is ShapeType.RECTANGLE and not shape.rotation:
                track = f" {shape.track_id}" if isinstance(shape, FrameShape) else ""
                box = center_text(shape.points, on_frame.frame)
                found.append(f"{places[shape.label_id]} {box}{track}\n")
        return "".join(found)

    write_labels(dataset, sink, options, dataset.labels, lines_of)


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes below ``labels/``."""
    return LabeledData(shapes=[box_of(line) for line in read_lines(source, target)])


FORMATS = (
    Format(
        "Ultralytics YOLO Detection 1.0",
        "1.0",
        write=write,
        read=read,
        survey=survey_yolo.ultralytics,
    ),
    Format("Ultralytics YOLO Detection Track 1.0", "1.0", write=write_tracks),
)
