"""The instances on a frame, painted into one picture of numbers: what formats of masks write.

Members of a group are one instance with the label of the largest. Instances lie over each other in
z-order, and what lies under another is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Frame, FrameAnnotations
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.stamps import stamp_of_shape

Numbers = NDArray[np.int32]
Colors = Sequence[tuple[int, int, int]]

OUTLINED = (ShapeType.POLYGON, ShapeType.ELLIPSE, ShapeType.MASK)


def covers(shape: Shape) -> bool:
    """Whether the shape covers pixels: boxes, polygons, ellipses and masks do."""
    return shape.type is ShapeType.RECTANGLE or shape.type in OUTLINED


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture of instances: 0 is background, n the instance that ``labels[n - 1]`` names.

    ``leaders`` has the shape that each instance is named after.
    """

    numbers: Numbers
    leaders: list[Shape]

    @property
    def labels(self) -> list[int]:
        """The label id of each instance."""
        return [leader.label_id for leader in self.leaders]

    def values(self, values: Sequence[int]) -> NDArray[np.int64]:
        """The picture with a value for each instance, 0 for the background."""
        return np.array([0, *values], dtype=np.int64)[self.numbers]

    def colored(self, colors: Colors) -> NDArray[np.uint8]:
        """The picture with a colour for each instance, black for the background."""
        return np.array([(0, 0, 0), *colors], dtype=np.uint8)[self.numbers]


def painting(
    on_frame: FrameAnnotations, drawn: Callable[[Shape], bool] = covers, *, grouped: bool = True
) -> Painting | None:
    """The instances of the shapes that are to be drawn; None if there are none."""
    instances = _instances([shape for shape in on_frame.shapes if drawn(shape)], grouped)
    return painted(on_frame.frame, instances) if instances else None


def painted(frame: Frame, instances: Sequence[Sequence[Shape]]) -> Painting:
    """These instances, each of some shapes, over each other in this order."""
    numbers = np.zeros((frame.height, frame.width), dtype=np.int32)
    leaders = []
    for number, members in enumerate(instances, 1):
        areas: list[tuple[int, int]] = []
        for place, shape in enumerate(members):
            stamp = stamp_of_shape(shape, frame.width, frame.height)
            stamp.onto(numbers, number)
            areas.append((stamp.area, -place))
        leaders.append(members[-max(areas)[1]])
    return Painting(numbers, leaders)


def _instances(shapes: Sequence[Shape], grouped: bool) -> list[list[Shape]]:
    """The members of each instance, in the z-order of their highest."""
    groups: dict[int, list[Shape]] = {}
    ordered: list[tuple[int, list[Shape]]] = []
    for shape in shapes:
        if grouped and shape.group:
            groups.setdefault(shape.group, []).append(shape)
        else:
            ordered.append((shape.z_order, [shape]))
    for _, members in sorted(groups.items()):
        ordered.append((max(shape.z_order for shape in members), members))
    ordered.sort(key=itemgetter(0))
    return [members for _, members in ordered]
