"""The JSON files that the COCO formats have in common, and how CVAT calls what is in them.

Their layout is described at https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from typing import Any

import orjson

from cvat_lite.domain.annotations import AttributeValue, LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, Part, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Sink, Source, Writable, WriteOptions, add_images
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.tracks import TRACK_KEYS, collected, tracked

LICENSE = {"name": "", "id": 0, "url": ""}
INFO = dict.fromkeys(("contributor", "date_created", "description", "url", "version", "year"), "")
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an annotation was read: its frame and label, and where it stands."""

    frame: Frame
    label: Label
    labels: LabelIndex
    file: str
    where: str


Outlines = Callable[[Mapping[str, Any], Place], Iterable[Shape]]
#: The annotations on these parts, each with its image's id, of which this is the first.
Records = Callable[[Dataset, Sequence[Part], int], Iterable[tuple[int, Mapping[str, Any]]]]


def write_files(
    dataset: Dataset,
    sink: Sink,
    options: WriteOptions,
    name: str,
    categories: Sequence[Mapping[str, Any]],
    records: Records,
) -> None:
    """Write ``annotations/NAME_SUBSET.json`` and ``images/SUBSET/``; images are numbered from 1."""
    first = 1
    for subset, parts in dataset.subsets().items():
        frames = list(chain.from_iterable(part.frames for part in parts))
        with sink.open(f"annotations/{name}_{subset}.json") as file:
            write_file(file, categories, frames, first, records(dataset, parts, first))
        first += len(frames)
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"images/{subset}/{frame.file_name}")


def write_file(
    file: Writable,
    categories: Sequence[Mapping[str, Any]],
    frames: Sequence[Frame],
    first_image: int,
    records: Iterable[tuple[int, Mapping[str, Any]]],
) -> None:
    """Write one file; ``records`` are annotations with their image's id, numbered from 1 here."""
    head = {
        "licenses": [LICENSE],
        "info": INFO,
        "categories": categories,
        "images": [_image(number, frame) for number, frame in enumerate(frames, first_image)],
        "annotations": [],
    }
    file.write(orjson.dumps(head)[:-2])
    batch: list[bytes] = []
    separator = b""
    for number, (image_id, record) in enumerate(records, 1):
        batch.append(orjson.dumps({"id": number, "image_id": image_id, **record}))
        if len(batch) >= BATCH:
            file.write(separator + b",".join(batch))
            batch, separator = [], b","
    if batch:
        file.write(separator + b",".join(batch))
    file.write(b"]}")


def _image(number: int, frame: Frame) -> dict[str, Any]:
    return {
        "id": number,
        "width": frame.width,
        "height": frame.height,
        "file_name": frame.file_name,
        "license": 0,
        "flickr_url": "",
        "coco_url": "",
        "date_captured": 0,
    }


def read_files(source: Source, target: Target, outlines: Outlines) -> LabeledData:
    """Read every JSON file of the archive, or the file itself.

    ``outlines`` makes the shapes of an annotation; its ``KeyError`` is told as a missing key, its
    ``TypeError``, ``ValueError`` and ``AttributeError`` in their own words.
    """
    files = [name for name in source.names() if name.lower().endswith(".json")]
    if not files:
        raise DatasetError("annotations", "", "there is no JSON file in the archive")
    reader = _Reader(target, outlines)
    shapes = [shape for file in files for shape in reader.shapes(source.read(file), file)]
    return collected([], shapes, target)


class _Reader:
    """Reads COCO files into the shapes of a target."""

    def __init__(self, target: Target, outlines: Outlines) -> None:
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        self._outlines = outlines

    def shapes(self, content: bytes, file: str) -> Iterator[Shape]:
        """The shapes of one file."""
        try:
            root = orjson.loads(content)
            images = {one["id"]: str(one["file_name"]) for one in root["images"]}
            categories = {one["id"]: str(one["name"]) for one in root["categories"]}
            records = list(root["annotations"])
        except orjson.JSONDecodeError as error:
            raise DatasetError(file, "", f"this is not JSON: {error}") from error
        except (KeyError, TypeError) as error:
            raise DatasetError(file, "", f"this is not a COCO file: {error}") from error
        frames: dict[Any, Frame] = {}
        labels: dict[Any, Label] = {}
        for place, one in enumerate(records):
            where = f"annotations[{place}]"
            try:
                image, category = one["image_id"], one["category_id"]
                if image not in frames:
                    frames[image] = self._frames.require(images[image], file, where)
                if category not in labels:
                    labels[category] = self._labels.require(categories[category], file, where)
                at = Place(frames[image], labels[category], self._labels, file, where)
                for shape in self._outlines(one, at):
                    _check_finite(shape)
                    yield shape
            except KeyError as error:
                raise DatasetError(file, where, f"{error} is missing") from error
            except (TypeError, ValueError, AttributeError) as error:
                raise DatasetError(file, where, str(error)) from error


def _check_finite(shape: Shape) -> None:
    """ValueError if a coordinate is larger than numbers are: a box may end there."""
    points = (shape.points, *(element.points for element in shape.elements))
    if not all(isfinite(sum(one)) for one in points):
        raise ValueError("a coordinate is not a finite number")


def extras(one: Mapping[str, Any], at: Place) -> tuple[Mapping[str, Any], list[AttributeValue]]:
    """What an annotation has beside COCO's own keys, and the values of its label's attributes."""
    own = one.get("attributes") or {}
    return own, at.labels.attributes(at.label, own.items(), at.file, at.where)


def of_track(shape: Shape, own: Mapping[str, Any]) -> Shape:
    """The shape as its track's, if the annotation names one; masks have no tracks."""
    if shape.type is ShapeType.MASK or "track_id" not in own:
        return shape
    number, keyframe = (own.get(key, True) for key in TRACK_KEYS)
    return tracked(shape, int(number), bool(keyframe))
