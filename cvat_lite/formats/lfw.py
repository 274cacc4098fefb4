"""LFW 1.0: whose face an image shows, and points in it, in text files.

See http://vis-www.cs.umass.edu/lfw/README.txt: ``SUBSET/annotations/people.txt`` has the people
and the number of their images, ``pairs.txt`` two images of one person (``NAME n m``) or of two
(``NAME n OTHER m``) a line. CVAT adds lines of one image each, ``LABEL/IMAGE``, and
``landmarks.txt`` with an image and its points a line. A label is a person, a tag whom an image
shows. Of pairs only the images are read. Everything else is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
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
from cvat_lite.formats.label_folders import LabelFolders, folder
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import one_line, text_lines
from cvat_lite.formats.text_files import TextFiles, finite

PAIRS, PEOPLE, LANDMARKS = "pairs.txt", "people.txt", "landmarks.txt"
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/annotations/``, and the images below ``SUBSET/images/``."""
    for subset, parts in dataset.subsets().items():
        place = f"{folder(subset)}/annotations"
        counts: Counter[int] = Counter()
        with TextFiles(sink) as files:
            for part in parts:
                for on_frame in part.by_frame():
                    paths = _write_frame(dataset, files, place, on_frame)
                    counts.update({tag.label_id for tag in on_frame.tags})
                    if options.save_images and part.image is not None:
                        image = part.image(on_frame.frame)
                        for path in paths:
                            suffix = on_frame.frame.file_name[len(on_frame.frame.item) :]
                            add_image(sink, f"{folder(subset)}/images/{path}{suffix}", image)
        people = (f"{folder(one.name)}\t{counts[one.id]}\n" for one in dataset.flat_labels)
        sink.add(f"{place}/{PEOPLE}", "".join(people).encode())


def _write_frame(
    dataset: Dataset, files: TextFiles, place: str, on_frame: FrameAnnotations
) -> list[str]:
    """Write the lines of an image; its paths, one for each of its tags."""
    item = one_line(on_frame.frame.item)
    name = one_line(on_frame.frame.file_name)
    people = dict.fromkeys(tag.label_id for tag in on_frame.tags)
    paths = [f"{folder(dataset.labels_by_id[one].name)}/{item}" for one in people] or [item]
    files.append(f"{place}/{PAIRS}", "".join(f"{path}\n" for path in paths))
    for shape in on_frame.shapes:
        if shape.type is ShapeType.POINTS:
            label = folder(dataset.labels_by_id[shape.label_id].name)
            numbers = "".join(f"\t{value}" for value in shape.points)
            files.append(f"{place}/{LANDMARKS}", f"{label}/{name}{numbers}\n")
    return paths


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every ``pairs.txt`` and ``landmarks.txt``."""
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    folders = LabelFolders(labels, tuple(label.name for label in target.labels))
    names = {name: PurePosixPath(name).name for name in source.names()}
    if not {PAIRS, LANDMARKS} & set(names.values()):
        raise DatasetError(PAIRS, "", "there is no such file in the archive")
    tags: dict[tuple[int, int], Tag] = {}
    shapes: list[Shape] = []
    for file, name in names.items():
        if name == PAIRS:
            for path, where in _paths(source, file):
                label, item = folders.split(path)
                if label is not None:
                    frame = (frames.get(item) or frames.require(path, file, where)).number
                    tag = Tag(label_id=label.id, frame=frame, source=SOURCE)
                    tags[frame, label.id] = tag
                else:
                    frames.require(path, file, where)
        elif name == LANDMARKS:
            shapes += _landmarks(source, file, frames, folders)
    return LabeledData(tags=list(tags.values()), shapes=shapes)


def _paths(source: Source, file: str) -> Iterator[tuple[str, str]]:
    """The images that a file of pairs names, as ``PERSON/IMAGE``, each with its line."""
    for number, line in text_lines(source, file):
        words, where = line.strip().split("\t"), f"line {number}"
        if len(words) == 1:
            yield words[0], where
        elif len(words) in (3, 4) and all(one.isdecimal() for one in words[1:4:2]):
            others = [(words[0], words[2])] if len(words) == 3 else [(words[2], words[3])]
            for person, image in [(words[0], words[1]), *others]:
                if not image.isdecimal():
                    raise DatasetError(file, where, f"{image!r} is not the number of an image")
                yield f"{person}/{person}_{int(image):04d}", where
        elif not (len(words) == 2 and all(one.isdecimal() for one in words)):
            raise DatasetError(file, where, "a line is an image, or a pair of three or four words")


def _landmarks(
    source: Source, file: str, frames: FrameIndex, folders: LabelFolders
) -> Iterator[Shape]:
    for number, line in text_lines(source, file):
        path, *texts = line.split("\t")
        where = f"line {number}"
        label, name = folders.split(path)
        if label is None:
            raise DatasetError(file, where, f"the points of {path!r} have no label")
        frame = frames.get(name) or frames.require(path, file, where)
        try:
            points = [round(finite(text), 2) for text in texts]
        except ValueError as error:
            raise DatasetError(file, where, str(error)) from error
        if not points or len(points) % 2:
            raise DatasetError(file, where, "points are pairs of numbers")
        yield Shape(
            label_id=label.id,
            type=ShapeType.POINTS,
            frame=frame.number,
            source=SOURCE,
            points=points,
        )


FORMATS = (Format("LFW 1.0", "1.0", write=write, read=read, survey=survey_folders.lfw),)
