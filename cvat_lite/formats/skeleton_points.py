"""Skeletons as formats have them that know points only: x, y and visibility, by COCO's numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cvat_lite.domain.annotations import AttributeValue, Element, Shape
from cvat_lite.domain.dataset import Frame
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import Box, bounding_box
from cvat_lite.domain.labels import Label

EDGE = re.compile(r'data-node-from="(\d+)" data-node-to="(\d+)"')
VISIBLE, OCCLUDED, ABSENT = 2, 1, 0
SOURCE = "file"

KeyPoint = tuple[float, float, int]


def joints(label: Label) -> list[tuple[int, int]]:
    """The lines of a skeleton's drawing: which point, counted from 1, is connected to which."""
    return [(int(start), int(end)) for start, end in EDGE.findall(label.svg)]


def key_points(shape: Shape, label: Label) -> list[KeyPoint]:
    """A skeleton's points in the order of its sublabels; one that it has not is absent at 0, 0."""
    elements = {element.label_id: element for element in shape.elements}
    return [_key_point(elements.get(sublabel.id)) for sublabel in label.sublabels]


def _key_point(element: Element | None) -> KeyPoint:
    if element is None or len(element.points) < 2:
        return 0.0, 0.0, ABSENT
    visibility = ABSENT if element.outside else OCCLUDED if element.occluded else VISIBLE
    return round(element.points[0], 2), round(element.points[1], 2), visibility


def visible_box(points: Sequence[KeyPoint]) -> Box:
    """The box around the points that are not absent, around all if all of them are."""
    found = [one for one in points if one[2] != ABSENT] or points or [(0.0, 0.0, ABSENT)]
    return bounding_box([value for x, y, _ in found for value in (x, y)])


def skeleton(
    label: Label, frame: Frame, points: Sequence[KeyPoint], attributes: list[AttributeValue]
) -> Shape:
    """The skeleton of points in the order of the label's sublabels."""
    return Shape(
        label_id=label.id,
        type=ShapeType.SKELETON,
        frame=frame.number,
        source=SOURCE,
        attributes=attributes,
        elements=list(_elements(label, frame, points)),
    )


def _elements(label: Label, frame: Frame, points: Sequence[KeyPoint]) -> Iterator[Element]:
    for sublabel, (x, y, visibility) in zip(label.sublabels, points, strict=True):
        yield Element(
            label_id=sublabel.id,
            type=ShapeType.POINTS,
            frame=frame.number,
            source=SOURCE,
            occluded=visibility == OCCLUDED,
            outside=visibility == ABSENT,
            points=[x, y],
        )
