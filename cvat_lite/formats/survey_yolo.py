"""The subsets, images and labels of the datasets of the YOLO family."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Any

import orjson

from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source, Subset, Survey, everything
from cvat_lite.formats.survey import by_place, frame_name, in_order, numbered, skeleton, whole
from cvat_lite.formats.ultralytics import configuration, plain_name

NAMES = "obj.names"
FOLDERS = (re.compile(r"(?:^|/)obj_(?P<subset>[^/]+)_data/(?P<name>.+)"),)
PLACES = (
    re.compile(r"(?:^|/)images/(?P<subset>[^/]+)/(?P<name>.+)"),
    re.compile(r"(?:^|/)(?P<subset>[^/]+)/images/(?P<name>.+)"),
)
LABELS = "labels"
#: The points of all skeletons of a dataset together: a few words may ask for any number.
MOST_POINTS = 10_000
OF_IMAGES = re.compile(r"(?:^|/)(?:labels|obj_[^/]+_data)/")
INDEX = "labels.json"


def darknet(source: Source, pictures: Sequence[str]) -> Survey:
    """YOLO 1.1: a subset for each ``obj_SUBSET_data``, labels from ``obj.names``."""
    found = by_place(source, pictures, FOLDERS)
    files = [name for name in source.names() if name.rpartition("/")[2] == NAMES]
    names = _lines(source, files[0]) if files else ()

    def held(subset: str) -> Callable[[str], bool]:
        def holds(name: str) -> bool:
            matched = FOLDERS[0].search(name)
            return matched is None or matched["subset"] == subset

        return holds

    subsets = _subsets(source, found, held)
    return Survey(subsets or whole(source, pictures).subsets, numbered(names))


def ultralytics(source: Source, pictures: Sequence[str]) -> Survey:
    """A subset for each directory below ``images/``, labels from the YAML file."""
    found = by_place(source, pictures, PLACES)

    def held(subset: str) -> Callable[[str], bool]:
        def holds(name: str) -> bool:
            parts = PurePosixPath(name).parts[:-1]
            if LABELS not in parts or len(found) < 2:
                return True
            place = parts.index(LABELS)
            around = {*parts[max(place - 1, 0) : place], *parts[place + 1 : place + 2]}
            others = set(found) - {subset}
            return subset in around or not others & around

        return holds

    subsets = _subsets(source, found, held)
    root = _configuration(source)
    return Survey(subsets or whole(source, pictures).subsets, numbered(_names(root)))


def pose(source: Source, pictures: Sequence[str]) -> Survey:
    """The same, its labels skeletons of as many points as the YAML file says."""
    surveyed = ultralytics(source, pictures)
    root, numbers = _configuration(source), count(1)
    shape = root.get("kpt_shape")
    size = shape[0] if isinstance(shape, list) and shape and isinstance(shape[0], int) else 0
    names = dict.fromkeys(_names(root))
    if not 0 < size * len(names) <= MOST_POINTS:
        return surveyed
    points = [str(place) for place in range(1, size + 1)]
    labels = (skeleton(numbers, name, points, ()) for name in names)
    return Survey(surveyed.subsets, tuple(labels))


def classification(source: Source, pictures: Sequence[str]) -> Survey:
    """``SUBSET/LABEL/IMAGE``; ``SUBSET/labels.json`` tells what an image was called."""
    found: dict[str, dict[str, str]] = {}
    folders: dict[str, str] = {}
    names: list[str] = []
    for file in pictures:
        parts = file.split("/")
        if len(parts) >= 3:
            subset = parts[-3]
            folders.setdefault(subset, "/".join(parts[:-2]) + "/")
            named = found.setdefault(subset, {})
            named["/".join(parts[-2:]) if parts[-1] in named else parts[-1]] = file
            names.append(parts[-2])
    files = set(source.names())
    indexed = [subset for subset, folder in folders.items() if folder + INDEX in files]
    told: list[str] = []
    for subset in indexed:
        told += _rename(source, folders[subset], found[subset])
    if len(indexed) == len(found) and found:
        # The directories cannot tell all labels, and have other letters for some.
        names = []
    subsets = tuple(
        Subset(subset, named, _below(folders[subset])) for subset, named in found.items()
    )
    labels = numbered(name for name in (*names, *told) if name != "no_label")
    return Survey(subsets or whole(source, pictures).subsets, labels)


def _below(folder: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(folder)


def _rename(source: Source, folder: str, named: dict[str, str]) -> list[str]:
    """Call the images as the index of a subset does; the labels that it names."""
    files = set(named.values())
    file = folder + INDEX
    labels: list[str] = []
    try:
        root = orjson.loads(source.read(file))
        for item, one in root.items():
            path = folder + str(one.get("path", ""))
            if path in files:
                named[frame_name(item, path)] = path
                files.discard(path)
            labels += map(str, one["labels"])
    except orjson.JSONDecodeError as error:
        raise DatasetError(file, "", f"this is not JSON: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise DatasetError(file, "", "this is not an object of images") from error
    listed = {path: name for name, path in named.items()}
    named.clear()
    named.update((name, path) for path, name in listed.items())
    return labels


def _subsets(
    source: Source,
    found: dict[str, dict[str, str]],
    held: Callable[[str], Callable[[str], bool]],
) -> tuple[Subset, ...]:
    """The subsets, each with its images in the order of its list."""
    texts = (name for name in source.names() if name.endswith(".txt"))
    # The annotations of an image may be called as a subset.
    lists = {PurePosixPath(name).name: name for name in texts if not OF_IMAGES.search(name)}
    subsets = []
    for subset, named in found.items():
        file = lists.get(f"{subset}.txt")
        order = _lines(source, file) if file else ()
        holds = held(subset) if len(found) > 1 else everything
        subsets.append(Subset(subset, in_order(dict(sorted(named.items())), order), holds))
    return tuple(subsets)


def _lines(source: Source, file: str) -> Iterator[str]:
    try:
        text = source.read(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(file, "", "the text is not UTF-8") from error
    return (line.strip() for line in text.splitlines() if line.strip())


def _configuration(source: Source) -> dict[str, Any]:
    """The YAML file; nothing if it is not there or cannot be read, which the reader then tells."""
    try:
        return configuration(source)[1]
    except DatasetError:
        return {}


def _names(root: dict[str, Any]) -> list[str]:
    names = root.get("names")
    if isinstance(names, dict):
        names = list(names.values())
    found = map(plain_name, names) if isinstance(names, list) else ()
    return [name for name in found if name is not None]
