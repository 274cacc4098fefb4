"""The subsets, images and labels of datasets in JSON: COCO's and Datumaro's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Any

import orjson

from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source, Subset, Survey
from cvat_lite.formats.survey import Pictures, frame_name, skeleton

#: What COCO puts before the subset in the name of a file.
KINDS = ("instances_", "person_keypoints_", "labels_", "captions_", "stuff_", "panoptic_")

Named = Iterable[tuple[str, str]]
"""What a dataset calls an image, and where it says that the file lies."""


def coco(source: Source, pictures: Sequence[str]) -> Survey:
    """A subset for each file, with the images that it lists."""
    return _survey(source, pictures, _coco_images, _coco_labels)


def datumaro(source: Source, pictures: Sequence[str]) -> Survey:
    """A subset for each file, with the images of its items."""
    return _survey(source, pictures, _datumaro_images, _datumaro_labels)


def _survey(
    source: Source,
    pictures: Sequence[str],
    images: Callable[[Mapping[str, Any]], Named],
    labels: Callable[[Mapping[str, Any], count[int]], Iterator[Label]],
) -> Survey:
    index, numbers = Pictures(pictures), count(1)
    known: dict[str, Label] = {}
    files: dict[str, list[str]] = {}
    found: dict[str, dict[str, str]] = {}
    for file in (name for name in source.names() if name.lower().endswith(".json")):
        subset = subset_of(file)
        named = found.setdefault(subset, {})
        files.setdefault(subset, []).append(file)
        try:
            root = orjson.loads(source.read(file))
            for label in labels(root, numbers):
                known.setdefault(label.name, label)
            for name, path in images(root):
                picture = index.find(path, subset) or index.find(name, subset)
                if picture is not None:
                    named.setdefault(frame_name(name, picture), picture)
        except orjson.JSONDecodeError as error:
            raise DatasetError(file, "", f"this is not JSON: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise DatasetError(file, "", f"the file is not of this format: {error!r}") from error
    subsets = (Subset(name, named, set(files[name]).__contains__) for name, named in found.items())
    return Survey(tuple(subsets), tuple(known.values()))


def subset_of(file: str) -> str:
    """The subset that a file is named after."""
    stem = PurePosixPath(file).name.rpartition(".")[0]
    return next((stem.removeprefix(kind) for kind in KINDS if stem.startswith(kind)), stem)


def _coco_images(root: Mapping[str, Any]) -> Named:
    return ((str(one["file_name"]), str(one["file_name"])) for one in root["images"])


def _coco_labels(root: Mapping[str, Any], numbers: count[int]) -> Iterator[Label]:
    """The categories; those that name key points are skeletons, sublabels are left out."""
    names = {str(one["name"]) for one in root["categories"]}
    for one in root["categories"]:
        name, points = str(one["name"]), [str(point) for point in one.get("keypoints") or ()]
        if points:
            edges = [(int(start), int(end)) for start, end in one.get("skeleton") or ()]
            yield skeleton(numbers, name, points, edges)
        elif one.get("supercategory") not in names - {name}:
            yield Label(next(numbers), name)


def _datumaro_images(root: Mapping[str, Any]) -> Named:
    for one in root["items"]:
        media = one.get("image") or one.get("point_cloud") or {}
        name = str(one["id"])
        yield name, str(media.get("path") or name)


def _datumaro_labels(root: Mapping[str, Any], numbers: count[int]) -> Iterator[Label]:
    """The labels; those with points are skeletons, those with a parent are left out."""
    categories = root["categories"]
    skeletons = {one["label_id"]: one for one in categories.get("points", {}).get("items", ())}
    for place, one in enumerate(categories.get("label", {}).get("labels", ())):
        name = str(one["name"])
        if place in skeletons:
            points = [str(point) for point in skeletons[place]["labels"]]
            edges = [(int(start), int(end)) for start, end in skeletons[place].get("joints") or ()]
            yield skeleton(numbers, name, points, edges)
        elif not one.get("parent"):
            yield Label(next(numbers), name)
