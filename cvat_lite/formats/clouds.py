"""What the formats of point clouds have in common: cuboids in space, clouds and related images.

A cuboid in space has sixteen numbers on the wire: position, rotation (radians) and size, each for
x, y and z, and seven zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import NamedTuple

from cvat_lite.domain.annotations import AttributeValue, Shape
from cvat_lite.domain.dataset import Dataset, Frame, Image, Part
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.formats.format import Sink, add_image, add_images

AXES = ("x", "y", "z")
PADDING = (0.0,) * 7
NUMBERS = 16


class Cuboid(NamedTuple):
    """Three numbers each, for x, y and z."""

    position: tuple[float, ...]
    rotation: tuple[float, ...]
    scale: tuple[float, ...]


def is_cuboid(shape: Shape) -> bool:
    """Whether a shape is a cuboid in space."""
    return shape.type is ShapeType.CUBOID and len(shape.points) == NUMBERS


def cuboid_of(points: Iterable[float]) -> Cuboid:
    """A cuboid's numbers put in order."""
    numbers = tuple(points)
    return Cuboid(numbers[:3], numbers[3:6], numbers[6:9])


def cuboid_points(*triples: Iterable[object]) -> list[float]:
    """Position, rotation and size as points; ValueError for what is not three finite numbers."""
    points: list[float] = []
    for triple in triples:
        numbers = [value if isinstance(value, float) else float(str(value)) for value in triple]
        if len(numbers) != len(AXES) or not all(map(isfinite, numbers)):
            raise ValueError("a cuboid needs three finite numbers for each of its properties")
        points += numbers
    return [*points, *PADDING]


def values_by_name(label: Label, values: Iterable[AttributeValue]) -> dict[str, str]:
    """All attributes of a label by name as text, defaults filled in."""
    given = {value.spec_id: value.value for value in values}
    return {spec.name: given.get(spec.id, spec.default_value) for spec in label.attributes}


def add_clouds(
    dataset: Dataset,
    sink: Sink,
    cloud: Callable[[Frame, str], str],
    related: Callable[[Frame, str, int, str], str],
) -> None:
    """Add clouds and related images.

    ``cloud`` is given a frame and its subset, ``related`` besides them the image's place and name.
    """
    add_images(dataset, sink, cloud)
    for part in dataset.parts:
        for frame in part.frames:
            for place, (name, image) in enumerate(related_images(part, frame)):
                add_image(sink, related(frame, part.info.subset_name, place, name), image)


def related_images(part: Part, frame: Frame) -> Sequence[tuple[str, Image]]:
    """Names and files of a frame's related images, none where none are wanted."""
    return part.related(frame) if part.related is not None else ()
