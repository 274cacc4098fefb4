"""Parts of tracks: where one is seen, and what of it lies within a job's frames."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from operator import attrgetter
from typing import TypeVar

from msgspec.structs import replace

from cvat_lite.domain.annotations import ElementTrack, Track, TrackedShape
from cvat_lite.domain.interpolation import between

Path = TypeVar("Path", Track, ElementTrack)


def cut_track(track: Track, start: int, stop: int) -> Track | None:
    """The part of a track within these frames, or None if it is not seen there.

    It begins with a keyframe at the first frame on which it is seen, and keeps its movement up to
    the last: where that comes from a keyframe beyond, one is made.
    """
    if not is_seen(leading_shapes(track), start, stop):
        return None
    if all(start <= shape.frame <= stop for shape in _all_shapes(track)):
        return track
    own = _cut_shapes(track.shapes, start, stop)
    elements = [_cut_element(element, start, stop) for element in track.elements]
    frame = min(shape.frame for shape in chain(own, *(part.shapes for part in elements)))
    return replace(track, frame=frame, shapes=own, elements=elements)


def _all_shapes(track: Track) -> chain[TrackedShape]:
    return chain(track.shapes, *(element.shapes for element in track.elements))


def is_seen(shapes: Sequence[TrackedShape], start: int, stop: int) -> bool:
    """Whether a visible shape lasts into these frames; a track never seen is where it begins."""
    ordered = sorted(shapes, key=attrgetter("frame"))
    if not ordered:
        return False
    if all(shape.outside for shape in ordered):
        return start <= ordered[0].frame <= stop
    ends = [following.frame - 1 for following in ordered[1:]]
    return any(
        not shape.outside and shape.frame <= stop and (end is None or end >= start)
        for shape, end in zip(ordered, [*ends, None], strict=True)
    )


def _cut_element(element: ElementTrack, start: int, stop: int) -> ElementTrack:
    """An element's part; one that begins only later is there, but hidden."""
    shapes = _cut_shapes(element.shapes, start, stop)
    if not shapes and element.shapes:
        first = min(element.shapes, key=attrgetter("frame"))
        shapes = [replace(first, frame=start, outside=True)]
    frame = shapes[0].frame if shapes else start
    return replace(element, frame=frame, shapes=shapes)


def _cut_shapes(shapes: Sequence[TrackedShape], start: int, stop: int) -> list[TrackedShape]:
    """The keyframes within these frames, with those that the cuts need at their borders."""
    ordered = sorted(shapes, key=attrgetter("frame"))
    before = [shape for shape in ordered if shape.frame < start]
    inside = [replace(shape) for shape in ordered if start <= shape.frame <= stop]
    after = [shape for shape in ordered if shape.frame > stop]
    cut = list(inside)
    if before and (not inside or inside[0].frame > start):
        cut.insert(0, _at(before[-1], (inside or after)[:1], start))
    if after and cut and cut[-1].frame < stop and not cut[-1].outside:
        cut.append(_at((inside or before)[-1], after[:1], stop))
    while len(cut) > 1 and cut[0].outside and any(not shape.outside for shape in cut):
        cut.pop(0)
    return cut


def _at(left: TrackedShape, following: Sequence[TrackedShape], frame: int) -> TrackedShape:
    """A new keyframe where the track is on this frame, after ``left``."""
    placed = between(left, following[0], frame) if following else left
    return replace(placed, id=None, frame=frame)


def leading_shapes(track: Track) -> Sequence[TrackedShape]:
    """The track's own shapes; a skeleton without any is where its elements are."""
    return track.shapes or [shape for part in track.elements for shape in part.shapes]


def position_at(shapes: Sequence[TrackedShape], frame: int) -> TrackedShape | None:
    """Where the track is on this frame, or None where it is not seen."""
    ordered = sorted(shapes, key=attrgetter("frame"))
    for left, right in pairwise(ordered):
        if left.frame <= frame < right.frame:
            return None if left.outside else between(left, right, frame)
    if not ordered or frame < ordered[-1].frame or ordered[-1].outside:
        return None
    return ordered[-1]


def closed(track: Path, frame: int) -> Path:
    """The track, and after a last shape that is visible one that hides it from this frame on."""
    shapes = sorted(track.shapes, key=attrgetter("frame"))
    if shapes and not shapes[-1].outside and shapes[-1].frame < frame:
        shapes.append(replace(shapes[-1], frame=frame, outside=True))
    if isinstance(track, Track):
        elements = [closed(element, frame) for element in track.elements]
        return replace(track, shapes=shapes, elements=elements)
    return replace(track, shapes=shapes)
