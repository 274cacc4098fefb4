"""What a function has found on a frame: read from its answer, and checked in form.

The answer follows the convention of CVAT's functions: a list of objects with ``label``, ``type``
(a shape's, or ``tag``), ``points`` or ``mask``, ``confidence``, ``attributes`` and ``elements``. A
``mask`` is the pixels of its box as zeros and ones, or their run lengths, and then the box.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.payload_fields import fits
from cvat_lite.errors import FunctionError

# What reads masks needs NumPy, and is loaded when there is one: the server starts sooner without.
TAG = "tag"
TYPES = (*ShapeType, TAG)
BOX = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing on a frame, under the function's own names; points of a mask are run lengths."""

    label: str
    type: str
    points: tuple[float, ...] = ()
    confidence: float | None = None
    rotation: float = 0.0
    occluded: bool = False
    outside: bool = False
    group: int = 0
    attributes: tuple[tuple[str, str], ...] = ()
    elements: tuple[Finding, ...] = ()

    def moved(self, left: float, top: float) -> Finding:
        """The same on an image of which only a region was looked at."""
        if self.type == ShapeType.MASK:
            box = (left, top, left, top)
            sides = tuple(side + by for side, by in zip(self.points[-BOX:], box, strict=True))
            points = (*self.points[:-BOX], *sides)
        else:
            points = tuple(
                value + (top if index % 2 else left) for index, value in enumerate(self.points)
            )
        elements = tuple(element.moved(left, top) for element in self.elements)
        return replace(self, points=points, elements=elements)

    def pixels(self) -> list[int]:
        """The mask as zeros and ones of its box, and the box, as functions give it."""
        from cvat_lite.domain.masks import from_run_lengths, mask_box  # noqa: PLC0415

        _, _, wide, high = mask_box(self.points)
        flat = from_run_lengths(self.points[:-BOX], wide * high)
        return [*flat.astype(int).tolist(), *(int(side) for side in self.points[-BOX:])]

    def as_polygons(self) -> list[Finding]:
        """A mask as polygons around its pieces; anything else as it is."""
        if self.type != ShapeType.MASK:
            return [self]
        from cvat_lite.domain.masks import from_run_lengths, mask_box  # noqa: PLC0415
        from cvat_lite.domain.outlines import outlines  # noqa: PLC0415

        left, top, wide, high = mask_box(self.points)
        image = from_run_lengths(self.points[:-BOX], wide * high).reshape(high, wide)
        found = outlines(image, left, top)
        return [replace(self, type=ShapeType.POLYGON, points=tuple(one)) for one in found]


def read_findings(answer: Any, *, polygons: bool = False) -> list[Finding]:
    """What an answer tells; FunctionError names the item and what is wrong with it.

    With ``polygons`` masks become polygons: the function's own where it gives one besides.
    """
    if not isinstance(answer, list):
        kind = type(answer).__name__
        raise FunctionError(f"The function answered a {kind} instead of a list of what it found.")
    found: list[Finding] = []
    for index, item in enumerate(answer):
        try:
            finding = read_finding(item)
        except ValueError as error:
            raise FunctionError(
                f"The function's answer is wrong, item {index}: {error}."
            ) from error
        if polygons and finding.type == ShapeType.MASK:
            own = outline_of(item)
            found += (
                [replace(finding, type=ShapeType.POLYGON, points=own)]
                if own
                else finding.as_polygons()
            )
        else:
            found.append(finding)
    return found


def outline_of(item: Mapping[str, Any]) -> tuple[float, ...]:
    """The polygon that stands beside a mask, if there is one."""
    if "mask" not in item or not item.get("points"):
        return ()
    points = numbers(item["points"], "points")
    return points if fits(ShapeType.POLYGON, len(points)) else ()


def read_finding(item: Any, *, element: bool = False) -> Finding:
    """One thing of an answer; ValueError for what is no such thing."""
    if not isinstance(item, Mapping):
        raise ValueError(f"it is a {type(item).__name__} instead of an object")  # noqa: TRY004
    kind = str(item.get("type", "")).lower()
    if kind not in TYPES:
        raise ValueError(f"type: {item.get('type')!r} is none of {', '.join(TYPES)}")
    label = item.get("label")
    if not isinstance(label, str) or not label:
        raise ValueError(f"label: {label!r} is not a name")
    elements = item.get("elements") or []
    if not isinstance(elements, list) or (elements and (element or kind != ShapeType.SKELETON)):
        raise ValueError(f"elements: a {kind} has none")
    return Finding(
        label=label,
        type=kind,
        points=points_of(item, kind),
        confidence=confidence_of(item),
        rotation=number(item.get("rotation", 0), "rotation"),
        occluded=bool(item.get("occluded", False)),
        outside=bool(item.get("outside", False)),
        group=group_of(item),
        attributes=attributes_of(item),
        elements=tuple(read_finding(one, element=True) for one in elements),
    )


def points_of(item: Mapping[str, Any], kind: str) -> tuple[float, ...]:
    """The points of a shape, the run lengths of a mask."""
    if kind in (TAG, ShapeType.SKELETON):
        return ()
    if kind == ShapeType.MASK:
        return mask_of(numbers(item.get("mask", item.get("points")), "mask"))
    points = numbers(item.get("points"), "points")
    if not fits(ShapeType(kind), len(points)):
        raise ValueError(f"points: {len(points)} numbers do not make a {kind}")
    return points


def mask_of(values: tuple[float, ...]) -> tuple[float, ...]:
    """The run lengths and box of a mask that was given as pixels or as run lengths."""
    import numpy as np  # noqa: PLC0415

    from cvat_lite.domain.masks import run_lengths  # noqa: PLC0415

    if len(values) <= BOX:
        raise ValueError("mask: there is nothing but a box")
    if not all(value.is_integer() for value in values):
        raise ValueError("mask: it has numbers that are not whole")
    inner, box = values[:-BOX], values[-BOX:]
    left, top, right, bottom = box
    wide, high = int(right - left + 1), int(bottom - top + 1)
    if wide < 1 or high < 1:
        raise ValueError("mask: its box has no extent")
    if len(inner) == wide * high and set(inner) <= {0.0, 1.0}:
        inner = tuple(map(float, run_lengths(np.asarray(inner) == 1)))
    elif sum(inner) != wide * high or min(inner) < 0:
        raise ValueError(f"mask: it does not fill its box of {wide}x{high} pixels")
    return (*inner, *box)


def numbers(given: Any, name: str) -> tuple[float, ...]:
    """Finite numbers, in pairs or one after the other."""
    if not isinstance(given, list | tuple):
        raise ValueError(f"{name}: {type(given).__name__} instead of a list of numbers")  # noqa: TRY004
    if given and isinstance(given[0], list | tuple):
        given = [value for pair in given for value in (pair if isinstance(pair, list) else [pair])]
    return tuple(number(value, name) for value in given)


def number(value: Any, name: str) -> float:
    """A finite number; some functions write theirs as text."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: {value!r} is not a number") from None
    if not math.isfinite(found) or isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is not a number")
    return found


def confidence_of(item: Mapping[str, Any]) -> float | None:
    """How sure the function is, from 0 to 1; None where it does not say."""
    given = item.get("confidence")
    if given is None:
        return None
    confidence = number(given, "confidence")
    if not 0 <= confidence <= 1:
        raise ValueError(f"confidence: {given!r} is not between 0 and 1")
    return confidence


def group_of(item: Mapping[str, Any]) -> int:
    """The group that the function puts the thing into, 0 for none."""
    given = item.get("group_id", item.get("group")) or 0
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ValueError(f"group_id: {given!r} is not a whole number")
    return given


def attributes_of(item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The names and values of what the function tells besides."""
    given = item.get("attributes") or []
    if not isinstance(given, list):
        raise ValueError("attributes: they are no list")  # noqa: TRY004
    found = []
    for one in given:
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise ValueError("attributes: one has no name")  # noqa: TRY004
        value = one.get("value", "")
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, str | int | float):
            raise ValueError(f"attributes: {one['name']!r} has a value that is no text")  # noqa: TRY004
        found.append((one["name"], str(value)))
    return tuple(found)
