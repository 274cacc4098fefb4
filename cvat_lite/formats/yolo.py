"""YOLO 1.1: upright boxes, relative to the image, in one text file an image.

Everything else has no place in it, rotated boxes included. The layout is Darknet's
(https://github.com/AlexeyAB/darknet#how-to-train-to-detect-your-custom-objects).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_yolo
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.members import text_of
from cvat_lite.formats.yolo_lines import box_of, center_text, lines, subset_names

NAMES = "obj.names"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``obj.data``, ``obj.names``, and for each subset a list and its boxes."""
    labels = dataset.flat_labels
    names = subset_names(dataset)
    lists = "".join(f"{name} = data/{name}.txt\n" for name in names.values())
    data = f"classes = {len(labels)}\n{lists}names = data/{NAMES}\nbackup = backup/\n"
    sink.add("obj.data", data.encode())
    sink.add(NAMES, "".join(f"{label.name}\n" for label in labels).encode())
    for subset, parts in dataset.subsets().items():
        folder = _folder(names[subset])
        listed = []
        for on_frame in dataset.by_frame(parts):
            frame = on_frame.frame
            sink.add(f"{folder}/{frame.item}.txt", box_lines(on_frame, dataset.label_index))
            listed.append(f"data/{folder}/{frame.file_name}\n")
        sink.add(f"{names[subset]}.txt", "".join(listed).encode())
    if options.save_images:
        add_images(
            dataset, sink, lambda frame, subset: f"{_folder(names[subset])}/{frame.file_name}"
        )


def _folder(subset: str) -> str:
    return f"obj_{subset}_data"


def box_lines(on_frame: FrameAnnotations, places: Mapping[int, int]) -> bytes:
    """A line a box: the label's place, then centre and size as shares of the image."""
    frame = on_frame.frame
    return "".join(
        f"{places[shape.label_id]} {center_text(shape.points, frame)}\n"
        for shape in on_frame.shapes
        if shape.type is ShapeType.RECTANGLE and not shape.rotation
    ).encode()


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes below every ``obj_SUBSET_data``."""
    names = [name for name in source.names() if name.rpartition("/")[2] == NAMES]
    if not names:
        raise DatasetError(NAMES, "", "there is no such file in the archive")
    labels = dict(enumerate(text_of(source, names[0]).splitlines()))
    files = [(name, item) for name in source.names() if (item := _item(name)) is not None]
    return LabeledData(shapes=[box_of(line) for line in lines(source, target, files, labels)])


def _item(name: str) -> str | None:
    """The image's id, of a file of boxes."""
    parts = PurePosixPath(name).parts
    for place, part in enumerate(parts[:-1]):
        if part.startswith("obj_") and part.endswith("_data") and name.endswith(".txt"):
            return "/".join(parts[place + 1 :]).removesuffix(".txt")
    return None


FORMATS = (Format("YOLO 1.1", "1.1", write=write, read=read, survey=survey_yolo.darknet),)
