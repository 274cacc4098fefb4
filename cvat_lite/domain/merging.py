"""The annotations of a task as those of its jobs: split over segments, and put together again.

Where segments share frames both jobs get what lies there, and each may change its copy. Reading
the task, copies that are still alike are taken for one; what differs stays twice. Tracks end
where their job ends: they are cut at the borders, and joined where two jobs' parts are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from operator import attrgetter
from typing import TypeVar

from msgspec.structs import replace

from cvat_lite.domain.annotations import (
    ElementTrack,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.interpolation import between
from cvat_lite.domain.matching import assign, figures_alike, shapes_alike
from cvat_lite.domain.segments import JobSpan, in_order

#: Shapes are one where they are at least this much alike, tracks where they are on the average.
SHAPES_ALIKE = 0.75
TRACKS_ALIKE = 0.5

Item = TypeVar("Item", bound=Tag | Shape)
Path = TypeVar("Path", Track, ElementTrack)


def split(data: LabeledData, spans: Sequence[JobSpan]) -> list[LabeledData]:
    """The parts of a task's payload for each of these jobs, in the order of ``spans``.

    What lies on frames of several jobs is copied, since each copy gets an id of its own. A track
    goes to each job in which it is seen. Intervals of sound go to the first job.
    """
    if len(spans) == 1:
        return [data]
    parts = [LabeledData(version=data.version) for _ in spans]
    homes = _Homes(spans)
    for tag in data.tags:
        for nth, index in enumerate(homes.of(tag.frame)):
            parts[index].tags.append(replace(tag) if nth else tag)
    for shape in data.shapes:
        for nth, index in enumerate(homes.of(shape.frame)):
            parts[index].shapes.append(_copied(shape) if nth else shape)
    for track in data.tracks:
        for part, span in zip(parts, spans, strict=True):
            cut = cut_track(track, span.start, span.stop)
            if cut is not None:
                part.tracks.append(cut)
    if parts:
        parts[0].intervals = data.intervals
    return parts


class _Homes:
    """The places among ``spans`` of the jobs that hold a frame, looked up once a frame."""

    def __init__(self, spans: Sequence[JobSpan]) -> None:
        self._spans = spans
        self._known: dict[int, list[int]] = {}

    def of(self, frame: int) -> list[int]:
        if frame not in self._known:
            found = [index for index, span in enumerate(self._spans) if span.holds(frame)]
            self._known[frame] = found
        return self._known[frame]


def _copied(shape: Shape) -> Shape:
    return replace(shape, elements=[replace(element) for element in shape.elements])


def cut_track(track: Track, start: int, stop: int) -> Track | None:
    """The part of a track within these frames, or None if it is not seen there.

    It begins with a keyframe at the first frame on which it is seen, and keeps its movement up to
    the last: where that comes from a keyframe beyond, one is made.
    """
    shapes = track.shapes or [shape for part in track.elements for shape in part.shapes]
    if not _is_seen(shapes, start, stop):
        return None
    if shapes and all(start <= shape.frame <= stop for shape in _all_shapes(track)):
        return track
    own = _cut_shapes(track.shapes, start, stop)
    elements = [_cut_element(element, start, stop) for element in track.elements]
    frame = min(shape.frame for shape in chain(own, *(part.shapes for part in elements)))
    return replace(track, frame=frame, shapes=own, elements=elements)


def _all_shapes(track: Track) -> chain[TrackedShape]:
    return chain(track.shapes, *(element.shapes for element in track.elements))


def _is_seen(shapes: Sequence[TrackedShape], start: int, stop: int) -> bool:
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


def merge(parts: Sequence[tuple[JobSpan, LabeledData]]) -> LabeledData:
    """A task's annotations out of its jobs', in the order of frames, then ids.

    What a job has on the frames that it shares with those before is matched with theirs.
    """
    if len(parts) == 1:
        return parts[0][1]
    order = {span.job_id: place for place, span in enumerate(in_order([span for span, _ in parts]))}
    merged = LabeledData()
    reached = -1
    for span, data in sorted(parts, key=lambda part: order[part[0].job_id]):
        merged.tags = _joined(merged.tags, data.tags, reached, _tags_alike, 1.0)
        merged.shapes = _joined(merged.shapes, data.shapes, reached, shapes_alike, SHAPES_ALIKE)
        merged.tracks = _joined_tracks(merged.tracks, data.tracks, span.start, reached)
        merged.intervals = [*merged.intervals, *data.intervals]
        reached = max(reached, span.stop)
    for items in (merged.tags, merged.shapes, merged.tracks):
        items.sort(key=lambda item: (item.frame, item.id or 0))
    return merged


def _tags_alike(one: Tag, other: Tag) -> float:
    return 1.0 if one.label_id == other.label_id else 0.0


def _joined(
    old: list[Item],
    new: Sequence[Item],
    reached: int,
    alike: Callable[[Item, Item], float],
    threshold: float,
) -> list[Item]:
    """The old items and those new ones that are not among them; ``reached`` ends what is shared."""
    known: dict[int, list[Item]] = {}
    shared: dict[int, list[Item]] = {}
    for item in new:
        if item.frame <= reached:
            shared.setdefault(item.frame, []).append(item)
    for item in old if shared else ():
        known.setdefault(item.frame, []).append(item)
    twice: set[int] = set()
    for frame, items in shared.items():
        others = known.get(frame, [])
        twice.update(id(items[row]) for row, _ in _pairs(items, others, alike, threshold))
    return [*old, *(item for item in new if id(item) not in twice)]


def _pairs(
    new: Sequence[Item] | Sequence[Track],
    old: Sequence[Item] | Sequence[Track],
    alike: Callable[..., float],
    threshold: float,
) -> list[tuple[int, int]]:
    """The places of what belongs together, at least as much alike as the threshold."""
    costs = [[1.0 - alike(item, other) for other in old] for item in new]
    return [(i, j) for i, j in assign(costs) if costs[i][j] <= 1.0 - threshold]


def _joined_tracks(
    old: Sequence[Track], new: Sequence[Track], start: int, reached: int
) -> list[Track]:
    """The tracks of earlier jobs, joined with a later job's where they are alike.

    Those that find no other end with their job.
    """
    if not old:
        return list(new)
    going_on = [track for track in old if _is_seen(_leading(track), start, reached)]
    beginning = [track for track in new if track.frame <= reached]

    def alike(one: Track, other: Track) -> float:
        return _tracks_alike(one, other, start, reached)

    pairs = _pairs(beginning, going_on, alike, TRACKS_ALIKE)
    partners = {id(going_on[j]): beginning[i] for i, j in pairs}
    joined = {id(track) for track in partners.values()}
    result = []
    for track in old:
        partner = partners.get(id(track))
        result.append(closed(track, reached + 1) if partner is None else _united(track, partner))
    return [*result, *(track for track in new if id(track) not in joined)]


def _leading(track: Track) -> Sequence[TrackedShape]:
    return track.shapes or [shape for part in track.elements for shape in part.shapes]


def _tracks_alike(one: Track, other: Track, start: int, stop: int) -> float:
    """The average similarity on these frames, 0 on those where only one of the two is seen."""
    if one.label_id != other.label_id:
        return 0.0
    others = {part.label_id: part for part in other.elements}
    pairs: list[tuple[ElementTrack, ElementTrack]] = [
        (part, others[part.label_id]) for part in one.elements if part.label_id in others
    ] or [(one, other)]
    found: list[float] = []
    for left, right in pairs:
        for frame in range(start, stop + 1):
            a, b = _position(left.shapes, frame), _position(right.shapes, frame)
            if a is not None and b is not None:
                found.append(figures_alike(a, b))
            elif a is not None or b is not None:
                found.append(0.0)
    return sum(found) / len(found) if found else 0.0


def _position(shapes: Sequence[TrackedShape], frame: int) -> TrackedShape | None:
    """Where the track is on this frame, or None where it is not seen."""
    ordered = sorted(shapes, key=attrgetter("frame"))
    for left, right in pairwise(ordered):
        if left.frame <= frame < right.frame:
            return None if left.outside else between(left, right, frame)
    if not ordered or frame < ordered[-1].frame or ordered[-1].outside:
        return None
    return ordered[-1]


def _united(old: Track, new: Track) -> Track:
    """One track out of the parts of two jobs; on frames of both the earlier job's counts."""
    parts = {part.label_id: part for part in new.elements}
    elements = [
        replace(part, shapes=_united_shapes(part.shapes, parts.pop(part.label_id).shapes))
        if part.label_id in parts
        else part
        for part in old.elements
    ]
    shapes = _united_shapes(old.shapes, new.shapes)
    return replace(old, shapes=shapes, elements=[*elements, *parts.values()])


def _united_shapes(old: Sequence[TrackedShape], new: Sequence[TrackedShape]) -> list[TrackedShape]:
    by_frame = {shape.frame: shape for shape in new}
    by_frame.update((shape.frame, shape) for shape in old)
    return [by_frame[frame] for frame in sorted(by_frame)]


def closed(track: Path, frame: int) -> Path:
    """The track, and after a last shape that is visible one that hides it from this frame on."""
    shapes = sorted(track.shapes, key=attrgetter("frame"))
    if shapes and not shapes[-1].outside and shapes[-1].frame < frame:
        shapes.append(replace(shapes[-1], frame=frame, outside=True))
    if isinstance(track, Track):
        elements = [closed(element, frame) for element in track.elements]
        return replace(track, shapes=shapes, elements=elements)
    return replace(track, shapes=shapes)
