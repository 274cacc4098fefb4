"""What several annotators of the same frames agree on.

Annotations of one frame and type that lie alike enough are taken for one thing, each annotator
adding at most one. Its label is the one that most give it; it stands if at least half of the
annotators agree on that. Of the annotations with that label the one most like the others is taken
as it is, with its score the share of annotators who agree. Values of attributes are put to the
vote one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import ceil

import msgspec

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    Interval,
    LabeledData,
    Shape,
    Tag,
)
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import bounding_box
from cvat_lite.domain.interpolation import shapes_of_track
from cvat_lite.domain.masks import mask_box
from cvat_lite.domain.matching import figures_alike, shapes_alike

SOURCE = "consensus"
#: The share of annotators who have to agree.
QUORUM = 0.5


@dataclass(slots=True)
class Cluster:
    """What is taken for one thing: an annotation of each of some annotators, by their place."""

    members: dict[int, Shape] = field(default_factory=dict)


def merge(replicas: Sequence[LabeledData], last_frame: int, threshold: float) -> LabeledData:
    """What the annotators agree on; tracks count by their shapes on each frame.

    ``threshold`` (0 to 1) is how much shapes have to overlap, or points to lie together, to be
    taken for one thing. Of no annotator there is nothing.
    """
    if not replicas:
        return LabeledData()
    needed = max(1, ceil(QUORUM * len(replicas)))
    found = LabeledData()
    groups = _Groups()
    for shapes in _together(replicas, last_frame):
        for cluster in clusters(shapes, threshold):
            agreed = _agreed(cluster, len(replicas), needed, groups)
            if agreed is not None:
                found.shapes.append(agreed)
    found.tags = list(_tags(replicas, needed))
    found.intervals = list(_intervals(replicas, needed, threshold))
    found.shapes.sort(key=lambda shape: (shape.frame, shape.z_order))
    return found


def _together(
    replicas: Sequence[LabeledData], last_frame: int
) -> Iterator[list[tuple[int, Shape]]]:
    """The shapes of each frame and type with their annotators, a frame and type at a time."""
    places: defaultdict[tuple[int, ShapeType], list[tuple[int, Shape]]] = defaultdict(list)
    for who, data in enumerate(replicas):
        for shape in data.shapes:
            places[shape.frame, shape.type].append((who, shape))
        for track in data.tracks:
            for shape in shapes_of_track(track, last_frame):
                places[shape.frame, shape.type].append((who, _plain(shape)))
    for place in sorted(places):
        yield places[place]


def _plain(shape: Shape) -> Shape:
    """A track's shape as one that stands alone."""
    plain = {name: getattr(shape, name) for name in Shape.__struct_fields__}
    plain["elements"] = [
        Element(**{name: getattr(one, name) for name in Element.__struct_fields__})
        for one in shape.elements
    ]
    return Shape(**plain)


def clusters(shapes: Sequence[tuple[int, Shape]], threshold: float) -> list[Cluster]:
    """Things among the shapes of one frame and type: the most alike find each other first."""
    pairs = []
    boxes = [_box(shape) for _, shape in shapes]
    for (i, (who, one)), (j, (other_who, other)) in combinations(enumerate(shapes), 2):
        if who == other_who or (threshold > 0 and not _may_overlap(one, boxes[i], boxes[j])):
            continue
        alike = similarity(one, other)
        if alike >= threshold:
            pairs.append((-alike, i, j))
    belongs = [Cluster({who: shape}) for who, shape in shapes]
    for _, i, j in sorted(pairs):
        first, second = belongs[i], belongs[j]
        if first is second or not first.members.keys().isdisjoint(second.members):
            continue
        first.members.update(second.members)
        belongs = [first if cluster is second else cluster for cluster in belongs]
    return list({id(cluster): cluster for cluster in belongs}.values())


def similarity(one: Shape, other: Shape) -> float:
    """How alike two shapes of one type are, whatever their labels; skeletons need the same."""
    if one.type is ShapeType.SKELETON:
        return shapes_alike(one, other)
    return figures_alike(one, other)


def _box(shape: Shape) -> tuple[float, float, float, float] | None:
    """The box around an upright shape, None where it takes more to say."""
    if shape.rotation or shape.type in (ShapeType.SKELETON, ShapeType.ELLIPSE) or not shape.points:
        return None
    if shape.type is ShapeType.MASK:
        left, top, width, height = mask_box(shape.points)
        return left, top, left + width, top + height
    return bounding_box(shape.points)


def _may_overlap(
    shape: Shape,
    one: tuple[float, float, float, float] | None,
    other: tuple[float, float, float, float] | None,
) -> bool:
    """Whether two shapes of that type can have anything in common, judged by their boxes."""
    areas = (ShapeType.RECTANGLE, ShapeType.POLYGON, ShapeType.MASK)
    if one is None or other is None or shape.type not in areas:
        return True
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


class _Groups:
    """New numbers for the groups of several annotators, which mean different things by one."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}

    def of(self, who: int, group: int | None) -> int:
        """The number for an annotator's group; 0 stays no group."""
        if not group:
            return 0
        return self._numbers.setdefault((who, group), len(self._numbers) + 1)


def _agreed(cluster: Cluster, asked: int, needed: int, groups: _Groups) -> Shape | None:
    """The shape that enough annotators agree on, None where they do not."""
    votes = Counter(shape.label_id for shape in cluster.members.values())
    # Of labels with as many votes, that of the first annotator.
    label_id, count = votes.most_common(1)[0]
    if count < needed:
        return None
    members = {who: one for who, one in cluster.members.items() if one.label_id == label_id}
    who, best = max(
        members.items(),
        key=lambda item: sum(similarity(item[1], one) for one in members.values()),
    )
    others = [one for one in members.values() if one is not best]
    score = count / asked
    return msgspec.structs.replace(
        best,
        id=None,
        source=SOURCE,
        score=score,
        group=groups.of(who, best.group),
        occluded=2 * sum(one.occluded for one in members.values()) > len(members),
        attributes=voted([one.attributes for one in (best, *others)]),
        elements=[
            msgspec.structs.replace(element, id=None, source=SOURCE, score=score)
            for element in best.elements
        ],
    )


def voted(values: Sequence[Sequence[AttributeValue]]) -> list[AttributeValue]:
    """The value of each attribute that most give it; where as many do, the one named first."""
    votes: dict[int, Counter[str]] = {}
    for given in values:
        for value in given:
            votes.setdefault(value.spec_id, Counter())[value.value] += 1
    return [
        AttributeValue(spec_id, counter.most_common(1)[0][0]) for spec_id, counter in votes.items()
    ]


def _tags(replicas: Sequence[LabeledData], needed: int) -> Iterator[Tag]:
    """The tags that enough annotators have put on a frame."""
    given: defaultdict[tuple[int, int], dict[int, Tag]] = defaultdict(dict)
    for who, data in enumerate(replicas):
        for tag in data.tags:
            given[tag.frame, tag.label_id].setdefault(who, tag)
    for frame, label_id in sorted(given):
        tags = list(given[frame, label_id].values())
        if len(tags) >= needed:
            yield Tag(
                label_id=label_id,
                frame=frame,
                source=SOURCE,
                attributes=voted([tag.attributes for tag in tags]),
            )


def _intervals(
    replicas: Sequence[LabeledData], needed: int, threshold: float
) -> Iterator[Interval]:
    """The spans of a sound that enough annotators have marked alike, label by label."""
    taken: set[tuple[int, int]] = set()
    everything = [(who, one) for who, data in enumerate(replicas) for one in data.intervals]
    for place, (who, one) in enumerate(everything):
        if (who, place) in taken:
            continue
        members = {who: one}
        for at, (other_who, other) in enumerate(everything):
            free = other_who not in members and (other_who, at) not in taken
            if free and other.label_id == one.label_id and _overlap(one, other) >= threshold:
                members[other_who] = other
                taken.add((other_who, at))
        if len(members) >= needed:
            yield msgspec.structs.replace(
                one,
                id=None,
                group=0,
                source=SOURCE,
                score=len(members) / len(replicas),
                attributes=voted([each.attributes for each in members.values()]),
            )


def _overlap(one: Interval, other: Interval) -> float:
    """The time that two spans share over the time that either takes."""
    ends = [each.start if each.stop is None else each.stop for each in (one, other)]
    shared = min(ends) - max(one.start, other.start)
    whole = max(ends) - min(one.start, other.start)
    if whole <= 0:
        return 1.0
    return max(shared, 0) / whole
