"""What the Ultralytics YOLO formats have in common: ``data.yaml``, lists of images, ``labels/``.

The layout is described at https://docs.ultralytics.com/datasets/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml

from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Sink, Source, WriteOptions, add_images
from cvat_lite.formats.yolo_lines import Line, lines, subset_names

CONFIGURATION = "data.yaml"
CONFIGURATIONS = (".yaml", ".yml")
LABELS = "labels"
#: No label is a longer number, and Python makes no text of one with thousands of digits.
MOST_BITS = 256


def write_labels(
    dataset: Dataset,
    sink: Sink,
    options: WriteOptions,
    labels: Sequence[Label],
    lines_of: Callable[[FrameAnnotations], str],
    more: dict[str, Any] | None = None,
) -> None:
    """Write the files of a format whose annotations on an image are ``lines_of`` it.

    Images without a line have no file. ``labels`` are those that are numbered, ``more`` belongs
    into ``data.yaml`` beside them.
    """
    folders = subset_names(dataset)
    content: dict[str, Any] = {"path": ".", **(more or {})}
    content["names"] = {place: label.name for place, label in enumerate(labels)}
    # A subset that is called like another key of the file has its images and labels only.
    content = {folder: f"{folder}.txt" for folder in folders.values()} | content
    sink.add(CONFIGURATION, yaml.safe_dump(content, allow_unicode=True).encode())
    for subset, parts in dataset.subsets().items():
        folder = folders[subset]
        listed = []
        for on_frame in dataset.by_frame(parts):
            frame = on_frame.frame
            listed.append(f"data/images/{folder}/{frame.file_name}\n")
            if text := lines_of(on_frame):
                sink.add(f"{LABELS}/{folder}/{frame.item}.txt", text.encode())
        sink.add(f"{folder}.txt", "".join(listed).encode())
    if options.save_images:
        add_images(
            dataset, sink, lambda frame, subset: f"images/{folders[subset]}/{frame.file_name}"
        )


def configuration(source: Source) -> tuple[str, dict[str, Any]]:
    """The archive's YAML file: its name and content; DatasetError if there is none."""
    files = [name for name in source.names() if name.endswith(CONFIGURATIONS)]
    if not files:
        raise DatasetError(CONFIGURATION, "", "there is no such file in the archive")
    file = next((name for name in files if name.rpartition("/")[2] == CONFIGURATION), files[0])
    try:
        root = yaml.safe_load(source.read(file))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise DatasetError(file, "", f"this is not YAML: {error}") from error
    return file, root if isinstance(root, dict) else {}


def label_names(root: dict[str, Any], file: str) -> dict[int, str]:
    """The labels by number, from a list or a mapping; DatasetError if there is neither."""
    names = root.get("names")
    if isinstance(names, list):
        names = dict(enumerate(names))
    if isinstance(names, dict):
        found = {place: plain_name(name) for place, name in names.items()}
        if all(isinstance(place, int) and name is not None for place, name in found.items()):
            return {place: name for place, name in found.items() if name is not None}
    raise DatasetError(file, "names", "this is neither a list of labels nor labels by number")


def plain_name(value: Any) -> str | None:
    """A label of the file as text; None for what is none.

    Lists are none: with YAML's aliases a few lines make one that no memory holds as text.
    """
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return None
    return str(value) if isinstance(value, str | int | float) else None


def read_lines(source: Source, target: Target) -> Iterator[Line]:
    """The lines of all files below ``labels/``."""
    file, root = configuration(source)
    names = label_names(root, file)
    files = [(name, item) for name in source.names() if (item := _item(name)) is not None]
    return lines(source, target, files, names)


def _item(name: str) -> str | None:
    """The image's id, of a file of labels: what follows ``labels/`` and the subset."""
    parts = PurePosixPath(name).parts
    if LABELS not in parts[:-1] or not name.endswith(".txt"):
        return None
    below = parts[parts.index(LABELS) + 1 :]
    return "/".join(below[1:] or below).removesuffix(".txt")
