"""The exact rules for the fields of annotations, with the errors of CVAT's REST framework.

This is the slow way, taken for batches that the fast one refused. A number may be sent as text
and a flag as a word, as the REST framework allows; an error is a list of messages, or a mapping
of field names to errors, or a list of such mappings for a list of objects.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from cvat_lite.domain.annotations import (
    LARGEST,
    LARGEST_ID,
    AttributeValue,
    Element,
    ElementTrack,
    Interval,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.enums import ShapeType

NOT_NULL: Final = "This field may not be null."
REQUIRED: Final = "This field is required."
WHOLE = re.compile(r"^\s*(-?\d+)(?:\.0*)?\s*$")
LONGEST_NUMBER = 1000
TRUE = {"t", "y", "yes", "true", "on", "1"}
FALSE = {"f", "n", "no", "false", "off", "0"}

#: How many coordinates a shape has, or the least it may have.
EXACT = {ShapeType.RECTANGLE: 4, ShapeType.ELLIPSE: 4, ShapeType.CUBOID: 16}
LEAST = {ShapeType.POLYGON: 6, ShapeType.POLYLINE: 4, ShapeType.POINTS: 2}
#: Two runs (the first may be of length 0) and the four sides of the box.
LEAST_OF_MASK = 6


def fits(kind: ShapeType, count: int) -> bool:
    """Whether a shape of this type may have this number of coordinates."""
    exact = EXACT.get(kind)
    if exact is not None:
        return count == exact
    least = LEAST.get(kind)
    if least is not None:
        return count >= least and count % 2 == 0
    return kind == ShapeType.SKELETON or count >= LEAST_OF_MASK


class InvalidError(Exception):
    """A value that a rule refuses; ``detail`` is the error as it stands in the answer."""

    def __init__(self, detail: Any) -> None:
        super().__init__(str(detail))
        self.detail = [detail] if isinstance(detail, str) else detail


@dataclass(frozen=True, slots=True)
class Field:
    """A field: how it is read, and whether it may be absent or null."""

    read: Callable[[Any], Any]
    required: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of an object, and the struct that they make."""

    struct: type[msgspec.Struct]
    fields: Mapping[str, Field]


def integer(least: int | None = 0, most: int | None = LARGEST) -> Callable[[Any], int]:
    """Reads whole numbers within limits, text among them."""

    def read(value: Any) -> int:
        if isinstance(value, str) and len(value) > LONGEST_NUMBER:
            raise InvalidError("String value too large.")
        match = WHOLE.match(str(value)) if isinstance(value, int | float | str) else None
        if match is None:
            raise InvalidError("A valid integer is required.")
        result = int(match[1])
        _check_limits(result, least, most)
        return result

    return read


def number(least: float, most: float) -> Callable[[Any], float]:
    """Reads finite numbers within limits, text among them."""

    def read(value: Any) -> float:
        if isinstance(value, str) and len(value) > LONGEST_NUMBER:
            raise InvalidError("String value too large.")
        try:
            result = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidError("A valid number is required.") from error
        if not math.isfinite(result):
            raise InvalidError("A valid number is required.")
        _check_limits(result, least, most)
        return result

    return read


def _check_limits(value: float, least: float | None, most: float | None) -> None:
    if most is not None and value > most:
        raise InvalidError(f"Ensure this value is less than or equal to {most}.")
    if least is not None and value < least:
        raise InvalidError(f"Ensure this value is greater than or equal to {least}.")


def flag(value: Any) -> bool:
    """Reads a flag, or one of the words for it."""
    word = str(value).lower() if isinstance(value, bool | int | float | str) else ""
    if word in TRUE or word == "1.0":
        return True
    if word in FALSE or word == "0.0":
        return False
    raise InvalidError("Must be a valid boolean.")


def text(value: Any) -> str:
    """Reads text that is not blank; numbers count as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidError("Not a valid string.")
    result = str(value).strip()
    if not result:
        raise InvalidError("This field may not be blank.")
    return _storable(result)


def attribute_text(value: Any) -> str:
    """Reads an attribute's value: text, perhaps empty, or a number or flag as its JSON text."""
    if isinstance(value, str):
        result = value.strip()
    elif isinstance(value, bool | int | float):
        result = msgspec.json.encode(value).decode()
    else:
        raise InvalidError("Not a valid string.")
    if len(result) > 4096:
        raise InvalidError("Ensure this field has no more than 4096 characters.")
    return _storable(result)


def _storable(value: str) -> str:
    """The text, if a database can hold it."""
    if "\0" in value:
        raise InvalidError("Null characters are not allowed.")
    return value


def shape_type(value: Any) -> ShapeType:
    """Reads the type of a shape."""
    if isinstance(value, str) and value in ShapeType.__members__.values():
        return ShapeType(value)
    raise InvalidError(f'"{value}" is not a valid choice.')


def coordinates(value: Any) -> list[float]:
    """Reads points; here text is not taken for numbers."""
    if isinstance(value, str):
        # CVAT walks over the text as over a list and answers with its first character's error.
        raise InvalidError({"0": _not_a_coordinate()})
    if not isinstance(value, list):
        raise InvalidError(f'Expected a list of items but got type "{type(value).__name__}".')
    for index, item in enumerate(value):
        if isinstance(item, bool) or not isinstance(item, int | float) or not _is_finite(item):
            raise InvalidError({str(index): _not_a_coordinate()})
    return [float(item) for item in value]


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _not_a_coordinate() -> str:
    """The error in CVAT's very words, which are the representation of an object of its server."""
    return "[ErrorDetail(string='Value must be a float or an integer', code='invalid')]"


def many(schema: Schema) -> Callable[[Any], list[Any]]:
    """Reads a list of objects."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            message = f'Expected a list of items but got type "{type(value).__name__}".'
            raise InvalidError({"non_field_errors": [message]})
        items: list[Any] = []
        details: list[Any] = []
        for item in value:
            try:
                items.append(read_item(schema, item))
                details.append({})
            except InvalidError as error:
                details.append(error.detail)
        if any(details):
            raise InvalidError(details)
        return items

    return read


def read_item(schema: Schema, value: Any) -> Any:
    """The struct of an object, or InvalidError with the errors of all its fields."""
    if value is None:
        raise InvalidError(NOT_NULL)
    if not isinstance(value, dict):
        kind = type(value).__name__
        message = f"Invalid data. Expected a dictionary, but got {kind}."
        raise InvalidError({"non_field_errors": [message]})
    values: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, field in schema.fields.items():
        try:
            if name in value:
                values[name] = _read_field(field, value[name])
            elif field.required:
                raise InvalidError(REQUIRED)  # noqa: TRY301 - told apart below by its field
        except InvalidError as error:
            errors[name] = error.detail
    if not errors:
        errors = _whole(values)
    if errors:
        raise InvalidError(errors)
    if values.get("group", 0) is None:
        values["group"] = 0
    return schema.struct(**values)


def _read_field(field: Field, value: Any) -> Any:
    if value is not None:
        return field.read(value)
    if not field.nullable:
        raise InvalidError(NOT_NULL)
    return None


def _whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong with fields that are right each for itself."""
    kind = values.get("type")
    if kind is None:
        return {}
    errors: dict[str, Any] = {}
    if not fits(kind, len(values.get("points", ()))):
        errors["points"] = [f"invalid length for shape type '{kind}'"]
    if values.get("elements") and kind != ShapeType.SKELETON:
        errors["elements"] = ["not allowed for non-skeleton shape"]
    return errors


VERSION = Field(integer(None))
_ID = Field(integer(-LARGEST_ID - 1, LARGEST_ID), nullable=True)
_INDEX = Field(integer(), required=True)
_GROUP = Field(integer(), nullable=True)
_SCORE = Field(number(0, 1))
_ATTRIBUTE = Schema(
    AttributeValue,
    {
        "spec_id": Field(integer(-LARGEST_ID - 1, LARGEST_ID), required=True),
        "value": Field(attribute_text, required=True),
    },
)
_ATTRIBUTES = Field(many(_ATTRIBUTE))
_GEOMETRY = {
    "type": Field(shape_type, required=True),
    "occluded": Field(flag),
    "outside": Field(flag),
    "z_order": Field(integer(-LARGEST - 1)),
    "rotation": Field(number(0, 360)),
    "points": Field(coordinates),
}
_COMMON = {"id": _ID, "label_id": _INDEX, "group": _GROUP, "source": Field(text)}
TAG = Schema(Tag, {**_COMMON, "frame": _INDEX, "attributes": _ATTRIBUTES})
_LABELED_GEOMETRY = {
    **_GEOMETRY,
    **_COMMON,
    "frame": _INDEX,
    "score": _SCORE,
    "attributes": _ATTRIBUTES,
}
_ELEMENT = Schema(Element, _LABELED_GEOMETRY)
SHAPE = Schema(Shape, {**_LABELED_GEOMETRY, "elements": Field(many(_ELEMENT))})
_TRACKED_SHAPE = Schema(
    TrackedShape, {**_GEOMETRY, "id": _ID, "frame": _INDEX, "attributes": _ATTRIBUTES}
)
_SHAPES = Field(many(_TRACKED_SHAPE), required=True)
_TRACKED = {**_COMMON, "frame": _INDEX, "shapes": _SHAPES, "attributes": _ATTRIBUTES}
_ELEMENT_TRACK = Schema(ElementTrack, _TRACKED)
TRACK = Schema(Track, {**_TRACKED, "elements": Field(many(_ELEMENT_TRACK))})
INTERVAL = Schema(
    Interval,
    {
        **_COMMON,
        "start": _INDEX,
        "stop": Field(integer(), required=True, nullable=True),
        "score": _SCORE,
        "attributes": _ATTRIBUTES,
    },
)
