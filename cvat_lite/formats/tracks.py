"""Tracks put together again from what per-frame formats say of them.

Such a format gives each shape of a track the track's number and whether it was a keyframe. The
keyframes come back as they were; where the track is missing from a frame it was hidden, so that
it ends there with the last place it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    ElementTrack,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.domain.labels import Label

TRACK_KEYS = ("track_id", "keyframe")


def collected(tags: list[Tag], shapes: Iterable[Shape], target: Target) -> LabeledData:
    """The annotations that were read, shapes of tracks (``FrameShape``) regrouped into tracks."""
    data = LabeledData(tags=tags, shapes=[], tracks=[])
    tracks: dict[tuple[int, int], list[FrameShape]] = {}
    for shape in shapes:
        if isinstance(shape, FrameShape):
            tracks.setdefault((shape.track_id, shape.label_id), []).append(shape)
        else:
            data.shapes.append(shape)
    if tracks:
        builder = _Builder(target)
        data.tracks = [builder.track(members) for members in tracks.values()]
    return data


def tracked(shape: Shape, track_id: int, keyframe: bool) -> FrameShape:
    """The shape as one of a track's."""
    fields = {name: getattr(shape, name) for name in Shape.__struct_fields__ if name != "id"}
    return FrameShape(track_id=track_id, keyframe=keyframe, **fields)


class _Builder:
    def __init__(self, target: Target) -> None:
        self._frames = sorted(target.numbers)
        self._after = dict(zip(self._frames, self._frames[1:], strict=False))
        self._mutable = {
            spec.id for label in _flat(target.labels) for spec in label.attributes if spec.mutable
        }

    def track(self, members: list[FrameShape]) -> Track:
        """One track from its shapes on frames."""
        members.sort(key=attrgetter("frame"))
        first = members[0]
        kept = self._keyframes(members)
        return Track(
            label_id=first.label_id,
            frame=first.frame,
            group=first.group,
            source=first.source,
            attributes=self._own(first.attributes),
            shapes=[self._tracked(shape, shape.attributes) for shape in kept],
            elements=[
                self._element_track(element.label_id, kept, first) for element in first.elements
            ],
        )

    def _keyframes(self, members: Sequence[FrameShape]) -> list[FrameShape]:
        """The keyframes, the first shape, and a hidden one after each end."""
        kept: list[FrameShape] = []
        for place, shape in enumerate(members):
            following = members[place + 1].frame if place + 1 < len(members) else None
            after = self._after.get(shape.frame)
            ends = after is not None and following != after
            begins = place == 0 or self._after.get(members[place - 1].frame) != shape.frame
            if shape.keyframe or begins or ends:
                kept.append(shape)
            if ends and after is not None:
                hidden = tracked(shape, shape.track_id, keyframe=True)
                hidden.frame, hidden.outside = after, True
                kept.append(hidden)
        return kept

    def _element_track(
        self, label_id: int, kept: Sequence[FrameShape], first: FrameShape
    ) -> ElementTrack:
        track = ElementTrack(label_id=label_id, frame=first.frame, source=first.source, shapes=[])
        for shape in kept:
            for element in shape.elements:
                if element.label_id == label_id:
                    if not track.shapes:
                        track.attributes = self._own(element.attributes)
                    placed = self._tracked(element, element.attributes)
                    placed.frame, placed.outside = shape.frame, element.outside or shape.outside
                    track.shapes.append(placed)
        return track

    def _tracked(self, shape: Element, attributes: Iterable[AttributeValue]) -> TrackedShape:
        return TrackedShape(
            type=shape.type,
            frame=shape.frame,
            occluded=shape.occluded,
            outside=shape.outside,
            z_order=shape.z_order,
            rotation=shape.rotation,
            points=shape.points,
            attributes=[value for value in attributes if value.spec_id in self._mutable],
        )

    def _own(self, attributes: Iterable[AttributeValue]) -> list[AttributeValue]:
        return [value for value in attributes if value.spec_id not in self._mutable]


def _flat(labels: Iterable[Label]) -> Iterable[Label]:
    for label in labels:
        yield label
        yield from label.sublabels
