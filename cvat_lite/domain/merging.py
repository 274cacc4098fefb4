"""The annotations of a task as those of its jobs: split over segments, and put together again.

Where segments share frames both jobs get what lies there, and each may change its copy. Reading
the task, copies that are still alike are taken for one; what differs stays twice. Tracks end
where their job ends: they are cut at the borders, and joined where two jobs' parts are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
from cvat_lite.domain.segments import JobSpan, in_order
from cvat_lite.domain.track_cutting import (
    closed,
    cut_track,
    is_seen,
    leading_shapes,
    position_at,
)
from cvat_lite.errors import RuleError

#: Shapes are one where they are at least this much alike, tracks where they are on the average.
SHAPES_ALIKE = 0.75
TRACKS_ALIKE = 0.5

Item = TypeVar("Item", bound=Tag | Shape | Track)


def split(data: LabeledData, spans: Sequence[JobSpan]) -> list[LabeledData]:
    """The parts of a task's payload for each of these jobs, in the order of ``spans``.

    What lies on frames of several jobs is copied, since each copy gets an id of its own. A track
    goes to each job in which it is seen. An interval of sound goes, whole, to the first job that
    holds its start. What lies on frames that no job holds is left out: ask ``check_frames`` before.
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
        cuts = [cut_track(track, span.start, span.stop) for span in spans]
        for part, cut in zip(parts, cuts, strict=True):
            if cut is not None:
                part.tracks.append(cut)
    _split_intervals(data, parts, homes)
    return parts


def _split_intervals(data: LabeledData, parts: list[LabeledData], homes: _Homes) -> None:
    """Hand each interval to the first job that holds its start."""
    for interval in data.intervals:
        for index in homes.of(interval.start)[:1]:
            parts[index].intervals.append(interval)


def check_frames(data: LabeledData, spans: Sequence[JobSpan]) -> None:
    """Raise RuleError for the first annotation that no job has a frame for.

    An interval needs one for its start, and may end beyond the job, but not before its start.
    """
    homes = _Homes(spans)
    frames = [tag.frame for tag in data.tags] + [shape.frame for shape in data.shapes]
    for frame in frames:
        if not homes.of(frame):
            raise RuleError(f"frame `{frame}` is invalid")
    for interval in data.intervals:
        if not homes.of(interval.start):
            raise RuleError(f"frame `{interval.start}` is invalid")
        if interval.stop is not None and interval.stop < interval.start:
            raise RuleError(f"An interval stops at {interval.stop}, before {interval.start}")
    for track in data.tracks:
        if not any(cut_track(track, span.start, span.stop) for span in spans):
            raise RuleError(f"frame `{track.frame}` is invalid")


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


def merge(parts: Sequence[tuple[JobSpan, LabeledData]]) -> LabeledData:
    """A task's annotations out of its jobs', in the order of frames, then ids.

    What a job has on the frames that it shares with those before is matched with theirs.
    """
    if len(parts) == 1:
        return parts[0][1]
    return _merge(parts, Copies())


def copies(parts: Sequence[tuple[JobSpan, LabeledData]]) -> Copies:
    """Which annotations of these jobs are taken for one in their task."""
    found = Copies()
    _merge(parts, found)
    return found


@dataclass(frozen=True, slots=True)
class Copies:
    """The ids of copies in later jobs, by the ids of what the task shows in their place."""

    tags: dict[int, list[int]] = field(default_factory=dict)
    shapes: dict[int, list[int]] = field(default_factory=dict)
    tracks: dict[int, list[int]] = field(default_factory=dict)


def _merge(parts: Sequence[tuple[JobSpan, LabeledData]], found: Copies) -> LabeledData:
    # Matching needs numpy, which most tasks never do: without it the server starts sooner.
    from cvat_lite.domain.matching import shapes_alike  # noqa: PLC0415

    order = {span.job_id: place for place, span in enumerate(in_order([span for span, _ in parts]))}
    merged = LabeledData()
    reached = -1
    for span, data in sorted(parts, key=lambda part: order[part[0].job_id]):
        tags = _twins(merged.tags, data.tags, reached, _tags_alike, 1.0)
        shapes = _twins(merged.shapes, data.shapes, reached, shapes_alike, SHAPES_ALIKE)
        tracks = _track_twins(merged.tracks, data.tracks, span.start, reached)
        for known, twins in ((found.tags, tags), (found.shapes, shapes), (found.tracks, tracks)):
            _note(known, twins)
        merged.tags = [*merged.tags, *_without(data.tags, tags)]
        merged.shapes = [*merged.shapes, *_without(data.shapes, shapes)]
        merged.tracks = _joined_tracks(merged.tracks, data.tracks, tracks, reached)
        merged.intervals = [*merged.intervals, *data.intervals]
        reached = max(reached, span.stop)
    for items in (merged.tags, merged.shapes, merged.tracks):
        items.sort(key=lambda item: (item.frame, item.id or 0))
    return merged


def _note(known: dict[int, list[int]], twins: Sequence[tuple[Item, Item]]) -> None:
    for new, old in twins:
        if new.id is not None and old.id is not None:
            known.setdefault(old.id, []).append(new.id)


def _without(items: Sequence[Item], twins: Sequence[tuple[Item, Item]]) -> Iterator[Item]:
    """The items that are no twins of earlier ones."""
    twice = {id(new) for new, _ in twins}
    return (item for item in items if id(item) not in twice)


def _tags_alike(one: Tag, other: Tag) -> float:
    return 1.0 if one.label_id == other.label_id else 0.0


def _twins(
    old: Sequence[Item],
    new: Sequence[Item],
    reached: int,
    alike: Callable[[Item, Item], float],
    threshold: float,
) -> list[tuple[Item, Item]]:
    """New items on shared frames (up to ``reached``), each with the old one that it is."""
    known: dict[int, list[Item]] = {}
    shared: dict[int, list[Item]] = {}
    for item in new:
        if item.frame <= reached:
            shared.setdefault(item.frame, []).append(item)
    for item in old if shared else ():
        known.setdefault(item.frame, []).append(item)
    twins: list[tuple[Item, Item]] = []
    for frame, items in shared.items():
        twins += _pairs(items, known.get(frame, []), alike, threshold)
    return twins


def _pairs(
    new: Sequence[Item],
    old: Sequence[Item],
    alike: Callable[[Item, Item], float],
    threshold: float,
) -> list[tuple[Item, Item]]:
    """What belongs together, being at least as much alike as the threshold."""
    from cvat_lite.domain.matching import assign  # noqa: PLC0415  # as above

    costs = [[1.0 - alike(item, other) for other in old] for item in new]
    return [(new[i], old[j]) for i, j in assign(costs) if costs[i][j] <= 1.0 - threshold]


def _track_twins(
    old: Sequence[Track], new: Sequence[Track], start: int, reached: int
) -> list[tuple[Track, Track]]:
    """New tracks on shared frames (``start`` to ``reached``), each with the old one that it is."""
    going_on = [track for track in old if is_seen(leading_shapes(track), start, reached)]
    beginning = [track for track in new if track.frame <= reached]

    def alike(one: Track, other: Track) -> float:
        return _tracks_alike(one, other, start, reached)

    return _pairs(beginning, going_on, alike, TRACKS_ALIKE)


def _joined_tracks(
    old: Sequence[Track], new: Sequence[Track], twins: Sequence[tuple[Track, Track]], reached: int
) -> list[Track]:
    """The tracks of earlier jobs with their twins of a later one; those without end here."""
    if not old:
        return list(new)
    partners = {id(earlier): later for later, earlier in twins}
    result = []
    for track in old:
        partner = partners.get(id(track))
        result.append(closed(track, reached + 1) if partner is None else _united(track, partner))
    return [*result, *_without(new, twins)]


def _tracks_alike(one: Track, other: Track, start: int, stop: int) -> float:
    """The average similarity on these frames, 0 on those where only one of the two is seen."""
    from cvat_lite.domain.matching import figures_alike  # noqa: PLC0415  # as above

    if one.label_id != other.label_id:
        return 0.0
    others = {part.label_id: part for part in other.elements}
    pairs: list[tuple[ElementTrack, ElementTrack]] = [
        (part, others[part.label_id]) for part in one.elements if part.label_id in others
    ] or [(one, other)]
    found: list[float] = []
    for left, right in pairs:
        for frame in range(start, stop + 1):
            a, b = position_at(left.shapes, frame), position_at(right.shapes, frame)
            if a is not None and b is not None:
                found.append(figures_alike(a, b))
            elif a is not None or b is not None:
                found.append(0.0)
    return sum(found) / len(found) if found else 0.0


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
