"""Which labels and attributes annotations may name, and the attributes that they have in full.

Built once from the labels of a task or project. Attributes that a payload leaves out get their
default values when they are stored, so that reading never has to look at labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from cvat_lite.domain.annotations import AttributeValue, ElementTrack, LabeledData
from cvat_lite.domain.enums import LabelType, ShapeType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import RuleError

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class SpecSet:
    """Some attributes of a label, in the order of their ids; ``default_text`` is their JSON."""

    defaults: Mapping[int, str]
    default_text: str

    @classmethod
    def of(cls, specs: Iterable[AttributeSpec]) -> SpecSet:
        """The set of these attributes."""
        defaults = {spec.id: spec.default_value for spec in sorted(specs, key=lambda one: one.id)}
        return cls(defaults, _text(defaults))

    def check(self, given: Sequence[AttributeValue]) -> None:
        """Raise RuleError for an attribute that is not of this set."""
        for attribute in given:
            if attribute.spec_id not in self.defaults:
                raise RuleError(f"spec_id `{attribute.spec_id}` is invalid")

    def filled(self, given: Sequence[AttributeValue]) -> str:
        """The JSON of all attributes of the set: those given, and the defaults of the others."""
        if not given or not self.defaults:
            return self.default_text
        values = dict(self.defaults)
        for attribute in given:
            if attribute.spec_id in values:
                values[attribute.spec_id] = attribute.value.strip()
        return _text(values)


def _text(values: Mapping[int, str]) -> str:
    return _encode([AttributeValue(spec, value) for spec, value in values.items()]).decode()


@dataclass(frozen=True, slots=True)
class LabelSpecs:
    """What annotations of one label may have; ``sublabels`` are those of a skeleton."""

    every: SpecSet
    mutable: SpecSet
    immutable: SpecSet
    sublabels: Mapping[int, LabelSpecs]
    is_skeleton: bool

    @classmethod
    def of(cls, label: Label) -> LabelSpecs:
        """The rules of a label."""
        return cls(
            every=SpecSet.of(label.attributes),
            mutable=SpecSet.of(spec for spec in label.attributes if spec.mutable),
            immutable=SpecSet.of(spec for spec in label.attributes if not spec.mutable),
            sublabels={sublabel.id: cls.of(sublabel) for sublabel in label.sublabels},
            is_skeleton=label.type == LabelType.SKELETON,
        )


class LabelRules:
    """The labels of a task or project, as annotations see them."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._top = {label.id: LabelSpecs.of(label) for label in labels}
        #: Labels and sublabels by their ids.
        self.by_id: dict[int, LabelSpecs] = dict(self._top)
        for specs in self._top.values():
            self.by_id.update(specs.sublabels)

    def check(self, data: LabeledData) -> None:
        """Raise RuleError for the first label or attribute that is not of these labels.

        An element's label is a sublabel of its skeleton's; the attributes of a track are the
        immutable ones of its label, those of its shapes the mutable ones.
        """
        top = self._top
        for tag in data.tags:
            _known(top, tag.label_id).every.check(tag.attributes)
        for interval in data.intervals:
            _known(top, interval.label_id).every.check(interval.attributes)
        for shape in data.shapes:
            specs = _known(top, shape.label_id)
            if shape.attributes:
                specs.every.check(shape.attributes)
            if shape.type == ShapeType.SKELETON:
                _check_skeleton(specs, shape.label_id)
                for element in shape.elements:
                    _known(specs.sublabels, element.label_id).every.check(element.attributes)
        for track in data.tracks:
            specs = _known(top, track.label_id)
            _check_track(specs, track)
            if track.elements or any(one.type == ShapeType.SKELETON for one in track.shapes):
                _check_skeleton(specs, track.label_id)
            for part in track.elements:
                _check_track(_known(specs.sublabels, part.label_id), part)


def _known(labels: Mapping[int, LabelSpecs], label_id: int) -> LabelSpecs:
    specs = labels.get(label_id)
    if specs is None:
        raise RuleError(f"label_id `{label_id}` is invalid")
    return specs


def _check_skeleton(specs: LabelSpecs, label_id: int) -> None:
    if not specs.is_skeleton:
        raise RuleError(f"label_id `{label_id}` is invalid")


def _check_track(specs: LabelSpecs, track: ElementTrack) -> None:
    specs.immutable.check(track.attributes)
    for shape in track.shapes:
        specs.mutable.check(shape.attributes)
