"""COCO 1.0: boxes, polygons and masks in one JSON file a subset.

Members of a group become one instance: the box around them all, the label and attributes of the
largest. Ellipses become masks. Lines, points, skeletons, cuboids and tags have no place in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Part, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import Box, bounding_box, union
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.attributes import shape_attributes
from cvat_lite.formats.format import (
    Format,
    ReadOptions,
    Sink,
    Source,
    Writable,
    WriteOptions,
    add_images,
)
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.tracks import TRACK_KEYS, collected, tracked

KINDS = (ShapeType.RECTANGLE, ShapeType.POLYGON, ShapeType.ELLIPSE, ShapeType.MASK)
MASKED = (ShapeType.ELLIPSE, ShapeType.MASK)
LICENSE = {"name": "", "id": 0, "url": ""}
INFO = dict.fromkeys(("contributor", "date_created", "description", "url", "version", "year"), "")
SOURCE = "file"
BATCH = 2000


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations/instances_SUBSET.json`` and ``images/SUBSET/``."""
    image_id = 0
    for subset, parts in dataset.subsets().items():
        frames = list(chain.from_iterable(part.frames for part in parts))
        with sink.open(f"annotations/instances_{subset}.json") as file:
            _write_head(file, dataset, frames, image_id)
            _write_annotations(file, dataset, parts, image_id)
            file.write(b"]}")
        image_id += len(frames)
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"images/{subset}/{frame.file_name}")


def _write_head(file: Writable, dataset: Dataset, frames: Sequence[Frame], last_id: int) -> None:
    parents = {sub.id: label.name for label in dataset.labels for sub in label.sublabels}
    head = {
        "licenses": [LICENSE],
        "info": INFO,
        "categories": [
            {"id": number, "name": label.name, "supercategory": parents.get(label.id, "")}
            for number, label in enumerate(dataset.flat_labels, 1)
        ],
        "images": [
            {
                "id": number,
                "width": frame.width,
                "height": frame.height,
                "file_name": frame.file_name,
                "license": 0,
                "flickr_url": "",
                "coco_url": "",
                "date_captured": 0,
            }
            for number, frame in enumerate(frames, last_id + 1)
        ],
        "annotations": [],
    }
    file.write(orjson.dumps(head)[:-2])


def _write_annotations(
    file: Writable, dataset: Dataset, parts: Sequence[Part], last_id: int
) -> None:
    """The annotations, a batch at a time; their ids count from 1 in each file."""
    batch: list[bytes] = []
    first = True
    number = 0
    for image_id, on_frame in enumerate(dataset.by_frame(parts), last_id + 1):
        for instance in _instances(on_frame):
            number += 1
            record = {"id": number, "image_id": image_id}
            record.update(_record(instance, on_frame.frame, dataset))
            batch.append(orjson.dumps(record))
        if len(batch) >= BATCH:
            file.write((b"" if first else b",") + b",".join(batch))
            batch, first = [], False
    if batch:
        file.write((b"" if first else b",") + b",".join(batch))


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
        mask = masks.mask_of_bitmap(masks.bitmap_of_shape(shape, frame.width, frame.height))
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
    bitmaps = [masks.bitmap_of_shape(shape, *size) for shape in outlined]
    covered = np.logical_or.reduce(bitmaps)
    counts = {"counts": masks.coco_counts(covered), "size": [frame.height, frame.width]}
    return counts, int(covered.sum())


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every COCO file of the archive, or the JSON file itself."""
    files = [name for name in source.names() if name.lower().endswith(".json")]
    if not files:
        raise DatasetError("annotations", "", "there is no JSON file in the archive")
    reader = _Reader(target)
    shapes = [shape for file in files for shape in reader.shapes(source.read(file), file)]
    return collected([], shapes, target)


class _Reader:
    """Reads COCO files into the shapes of a target."""

    def __init__(self, target: Target) -> None:
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)

    def shapes(self, content: bytes, file: str) -> Iterator[Shape]:
        """The shapes of one file."""
        try:
            root = orjson.loads(content)
            images = {one["id"]: str(one["file_name"]) for one in root["images"]}
            categories = {one["id"]: str(one["name"]) for one in root["categories"]}
            records = root["annotations"]
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
                yield from self._annotation(one, frames[image], labels[category], file, where)
            except KeyError as error:
                raise DatasetError(file, where, f"{error} is missing") from error
            except (TypeError, ValueError, AttributeError) as error:
                raise DatasetError(file, where, str(error)) from error

    def _annotation(
        self, one: Mapping[str, Any], frame: Frame, label: Label, file: str, where: str
    ) -> Iterator[Shape]:
        extra = one.get("attributes") or {}
        segmentation = one.get("segmentation")
        values = self._labels.attributes(label, extra.items(), file, where)
        for kind, points in _outlines(segmentation, one.get("bbox"), frame):
            shape = Shape(
                label_id=label.id,
                type=kind,
                frame=frame.number,
                source=SOURCE,
                occluded=bool(extra.get("occluded", False)),
                points=points,
                attributes=values,
            )
            if kind is ShapeType.RECTANGLE:
                shape.rotation = float(extra.get("rotation", 0.0)) % 360
            if kind is not ShapeType.MASK and "track_id" in extra:
                number, keyframe = (extra.get(key, True) for key in TRACK_KEYS)
                shape = tracked(shape, int(number), bool(keyframe))
            yield shape


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


FORMATS = (Format("COCO 1.0", "1.0", write=write, read=read, read_extensions=("JSON", "ZIP")),)
