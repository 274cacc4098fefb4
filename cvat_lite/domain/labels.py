"""Labels and their attributes, as annotations and formats need them."""

from __future__ import annotations

from dataclasses import dataclass

from cvat_lite.domain.enums import InputType, LabelType


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """An attribute of a label; ``values`` are the choices, or minimum, maximum and step."""

    id: int
    name: str
    mutable: bool
    input_type: InputType
    default_value: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A label; a skeleton's has sublabels and the drawing (``svg``) that connects them."""

    id: int
    name: str
    color: str = ""
    type: LabelType = LabelType.ANY
    attributes: tuple[AttributeSpec, ...] = ()
    sublabels: tuple[Label, ...] = ()
    svg: str = ""
    parent_id: int | None = None
