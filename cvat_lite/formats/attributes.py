"""Attribute values as formats other than CVAT's own write them: typed, defaults filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.domain.annotations import AttributeValue, Shape
from cvat_lite.domain.enums import InputType, ShapeType
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.domain.labels import Label

TypedValue = str | bool | float


def typed_attributes(label: Label, values: Sequence[AttributeValue]) -> dict[str, TypedValue]:
    """The label's attributes by name: numbers as float, checkboxes as bool, others as text."""
    if not label.attributes:
        return {}
    given = {value.spec_id: value.value for value in values}
    return {
        spec.name: _typed(spec.input_type, given.get(spec.id, spec.default_value))
        for spec in label.attributes
    }


def _typed(kind: InputType, text: str) -> TypedValue:
    if kind is InputType.CHECKBOX:
        return text.lower() == "true"
    if kind is InputType.NUMBER:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def shape_attributes(shape: Shape, label: Label) -> dict[str, Any]:
    """The label's attributes, and those that this family of formats adds of its own."""
    attributes: dict[str, Any] = dict(typed_attributes(label, shape.attributes))
    attributes["occluded"] = shape.occluded
    if shape.type in (ShapeType.RECTANGLE, ShapeType.ELLIPSE):
        attributes["rotation"] = shape.rotation
    if isinstance(shape, FrameShape):
        attributes["track_id"] = shape.track_id
        attributes["keyframe"] = shape.keyframe
    return attributes
