"""How alike two shapes are, and which of two groups of things belong together.

Similarity is 1 for equal figures and 0 for those that have nothing in common; figures of other
labels or types are never alike. Areas are compared on a grid of sample points, which is exact
enough for a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, inf, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.annotations import Element, Shape, TrackedShape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import bounding_box, ellipse_axes
from cvat_lite.domain.masks import from_run_lengths, mask_box

#: Sample points a side of the box around both figures.
GRID = 64
#: Distances between points are measured against the figure's size, but at least this, in pixels.
SMALLEST_SIZE = 10.0
ELLIPSE_CORNERS = 48

Figure = Element | TrackedShape
Samples = NDArray[np.float64]


def shapes_alike(one: Shape, other: Shape) -> float:
    """The similarity of two shapes of one frame; skeletons are compared element by element."""
    if one.label_id != other.label_id or one.type != other.type:
        return 0.0
    if one.type != ShapeType.SKELETON:
        return figures_alike(one, other)
    others = {element.label_id: element for element in other.elements}
    pairs = [(element, others.get(element.label_id)) for element in one.elements]
    points = [[*one.points, *(p for element in one.elements for p in element.points)]]
    points.append([p for element in other.elements for p in element.points])
    size = _size(*points)
    alike = [0.0 if b is None else _element_alike(a, b, size) for a, b in pairs]
    total = max(len(one.elements), len(other.elements))
    return sum(alike) / total if total else 1.0


def _element_alike(one: Element, other: Element, size: float) -> float:
    if one.outside != other.outside or one.type != other.type:
        return 0.0
    return _points_alike(one.points, other.points, size)


def figures_alike(one: Figure, other: Figure) -> float:
    """The similarity of two figures by their geometry alone."""
    if one.type != other.type:
        return 0.0
    if list(one.points) == list(other.points) and one.rotation == other.rotation:
        return 1.0
    if one.type == ShapeType.RECTANGLE and not one.rotation and not other.rotation:
        return _boxes_alike(one.points, other.points)
    if one.type == ShapeType.MASK and not (_is_whole_mask(one) and _is_whole_mask(other)):
        return 0.0
    if one.type in (ShapeType.POINTS, ShapeType.POLYLINE, ShapeType.CUBOID, ShapeType.SKELETON):
        return _points_alike(one.points, other.points, _size(one.points, other.points))
    return _areas_alike(one, other)


def _is_whole_mask(figure: Figure) -> bool:
    """Whether the runs fill the box; what clients sent is stored as it came."""
    _, _, width, height = mask_box(figure.points)
    return width > 0 and height > 0 and sum(figure.points[:-4]) == width * height


def _boxes_alike(one: Sequence[float], other: Sequence[float]) -> float:
    """The intersection of two boxes over their union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return float(both / (areas - both))


def _points_alike(one: Sequence[float], other: Sequence[float], size: float) -> float:
    """How near the points of one are to those of the other, in the order that they have."""
    if len(one) != len(other):
        return 0.0
    if not one:
        return 1.0
    distances = [
        hypot(one[i] - other[i], one[i + 1] - other[i + 1]) for i in range(0, len(one) - 1, 2)
    ]
    return max(0.0, 1.0 - sum(distances) / len(distances) / size)


def _size(one: Sequence[float], other: Sequence[float]) -> float:
    """The diagonal of the box around both, at least the smallest size."""
    xs, ys = [*one[::2], *other[::2]], [*one[1::2], *other[1::2]]
    if not xs or not ys:
        return SMALLEST_SIZE
    return max(SMALLEST_SIZE, hypot(max(xs) - min(xs), max(ys) - min(ys)))


def _areas_alike(one: Figure, other: Figure) -> float:
    """The intersection of two areas over their union, on a grid over both."""
    first, second = _bounds(one), _bounds(other)
    left, top = min(first[0], second[0]), min(first[1], second[1])
    right, bottom = max(first[2], second[2]), max(first[3], second[3])
    steps = (np.arange(GRID) + 0.5) / GRID
    xs, ys = np.meshgrid(left + steps * (right - left), top + steps * (bottom - top))
    covered, also = _covered(one, xs, ys), _covered(other, xs, ys)
    union = int(np.count_nonzero(covered | also))
    return float(np.count_nonzero(covered & also) / union) if union else 0.0


def _bounds(figure: Figure) -> tuple[float, float, float, float]:
    if figure.type == ShapeType.MASK:
        left, top, width, height = mask_box(figure.points)
        return left, top, left + width, top + height
    return bounding_box(_outline(figure))


def _covered(figure: Figure, xs: Samples, ys: Samples) -> NDArray[np.bool_]:
    """Which of the sample points lie within the figure."""
    if figure.type == ShapeType.MASK:
        return _covered_by_mask(figure.points, xs, ys)
    outline = _outline(figure)
    inside = np.zeros(xs.shape, dtype=np.bool_)
    count = len(outline) // 2
    for index in range(count):
        x0, y0 = outline[2 * index], outline[2 * index + 1]
        following = 2 * ((index + 1) % count)
        x1, y1 = outline[following], outline[following + 1]
        if y0 != y1:
            crossing = ((y0 > ys) != (y1 > ys)) & (xs < (x1 - x0) * (ys - y0) / (y1 - y0) + x0)
            inside ^= crossing
    return inside


def _covered_by_mask(points: Sequence[float], xs: Samples, ys: Samples) -> NDArray[np.bool_]:
    left, top, width, height = mask_box(points)
    bitmap = from_run_lengths(points[:-4], width * height).reshape(height, width)
    columns, rows = np.floor(xs).astype(int) - left, np.floor(ys).astype(int) - top
    within = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    found = np.zeros(xs.shape, dtype=np.bool_)
    found[within] = bitmap[rows[within], columns[within]]
    return found


def _outline(figure: Figure) -> list[float]:
    """The corners of a polygon, a rectangle (turned by its rotation) or an ellipse."""
    points = list(figure.points)
    if figure.type == ShapeType.ELLIPSE:
        cx, cy, rx, ry = ellipse_axes(points)
        turns = [2 * pi * index / ELLIPSE_CORNERS for index in range(ELLIPSE_CORNERS)]
        corners = [(cx + rx * cos(turn), cy + ry * sin(turn)) for turn in turns]
    elif figure.type == ShapeType.RECTANGLE:
        x0, y0, x1, y1 = points
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    else:
        return points
    c, s = cos(radians(figure.rotation)), sin(radians(figure.rotation))
    turned = [
        (cx + (x - cx) * c - (y - cy) * s, cy + (x - cx) * s + (y - cy) * c) for x, y in corners
    ]
    return [coordinate for corner in turned for coordinate in corner]


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The pairs of rows and columns with the least total cost, one column for each row.

    Where there are more rows than columns the dearest rows stay without one. This is the
    Hungarian method with potentials: cubic in the number of rows and columns.
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        return sorted((row, column) for column, row in assign(list(zip(*costs, strict=True))))
    width = len(costs[0])
    row_potential, column_potential = [0.0] * (len(costs) + 1), [0.0] * (width + 1)
    row_of = [0] * (width + 1)
    for row in range(1, len(costs) + 1):
        _place(row, costs, row_potential, column_potential, row_of)
    return sorted(
        (row_of[column] - 1, column - 1) for column in range(1, width + 1) if row_of[column]
    )


def _place(
    row: int,
    costs: Sequence[Sequence[float]],
    row_potential: list[float],
    column_potential: list[float],
    row_of: list[int],
) -> None:
    """Give one more row a column, moving others along the cheapest path; counts are from 1."""
    width = len(column_potential) - 1
    row_of[0], column = row, 0
    least, way = [inf] * (width + 1), [0] * (width + 1)
    used = [False] * (width + 1)
    while True:
        used[column] = True
        current, delta, nearest = row_of[column], inf, 0
        for other in range(1, width + 1):
            if used[other]:
                continue
            cost = costs[current - 1][other - 1] - row_potential[current] - column_potential[other]
            if cost < least[other]:
                least[other], way[other] = cost, column
            if least[other] < delta:
                delta, nearest = least[other], other
        for other in range(width + 1):
            if used[other]:
                row_potential[row_of[other]] += delta
                column_potential[other] -= delta
            else:
                least[other] -= delta
        column = nearest
        if row_of[column] == 0:
            break
    while column:
        row_of[column] = row_of[way[column]]
        column = way[column]
