"""MOT 1.1: the boxes of a sequence in one file, tracks by their numbers.

A line of ``gt/gt.txt`` is that of the MOTChallenge (Milan and others, "MOT16: A Benchmark for
Multi-Object Tracking", 2016, section 4): frame from 1, track, left, top, width, height, whether it
counts, class from 1, visibility. A track of -1 is none. Boxes are upright; nothing else has a
place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.interpolation import FrameShape
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
from cvat_lite.formats.mask_shapes import SOURCE
from cvat_lite.formats.matching import LabelIndex
from cvat_lite.formats.members import finite, text_lines
from cvat_lite.formats.tracks import collected, tracked

BOXES = "gt.txt"
LABELS = "labels.txt"
NO_TRACK = -1
BATCH = 5000
NEEDED = ("frame", "track", "left", "top", "width", "height")
DEFAULTS = (1.0, 1.0, 1.0)
FORM = f"a line is {', '.join(NEEDED)}, 1, class and visibility"
#: The classes of the MOTChallenge, for archives that do not name their own.
NUMBERED = (
    "pedestrian",
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non motorized vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "occluder full",
    "reflection",
)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``gt/gt.txt``, ``gt/labels.txt``, and ``img1/`` whose names are numbers."""
    with sink.open(f"gt/{BOXES}") as file:
        batch: list[str] = []
        for line in _lines(dataset):
            batch.append(line)
            if len(batch) >= BATCH:
                file.write("".join(batch).encode())
                batch = []
        file.write("".join(batch).encode())
    sink.add(f"gt/{LABELS}", "\n".join(label.name for label in dataset.flat_labels).encode())
    if options.save_images:
        _add_images(dataset, sink)


def _lines(dataset: Dataset) -> Iterator[str]:
    places = dataset.label_index
    for number, on_frame in enumerate(dataset.by_frame(), 1):
        for shape in on_frame.shapes:
            if shape.type is ShapeType.RECTANGLE:
                left, top, right, bottom = shape.points
                track = shape.track_id + 1 if isinstance(shape, FrameShape) else NO_TRACK
                yield (
                    f"{number},{track},{left},{top},{round(right - left, 4)},"
                    f"{round(bottom - top, 4)},1,{places[shape.label_id] + 1},"
                    f"{0.0 if shape.occluded else 1.0}\n"
                )


def _add_images(dataset: Dataset, sink: Sink) -> None:
    number = 0
    for part in dataset.parts:
        for frame in sorted(part.frames, key=attrgetter("number")):
            number += 1
            if part.image is not None:
                suffix = frame.file_name.rpartition(".")[2]
                add_image(sink, f"img1/{number:06d}.{suffix}", part.image(frame))


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes; those with a track's number become tracks."""
    files = [name for name in source.names() if name.rpartition("/")[2] == BOXES]
    if not files:
        raise DatasetError(f"gt/{BOXES}", "", "there is no such file in the archive")
    shapes = [shape for file in files for shape in _shapes(source, target, file)]
    return collected([], shapes, target)


def _shapes(source: Source, target: Target, file: str) -> Iterator[Shape]:
    frames = sorted(target.frames, key=attrgetter("number"))
    names = _names(source)
    index = LabelIndex(target.labels)
    known: dict[int, Label] = {}
    for line_number, line in text_lines(source, file):
        where = f"line {line_number}"
        fields = _fields(line, file, where)
        number, track, class_number = int(fields[0]), int(fields[1]), int(fields[7])
        if not 1 <= number <= len(frames):
            raise DatasetError(file, where, f"the task has no frame {number}")
        if class_number not in known:
            if not 1 <= class_number <= len(names):
                raise DatasetError(file, where, f"there is no class {class_number}")
            known[class_number] = index.require(names[class_number - 1], file, where)
        left, top, width, height = fields[2:6]
        shape = Shape(
            label_id=known[class_number].id,
            type=ShapeType.RECTANGLE,
            frame=frames[number - 1].number,
            source=SOURCE,
            occluded=fields[8] <= 0,
            points=[round(one, 2) for one in (left, top, left + width, top + height)],
        )
        yield shape if track == NO_TRACK else tracked(shape, track, keyframe=True)


def _fields(line: str, file: str, where: str) -> list[float]:
    """The nine numbers of a line; whether it counts, class and visibility may be missing."""
    try:
        fields = finite(line.split(","))
    except ValueError as error:
        raise DatasetError(file, where, FORM) from error
    if len(fields) < len(NEEDED):
        raise DatasetError(file, where, FORM)
    return [*fields, *DEFAULTS[len(fields) - len(NEEDED) :]]


def _names(source: Source) -> Sequence[str]:
    """The labels by number; without a list, the MOTChallenge's."""
    for name in source.names():
        if name.rpartition("/")[2] == LABELS:
            return [line.strip() for _, line in text_lines(source, name)]
    return NUMBERED


FORMATS = (Format("MOT 1.1", "1.1", write=write, read=read, survey=survey_folders.mot),)
