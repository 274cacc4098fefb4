"""COCO Keypoints 1.0: skeletons, as points with their visibility, in one JSON file a subset.

The format is described at https://cocodataset.org/#format-data ("Keypoint Detection"). A point's
visibility is 0 (hidden), 1 (occluded) or 2; box and area are those of what is not hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Part, Target
from cvat_lite.domain.enums import LabelType, ShapeType
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.formats import survey_json
from cvat_lite.formats.attributes import shape_attributes
from cvat_lite.formats.coco_files import Place, extras, of_track, read_files, write_files
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions
from cvat_lite.formats.skeleton_points import (
    ABSENT,
    VISIBLE,
    KeyPoint,
    joints,
    key_points,
    skeleton,
    visible_box,
)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations/person_keypoints_SUBSET.json`` and ``images/SUBSET/``."""
    write_files(dataset, sink, options, "person_keypoints", _categories(dataset), _records)


def _categories(dataset: Dataset) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "name": label.name,
            "supercategory": "",
            "keypoints": [sublabel.name for sublabel in label.sublabels],
            "skeleton": joints(label),
        }
        for number, label in enumerate(dataset.labels, 1)
    ]


def _records(
    dataset: Dataset, parts: Sequence[Part], first_image: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    numbers = {label.id: number for number, label in enumerate(dataset.labels, 1)}
    for image_id, on_frame in enumerate(dataset.by_frame(parts), first_image):
        for shape in on_frame.shapes:
            if shape.type is ShapeType.SKELETON:
                yield image_id, _record(shape, dataset, numbers[shape.label_id])


def _record(shape: Shape, dataset: Dataset, category: int) -> dict[str, Any]:
    label = dataset.labels_by_id[shape.label_id]
    points = key_points(shape, label)
    left, top, right, bottom = visible_box(points)
    attributes = shape_attributes(shape, label)
    if not isinstance(shape, FrameShape):
        attributes["keyframe"] = False
    return {
        "category_id": category,
        "segmentation": [],
        "area": (right - left) * (bottom - top),
        "bbox": [left, top, round(right - left, 2), round(bottom - top, 2)],
        "iscrowd": 0,
        "attributes": attributes,
        "keypoints": [value for point in points for value in point],
        "num_keypoints": sum(1 for point in points if point[2] != ABSENT),
    }


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every COCO file of the archive, or the JSON file itself; boxes alone are left out."""
    return read_files(source, target, _shapes)


def _shapes(one: Mapping[str, Any], at: Place) -> Iterator[Shape]:
    numbers = one.get("keypoints")
    if not numbers:
        return
    own, values = extras(one, at)
    if at.label.type is not LabelType.SKELETON:
        raise ValueError(f"Label {at.label.name!r} is not a skeleton")
    wanted = len(at.label.sublabels)
    if len(numbers) != 3 * wanted:
        raise ValueError(f"Label {at.label.name!r} has {wanted} points, each with three numbers")
    points = [_point(*numbers[start : start + 3]) for start in range(0, len(numbers), 3)]
    shape = skeleton(at.label, at.frame, points, values)
    shape.occluded = bool(own.get("occluded", False))
    yield of_track(shape, own)


def _point(x: float, y: float, visibility: int) -> KeyPoint:
    if visibility not in range(ABSENT, VISIBLE + 1):
        raise ValueError("a point's visibility is 0, 1 or 2")
    return round(float(x), 2), round(float(y), 2), int(visibility)


FORMATS = (
    Format(
        "COCO Keypoints 1.0",
        "1.0",
        write=write,
        read=read,
        read_extensions=("JSON", "ZIP"),
        survey=survey_json.coco,
    ),
)
