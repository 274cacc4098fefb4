"""Reading Datumaro 1.0."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import Element, LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.skeleton_points import ABSENT, OCCLUDED
from cvat_lite.formats.tracks import collected, tracked

SOURCE = "file"
LEFT_OUT = frozenset({"caption"})

Outline = Callable[[Mapping[str, Any], Frame], list[float]]
Outlines = Mapping[str, tuple[ShapeType, Outline]]


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every JSON file of the archive, or the file itself."""
    return read_files(source, target, OUTLINES)


def read_files(source: Source, target: Target, outlines: Outlines) -> LabeledData:
    """Read every JSON file; ``outlines`` are the kinds of shapes that may be in them."""
    files = [name for name in source.names() if name.lower().endswith(".json")]
    if not files:
        raise DatasetError("annotations", "", "there is no JSON file in the archive")
    tags: list[Tag] = []
    shapes: list[Shape] = []
    for file in files:
        _File(source.read(file), file, target, outlines).read_into(tags, shapes)
    return collected(tags, shapes, target)


class _File:
    """One file, whose label numbers are its own."""

    def __init__(self, content: bytes, file: str, target: Target, outlines: Outlines) -> None:
        self._file = file
        self._outlines = outlines
        self._frames = FrameIndex(target)
        self._index = LabelIndex(target.labels)
        try:
            root = orjson.loads(content)
            self._items: list[Any] = root["items"]
            categories = root["categories"]
            self._names = [str(one["name"]) for one in categories["label"]["labels"]]
            points = categories.get("points", {}).get("items", ())
            self._points = {one["label_id"]: list(map(str, one["labels"])) for one in points}
        except orjson.JSONDecodeError as error:
            raise DatasetError(file, "", f"this is not JSON: {error}") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise DatasetError(file, "", f"this is not a Datumaro file: {error}") from error
        self._labels: dict[int, Label] = {}

    def read_into(self, tags: list[Tag], shapes: list[Shape]) -> None:
        """Add the file's annotations to these lists."""
        for place, item in enumerate(self._items):
            where = f"items[{place}]"
            try:
                annotations = item["annotations"]
                if not annotations:
                    continue
                frame = self._frame(item, where)
                for number, one in enumerate(annotations):
                    self._annotation(one, frame, f"{where}.annotations[{number}]", tags, shapes)
            except KeyError as error:
                raise DatasetError(self._file, where, f"{error} is missing") from error
            except (TypeError, ValueError, AttributeError, IndexError) as error:
                raise DatasetError(self._file, where, str(error)) from error

    def _frame(self, item: Mapping[str, Any], where: str) -> Frame:
        path = (item.get("image") or item.get("point_cloud") or {}).get("path") or ""
        frame = (self._frames.get(path) if path else None) or self._frames.get(str(item["id"]))
        return frame or self._frames.require(str(item["id"]), self._file, where)

    def _label(self, number: int, where: str) -> Label:
        if number not in self._labels:
            if not 0 <= number < len(self._names):
                raise DatasetError(self._file, where, f"there is no label {number}")
            name = self._names[number]
            self._labels[number] = self._index.require(name, self._file, where)
        return self._labels[number]

    def _annotation(
        self, one: Mapping[str, Any], frame: Frame, where: str, tags: list[Tag], shapes: list[Shape]
    ) -> None:
        kind = one["type"]
        if kind in LEFT_OUT:
            return
        label = self._label(one["label_id"], where)
        own = one.get("attributes") or {}
        values = self._index.attributes(label, own.items(), self._file, where)
        group = int(one.get("group", 0))
        if kind == "label":
            tag = Tag(label_id=label.id, frame=frame.number, group=group, source=SOURCE)
            tag.attributes = values
            tags.append(tag)
            return
        if kind not in self._outlines:
            raise DatasetError(self._file, where, f"annotations of type {kind!r} are not known")
        shape_type, outline = self._outlines[kind]
        shape = Shape(
            label_id=label.id,
            type=shape_type,
            frame=frame.number,
            group=group,
            source=SOURCE,
            occluded=bool(own.get("occluded", False)),
            z_order=int(one.get("z_order", 0)),
            rotation=float(own.get("rotation", 0.0)) % 360,
            points=outline(one, frame),
            attributes=values,
        )
        if shape_type is ShapeType.SKELETON:
            shape.elements = list(self._elements(one, label, frame, where))
        if "track_id" in own and shape_type is not ShapeType.MASK:
            shape = tracked(shape, int(own["track_id"]), bool(own.get("keyframe", True)))
        shapes.append(shape)

    def _elements(
        self, one: Mapping[str, Any], label: Label, frame: Frame, where: str
    ) -> Iterator[Element]:
        names = self._points[one["label_id"]]
        sublabels = self._index.sublabels(label)
        flat: Sequence[float] = one["points"]
        attributes = one.get("points_attributes") or [{}] * len(names)
        for place, name in enumerate(names):
            x, y, visibility = flat[3 * place : 3 * place + 3]
            sublabel = sublabels.require(name, self._file, where)
            yield Element(
                label_id=sublabel.id,
                type=ShapeType.POINTS,
                frame=frame.number,
                source=SOURCE,
                occluded=visibility == OCCLUDED,
                outside=visibility == ABSENT,
                points=[float(x), float(y)],
                attributes=sublabels.attributes(
                    sublabel, attributes[place].items(), self._file, where
                ),
            )


def _bbox(one: Mapping[str, Any], _: Frame) -> list[float]:
    left, top, width, height = (float(value) for value in one["bbox"])
    return [round(value, 2) for value in (left, top, left + width, top + height)]


def _points(one: Mapping[str, Any], _: Frame) -> list[float]:
    points = [round(float(value), 2) for value in one["points"]]
    if not points or len(points) % 2:
        raise ValueError("points need x and y")
    return points


def _ellipse(one: Mapping[str, Any], _: Frame) -> list[float]:
    left, top, right, bottom = (float(value) for value in one["points"])
    cx, cy = (left + right) / 2, (top + bottom) / 2
    return [round(value, 2) for value in (cx, cy, right, top)]


def _mask(one: Mapping[str, Any], frame: Frame) -> list[float]:
    counts = one["rle"]["counts"]
    height, width = one["rle"]["size"]
    if (width, height) != (frame.width, frame.height):
        raise ValueError("the mask is not of the image's size")
    runs = masks.decompressed(counts) if isinstance(counts, str) else counts
    mask = masks.mask_of_bitmap(masks.bitmap_of_counts(runs, width, height))
    if not mask:
        raise ValueError("the mask is empty")
    return mask


OUTLINES: Outlines = {
    "bbox": (ShapeType.RECTANGLE, _bbox),
    "polygon": (ShapeType.POLYGON, _points),
    "polyline": (ShapeType.POLYLINE, _points),
    "points": (ShapeType.POINTS, _points),
    "ellipse": (ShapeType.ELLIPSE, _ellipse),
    "mask": (ShapeType.MASK, _mask),
    "skeleton": (ShapeType.SKELETON, lambda _one, _frame: []),
}
