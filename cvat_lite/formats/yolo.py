"""YOLO 1.1: upright boxes, relative to the image, in one text file an image.

Everything else has no place in it, rotated boxes included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.matching import FrameIndex, LabelIndex

NAMES = "obj.names"
TRAIN = "train"
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``obj.data``, ``obj.names``, and for each subset a list and its boxes."""
    labels = dataset.flat_labels
    subsets = dataset.subsets()
    lists = "".join(f"{name} = data/{name}.txt\n" for name in map(_subset, subsets))
    data = f"classes = {len(labels)}\n{lists}names = data/{NAMES}\nbackup = backup/\n"
    sink.add("obj.data", data.encode())
    sink.add(NAMES, "".join(f"{label.name}\n" for label in labels).encode())
    for subset, parts in subsets.items():
        folder = _folder(subset)
        listed = []
        for on_frame in dataset.by_frame(parts):
            frame = on_frame.frame
            sink.add(f"{folder}/{frame.item}.txt", box_lines(on_frame, dataset.label_index))
            listed.append(f"data/{folder}/{frame.file_name}\n")
        sink.add(f"{_subset(subset)}.txt", "".join(listed).encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{_folder(subset)}/{frame.file_name}")


def _subset(name: str) -> str:
    """YOLO has no default subset; it is what the network is trained with."""
    return TRAIN if name == "default" else name


def _folder(subset: str) -> str:
    return f"obj_{_subset(subset)}_data"


def box_lines(on_frame: FrameAnnotations, places: Mapping[int, int]) -> bytes:
    """A line a box: the label's place, then centre and size as shares of the image."""
    width, height = on_frame.frame.width, on_frame.frame.height
    lines = []
    for shape in on_frame.shapes:
        if shape.type is ShapeType.RECTANGLE and not shape.rotation:
            left, top, right, bottom = shape.points
            lines.append(
                f"{places[shape.label_id]} {(left + right) / 2 / width:.6f} "
                f"{(top + bottom) / 2 / height:.6f} {(right - left) / width:.6f} "
                f"{(bottom - top) / height:.6f}\n"
            )
    return "".join(lines).encode()


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes below every ``obj_SUBSET_data``."""
    names = [name for name in source.names() if name.rpartition("/")[2] == NAMES]
    if not names:
        raise DatasetError(NAMES, "", "there is no such file in the archive")
    labels = _text(source, names[0]).splitlines()
    files = [(name, item) for name in source.names() if (item := _item(name)) is not None]
    return LabeledData(shapes=list(boxes(source, target, files, dict(enumerate(labels)))))


def _item(name: str) -> str | None:
    """The image's id, of a file of boxes."""
    parts = PurePosixPath(name).parts
    for place, part in enumerate(parts[:-1]):
        if part.startswith("obj_") and part.endswith("_data") and name.endswith(".txt"):
            return "/".join(parts[place + 1 :]).removesuffix(".txt")
    return None


def boxes(
    source: Source,
    target: Target,
    files: Sequence[tuple[str, str]],
    names: Mapping[int, str],
) -> Iterator[Shape]:
    """The boxes in some files, each given with its image's id; ``names`` are the labels'."""
    frames, index = FrameIndex(target), LabelIndex(target.labels)
    labels: dict[int, Label] = {}
    for file, item in files:
        lines = _text(source, file).splitlines()
        if not any(lines):
            continue
        frame = frames.require(item, file)
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place, points = _box(line, frame, file, f"line {number}")
            if place not in labels:
                if place not in names:
                    raise DatasetError(file, f"line {number}", f"there is no label {place}")
                labels[place] = index.require(names[place].strip(), file, f"line {number}")
            yield Shape(
                label_id=labels[place].id,
                type=ShapeType.RECTANGLE,
                frame=frame.number,
                source=SOURCE,
                points=points,
            )


def _box(line: str, frame: Frame, file: str, where: str) -> tuple[int, list[float]]:
    try:
        place, *shares = line.split()
        cx, cy, width, height = (float(share) for share in shares)
        label = int(place)
    except ValueError as error:
        why = "a line is a label's number and four numbers of a box"
        raise DatasetError(file, where, why) from error
    corners = (
        (cx - width / 2) * frame.width,
        (cy - height / 2) * frame.height,
        (cx + width / 2) * frame.width,
        (cy + height / 2) * frame.height,
    )
    return label, [round(value, 2) for value in corners]


def _text(source: Source, name: str) -> str:
    try:
        return source.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(name, "", "the text is not UTF-8") from error


FORMATS = (Format("YOLO 1.1", "1.1", write=write, read=read),)
