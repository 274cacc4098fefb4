"""Annotations as they stand on the wire: tags, shapes, tracks and intervals.

The structs are decoded and encoded by msgspec, whose order of fields is the order of the answer.
Coordinates are pixels of the frame, frames are indices within the task, ``rotation`` is degrees
clockwise. ``points`` of a mask are run lengths (starting with a run of zeros) followed by the
box's left, top, right and bottom, all inclusive. Names and limits come from the SDK's
``LabeledDataRequest``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from cvat_lite.domain.enums import ShapeType

#: Frames, labels and groups; CVAT keeps them in 32 bits.
LARGEST = 2**31 - 1
Index = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
#: What an id may be, so that a database can look for it.
LARGEST_ID = 2**63 - 1
Id = Annotated[int, msgspec.Meta(ge=-LARGEST_ID - 1, le=LARGEST_ID)]
Depth = Annotated[int, msgspec.Meta(ge=-LARGEST - 1, le=LARGEST)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Degrees = Annotated[float, msgspec.Meta(ge=0, le=360)]
Source = Annotated[str, msgspec.Meta(min_length=1)]
AttributeText = Annotated[str, msgspec.Meta(max_length=4096)]


class AttributeValue(msgspec.Struct, gc=False):
    """The value that an annotation gives to an attribute of its label."""

    spec_id: Id
    value: AttributeText


class Tag(msgspec.Struct, kw_only=True, gc=False):
    """A label put on a whole frame."""

    id: Id | None = None
    label_id: Index
    frame: Index
    group: Index | None = 0
    source: Source = "manual"
    attributes: list[AttributeValue] = []


class Element(msgspec.Struct, kw_only=True, gc=False):
    """A shape within a skeleton; ``label_id`` is a sublabel."""

    id: Id | None = None
    label_id: Index
    type: ShapeType
    frame: Index
    group: Index | None = 0
    source: Source = "manual"
    score: Score = 1.0
    occluded: bool = False
    outside: bool = False
    z_order: Depth = 0
    rotation: Degrees = 0.0
    points: list[float] = []
    attributes: list[AttributeValue] = []


class Shape(Element, kw_only=True, gc=False):
    """A figure on one frame; only a skeleton has elements."""

    elements: list[Element] = []


class TrackedShape(msgspec.Struct, kw_only=True, gc=False):
    """A keyframe of a track; its attributes are the mutable ones."""

    id: Id | None = None
    type: ShapeType
    frame: Index
    occluded: bool = False
    outside: bool = False
    z_order: Depth = 0
    rotation: Degrees = 0.0
    points: list[float] = []
    attributes: list[AttributeValue] = []


class ElementTrack(msgspec.Struct, kw_only=True, gc=False):
    """A track within a skeleton's track."""

    id: Id | None = None
    label_id: Index
    frame: Index
    group: Index | None = 0
    source: Source = "manual"
    shapes: list[TrackedShape]
    attributes: list[AttributeValue] = []


class Track(ElementTrack, kw_only=True, gc=False):
    """A figure over frames; between its keyframes it is interpolated."""

    elements: list[ElementTrack] = []


class Interval(msgspec.Struct, kw_only=True, gc=False):
    """A span of time of a sound; ``start`` and ``stop`` are milliseconds."""

    id: Id | None = None
    label_id: Index
    start: Index
    stop: Index | None
    group: Index | None = 0
    source: Source = "manual"
    score: Score = 1.0
    attributes: list[AttributeValue] = []


class LabeledData(msgspec.Struct, kw_only=True):
    """All annotations of a task or of a job."""

    version: int = 0
    tags: list[Tag] = []
    shapes: list[Shape] = []
    tracks: list[Track] = []
    intervals: list[Interval] = []
