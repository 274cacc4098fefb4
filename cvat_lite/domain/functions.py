"""Functions that annotate: what they are called, what they can find, and what they need to be told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cvat_lite.domain.enums import InputType, LabelType, ShapeType

ID = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")


class FunctionKind(StrEnum):
    """What a function does: find things, outline one, follow some, or tell them apart."""

    DETECTOR = "detector"
    INTERACTOR = "interactor"
    TRACKER = "tracker"
    REID = "reid"


@dataclass(frozen=True, slots=True)
class FunctionAttribute:
    """An attribute that a function tells of what it finds."""

    name: str
    input_type: str = InputType.TEXT
    values: tuple[str, ...] = ()

    def view(self) -> dict[str, Any]:
        """The attribute on the wire."""
        return {"name": self.name, "input_type": self.input_type, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class FunctionLabel:
    """Something that a function finds; ``sublabels`` are the points of a skeleton."""

    name: str
    type: str = LabelType.ANY
    attributes: tuple[FunctionAttribute, ...] = ()
    sublabels: tuple[FunctionLabel, ...] = ()
    svg: str = ""

    def view(self) -> dict[str, Any]:
        """The label on the wire."""
        shown: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "attributes": [attribute.view() for attribute in self.attributes],
        }
        if self.type == LabelType.SKELETON:
            shown["sublabels"] = [sublabel.view() for sublabel in self.sublabels]
            shown["svg"] = self.svg
        return shown


@dataclass(frozen=True, slots=True)
class Function:
    """A function as clients see it.

    Of an interactor: how many points on the thing and beside it have to be given at least (-1:
    none may be), and whether a box has to be (1), may be (0) or may not be (None).
    """

    id: str
    name: str
    kind: FunctionKind
    description: str = ""
    labels: tuple[FunctionLabel, ...] = ()
    min_pos_points: int = 0
    min_neg_points: int = 0
    boxes: int | None = 0
    help_message: str = ""
    animated_gif: str = ""
    supported_shape_types: tuple[str, ...] = (ShapeType.RECTANGLE,)

    def view(self) -> dict[str, Any]:
        """The function on the wire."""
        shown: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "labels_v2": [label.view() for label in self.labels],
            "description": self.description,
            "name": self.name,
            "version": 1,
        }
        if self.kind is FunctionKind.INTERACTOR:
            shown |= {
                "min_pos_points": self.min_pos_points,
                "min_neg_points": self.min_neg_points,
                "startswith_box": self.boxes == 1,
                "startswith_box_optional": self.boxes == 0,
                "help_message": self.help_message,
                "animated_gif": self.animated_gif,
            }
        if self.kind is FunctionKind.TRACKER:
            shown["supported_shape_types"] = list(self.supported_shape_types)
        return shown


def read_function(given: Any) -> Function:
    """A function from its description, in settings or by itself; ValueError says what is wrong."""
    described = as_object(given, "a function")
    number = str(described.get("id", ""))
    if not ID.match(number):
        raise ValueError(
            f"id: {number!r} is not made of letters, digits, '_', '.' and '-', a letter or digit first"
        )
    try:
        kind = FunctionKind(described.get("kind", FunctionKind.DETECTOR))
    except ValueError:
        kinds = ", ".join(FunctionKind)
        raise ValueError(f"kind: {described['kind']!r} is not one of {kinds}") from None
    boxes = described.get("boxes", 1 if described.get("startswith_box") else 0)
    return Function(
        id=number,
        name=str(described.get("name") or number),
        kind=kind,
        description=str(described.get("description") or ""),
        labels=read_labels(described.get("labels", ())),
        min_pos_points=whole(described, "min_pos_points"),
        min_neg_points=whole(described, "min_neg_points"),
        boxes=boxes if boxes in (0, 1) else None,
        help_message=str(described.get("help_message") or ""),
        animated_gif=str(described.get("animated_gif") or ""),
        supported_shape_types=read_types(described.get("supported_shape_types")),
    )


def whole(described: Mapping[str, Any], name: str) -> int:
    """A number of points of the description; 0 where nothing is said."""
    value = described.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name}: {value!r} is not a whole number")  # noqa: TRY004
    return value


def read_types(given: Any) -> tuple[str, ...]:
    """The types of shapes that a tracker follows."""
    if given is None:
        return (ShapeType.RECTANGLE,)
    unknown = [one for one in as_list(given, "supported_shape_types") if one not in list(ShapeType)]
    if unknown:
        raise ValueError(f"supported_shape_types: {unknown[0]!r} is not a type of shape")
    return tuple(given)


def read_labels(given: Any) -> tuple[FunctionLabel, ...]:
    """The labels of a description; a bare name is a label without attributes."""
    labels = tuple(read_label(one) for one in as_list(given, "labels"))
    names = [label.name for label in labels]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"labels: {name!r} stands there twice")
    return labels


def read_label(given: Any) -> FunctionLabel:
    """One label."""
    if isinstance(given, str):
        return FunctionLabel(given)
    described = as_object(given, "a label")
    kind = str(described.get("type", LabelType.ANY))
    # "unknown" is how CVAT's own functions say that they may answer any type.
    kind = LabelType.ANY if kind == "unknown" else kind
    if kind not in list(LabelType):
        raise ValueError(f"labels: {kind!r} is not a type of label")
    attributes = [
        as_object(one, "an attribute") for one in as_list(described.get("attributes"), "attributes")
    ]
    return FunctionLabel(
        name=named(described, "a label"),
        type=kind,
        attributes=tuple(read_attribute(one) for one in attributes),
        sublabels=read_labels(described.get("sublabels")),
        svg=str(described.get("svg") or ""),
    )


def read_attribute(described: Mapping[str, Any]) -> FunctionAttribute:
    """One attribute of a label."""
    kind = str(described.get("input_type", InputType.TEXT))
    if kind not in list(InputType):
        raise ValueError(f"attributes: {kind!r} is not a type of attribute")
    values = as_list(described.get("values"), "values")
    return FunctionAttribute(named(described, "an attribute"), kind, tuple(map(str, values)))


def named(described: Mapping[str, Any], what: str) -> str:
    """The name of a thing that needs one."""
    name = described.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"{what} has no name")
    return name


def as_object(given: Any, what: str) -> Mapping[str, Any]:
    """The fields of what has to be an object."""
    if not isinstance(given, Mapping):
        raise ValueError(f"{what} is a {type(given).__name__} instead of an object")  # noqa: TRY004
    return given


def as_list(given: Any, what: str) -> Sequence[Any]:
    """The items of what has to be a list, or may be absent."""
    if given is None:
        return ()
    if not isinstance(given, list | tuple):
        raise ValueError(f"{what} is a {type(given).__name__} instead of a list")  # noqa: TRY004
    return given
