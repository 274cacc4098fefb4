"""Ultralytics YOLO Detection 1.0: YOLO's boxes with a YAML file that names labels and subsets."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import yaml

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.yolo import box_lines, boxes

CONFIGURATIONS = (".yaml", ".yml")
TRAIN = "train"
LABELS = "labels"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``data.yaml``, a list of images a subset, and ``labels/SUBSET/``.

    Images without a box have no file of labels; only whole labels are numbered, not sublabels.
    """
    subsets = {_subset(name): parts for name, parts in dataset.subsets().items()}
    sink.add("data.yaml", _configuration(dataset, list(subsets)))
    places = {label.id: place for place, label in enumerate(dataset.labels)}
    for subset, parts in subsets.items():
        listed = []
        for on_frame in dataset.by_frame(parts):
            frame = on_frame.frame
            listed.append(f"data/images/{subset}/{frame.file_name}\n")
            if lines := box_lines(on_frame, places):
                sink.add(f"{LABELS}/{subset}/{frame.item}.txt", lines)
        sink.add(f"{subset}.txt", "".join(listed).encode())
    if options.save_images:
        add_images(
            dataset, sink, lambda frame, subset: f"images/{_subset(subset)}/{frame.file_name}"
        )


def _subset(name: str) -> str:
    return TRAIN if name == "default" else name


def _configuration(dataset: Dataset, subsets: list[str]) -> bytes:
    content: dict[str, Any] = {
        "names": {place: label.name for place, label in enumerate(dataset.labels)},
        "path": ".",
    }
    content.update((subset, f"{subset}.txt") for subset in subsets)
    text: str = yaml.safe_dump(content, allow_unicode=True)
    return text.encode()


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the boxes below ``labels/``."""
    configurations = [name for name in source.names() if name.endswith(CONFIGURATIONS)]
    if not configurations:
        raise DatasetError("data.yaml", "", "there is no such file in the archive")
    names = label_names(source.read(configurations[0]), configurations[0])
    files = [(name, item) for name in source.names() if (item := _item(name)) is not None]
    return LabeledData(shapes=list(boxes(source, target, files, names)))


def label_names(content: bytes, file: str) -> dict[int, str]:
    """The labels by number, from a list or a mapping; DatasetError if there is neither."""
    try:
        root = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DatasetError(file, "", f"this is not YAML: {error}") from error
    names = root.get("names") if isinstance(root, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if isinstance(names, dict) and all(
        isinstance(place, int) and isinstance(name, str | int | float)
        for place, name in names.items()
    ):
        return {place: str(name) for place, name in names.items()}
    raise DatasetError(file, "names", "this is neither a list of labels nor labels by number")


def _item(name: str) -> str | None:
    """The image's id, of a file of boxes: what follows ``labels/`` and the subset."""
    parts = PurePosixPath(name).parts
    if LABELS not in parts[:-1] or not name.endswith(".txt"):
        return None
    below = parts[parts.index(LABELS) + 1 :]
    return "/".join(below[1:] or below).removesuffix(".txt")


FORMATS = (Format("Ultralytics YOLO Detection 1.0", "1.0", write=write, read=read),)
