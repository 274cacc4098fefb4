"""VGGFace2 1.0: faces as upright boxes and as five points each, in CSV files.

See https://github.com/ox-vgg/vgg_face2: ``bb_landmark/loose_bb_SUBSET.csv`` has a box a line,
``loose_landmark_SUBSET.csv`` has the eyes, the nose and the corners of the mouth; ``NAME_ID`` is
``LABEL/IMAGE``. A line without points is a tag. There may be several lines to an image.
Other shapes, rotations and attributes are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import (
    Format,
    ReadOptions,
    Sink,
    Source,
    WriteOptions,
    add_image,
)
from cvat_lite.formats.label_folders import NO_LABEL, LabelFolders, folder
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import one_line
from cvat_lite.formats.text_files import TextFiles, corners, csv_row, csv_table, extent, finite

BOXES, LANDMARKS = "loose_bb_", "loose_landmark_"
BOX_COLUMNS = ("NAME_ID", "X", "Y", "W", "H")
POINT_COLUMNS = ("NAME_ID", *(f"P{number}{axis}" for number in range(1, 6) for axis in "XY"))
COORDINATES = 10
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``labels.txt``, ``bb_landmark/``, and the images as ``SUBSET/LABEL/NAME``."""
    lines = []
    for label in dataset.labels:
        lines.append(one_line(label.name))
        lines += [f"{one_line(sub.name)} {one_line(label.name)}" for sub in label.sublabels]
    sink.add("labels.txt", "".join(f"{line}\n" for line in lines).encode())
    with TextFiles(sink) as files:
        for part in dataset.parts:
            subset = folder(part.info.subset_name)
            files.append(f"bb_landmark/{LANDMARKS}{subset}.csv", "", csv_row(POINT_COLUMNS))
            for on_frame in part.by_frame():
                folders = _write_rows(dataset, files, subset, on_frame)
                if options.save_images and part.image is not None:
                    image = part.image(on_frame.frame)
                    for name in folders:
                        add_image(sink, f"{subset}/{name}/{on_frame.frame.file_name}", image)


def _write_rows(
    dataset: Dataset, files: TextFiles, subset: str, on_frame: FrameAnnotations
) -> list[str]:
    """Write what stands on an image; the directories of its labels."""
    landmarks, boxes = (f"bb_landmark/{kind}{subset}.csv" for kind in (LANDMARKS, BOXES))
    item = on_frame.frame.item
    folders: dict[str, None] = {}

    def id_of(label_id: int) -> str:
        name = folder(dataset.labels_by_id[label_id].name)
        folders[name] = None
        return f"{name}/{item}"

    for tag in on_frame.tags:
        files.append(landmarks, csv_row([id_of(tag.label_id), *[""] * COORDINATES]))
    for shape in on_frame.shapes:
        if shape.type is ShapeType.RECTANGLE:
            row = csv_row([id_of(shape.label_id), *extent(shape.points).split()])
            files.append(boxes, row, csv_row(BOX_COLUMNS))
        elif shape.type is ShapeType.POINTS and len(shape.points) == COORDINATES:
            files.append(landmarks, csv_row([id_of(shape.label_id), *shape.points]))
    if not folders:
        files.append(landmarks, csv_row([f"{NO_LABEL}/{item}", *[""] * COORDINATES]))
    return list(folders) or [NO_LABEL]


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every ``loose_bb_*.csv`` and ``loose_landmark_*.csv``."""
    reader = _Reader(source, target)
    data = LabeledData(tags=[], shapes=[])
    found = False
    for file in source.names():
        base = PurePosixPath(file).name
        if base.startswith(BOXES) and base.endswith(".csv"):
            data.shapes += reader.boxes(file)
            found = True
        elif base.startswith(LANDMARKS) and base.endswith(".csv"):
            reader.landmarks(file, data)
            found = True
    if not found:
        raise DatasetError("bb_landmark", "", "there is no file of boxes or landmarks")
    return data


class _Reader:
    def __init__(self, source: Source, target: Target) -> None:
        self._source = source
        self._frames = FrameIndex(target)
        names = tuple(label.name for label in target.labels)
        self._folders = LabelFolders(LabelIndex(target.labels), names)

    def _placed(self, name: str, file: str, where: str) -> tuple[Label | None, int]:
        """The label and the frame of a ``NAME_ID``."""
        label, item = self._folders.require(name, file, where)
        if label is None:
            return None, -1
        frame = self._frames.get(item) or self._frames.get(name)
        return label, (frame or self._frames.require(item, file, where)).number

    def boxes(self, file: str) -> Iterator[Shape]:
        """The boxes of a file."""
        for where, row in csv_table(self._source, file, BOX_COLUMNS):
            label, frame = self._placed(row["NAME_ID"], file, where)
            if label is None:
                raise DatasetError(file, where, "the box has no label")
            try:
                points = corners(row[column] for column in BOX_COLUMNS[1:])
            except ValueError as error:
                raise DatasetError(file, where, str(error)) from error
            yield _shape(label, ShapeType.RECTANGLE, frame, points)

    def landmarks(self, file: str, data: LabeledData) -> None:
        """Add the points of a file, and the tags that lines without points are."""
        tagged = set()
        for where, row in csv_table(self._source, file, POINT_COLUMNS):
            label, frame = self._placed(row["NAME_ID"], file, where)
            texts = [row[column] for column in POINT_COLUMNS[1:]]
            if label is None:
                if any(texts):
                    raise DatasetError(file, where, "the points have no label")
            elif any(texts):
                try:
                    points = [round(finite(text), 2) for text in texts]
                except ValueError as error:
                    raise DatasetError(file, where, str(error)) from error
                data.shapes.append(_shape(label, ShapeType.POINTS, frame, points))
            elif (label.id, frame) not in tagged:
                tagged.add((label.id, frame))
                data.tags.append(Tag(label_id=label.id, frame=frame, source=SOURCE))


def _shape(label: Label, kind: ShapeType, frame: int, points: list[float]) -> Shape:
    return Shape(label_id=label.id, type=kind, frame=frame, source=SOURCE, points=points)


FORMATS = (Format("VGGFace2 1.0", "1.0", write=write, read=read, survey=survey_folders.vggface2),)
