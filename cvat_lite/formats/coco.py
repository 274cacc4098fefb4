"""COCO 1.0: boxes, polygons and masks in one JSON file a subset.

Members of a group become one instance: the box around them all, the label and attributes of the
largest. Ellipses become masks. Lines, points, skeletons, cuboids and tags have no place in it.
The format is described at https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Part, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import Box, bounding_box, union
from cvat_lite.domain.stamps import stamp_of_shape
from cvat_lite.formats import survey_json
from cvat_lite.formats.attributes import shape_attributes
from cvat_lite.formats.coco_files import Place, extras, of_track, read_files, write_files
from cvat_lite.formats.format import (
    Format,
    ReadOptions,
    Sink,
    Source,
    WriteOptions,
)

KINDS = (ShapeType.RECTANGLE, ShapeType.POLYGON, ShapeType.ELLIPSE, ShapeType.MASK)
MASKED = (ShapeType.ELLIPSE, ShapeType.MASK)
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations/instances_SUBSET.json`` and ``images/SUBSET/``."""
    write_files(dataset, sink, options, "instances", _categories(dataset), _records)


def _categories(dataset: Dataset) -> list[dict[str, Any]]:
    parents = {sub.id: label.name for label in dataset.labels for sub in label.sublabels}
    return [
        {"id": number, "name": label.name, "supercategory": parents.get(label.id, "")}
        for number, label in enumerate(dataset.flat_labels, 1)
    ]


def _records(
    dataset: Dataset, parts: Sequence[Part], first_image: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    for image_id, on_frame in enumerate(dataset.by_frame(parts), first_image):
        for instance in _instances(on_frame):
            yield image_id, _record(instance, on_frame.frame, dataset)


def _instances(on_frame: FrameAnnotations) -> Iterator[Sequence[Shape]]:
    """The shapes of each instance: those without a group first, then group by group."""
    groups: dict[int, list[Shape]] = {}
    for shape in on_frame.shapes:
        if shape.type in KINDS:
            if shape.group:
                groups.setdefault(shape.group, []).append(shape)
            else:
                yield (shape,)
    for _, members in sorted(groups.items()):
        yield members


def _record(instance: Sequence[Shape], frame: Frame, dataset: Dataset) -> dict[str, Any]:
    """What COCO says of an instance; its outline is polygons, or a mask if one member is."""
    if len(instance) == 1 and instance[0].type is ShapeType.RECTANGLE:
        leader = instance[0]
        left, top, right, bottom = leader.points
        segmentation: Any = []
        area = (right - left) * (bottom - top)
    else:
        boxes = [_box(shape, frame) for shape in instance]
        leader = instance[_largest(boxes)]
        left, top, right, bottom = union(boxes)
        segmentation, covered = _segmentation(instance, frame)
        area = (right - left) * (bottom - top) if covered is None else float(covered)
    label = dataset.labels_by_id[leader.label_id]
    return {
        "category_id": dataset.label_index[leader.label_id] + 1,
        "segmentation": segmentation,
        "area": area,
        "bbox": [round(left, 2), round(top, 2), round(right - left, 2), round(bottom - top, 2)],
        "iscrowd": int(isinstance(segmentation, dict)),
        "attributes": shape_attributes(leader, label),
    }


def _box(shape: Shape, frame: Frame) -> Box:
    """The box of a shape; that of a mask reaches to the far edges of its last pixels."""
    if shape.type is ShapeType.MASK:
        left, top, width, height = masks.mask_box(shape.points)
        return left, top, left + width, top + height
    if shape.type is ShapeType.ELLIPSE:
        mask = stamp_of_shape(shape, frame.width, frame.height).mask()
        if mask:
            left, top, width, height = masks.mask_box(mask)
            return left, top, left + width, top + height
    return bounding_box(shape.points)


def _largest(boxes: Sequence[Box]) -> int:
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in boxes]
    return areas.index(max(areas))


def _segmentation(instance: Sequence[Shape], frame: Frame) -> tuple[Any, int | None]:
    """Polygons or counts, and the pixels covered; boxes alone have no outline."""
    outlined = [shape for shape in instance if shape.type is not ShapeType.RECTANGLE]
    if not outlined:
        return [], None
    size = (frame.width, frame.height)
    if not any(shape.type in MASKED for shape in outlined):
        polygons = [[round(value, 2) for value in shape.points] for shape in outlined]
        if len(polygons) == 1:
            return polygons, masks.polygon_pixels(polygons[0], *size)
        bitmaps = [masks.polygon_bitmap(points, *size) for points in polygons]
        return polygons, int(np.logical_or.reduce(bitmaps).sum())
    if len(outlined) == 1:
        stamp = stamp_of_shape(outlined[0], *size)
        return _counts(stamp.coco_counts(*size), frame), stamp.area
    bitmaps = [masks.bitmap_of_shape(shape, *size) for shape in outlined]
    covered = np.logical_or.reduce(bitmaps)
    return _counts(masks.coco_counts(covered), frame), int(covered.sum())


def _counts(counts: list[int], frame: Frame) -> dict[str, Any]:
    return {"counts": counts, "size": [frame.height, frame.width]}


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every COCO file of the archive, or the JSON file itself."""
    return read_files(source, target, _shapes)


def _shapes(one: Mapping[str, Any], at: Place) -> Iterator[Shape]:
    own, values = extras(one, at)
    for kind, points in _outlines(one.get("segmentation"), one.get("bbox"), at.frame):
        shape = Shape(
            label_id=at.label.id,
            type=kind,
            frame=at.frame.number,
            source=SOURCE,
            occluded=bool(own.get("occluded", False)),
            points=points,
            attributes=values,
        )
        if kind is ShapeType.RECTANGLE:
            shape.rotation = float(own.get("rotation", 0.0)) % 360
        yield of_track(shape, own)


def _outlines(segmentation: Any, box: Any, frame: Frame) -> Iterator[tuple[ShapeType, list[float]]]:
    """A mask, or polygons, or else the box."""
    if isinstance(segmentation, dict) and segmentation:
        counts = segmentation["counts"]
        height, width = segmentation["size"]
        if (width, height) != (frame.width, frame.height):
            raise ValueError("the mask is not of the image's size")
        runs = masks.decompressed(counts) if isinstance(counts, str) else counts
        mask = masks.mask_of_bitmap(masks.bitmap_of_counts(runs, width, height))
        if mask:
            yield ShapeType.MASK, mask
    elif segmentation:
        for polygon in segmentation:
            if len(polygon) < 6 or len(polygon) % 2:
                raise ValueError("a polygon needs three points or more, each with x and y")
            yield ShapeType.POLYGON, [round(float(value), 2) for value in polygon]
    elif box is not None:
        left, top, width, height = (float(value) for value in box)
        corners = (left, top, left + width, top + height)
        yield ShapeType.RECTANGLE, [round(value, 2) for value in corners]


FORMATS = (
    Format(
        "COCO 1.0",
        "1.0",
        write=write,
        read=read,
        read_extensions=("JSON", "ZIP"),
        survey=survey_json.coco,
    ),
)
