"""The annotations of a backup: ``annotations.json``, a list with an object for each job.

Labels and attributes stand there by name; keys, their order and their types are those of backups
that a CVAT 2.73 has made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    ElementTrack,
    Interval,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label


class Value(msgspec.Struct, gc=False):
    """The value of an attribute, by the attribute's name."""

    value: str
    name: str


class TagEntry(msgspec.Struct, kw_only=True, gc=False):
    """A label on a whole frame."""

    group: int | None = 0
    source: str = "manual"
    frame: int
    attributes: list[Value] = []
    label: str


class ElementEntry(msgspec.Struct, kw_only=True, gc=False):
    """A shape within a skeleton."""

    type: ShapeType
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    points: list[float] = []
    group: int | None = 0
    source: str = "manual"
    frame: int
    attributes: list[Value] = []
    score: float = 1.0
    label: str


class ShapeEntry(msgspec.Struct, kw_only=True, gc=False):
    """A figure on one frame; only a skeleton has elements."""

    type: ShapeType
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    points: list[float] = []
    group: int | None = 0
    source: str = "manual"
    frame: int
    attributes: list[Value] = []
    score: float = 1.0
    elements: list[ElementEntry] = []
    label: str


class KeyframeEntry(msgspec.Struct, kw_only=True, gc=False):
    """A keyframe of a track."""

    type: ShapeType
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    points: list[float] = []
    attributes: list[Value] = []
    frame: int


class ElementTrackEntry(msgspec.Struct, kw_only=True, gc=False):
    """A track within a skeleton's track."""

    group: int | None = 0
    source: str = "manual"
    frame: int
    attributes: list[Value] = []
    shapes: list[KeyframeEntry] = []
    label: str


class TrackEntry(msgspec.Struct, kw_only=True, gc=False):
    """A figure over frames."""

    group: int | None = 0
    source: str = "manual"
    frame: int
    attributes: list[Value] = []
    shapes: list[KeyframeEntry] = []
    elements: list[ElementTrackEntry] = []
    label: str


class IntervalEntry(msgspec.Struct, kw_only=True, gc=False):
    """A span of a sound in milliseconds."""

    group: int | None = 0
    source: str = "manual"
    start: int
    stop: int | None = None
    attributes: list[Value] = []
    score: float = 1.0
    label: str


class JobEntry(msgspec.Struct, kw_only=True):
    """The annotations of one job, still as text."""

    version: int = 0
    tags: list[msgspec.Raw] = []
    shapes: list[msgspec.Raw] = []
    tracks: list[msgspec.Raw] = []
    intervals: list[msgspec.Raw] = []


KINDS: dict[str, type[msgspec.Struct]] = {
    "tags": TagEntry,
    "shapes": ShapeEntry,
    "tracks": TrackEntry,
    "intervals": IntervalEntry,
}
_FIGURE = ("type", "occluded", "outside", "z_order", "rotation", "points")
_OWN = ("group", "source", "frame")


class UnknownNameError(Exception):
    """A label or attribute that the backup does not describe."""


class ByName:
    """Annotations with names in place of ids, for writing."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels: dict[int, str] = {}
        self._specs: dict[int, str] = {}
        for label in labels:
            for one in (label, *label.sublabels):
                self._labels[one.id] = one.name
                self._specs.update((spec.id, spec.name) for spec in one.attributes)

    def _values(self, given: Sequence[AttributeValue]) -> list[Value]:
        return [Value(one.value, self._specs[one.spec_id]) for one in given]

    def _fields(self, item: Any, names: Iterable[str]) -> dict[str, Any]:
        fields = {name: getattr(item, name) for name in names}
        fields["attributes"] = self._values(item.attributes)
        if hasattr(item, "label_id"):
            fields["label"] = self._labels[item.label_id]
        return fields

    def tag(self, tag: Tag) -> TagEntry:
        """A tag as it stands in a backup."""
        return TagEntry(**self._fields(tag, _OWN))

    def shape(self, shape: Shape) -> ShapeEntry:
        """A shape as it stands in a backup."""
        names = (*_FIGURE, *_OWN, "score")
        elements = [ElementEntry(**self._fields(one, names)) for one in shape.elements]
        return ShapeEntry(**self._fields(shape, names), elements=elements)

    def track(self, track: Track) -> TrackEntry:
        """A track as it stands in a backup."""
        elements = [
            ElementTrackEntry(**self._fields(one, _OWN), shapes=self._keyframes(one))
            for one in track.elements
        ]
        return TrackEntry(
            **self._fields(track, _OWN), shapes=self._keyframes(track), elements=elements
        )

    def _keyframes(self, track: ElementTrack) -> list[KeyframeEntry]:
        names = (*_FIGURE, "frame")
        return [KeyframeEntry(**self._fields(shape, names)) for shape in track.shapes]

    def interval(self, interval: Interval) -> IntervalEntry:
        """An interval as it stands in a backup."""
        return IntervalEntry(
            **self._fields(interval, ("group", "source", "start", "stop", "score"))
        )

    def list_of(self, kind: str, items: Iterable[Any]) -> Iterator[msgspec.Struct]:
        """The items of a list (``tags``, ``shapes``, ...) as they stand in a backup."""
        convert: Callable[[Any], msgspec.Struct] = getattr(self, kind.removesuffix("s"))
        return map(convert, items)


class ById:
    """Annotations with ids in place of names, for reading; UnknownNameError where there is none."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels = {label.name: label for label in labels}
        self._specs: dict[int, Mapping[str, int]] = {}
        self._below: dict[int, Mapping[str, Label]] = {}
        for label in self._labels.values():
            self._below[label.id] = {one.name: one for one in label.sublabels}
            for one in (label, *label.sublabels):
                self._specs[one.id] = {spec.name: spec.id for spec in one.attributes}

    def _values(self, label_id: int, given: Iterable[Value]) -> list[AttributeValue]:
        specs = self._specs[label_id]
        for one in given:
            if one.name not in specs:
                raise UnknownNameError(f"attribute '{one.name}' is not one of its label's")
        return [AttributeValue(specs[one.name], one.value) for one in given]

    def _fields(
        self, item: Any, names: Iterable[str], labels: Mapping[str, Label]
    ) -> dict[str, Any]:
        label = labels.get(item.label)
        if label is None:
            raise UnknownNameError(f"label '{item.label}' is not described")
        fields = {name: getattr(item, name) for name in names}
        fields["attributes"] = self._values(label.id, item.attributes)
        fields["label_id"] = label.id
        return fields

    def tag(self, entry: TagEntry) -> Tag:
        """A tag of a payload."""
        return Tag(**self._fields(entry, _OWN, self._labels))

    def shape(self, entry: ShapeEntry) -> Shape:
        """A shape of a payload."""
        names = (*_FIGURE, *_OWN, "score")
        fields = self._fields(entry, names, self._labels)
        below = self._below[fields["label_id"]]
        elements = [Element(**self._fields(one, names, below)) for one in entry.elements]
        return Shape(**fields, elements=elements)

    def track(self, entry: TrackEntry) -> Track:
        """A track of a payload."""
        fields = self._fields(entry, _OWN, self._labels)
        label_id = fields["label_id"]
        elements = []
        for one in entry.elements:
            part = self._fields(one, _OWN, self._below[label_id])
            elements.append(ElementTrack(**part, shapes=self._keyframes(part["label_id"], one)))
        return Track(**fields, shapes=self._keyframes(label_id, entry), elements=elements)

    def _keyframes(
        self, label_id: int, entry: TrackEntry | ElementTrackEntry
    ) -> list[TrackedShape]:
        return [
            TrackedShape(
                **{name: getattr(shape, name) for name in (*_FIGURE, "frame")},
                attributes=self._values(label_id, shape.attributes),
            )
            for shape in entry.shapes
        ]

    def interval(self, entry: IntervalEntry) -> Interval:
        """An interval of a payload."""
        names = ("group", "source", "start", "stop", "score")
        return Interval(**self._fields(entry, names, self._labels))

    def one_of(self, kind: str, entry: Any) -> Any:
        """An item of a list (``tags``, ``shapes``, ...) for a payload."""
        return getattr(self, kind.removesuffix("s"))(entry)
