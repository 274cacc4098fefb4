"""Rows out of structs, in the order of the insert statements' columns.

sqlite3 binds only the very types int, float, str and None without asking around, which is why
flags and types of shapes are turned into them here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

import msgspec

from cvat_lite.domain.annotations import (
    Element,
    ElementTrack,
    Interval,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.label_rules import LabelRules

Row = tuple[int | str | None, ...]

_encode = msgspec.json.Encoder().encode


class Ids:
    """The ids of one table: new ones in order, and old ones that stay with their annotations."""

    def __init__(self, following: int) -> None:
        self._next = following
        self._kept: set[int] = set()

    def keep(self, old: AbstractSet[int]) -> None:
        """Let annotations that bring one of these ids have it again, each id once."""
        self._kept |= old

    def take(self, brought: int | None) -> int:
        """The id of the next annotation, which brought this one (or none)."""
        if brought in self._kept and brought is not None:
            self._kept.remove(brought)
            return brought
        taken = self._next
        self._next += 1
        return taken


def tag_rows(job_id: int, tags: Iterable[Tag], rules: LabelRules, ids: Ids) -> Iterator[Row]:
    """The rows of tags."""
    for tag in tags:
        tag.id = ids.take(tag.id)
        attributes = rules.by_id[tag.label_id].every.filled(tag.attributes)
        yield tag.id, job_id, tag.label_id, tag.frame, tag.group or 0, tag.source, attributes


def interval_rows(
    job_id: int, intervals: Iterable[Interval], rules: LabelRules, ids: Ids
) -> Iterator[Row]:
    """The rows of intervals."""
    for interval in intervals:
        interval.id = ids.take(interval.id)
        yield (
            interval.id,
            job_id,
            interval.label_id,
            interval.start,
            interval.stop,
            interval.group or 0,
            interval.source,
            repr(interval.score),
            rules.by_id[interval.label_id].every.filled(interval.attributes),
        )


def shape_rows(job_id: int, shapes: Iterable[Shape], rules: LabelRules, ids: Ids) -> Iterator[Row]:
    """The rows of shapes, each skeleton before its elements."""
    for shape in shapes:
        shape.id = ids.take(shape.id)
        yield _shape_row(job_id, None, shape, rules)
        for element in shape.elements:
            element.id = ids.take(element.id)
            yield _shape_row(job_id, shape.id, element, rules)


def _shape_row(job_id: int, parent_id: int | None, shape: Element, rules: LabelRules) -> Row:
    return (
        shape.id,
        job_id,
        parent_id,
        shape.label_id,
        shape.group or 0,
        shape.source,
        repr(shape.score),
        str(shape.type),
        shape.frame,
        1 if shape.occluded else 0,
        1 if shape.outside else 0,
        shape.z_order,
        repr(shape.rotation),
        _encode(shape.points).decode(),
        rules.by_id[shape.label_id].every.filled(shape.attributes),
    )


def track_rows(job_id: int, tracks: Iterable[Track], rules: LabelRules, ids: Ids) -> Iterator[Row]:
    """The rows of tracks, each skeleton before its elements; keyframes are rows of their own."""
    for track in tracks:
        track.id = ids.take(track.id)
        yield _track_row(job_id, None, track, rules)
        for element in track.elements:
            element.id = ids.take(element.id)
            yield _track_row(job_id, track.id, element, rules)


def _track_row(job_id: int, parent_id: int | None, track: ElementTrack, rules: LabelRules) -> Row:
    return (
        parent_id,
        track.id,
        job_id,
        track.label_id,
        track.frame,
        track.group or 0,
        track.source,
        rules.by_id[track.label_id].immutable.filled(track.attributes),
    )


def tracked_shape_rows(tracks: Iterable[Track], rules: LabelRules, ids: Ids) -> Iterator[Row]:
    """The rows of the keyframes of tracks and of their elements, whose ids are known by now."""
    for track in tracks:
        for part in (track, *track.elements):
            mutable = rules.by_id[part.label_id].mutable
            for shape in part.shapes:
                shape.id = ids.take(shape.id)
                yield _tracked_shape_row(part.id, shape, mutable.filled(shape.attributes))


def _tracked_shape_row(track_id: int | None, shape: TrackedShape, attributes: str) -> Row:
    return (
        shape.id,
        track_id,
        str(shape.type),
        shape.frame,
        1 if shape.occluded else 0,
        1 if shape.outside else 0,
        shape.z_order,
        repr(shape.rotation),
        _encode(shape.points).decode(),
        attributes,
    )
