"""ICDAR Localization 1.0: where the words are on each image.

A line of ``gt_IMAGE.txt`` is that of the Robust Reading Competition, task "Text Localization": a
box ``left top right bottom "word"`` (2013) or four corners ``x1,y1,...,x4,y4,word`` (2015, see
Karatzas and others, "ICDAR 2015 Competition on Robust Reading"); polygons may have more corners.
Boxes are upright. What has no place leaves an empty line, which readers pass over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.icdar import LABEL, TEXT, attributes_of, quoted, split_text
from cvat_lite.formats.mask_shapes import SOURCE
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import finite, text_lines

NAME = re.compile(r"(?:.*/)?gt_[^/]*\.txt$")
FORM = "a line is the four numbers of a box or the corners of a polygon, and a word"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/gt_IMAGE.txt`` for every image."""
    for subset, parts in dataset.subsets().items():
        for on_frame in dataset.by_frame(parts):
            folder, slash, name = on_frame.frame.item.rpartition("/")
            file = f"{subset}/{folder}{slash}gt_{name}.txt"
            lines = ["\n"] * len(on_frame.tags) + list(_lines(on_frame, dataset))
            sink.add(file, "".join(lines).encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/images/{frame.file_name}")


def _lines(on_frame: FrameAnnotations, dataset: Dataset) -> Iterator[str]:
    for shape in on_frame.shapes:
        text = attributes_of(dataset, shape.label_id, shape.attributes).get(TEXT)
        word = "" if text is None else quoted(str(text))
        if shape.type is ShapeType.RECTANGLE:
            yield f"{' '.join(map(str, shape.points))}{' ' if word else ''}{word}\n"
        elif shape.type is ShapeType.POLYGON:
            numbers = ",".join(str(round(value, 2)) for value in shape.points)
            yield f"{numbers}{',' if word else ''}{word}\n"
        elif shape.type is not ShapeType.CUBOID:
            yield "\n"


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes and polygons of all files whose names begin with ``gt_``."""
    files = [name for name in source.names() if NAME.match(name)]
    if not files:
        raise DatasetError("gt_*.txt", "", "there is no such file in the archive")
    return LabeledData(shapes=list(_shapes(source, target, files)))


def _shapes(source: Source, target: Target, files: list[str]) -> Iterator[Shape]:
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    for file in files:
        frame = None
        for number, line in text_lines(source, file):
            where = f"line {number}"
            frame = frame or frames.require(_item(file), file)
            points, word = _parsed(line, file, where)
            label = labels.require(LABEL, file, where)
            values = [] if word is None else [(TEXT, word)]
            yield Shape(
                label_id=label.id,
                type=ShapeType.RECTANGLE if len(points) == 4 else ShapeType.POLYGON,
                frame=frame.number,
                source=SOURCE,
                points=[round(value, 2) for value in points],
                attributes=labels.attributes(label, values, file, where),
            )


def _item(file: str) -> str:
    """The image's id: without the subset, and what the file's name has before and after it."""
    folder, _, name = file.removesuffix(".txt").rpartition("/")
    below = folder.partition("/")[2]
    return f"{below}/{name[3:]}" if below else name[3:]


def _parsed(line: str, file: str, where: str) -> tuple[list[float], str | None]:
    """The numbers of a line and its word, which may stand without quotes."""
    before, word = split_text(line)
    comma = "," in before
    fields = [part.strip() for part in before.split(",")] if comma else before.split()
    if comma and fields[-1] == "" and word is not None:
        fields.pop()
    if word is None:
        fields, word = _unquoted(fields)
    try:
        points = finite(fields)
    except ValueError as error:
        raise DatasetError(file, where, FORM) from error
    if len(points) != 4 and (len(points) < 6 or len(points) % 2):
        raise DatasetError(file, where, FORM)
    return points, word


def _unquoted(fields: list[str]) -> tuple[list[str], str | None]:
    """The numbers, and the word that follows eight or four of them, or nothing."""
    if _are_numbers(fields) and len(fields) % 2 == 0:
        return fields, None
    for size in (8, 4):
        if len(fields) > size and _are_numbers(fields[:size]):
            return fields[:size], ",".join(fields[size:])
    return fields, None


def _are_numbers(fields: list[str]) -> bool:
    try:
        finite(fields)
    except ValueError:
        return False
    return True


FORMATS = (
    Format("ICDAR Localization 1.0", "1.0", write=write, read=read, survey=survey_folders.icdar),
)
