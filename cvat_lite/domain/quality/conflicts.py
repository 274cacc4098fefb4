"""What is said about a frame's annotations: errors and warnings, and whom they concern.

The kinds, their severities and their order are those of CVAT's stored reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cvat_lite.domain.quality.areas import AREAS, extent, visible
from cvat_lite.domain.quality.attributes import attributes_agree, differing
from cvat_lite.domain.quality.items import Item
from cvat_lite.domain.quality.matching import Found, Frame, Pair, line_likeness
from cvat_lite.domain.quality.pairing import pair_up
from cvat_lite.domain.quality.parameters import Parameters

Conflict = dict[str, object]
#: A kind of conflict and those concerned: of the job, and of the ground truth.
Told = tuple[str, Item | None, Item | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where conflicts are: the frame, the jobs of both sides, and names of attributes by id."""

    frame: int
    job_id: int
    truth_id: int
    attributes: Mapping[int, str]


ERRORS = frozenset({"missing_annotation", "extra_annotation", "mismatching_label"})


def severity(kind: str) -> str:
    """Whether a kind of conflict counts as an error or as a warning."""
    return "error" if kind in ERRORS else "warning"


def conflicts(frame: Frame, shapes: Found, tags: Found) -> Iterator[Told]:
    """The conflicts of a frame, kind by kind."""
    for pair in shapes.pairs:
        if pair.alike < frame.parameters.low_overlap_threshold:
            yield "low_overlap", pair.job, pair.truth
    for item, _ in (*shapes.missing, *tags.missing):
        yield "missing_annotation", None, item
    for item, _ in (*shapes.extra, *tags.extra):
        yield "extra_annotation", item, None
    for pair in shapes.mismatches:
        yield "mismatching_label", pair.job, pair.truth
    yield from _finer(frame, shapes, tags)


def _finer(frame: Frame, shapes: Found, tags: Found) -> Iterator[Told]:
    """What is told only where the rules ask for it."""
    rules = frame.parameters
    if rules.compare_line_orientation:
        for pair in _backwards(frame, shapes.pairs):
            yield "mismatching_direction", pair.job, pair.truth
    if rules.check_covered_annotations:
        for item in covered(frame):
            yield "covered_annotation", item, None
    if rules.compare_attributes:
        for pair in (*shapes.matches, *tags.matches):
            if not attributes_agree(pair.truth.attributes, pair.job.attributes, rules):
                yield "mismatching_attributes", pair.job, pair.truth
    if rules.compare_groups:
        for pair in _other_groups(frame, shapes):
            yield "mismatching_groups", pair.job, pair.truth


def _backwards(frame: Frame, pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Lines that agree better when one of them is turned round."""
    for pair in pairs:
        if pair.truth.type == pair.job.type == "polyline":
            oriented = line_likeness(pair.truth, pair.job, frame, oriented=True)
            if pair.alike - oriented > frame.parameters.line_orientation_threshold:
                yield pair


def covered(frame: Frame) -> list[Item]:
    """Areas of the job of which others leave less to be seen than the threshold asks for.

    Those of a higher ``z_order`` lie above, of the same one those that come later.
    """
    items = sorted(
        (item for item in frame.job if item.type in AREAS), key=lambda item: item.z_order
    )
    items = [item for item, meets in zip(items, _meeting(items), strict=True) if meets]
    regions = [frame.region(item) for item in items]
    threshold = frame.parameters.object_visibility_threshold
    return [
        item
        for item, whole, seen in zip(items, regions, visible(regions), strict=True)
        if whole.area and seen.area / whole.area < threshold
    ]


def _meeting(items: Sequence[Item]) -> list[bool]:
    """Which of the items have a box that meets another's: cheaper to know than pixels."""
    if len(items) < 2:
        return [False] * len(items)
    boxes = np.array([extent(item) for item in items])
    a, b = boxes[:, None], boxes[None]
    meet = (np.minimum(a[..., 2:], b[..., 2:]) > np.maximum(a[..., :2], b[..., :2])).all(axis=-1)
    np.fill_diagonal(meet, val=False)
    found: list[bool] = meet.any(axis=1).tolist()
    return found


def _other_groups(frame: Frame, shapes: Found) -> Iterator[Pair]:
    """Pairs whose groups are not the same, judged by how many members of them are pairs."""
    if not any(pair.truth.group or pair.job.group for pair in shapes.matches):
        return
    truths, jobs = _groups(frame.truth), _groups(frame.job)
    shared = Counter((_key(pair.truth), _key(pair.job)) for pair in shapes.pairs)
    rows = {key: place for place, key in enumerate(truths)}
    columns = {key: place for place, key in enumerate(jobs)}
    likeness = np.zeros((len(rows), len(columns)))
    for (one, other), both in shared.items():
        union = truths[one] + jobs[other] - both
        likeness[rows[one], columns[other]] = min(both / union, 1.0) if union > 0 else 1.0
    same = set(pair_up(likeness, frame.parameters.group_match_threshold).matched)
    for pair in shapes.matches:
        one, other = _key(pair.truth), _key(pair.job)
        if max(truths[one], jobs[other]) > 1 and (rows[one], columns[other]) not in same:
            yield pair


def _key(item: Item) -> tuple[str, int]:
    return ("group", item.group) if item.group else ("alone", id(item))


def _groups(items: Sequence[Item]) -> Counter[tuple[str, int]]:
    """How many shapes each group has; what has no group is one by itself."""
    return Counter(_key(item) for item in items if item.type != "label")


def written(told: Told, place: Place, parameters: Parameters) -> Conflict:
    """A conflict as reports tell it; one about attributes tells which."""
    kind, job, truth = told
    concerned = []
    if job is not None:
        concerned.append(job.reference(place.job_id))
    if truth is not None:
        concerned.append(truth.reference(place.truth_id))
    found: Conflict = {
        "frame_id": place.frame,
        "type": kind,
        "annotation_ids": concerned,
        "severity": severity(kind),
    }
    if kind == "mismatching_attributes" and job is not None and truth is not None:
        wrong = differing(truth.attributes, job.attributes, parameters)
        found["attribute_names"] = [place.attributes.get(one, str(one)) for one in wrong]
    return found
