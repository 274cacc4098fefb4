"""Reading Open Images V6: boxes, tags and masks out of CSV files and pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np

from cvat_lite.domain.annotations import LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.domain.masks import Bitmap
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.mask_shapes import SOURCE, MaskShapes
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import text_of
from cvat_lite.formats.png import decode_rgb
from cvat_lite.formats.text_files import csv_table, finite

SIDES = ("XMin", "XMax", "YMin", "YMax")
FLAGS = {
    "IsTruncated": "truncated",
    "IsGroupOf": "is_group_of",
    "IsDepiction": "is_depiction",
    "IsInside": "is_inside",
}
TAG_COLUMNS = ("ImageID", "Source", "LabelName", "Confidence")
BOX_COLUMNS = (*TAG_COLUMNS, *SIDES, "IsOccluded", *FLAGS)
MASK_COLUMNS = [
    "MaskPath",
    "ImageID",
    "LabelName",
    "BoxID",
    "BoxXMin",
    "BoxXMax",
    "BoxYMin",
    "BoxYMax",
    "PredictedIoU",
    "Clicks",
]
BOXES = "annotations-bbox.csv"
TAGS = "annotations-human-imagelabels.csv"
MASKS = "annotations-object-segmentation.csv"
CLASSES = "class-descriptions"


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the CSV files of all subsets."""
    reader = _Reader(source, target, options)
    data = LabeledData(tags=[], shapes=[])
    for file in source.names():
        if file.endswith(BOXES):
            data.shapes += reader.boxes(file)
        elif file.endswith(TAGS):
            data.tags += reader.tags(file)
        elif file.endswith(MASKS):
            data.shapes += reader.masks(file)
    return data


class _Reader:
    def __init__(self, source: Source, target: Target, options: ReadOptions) -> None:
        self._source = source
        self._frames, self._labels = FrameIndex(target), LabelIndex(target.labels)
        self._shapes = MaskShapes(options)
        names = source.names()
        described = [name for name in names if CLASSES in PurePosixPath(name).name]
        if not described and not any(name.endswith((BOXES, TAGS, MASKS)) for name in names):
            raise DatasetError(f"annotations/{CLASSES}.csv", "", "there is no such file")
        self._names = dict(pair for name in described for pair in _classes(source, name))
        self._pictures = {PurePosixPath(x).name: x for x in names if x.endswith(".png")}

    def _label(self, name: str, file: str, where: str) -> Label:
        return self._labels.require(self._names.get(name, name), file, where)

    def tags(self, file: str) -> Iterator[Tag]:
        """The labels of images; one of confidence 0 is known not to be in the image."""
        for where, row in csv_table(self._source, file, ("ImageID", "LabelName", "Confidence")):
            if _number(row["Confidence"], file, where):
                label = self._label(row["LabelName"], file, where)
                frame = self._frames.require(row["ImageID"], file, where)
                yield Tag(label_id=label.id, frame=frame.number, source=SOURCE)

    def boxes(self, file: str) -> Iterator[Shape]:
        """The boxes, whose sides are shares of the image."""
        for where, row in csv_table(self._source, file, ("ImageID", "LabelName", *SIDES)):
            label = self._label(row["LabelName"], file, where)
            frame = self._frames.require(row["ImageID"], file, where)
            left, right, top, bottom = (_number(row[side], file, where) for side in SIDES)
            sized = (
                left * frame.width,
                top * frame.height,
                right * frame.width,
                bottom * frame.height,
            )
            flags = [
                (name, row[column] == "1")
                for column, name in FLAGS.items()
                if row.get(column) in ("0", "1")
            ]
            yield Shape(
                label_id=label.id,
                type=ShapeType.RECTANGLE,
                frame=frame.number,
                source=SOURCE,
                occluded=row.get("IsOccluded") == "1",
                score=min(max(_number(row.get("Confidence", "1"), file, where), 0.0), 1.0),
                points=[round(value, 2) for value in sized],
                attributes=self._labels.attributes(label, flags, file, where),
            )

    def masks(self, file: str) -> Iterator[Shape]:
        """The masks; a picture of another size than the image's is stretched over it."""
        for where, row in csv_table(self._source, file, ("MaskPath", "ImageID", "LabelName")):
            label = self._label(row["LabelName"], file, where)
            frame = self._frames.require(row["ImageID"], file, where)
            name = self._pictures.get(PurePosixPath(row["MaskPath"]).name)
            if name is None:
                raise DatasetError(file, where, f"there is no picture {row['MaskPath']!r}")
            bitmap: Bitmap = decode_rgb(self._source.read(name), name).max(axis=2) > 0
            if bitmap.shape != (frame.height, frame.width):
                rows = np.arange(frame.height) * bitmap.shape[0] // frame.height
                columns = np.arange(frame.width) * bitmap.shape[1] // frame.width
                bitmap = bitmap[rows[:, np.newaxis], columns]
            yield from self._shapes.of(bitmap, label.id, frame)


def _number(text: str, file: str, where: str) -> float:
    try:
        return finite(text)
    except ValueError as error:
        raise DatasetError(file, where, str(error)) from error


def _classes(source: Source, file: str) -> Iterator[tuple[str, str]]:
    """The names of classes by what the other files call them."""
    reader = csv.reader(io.StringIO(text_of(source, file), newline=""))
    try:
        for cells in reader:
            if len(cells) < 2:
                raise DatasetError(file, f"line {reader.line_num}", "a line is an id and a name")
            yield cells[0], cells[1]
    except csv.Error as error:
        raise DatasetError(file, f"line {reader.line_num}", f"this is not CSV: {error}") from error
