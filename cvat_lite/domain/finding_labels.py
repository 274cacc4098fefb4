"""From a function's labels and attributes to those of a task, and its findings under their names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cvat_lite.domain.enums import InputType, LabelType, ShapeType
from cvat_lite.domain.findings import TAG, Finding
from cvat_lite.domain.functions import Function, FunctionLabel
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import RuleError

SOURCE = "auto"


@dataclass(frozen=True, slots=True)
class LabelTarget:
    """The label that a function's label becomes; its attributes and sublabels by their names there."""

    label: Label
    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict)
    sublabels: Mapping[str, LabelTarget] = field(default_factory=dict)

    def values(self, finding: Finding) -> list[tuple[AttributeSpec, str]]:
        """The attributes that the label has, with values that they may have.

        What the label does not take is left out and gets its default: it is no fault of the
        function that the task has other choices.
        """
        known = [(self.attributes.get(name), value) for name, value in finding.attributes]
        return [(spec, value) for spec, value in known if spec is not None and allowed(spec, value)]


Targets = Mapping[str, LabelTarget]


def allowed(spec: AttributeSpec, value: str) -> bool:
    """Whether an attribute may have a value."""
    if spec.input_type in (InputType.SELECT, InputType.RADIO):
        return value in spec.values
    if spec.input_type == InputType.CHECKBOX:
        return value in ("true", "false")
    if spec.input_type == InputType.NUMBER:
        try:
            number = float(value)
            least, most = float(spec.values[0]), float(spec.values[1])
        except (ValueError, IndexError):
            return False
        return math.isfinite(number) and least <= number <= most
    return True


def targets_of(
    function: Function, labels: Sequence[Label], wanted: Mapping[str, Any] | None
) -> Targets:
    """What each of the function's labels becomes; RuleError for names that are nowhere.

    Without ``wanted``, or where it is empty, labels, attributes and sublabels become those of the same name. With it,
    only the labels that it names are taken: ``{"their": {"name": "ours", "attributes": {...},
    "sublabels": {...}}}``; where it leaves attributes or sublabels out, names decide again.
    """
    known = {label.name: label for label in function.labels}
    if not wanted:
        return same_names(known.values(), labels, open_ended=not known)
    found = {}
    for theirs, entry in wanted.items():
        if known and theirs not in known:
            raise RuleError(f"The function {function.name!r} has no label {theirs!r}")
        found[theirs] = wanted_target(known.get(theirs), labels, entry)
    return found


def same_names(
    known: Iterable[FunctionLabel], labels: Sequence[Label], *, open_ended: bool
) -> dict[str, LabelTarget]:
    """The targets where names decide; a function that told no labels may find any."""
    if open_ended:
        return {label.name: target(None, label) for label in labels}
    ours = {label.name: label for label in labels}
    return {
        one.name: target(one, ours[one.name])
        for one in known
        if one.name in ours and fit_together(one.type, ours[one.name].type)
    }


def target(known: FunctionLabel | None, label: Label) -> LabelTarget:
    """The target whose attributes and sublabels are those of the same name."""
    attributes = {spec.name: spec for spec in label.attributes}
    if known is not None:
        names = {attribute.name for attribute in known.attributes}
        attributes = {name: spec for name, spec in attributes.items() if name in names}
    sublabels = same_names(
        known.sublabels if known is not None else (), label.sublabels, open_ended=known is None
    )
    return LabelTarget(label, attributes, sublabels)


def fit_together(theirs: str, ours: str) -> bool:
    """Whether what a function finds may have the task's label, by their types."""
    free = (LabelType.ANY, LabelType.MASK)
    if LabelType.SKELETON in (theirs, ours):
        return theirs == ours
    return theirs == ours or theirs in free or ours == LabelType.ANY


def wanted_target(
    known: FunctionLabel | None, labels: Sequence[Label], entry: Mapping[str, Any]
) -> LabelTarget:
    """The target that somebody asked for."""
    ours = next((label for label in labels if label.name == entry["name"]), None)
    if ours is None:
        raise RuleError(f"There is no label {entry['name']!r} here that could be mapped to")
    if known is not None and not fit_together(known.type, ours.type):
        raise RuleError(
            f"The label {known.name!r} of type {known.type} cannot become {ours.name!r} "
            f"of type {ours.type}"
        )
    found = target(known, ours)
    attributes, sublabels = found.attributes, found.sublabels
    if entry.get("attributes") is not None:
        attributes = wanted_attributes(known, ours, entry["attributes"])
    if entry.get("sublabels") is not None:
        parts = {part.name: part for part in known.sublabels} if known is not None else {}
        unknown = sorted(entry["sublabels"].keys() - parts.keys()) if known is not None else []
        if unknown:
            raise RuleError(f"The function's label {known and known.name!r} has no {unknown[0]!r}")
        sublabels = {
            theirs: wanted_target(parts.get(theirs), ours.sublabels, one)
            for theirs, one in entry["sublabels"].items()
        }
    return LabelTarget(ours, attributes, sublabels)


def wanted_attributes(
    known: FunctionLabel | None, ours: Label, wanted: Mapping[str, str]
) -> dict[str, AttributeSpec]:
    """The attributes that somebody asked for."""
    specs = {spec.name: spec for spec in ours.attributes}
    if known is not None:
        unknown = sorted(wanted.keys() - {attribute.name for attribute in known.attributes})
        if unknown:
            raise RuleError(f"The function's label {known.name!r} has no attribute {unknown[0]!r}")
    for name in wanted.values():
        if name not in specs:
            raise RuleError(f"The label {ours.name!r} has no attribute {name!r}")
    return {theirs: specs[name] for theirs, name in wanted.items()}


def kept(
    findings: Iterable[Finding], targets: Targets, threshold: float | None
) -> list[tuple[Finding, LabelTarget]]:
    """The findings that have a label here and that the function is sure enough of."""
    return [
        (finding, targets[finding.label])
        for finding in findings
        if finding.label in targets
        and (threshold is None or finding.confidence is None or finding.confidence >= threshold)
    ]


def shown(finding: Finding, place: LabelTarget) -> dict[str, Any]:
    """A finding as the answer to a call on one frame: in the function's form, in the task's names."""
    view: dict[str, Any] = {
        "label": place.label.name,
        "type": finding.type,
        "attributes": [
            {"name": spec.name, "value": value} for spec, value in place.values(finding)
        ],
    }
    if finding.confidence is not None:
        view["confidence"] = finding.confidence
    if finding.group:
        view["group_id"] = finding.group
    if finding.type == TAG:
        return view
    view |= {
        "points": list(finding.points),
        "rotation": finding.rotation,
        "occluded": finding.occluded,
        "outside": finding.outside,
    }
    if finding.type == ShapeType.MASK:
        view["mask"] = finding.pixels()
    if finding.type == ShapeType.SKELETON:
        view["elements"] = [
            shown(element, place.sublabels[element.label])
            for element in finding.elements
            if element.label in place.sublabels
        ]
    return view


def written(finding: Finding, place: LabelTarget, frame: int, first_group: int) -> dict[str, Any]:
    """A finding as the body of a request that writes annotations has it."""
    fields: dict[str, Any] = {
        "label_id": place.label.id,
        "frame": frame,
        "source": SOURCE,
        "group": finding.group and first_group + finding.group,
        "attributes": [
            {"spec_id": spec.id, "value": value} for spec, value in place.values(finding)
        ],
    }
    if finding.type == TAG:
        return fields
    fields |= {
        "type": finding.type,
        "points": list(finding.points),
        "rotation": finding.rotation,
        "occluded": finding.occluded,
        "outside": finding.outside,
    }
    if finding.confidence is not None:
        fields["score"] = finding.confidence
    if finding.type == ShapeType.SKELETON:
        fields["elements"] = elements_of(finding, place, frame)
    return fields


def elements_of(finding: Finding, place: LabelTarget, frame: int) -> list[dict[str, Any]]:
    """All points of a skeleton: those that were not found are there, outside."""
    found = {}
    for element in finding.elements:
        part = place.sublabels.get(element.label)
        if part is not None:
            found[part.label.id] = written(element, part, frame, 0)
    missing = [one for one in place.label.sublabels if one.id not in found]
    for label in missing:
        nowhere = Finding(label.name, ShapeType.POINTS, (0.0, 0.0), outside=True)
        found[label.id] = written(nowhere, LabelTarget(label), frame, 0)
    return [found[label.id] for label in place.label.sublabels]
