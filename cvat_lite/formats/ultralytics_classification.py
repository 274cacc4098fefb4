"""Ultralytics YOLO Classification 1.0: images in a directory named after their label.

See https://docs.ultralytics.com/datasets/classify/. An image lies in ``SUBSET/LABEL/``, one
without a tag in ``SUBSET/no_label/``. ``SUBSET/labels.json``, which CVAT adds, has what the
directories cannot tell: all labels of an image, and its own path. Attributes are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import orjson

from cvat_lite.domain.annotations import LabeledData, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_yolo
from cvat_lite.formats.format import (
    Format,
    ReadOptions,
    Sink,
    Source,
    Writable,
    WriteOptions,
    add_image,
)
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.yolo_lines import SOURCE, subset_names

INDEX = "labels.json"
NO_LABEL = "no_label"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/labels.json``, and the images into the directories of their labels."""
    names = subset_names(dataset)
    for subset, parts in dataset.subsets().items():
        folder = names[subset]
        paths = _Paths()
        images = []
        with sink.open(f"{folder}/{INDEX}") as file:
            for part in parts:
                for on_frame in part.by_frame():
                    path = _write_item(file, dataset, on_frame, paths)
                    if options.save_images and part.image is not None:
                        images.append((f"{folder}/{path}", part.image, on_frame.frame))
            file.write(b"}" if paths.used else b"{}")
        for name, image, frame in images:
            add_image(sink, name, image(frame))


class _Paths:
    """Places for images, of which none is given twice: directories of frames are not kept."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def place(self, folder: str, name: str) -> str:
        """``FOLDER/NAME``, the name numbered if there is such a file already."""
        path = PurePosixPath(name)
        found, number = f"{folder}/{path.name}", 0
        while found in self.used:
            number += 1
            found = f"{folder}/{path.stem}_{number}{path.suffix}"
        self.used.add(found)
        return found


def _write_item(file: Writable, dataset: Dataset, on_frame: FrameAnnotations, paths: _Paths) -> str:
    """Add an image to the index; its path below the subset."""
    frame = on_frame.frame
    names = [dataset.labels_by_id[tag.label_id].name for tag in on_frame.tags]
    start = b"," if paths.used else b"{"
    path = paths.place(_folder(names[0]) if names else NO_LABEL, frame.file_name)
    item = {"labels": names, "path": path}
    file.write(start + orjson.dumps(frame.item) + b":" + orjson.dumps(item))
    return path


def _folder(label: str) -> str:
    """A label as the name of a directory."""
    name = label.replace("/", "_").replace("\\", "_")
    return "_" if name in ("", ".", "..") else name


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read tags from each subset's index, or where there is none from the directories."""
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    found: dict[tuple[int, int], Tag] = {}
    for item, name, file, where in _named(source):
        # Where two directories have images of one name, the frame may be called as the path.
        frame = (frames.get(f"{name}/{item}") if not where else None) or frames.require(
            item, file, where
        )
        label = labels.require(name, file, where)
        found[frame.number, label.id] = Tag(label_id=label.id, frame=frame.number, source=SOURCE)
    return LabeledData(tags=list(found.values()))


def _named(source: Source) -> Iterator[tuple[str, str, str, str]]:
    """Each image's id with each of its labels, and the file and key that tell them."""
    names = source.names()
    indexed = {name.removesuffix(INDEX) for name in names if PurePosixPath(name).name == INDEX}
    for folder in sorted(indexed):
        yield from _of_index(source.read(folder + INDEX), folder + INDEX)
    seen = bool(indexed)
    for name in names:
        parts = PurePosixPath(name).parts
        folder = name.removesuffix("/".join(parts[-2:]))
        # Names that begin with a point are notes of file managers.
        if len(parts) >= 3 and folder not in indexed and not parts[-1].startswith("."):
            seen = True
            if parts[-2] != NO_LABEL:
                yield parts[-1], parts[-2], name, ""
    if not seen:
        why = "there is no such file, nor an image in SUBSET/LABEL/, in the archive"
        raise DatasetError(INDEX, "", why)


def _of_index(content: bytes, file: str) -> Iterator[tuple[str, str, str, str]]:
    try:
        root: Any = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DatasetError(file, "", f"this is not JSON: {error}") from error
    if not isinstance(root, dict):
        raise DatasetError(file, "", "this is not an object of images")
    for item, one in root.items():
        labels = one.get("labels") if isinstance(one, Mapping) else None
        if not isinstance(labels, list) or not all(isinstance(name, str) for name in labels):
            raise DatasetError(file, repr(item), "an image has a list of labels")
        for name in labels:
            yield item, name, file, repr(item)


FORMATS = (
    Format(
        "Ultralytics YOLO Classification 1.0",
        "1.0",
        write=write,
        read=read,
        survey=survey_yolo.classification,
    ),
)
