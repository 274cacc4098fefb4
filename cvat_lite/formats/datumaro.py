"""Datumaro 1.0: all 2D annotations but cuboids, in one JSON file a subset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import orjson

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import Shape, Tag
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Part
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import ellipse_axes
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.domain.labels import Label
from cvat_lite.domain.stamps import stamp_of_shape
from cvat_lite.formats import survey_json
from cvat_lite.formats.attributes import TypedValue, shape_attributes, typed_attributes
from cvat_lite.formats.datumaro_read import read
from cvat_lite.formats.format import Format, Sink, Writable, WriteOptions, add_images
from cvat_lite.formats.skeleton_points import VISIBLE, joints, key_points

BATCH = 200

ItemWriter = Callable[[FrameAnnotations, Part, Dataset], dict[str, Any]]


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations/SUBSET.json`` and ``images/SUBSET/``."""
    write_files(dataset, sink, _item)
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"images/{subset}/{frame.file_name}")


def write_files(dataset: Dataset, sink: Sink, item: ItemWriter) -> None:
    """Write ``annotations/SUBSET.json`` with an item for each frame, as ``item`` makes it."""
    head = orjson.dumps({"info": {}, "categories": _categories(dataset), "items": []})[:-2]
    for subset, parts in dataset.subsets().items():
        with sink.open(f"annotations/{subset}.json") as file:
            file.write(head)
            _write_items(file, dataset, parts, item)
            file.write(b"]}")


def _write_items(file: Writable, dataset: Dataset, parts: Sequence[Part], item: ItemWriter) -> None:
    """Write the items of a subset, a few in memory at a time."""
    first_track = 0
    separator = b""
    for part in parts:
        batch: list[bytes] = []
        for on_frame in part.by_frame(first_track):
            batch.append(orjson.dumps(item(on_frame, part, dataset)))
            if len(batch) >= BATCH:
                file.write(separator + b",".join(batch))
                separator, batch = b",", []
        if batch:
            file.write(separator + b",".join(batch))
            separator = b","
        first_track += sum(1 for _ in part.tracks())


def _categories(dataset: Dataset) -> dict[str, Any]:
    parents = {sub.id: label.name for label in dataset.labels for sub in label.sublabels}
    labels = [
        {"name": label.name, "parent": parents.get(label.id, ""), "attributes": []}
        for label in dataset.flat_labels
    ]
    attributes = {spec.name for label in dataset.flat_labels for spec in label.attributes}
    points = [
        {
            "label_id": dataset.label_index[label.id],
            "labels": [sublabel.name for sublabel in label.sublabels],
            "joints": joints(label),
        }
        for label in dataset.labels
        if label.sublabels
    ]
    return {
        "label": {"labels": labels, "attributes": sorted(attributes | {"occluded"})},
        "points": {"items": points},
    }


def _item(on_frame: FrameAnnotations, part: Part, dataset: Dataset) -> dict[str, Any]:
    frame = on_frame.frame
    written = chain(
        (tag_record(tag, dataset) for tag in on_frame.tags),
        (
            _shape(shape, frame, dataset)
            for shape in on_frame.shapes
            if shape.type is not ShapeType.CUBOID
        ),
    )
    return {
        "id": frame.item,
        "annotations": list(written),
        "attr": {"frame": part.info.absolute(frame.number)},
        "image": {"path": frame.file_name, "size": [frame.height, frame.width]},
    }


def tag_record(tag: Tag, dataset: Dataset) -> dict[str, Any]:
    """A tag as an annotation of an item."""
    label = dataset.labels_by_id[tag.label_id]
    return {
        "id": 0,
        "type": "label",
        "attributes": typed_attributes(label, tag.attributes),
        "group": tag.group or 0,
        "label_id": dataset.label_index[tag.label_id],
    }


def _shape(shape: Shape, frame: Frame, dataset: Dataset) -> dict[str, Any]:
    label = dataset.labels_by_id[shape.label_id]
    kind = "bbox" if shape.type is ShapeType.RECTANGLE else shape.type.value
    record: dict[str, Any] = {
        "id": 0,
        "type": kind,
        "attributes": shape_attributes(shape, label),
        "group": shape.group or 0,
        "label_id": dataset.label_index[shape.label_id],
    }
    if shape.type is ShapeType.SKELETON:
        return record | _skeleton(shape, label, record["attributes"])
    record["z_order"] = shape.z_order
    if shape.type is ShapeType.RECTANGLE:
        left, top, right, bottom = shape.points
        record["bbox"] = [left, top, right - left, bottom - top]
    elif shape.type is ShapeType.ELLIPSE:
        cx, cy, rx, ry = ellipse_axes(shape.points)
        record["points"] = [round(value, 2) for value in (cx - rx, cy - ry, cx + rx, cy + ry)]
    elif shape.type is ShapeType.MASK:
        stamp = stamp_of_shape(shape, frame.width, frame.height)
        counts = masks.compressed(stamp.coco_counts(frame.width, frame.height))
        record["rle"] = {"counts": counts, "size": [frame.height, frame.width]}
    else:
        record["points"] = [round(value, 2) for value in shape.points]
        if shape.type is ShapeType.POINTS:
            record["visibility"] = [VISIBLE] * (len(shape.points) // 2)
    return record


def _skeleton(shape: Shape, label: Label, attributes: dict[str, Any]) -> dict[str, Any]:
    """The points in the order of sublabels, each with its visibility.

    CVAT leaves the z-order out; it is written where there is one.
    """
    if not isinstance(shape, FrameShape):
        attributes["keyframe"] = False
    elements = {element.label_id: element for element in shape.elements}
    points = [value for point in key_points(shape, label) for value in point]
    points_attributes: list[dict[str, TypedValue]] = []
    for sublabel in label.sublabels:
        element = elements.get(sublabel.id)
        placed = element is not None and len(element.points) >= 2
        values = element.attributes if element is not None else []
        points_attributes.append(typed_attributes(sublabel, values) if placed else {})
    record: dict[str, Any] = {"points": points, "points_attributes": points_attributes}
    if shape.z_order:
        record["z_order"] = shape.z_order
    return record


FORMATS = (
    Format(
        "Datumaro 1.0",
        "1.0",
        write=write,
        read=read,
        read_extensions=("JSON", "ZIP"),
        survey=survey_json.datumaro,
    ),
)
