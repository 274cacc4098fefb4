"""What of a frame's ground truth stands in a job, kind by kind.

Polygons, masks and ellipses are compared with each other as areas, and those of one label and
group count as one thing; every other kind is compared with its own. That is how CVAT's stored
reports come out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from cvat_lite.domain.quality.areas import (
    Floats,
    Region,
    Size,
    box_overlaps,
    extent,
    joined,
    region_of,
    region_overlaps,
    visible,
)
from cvat_lite.domain.quality.items import Item
from cvat_lite.domain.quality.keypoints import (
    Cloud,
    cloud_of_points,
    cloud_of_skeleton,
    clouds_alike,
    group_boxes,
    lines_alike,
    skeletons_alike,
)
from cvat_lite.domain.quality.pairing import pair_up
from cvat_lite.domain.quality.parameters import Parameters

SEGMENTS = ("polygon", "mask", "ellipse")
Alike = Callable[[Sequence[Item], Sequence[Item], "Frame"], Floats]


@dataclass(frozen=True, slots=True)
class Frame:
    """Both sides of a frame, its width and height, and the rules."""

    truth: Sequence[Item]
    job: Sequence[Item]
    size: Size
    parameters: Parameters
    drawn: dict[int, Region] = field(default_factory=dict)

    def region(self, item: Item) -> Region:
        """The pixels of one of the frame's items, drawn once."""
        found = self.drawn.get(id(item))
        if found is None:
            found = self.drawn[id(item)] = region_of(item, self.size)
        return found

    @property
    def area(self) -> float:
        """The image's pixels."""
        return float(self.size[0] * self.size[1])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two annotations that are taken for the same thing, and how alike they are (0 to 1)."""

    truth: Item
    job: Item
    alike: float


@dataclass(slots=True)
class Found:
    """What became of annotations: pairs of one label, of two, and what stayed alone.

    What stayed alone comes with its likeness to the nearest of the other side.
    """

    matches: list[Pair] = field(default_factory=list)
    mismatches: list[Pair] = field(default_factory=list)
    missing: list[tuple[Item, float]] = field(default_factory=list)
    extra: list[tuple[Item, float]] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Take over what another has."""
        self.matches += other.matches
        self.mismatches += other.mismatches
        self.missing += other.missing
        self.extra += other.extra

    @property
    def pairs(self) -> list[Pair]:
        """All pairs, those of one label first."""
        return [*self.matches, *self.mismatches]


def match_shapes(frame: Frame) -> Found:
    """The pairs among the shapes of a frame."""
    found = Found()
    for kinds, alike in _kinds(frame.parameters):
        ones = [item for item in frame.truth if item.type in kinds]
        others = [item for item in frame.job if item.type in kinds]
        if ones or others:
            units = _instances if kinds[0] in SEGMENTS else _single
            found.add(_matched(units(ones), units(others), alike, frame))
    return found


def match_tags(frame: Frame) -> Found:
    """The pairs among the tags of a frame, by label."""
    found = Found()
    if "label" not in frame.parameters.included_annotation_types:
        return found
    given = [item for item in frame.job if item.type == "label"]
    for tag in frame.truth:
        if tag.type != "label":
            continue
        same = next((one for one in given if one.label_id == tag.label_id), None)
        if same is None:
            found.missing.append((tag, 0.0))
        else:
            given.remove(same)
            found.matches.append(Pair(tag, same, 1.0))
    found.extra = [(tag, 0.0) for tag in given]
    return found


def _kinds(parameters: Parameters) -> Iterator[tuple[tuple[str, ...], Alike]]:
    """The kinds that are compared with each other, in the order of the rules."""
    included = {*parameters.included_annotation_types}
    if "mask" in included:
        # Older reports do not name ellipses, and have them among the masks.
        included.add("ellipse")
    segments = tuple(kind for kind in SEGMENTS if kind in included)
    for kind in parameters.included_annotation_types:
        if kind in SEGMENTS and segments:
            yield segments, _segments
            segments = ()
        elif kind in ALIKE:
            yield (kind,), ALIKE[kind]


Units = list[list[Item]]


def _single(items: Sequence[Item]) -> Units:
    return [[item] for item in items]


def _instances(items: Sequence[Item]) -> Units:
    """Items of one label and group together; those of no group by themselves."""
    units: dict[object, list[Item]] = {}
    for item in items:
        key = (item.label_id, item.group) if item.group else id(item)
        units.setdefault(key, []).append(item)
    return list(units.values())


def _matched(ones: Units, others: Units, alike: Alike, frame: Frame) -> Found:
    """Pairs of units as pairs of their members; a shorter unit's last member stands in."""
    likeness = np.zeros((len(ones), len(others)))
    if ones and others:
        likeness = alike(
            [item for unit in ones for item in unit],
            [item for unit in others for item in unit],
            frame,
        )
    pairs = pair_up(likeness, frame.parameters.iou_threshold)
    found = Found()
    for row, column in pairs.matched:
        value = float(likeness[row, column])
        one, other = ones[row], others[column]
        same = one[0].label_id == other[0].label_id
        target = found.matches if same else found.mismatches
        if len(one) == len(other) == 1:
            target.append(Pair(one[0], other[0], value))
            continue
        for a, b in zip_longest(one, other):
            target.append(Pair(a or one[-1], b or other[-1], value))
    for row in pairs.left:
        best = float(likeness[row].max(initial=0.0))
        found.missing += [(item, best) for item in ones[row]]
    for column in pairs.right:
        best = float(likeness[:, column].max(initial=0.0))
        found.extra += [(item, best) for item in others[column]]
    return found


def _boxes(ones: Sequence[Item], others: Sequence[Item], frame: Frame) -> Floats:
    """Upright boxes by their sides, turned ones by the pixels they cover."""
    turned = [[bool(item.rotation % 360) for item in side] for side in (ones, others)]
    if not any(turned[0]) and not any(turned[1]):
        return box_overlaps([item.points for item in ones], [item.points for item in others])
    found = box_overlaps([extent(item) for item in ones], [extent(item) for item in others])
    for row, column in zip(*(axis.tolist() for axis in np.nonzero(found)), strict=True):
        if turned[0][row] or turned[1][column]:
            pair = [frame.region(item) for item in (ones[row], others[column])]
            found[row, column] = region_overlaps(pair[:1], pair[1:])[0, 0]
    return found


def _segments(ones: Sequence[Item], others: Sequence[Item], frame: Frame) -> Floats:
    """Instances by their pixels: of a panoptic comparison, those that nothing lies on."""
    sides = []
    for side in (ones, others):
        units = _instances(side)
        regions = {id(item): frame.region(item) for item in side}
        if frame.parameters.panoptic_comparison:
            ordered = sorted(side, key=lambda item: item.z_order)
            seen = visible([regions[id(item)] for item in ordered])
            regions = {id(item): region for item, region in zip(ordered, seen, strict=True)}
        sides.append([joined([regions[id(item)] for item in unit]) for unit in units])
    return region_overlaps(*sides)


def _points(ones: Sequence[Item], others: Sequence[Item], frame: Frame) -> Floats:
    return _clouds(ones, others, frame, cloud_of_points, clouds_alike)


def _skeletons(ones: Sequence[Item], others: Sequence[Item], frame: Frame) -> Floats:
    return _clouds(ones, others, frame, cloud_of_skeleton, skeletons_alike)


def _clouds(
    ones: Sequence[Item],
    others: Sequence[Item],
    frame: Frame,
    cloud: Callable[[Item, dict[int, tuple[float, float, float, float]]], Cloud],
    alike: Callable[[Cloud, Cloud, Parameters, float], float],
) -> Floats:
    boxes, also = group_boxes(frame.truth), group_boxes(frame.job)
    rows = [cloud(item, boxes) for item in ones]
    columns = [cloud(item, also) for item in others]
    values = [[alike(a, b, frame.parameters, frame.area) for b in columns] for a in rows]
    return np.array(values, dtype=np.float64)


def line_likeness(one: Item, other: Item, frame: Frame, *, oriented: bool) -> float:
    """How near two lines run on a frame."""
    thickness = frame.parameters.line_thickness
    return lines_alike(one.points, other.points, thickness, frame.area, oriented=oriented)


def _lines(ones: Sequence[Item], others: Sequence[Item], frame: Frame) -> Floats:
    values = [[line_likeness(a, b, frame, oriented=False) for b in others] for a in ones]
    return np.array(values, dtype=np.float64)


ALIKE: dict[str, Alike] = {
    "bbox": _boxes,
    "points": _points,
    "polyline": _lines,
    "skeleton": _skeletons,
}
