"""What requirements come to: their own comparison, their score, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cvat_lite.domain.quality.areas import Size
from cvat_lite.domain.quality.items import Item
from cvat_lite.domain.quality.matching import Found, Frame, match_shapes, match_tags
from cvat_lite.domain.quality.matrix import (
    Counts,
    complete,
    components,
    counts_of,
    matrix,
    target_summary,
)
from cvat_lite.domain.quality.parameters import (
    UNMATCHED,
    Label,
    Metric,
    Parameters,
    Requirement,
)
from cvat_lite.domain.quality.selection import (
    KEYPOINT,
    Predicate,
    facts,
    of_kind,
    predicate,
)

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """The labels of a matrix: their names with what stands for no partner, and their places."""

    names: tuple[str, ...]
    places: Mapping[int, int]

    def empty(self) -> Counts:
        """A matrix of nothing."""
        return np.zeros((len(self.names), len(self.names)), dtype=np.int64)

    def count(self, counts: Counts, found: Found) -> None:
        """Put down what was found: rows are the job's labels, columns the truth's."""
        alone, places = len(self.names) - 1, self.places
        for pair in found.pairs:
            row, column = places.get(pair.job.label_id), places.get(pair.truth.label_id)
            counts[alone if row is None else row, alone if column is None else column] += 1
        for item, _ in found.missing:
            counts[alone, places.get(item.label_id, alone)] += 1
        for item, _ in found.extra:
            counts[places.get(item.label_id, alone), alone] += 1


def label_names(labels: Sequence[Label], *, keypoints: bool = False) -> Names:
    """The labels of a task as a matrix has them, or those of its skeletons' elements."""
    chosen = [label for label in labels if (label.parent_id is not None) == keypoints]
    parents = {label.id: label.name for label in labels}
    names = [
        f"{parents.get(label.parent_id, '')}.{label.name}" if label.parent_id else label.name
        for label in chosen
    ]
    places = {label.id: place for place, label in enumerate(chosen)}
    return Names((*names, UNMATCHED), places)


@dataclass(slots=True)
class Tally:
    """A requirement's comparison, frame by frame."""

    requirement: Requirement
    names: Names
    rule: Predicate
    labels: Mapping[int, Label]
    counts: Counts = field(init=False)
    seen: int = 0
    kept: int = 0
    attributed: bool = False

    def __post_init__(self) -> None:
        self.counts = self.names.empty()

    def is_about_all(self, parameters: Parameters) -> bool:
        """Whether the report's own comparison by these rules is that of the requirement."""
        wanted = self.requirement
        return (
            wanted.annotation_type is None
            and not wanted.filter.strip()
            and not _required(wanted)
            and wanted.parameters == parameters
        )

    def take(self, compared: Frame, shapes: Found, tags: Found) -> None:
        """Count a frame that has been compared already."""
        held = len(compared.truth) + len(compared.job)
        self.seen += held
        self.kept += held
        self.names.count(self.counts, shapes)
        self.names.count(self.counts, tags)

    def add(self, frame: int, truth: Sequence[Item], job: Sequence[Item], size: Size) -> None:
        """Compare a frame's annotations of the requirement's kind that its rule is true of."""
        sides = []
        for items in (truth, job):
            chosen = of_kind(items, self.requirement)
            self.seen += len(chosen)
            if self.requirement.filter.strip():
                chosen = [one for one in chosen if self.rule(facts(one, frame, self.labels))]
            self.kept += len(chosen)
            sides.append(chosen)
        if not sides[0] and not sides[1]:
            return
        wanted = _required(self.requirement)
        if wanted and not self.attributed:
            values = (value for items in sides for one in items for value in one.attributes)
            self.attributed = any(value.spec_id in wanted for value in values)
        compared = Frame(sides[0], sides[1], size, self.requirement.parameters)
        self.names.count(self.counts, match_shapes(compared))
        self.names.count(self.counts, match_tags(compared))

    def result(self) -> Result:
        """The requirement's part of a report."""
        reason = None
        if not self.seen:
            reason = "no_annotations"
        elif not self.kept:
            reason = "filter_no_matches"
        elif _required(self.requirement) and not self.attributed:
            reason = "required_attributes_missing"
        described = {
            "requirement_id": self.requirement.id,
            "name": self.requirement.name,
            "annotation_type": self.requirement.annotation_type,
            "metric": str(self.requirement.metric),
            "threshold": self.requirement.required_score,
        }
        return scored(described, list(self.names.names), self.counts, reason)


def _required(requirement: Requirement) -> frozenset[int]:
    """The attributes that a requirement's rules ask to be compared."""
    rules = requirement.parameters.attribute_rules
    return frozenset(spec_id for spec_id, rule in rules.items() if rule.enabled)


def tally(requirement: Requirement, labels: Sequence[Label]) -> Tally:
    """An empty comparison for a requirement; ValueError if its filter is no rule."""
    names = label_names(labels, keypoints=requirement.annotation_type == KEYPOINT)
    known = {label.id: label for label in labels}
    return Tally(requirement, names, predicate(requirement.filter), known)


def scored(
    described: Mapping[str, Any], labels: Sequence[str], counts: Counts, reason: str | None
) -> Result:
    """A requirement with its matrix and its score; without a score if there is a reason."""
    metric = Metric(described["metric"])
    values = target_summary(labels, counts, metric)
    found = components(counts)
    calculation: dict[str, str] = {"status": "computed"}
    if reason is not None:
        calculation = {"status": "not_computed", "reason": reason}
    return {
        **described,
        "score": None if reason is not None else values["values"][values["aggregation"]],
        "score_components": {
            name: found[name] for name in ("valid_count", "missing_count", "extra_count")
        },
        "calculation": calculation,
        "confusion_matrix": complete(matrix(labels, counts), metric),
    }


def merged(results: Sequence[Sequence[Result]]) -> list[Result]:
    """The requirements of several reports as those of one; matrices add up."""
    kept: dict[tuple[int | None, str], list[Result]] = {}
    for report in results:
        for result in report:
            kept.setdefault((result["requirement_id"], result["name"]), []).append(result)
    return [_merged(found) for found in kept.values()]


#: Which reason stands for several: the one that got the farthest.
REASONS = ("no_annotations", "filter_no_matches", "required_attributes_missing")


def _merged(found: Sequence[Result]) -> Result:
    first = found[0]
    names = list(dict.fromkeys(n for one in found for n in one["confusion_matrix"]["labels"][:-1]))
    places = {name: place for place, name in enumerate(names)}
    counts = np.zeros((len(names) + 1, len(names) + 1), dtype=np.int64)
    for one in found:
        own = one["confusion_matrix"]
        where = [*(places[name] for name in own["labels"][:-1]), len(names)]
        counts[np.ix_(where, where)] += counts_of(own)
    reasons = [one["calculation"].get("reason") for one in found]
    told = [reason for reason in reasons if reason is not None]
    reason = max(told, key=REASONS.index) if len(told) == len(found) else None
    described = {
        name: first[name]
        for name in ("requirement_id", "name", "annotation_type", "metric", "threshold")
    }
    return scored(described, [*names, UNMATCHED], counts, reason)
