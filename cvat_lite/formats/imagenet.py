"""ImageNet 1.0: tags, as directories of images or as lists of images with their classes.

See https://www.image-net.org/challenges/LSVRC/2012/: an image of a class lies in ``CLASS/`` and
is called ``CLASS_NAME``; without images there is ``SUBSET.txt``, an image a line with the numbers
of its classes, which are the lines of ``synsets.txt``. An image with several tags lies in several
directories, one without lies in ``no_label/``. Everything but tags is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
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
from cvat_lite.formats.matching import FrameIndex, LabelIndex, UnknownLabelError
from cvat_lite.formats.members import one_line, text_lines
from cvat_lite.formats.text_files import TextFiles

SYNSETS = "synsets.txt"
LINE = re.compile(r'(?:"(?P<quoted>.*)"(?P<suffix>\.[^\s"]*)?|(?P<plain>\S+))(?P<places>( \d+)*) ?')
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write the images into the directories of their classes, or lists where none are wanted."""
    if options.save_images:
        _write_images(dataset, sink)
        return
    names = "".join(f"{one_line(label.name)}\n" for label in dataset.flat_labels)
    sink.add(SYNSETS, names.encode())
    with TextFiles(sink) as files:
        for subset, parts in dataset.subsets().items():
            for on_frame in dataset.by_frame(parts):
                places = (str(dataset.label_index[one]) for one in _tagged(on_frame))
                line = f"{_quoted(on_frame)} {' '.join(places)}\n"
                files.append(f"{folder(subset)}.txt", line)


def _tagged(on_frame: FrameAnnotations) -> list[int]:
    """The ids of the labels of a frame's tags, each once."""
    return list(dict.fromkeys(tag.label_id for tag in on_frame.tags))


def _quoted(on_frame: FrameAnnotations) -> str:
    """The name of the image; in quotes, but for its extension, if there is a blank in it."""
    frame = on_frame.frame
    item, name = frame.item, frame.file_name
    if any(character.isspace() for character in item) or item.startswith('"'):
        return f'"{item}"{name[len(item) :]}'
    return name


def _write_images(dataset: Dataset, sink: Sink) -> None:
    for part in dataset.parts:
        for on_frame in part.by_frame() if part.image is not None else ():
            image = part.image(on_frame.frame) if part.image else None
            labels = [dataset.labels_by_id[one].name for one in _tagged(on_frame)]
            for name in map(folder, labels or [NO_LABEL]):
                path = f"{name}/{name.replace('/', '_')}_{on_frame.frame.file_name}"
                if image is not None:
                    add_image(sink, path, image)


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the lists beside ``synsets.txt``, or where there are none the directories of images."""
    names = source.names()
    synsets = [name for name in names if PurePosixPath(name).name == SYNSETS]
    lists = _lists(names, synsets[0]) if synsets else []
    images = [name for name in names if "/" in name and name not in synsets]
    if synsets and (lists or not images):
        tags = _of_lists(source, target, synsets[0], lists)
    else:
        tags = _of_folders(images, target)
    found = {(tag.frame, tag.label_id): tag for tag in tags}
    return LabeledData(tags=list(found.values()))


def _lists(names: list[str], synsets: str) -> list[str]:
    """The lists of images beside the list of classes."""
    beside = synsets.removesuffix(SYNSETS)
    return [
        name
        for name in names
        if name.startswith(beside)
        and name.endswith(".txt")
        and "/" not in name.removeprefix(beside)
        and name != synsets
    ]


def _of_lists(source: Source, target: Target, synsets: str, lists: Iterable[str]) -> Iterator[Tag]:
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    classes = [line.strip() for _, line in text_lines(source, synsets)]
    for file in lists:
        for number, line in text_lines(source, file):
            where = f"line {number}"
            matched = LINE.fullmatch(line)
            if matched is None:
                raise DatasetError(file, where, "a line is an image's name and numbers of classes")
            places = [int(one) for one in matched["places"].split()]
            if not places:
                continue
            path = matched["plain"] or matched["quoted"] + (matched["suffix"] or "")
            frame = frames.require(path, file, where)
            for place in places:
                if place >= len(classes):
                    raise DatasetError(file, where, f"there is no line {place} in {SYNSETS}")
                label = _of_class(labels, classes[place], file, where)
                yield Tag(label_id=label.id, frame=frame.number, source=SOURCE)


def _of_class(labels: LabelIndex, name: str, file: str, where: str) -> Label:
    """The label; in ImageNet's own list a class is its number, followed by what it means."""
    first = name.partition(" ")[0]
    return labels.get(name) or labels.get(first) or labels.require(name, file, where)


def _of_folders(images: list[str], target: Target) -> Iterator[Tag]:
    """Tags from ``CLASS/CLASS_NAME`` and ``CLASS/NAME``, perhaps below other directories."""
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    folders = LabelFolders(labels, tuple(label.name for label in target.labels))
    if not images:
        raise DatasetError(SYNSETS, "", "there is neither this file nor a directory of a class")
    for file in images:
        label, path = _below(folders, file)
        if label is None:
            if NO_LABEL in PurePosixPath(file).parts[:-1]:
                continue
            raise labels_error(file)
        prefix = folder(label.name).replace("/", "_") + "_"
        name = path.removeprefix(prefix)
        frame = (
            frames.get(name)
            or frames.get(f"{folder(label.name)}/{name}")
            or frames.require(path, file)
        )
        yield Tag(label_id=label.id, frame=frame.number, source=SOURCE)


def labels_error(file: str) -> DatasetError:
    """What is wrong with an image that lies in no directory of a label."""
    name = file.partition("/")[0]
    return UnknownLabelError(file, "", name)


def _below(folders: LabelFolders, path: str) -> tuple[Label | None, str]:
    """The label among the directories, the outermost first, and the path below it."""
    while True:
        label, rest = folders.split(path)
        outer, slash, inner = path.partition("/")
        if label is not None or not slash or outer == NO_LABEL:
            return label, rest
        path = inner


FORMATS = (
    Format(
        "ImageNet 1.0",
        "1.0",
        write=write,
        read=read,
        survey=survey_folders.imagenet,
        subsets_apart=False,
    ),
)
