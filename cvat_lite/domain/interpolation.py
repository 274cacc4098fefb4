"""Tracks between their keyframes.

A keyframe holds until the next one; figures whose points can be matched move linearly between the
two, and ``outside`` hides the figure from its keyframe on. Mutable attributes hold from the
keyframe that set them. The rules are CVAT's, as its exports show them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

import msgspec

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    ElementTrack,
    Shape,
    Track,
    TrackedShape,
)
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import arc_lengths, interpolate_degrees

LINEAR = frozenset({ShapeType.RECTANGLE, ShapeType.ELLIPSE, ShapeType.CUBOID})
CURVES = frozenset({ShapeType.POLYGON, ShapeType.POLYLINE})


class FrameShape(Shape, kw_only=True, gc=False):
    """A track's shape on one frame; ``track_id`` is the track's place in its dataset."""

    track_id: int
    keyframe: bool


class FrameElement(Element, kw_only=True, gc=False):
    """An element of a skeleton's track on one frame."""

    keyframe: bool


class Position(NamedTuple):
    """Where a track is on a frame, and whether that was set there by hand."""

    shape: TrackedShape
    keyframe: bool


def shapes_of_track(
    track: Track, last_frame: int, track_id: int = 0, *, outside: bool = False
) -> Iterator[FrameShape]:
    """The track's shapes in the order of frames, up to and including ``last_frame``.

    Frames on which it is outside are left out; with ``outside=True`` the keyframes that hide it
    are kept.
    """
    elements = [_ElementCursor(element, last_frame) for element in track.elements]
    for position in positions(_own_shapes(track), last_frame):
        shape = position.shape
        placed = [element.at(shape.frame) for element in elements]
        hidden = shape.outside or (bool(placed) and all(one.outside for one in placed))
        keyframe = position.keyframe or any(one.keyframe for one in placed)
        if hidden and not (outside and keyframe):
            continue
        yield FrameShape(
            track_id=track_id,
            keyframe=keyframe,
            label_id=track.label_id,
            type=shape.type,
            frame=shape.frame,
            group=track.group,
            source=track.source,
            occluded=shape.occluded,
            outside=hidden,
            z_order=shape.z_order,
            rotation=shape.rotation,
            points=shape.points,
            attributes=[*shape.attributes, *track.attributes],
            elements=list[Element](placed),
        )


def positions(shapes: Sequence[TrackedShape], last_frame: int) -> Iterator[Position]:
    """The position on every frame from the first keyframe to ``last_frame``, outside or not."""
    ordered = _with_carried_attributes(sorted(shapes, key=attrgetter("frame")))
    for left, right in pairwise(ordered):
        if left.frame > last_frame:
            return
        yield Position(left, keyframe=True)
        for frame in range(left.frame + 1, min(right.frame, last_frame + 1)):
            yield Position(between(left, right, frame), keyframe=False)
    if ordered and ordered[-1].frame <= last_frame:
        last = ordered[-1]
        yield Position(last, keyframe=True)
        for frame in range(last.frame + 1, last_frame + 1):
            yield Position(msgspec.structs.replace(last, frame=frame), keyframe=False)


def between(left: TrackedShape, right: TrackedShape, frame: int) -> TrackedShape:
    """The shape on a frame after the keyframe ``left`` and before the keyframe ``right``.

    A shape that is hidden stays where it is, and so do masks, skeletons (whose elements move by
    themselves) and clouds of several points.
    """
    share = (frame - left.frame) / (right.frame - left.frame)
    points, rotation = left.points, left.rotation
    if not left.outside:
        same = len(left.points) == len(right.points)
        if left.type in LINEAR and same:
            points = _mix(left.points, right.points, share)
            rotation = interpolate_degrees(left.rotation, right.rotation, share)
        elif left.type is ShapeType.POINTS and same and len(left.points) == 2:
            points = _mix(left.points, right.points, share)
        elif left.type in CURVES:
            points = _curve(left, right, share)
    return msgspec.structs.replace(left, frame=frame, points=points, rotation=rotation)


def _curve(left: TrackedShape, right: TrackedShape, share: float) -> list[float]:
    """Point by point where the numbers agree, else by the distance along the outlines."""
    if len(left.points) == len(right.points):
        return _mix(left.points, right.points, share)
    closed = left.type is ShapeType.POLYGON
    pairs = _matched(left.points, right.points, closed=closed)
    points: list[float] = []
    for i, j in pairs:
        points += _mix(left.points[2 * i : 2 * i + 2], right.points[2 * j : 2 * j + 2], share)
    return points


def _matched(
    left: Sequence[float], right: Sequence[float], *, closed: bool
) -> list[tuple[int, int]]:
    """Pairs of point indices: each point with the nearest of the other outline, by arc length."""
    lefts, rights = arc_lengths(left, closed=closed), arc_lengths(right, closed=closed)
    pairs = {(i, _nearest(rights, at)) for i, at in enumerate(lefts)}
    taken = {j for _, j in pairs}
    pairs |= {(_nearest(lefts, at), j) for j, at in enumerate(rights) if j not in taken}
    return sorted(pairs)


def _nearest(ordered: Sequence[float], value: float) -> int:
    """The index of the nearest of some ascending values, the first of two as near."""
    place = bisect_left(ordered, value)
    near = range(max(place - 1, 0), min(place + 1, len(ordered)))
    return min(near, key=lambda index: abs(ordered[index] - value))


def _mix(left: Sequence[float], right: Sequence[float], share: float) -> list[float]:
    return [a + (b - a) * share for a, b in zip(left, right, strict=True)]


def _with_carried_attributes(ordered: list[TrackedShape]) -> list[TrackedShape]:
    """The keyframes, each with the attributes that it does not set itself from those before."""
    known: dict[int, AttributeValue] = {}
    result = []
    for shape in ordered:
        given = {value.spec_id for value in shape.attributes}
        missing = [value for spec, value in known.items() if spec not in given]
        if missing:
            attributes = [*shape.attributes, *missing]
            result.append(msgspec.structs.replace(shape, attributes=attributes))
        else:
            result.append(shape)
        known.update((value.spec_id, value) for value in shape.attributes)
    return result


def _own_shapes(track: Track) -> list[TrackedShape]:
    """The track's keyframes; a skeleton that has none of its own begins with its elements."""
    if track.shapes or not track.elements:
        return track.shapes
    frames = [shape.frame for element in track.elements for shape in element.shapes]
    return [TrackedShape(type=ShapeType.SKELETON, frame=min(frames))] if frames else []


class _ElementCursor:
    """An element's track, asked for ascending frames; before its first keyframe it is hidden."""

    def __init__(self, track: ElementTrack, last_frame: int) -> None:
        self._track = track
        self._stream = positions(track.shapes, last_frame)
        self._next = next(self._stream, None)
        self._last: Position | None = None

    def at(self, frame: int) -> FrameElement:
        """The element on this frame."""
        while self._next is not None and self._next.shape.frame <= frame:
            self._last, self._next = self._next, next(self._stream, None)
        shape = TrackedShape(type=ShapeType.POINTS, frame=frame)
        current = self._last or self._next or Position(shape, keyframe=False)
        shape = current.shape
        return FrameElement(
            keyframe=current.keyframe and shape.frame == frame,
            label_id=self._track.label_id,
            type=shape.type,
            frame=frame,
            group=self._track.group,
            source=self._track.source,
            occluded=shape.occluded,
            outside=shape.outside or self._last is None,
            z_order=shape.z_order,
            rotation=shape.rotation,
            points=shape.points,
            attributes=[*shape.attributes, *self._track.attributes],
        )
