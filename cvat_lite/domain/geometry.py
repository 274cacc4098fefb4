"""Plane geometry of shapes: boxes, angles, lengths along an outline.

Coordinates are pixels, x to the right and y downwards; angles are degrees, clockwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import atan2, cos, degrees, hypot, radians, sin

Box = tuple[float, float, float, float]
#: Boxes that differ by less than this came of rounding.
NEARLY = 0.99
#: Which share of its shorter side a rectangle's corners are off at the most, of rounding.
ROUNDED = 0.001


def bounding_box(points: Sequence[float]) -> Box:
    """Left, top, right and bottom of some points (x, y, x, y, ...), of which there is one."""
    xs, ys = points[::2], points[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def union(boxes: Sequence[Box]) -> Box:
    """The box around some boxes, of which there is one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def ellipse_axes(points: Sequence[float]) -> tuple[float, float, float, float]:
    """Centre and half axes (cx, cy, rx, ry) of an ellipse's points: centre, right end, top end."""
    cx, cy, right, top = points
    return cx, cy, right - cx, cy - top


def interpolate_degrees(start: float, stop: float, share: float) -> float:
    """The angle at a share of the shorter way from ``start`` to ``stop``, within [0, 360)."""
    way = (stop - start + 180) % 360 - 180
    return (start + way * share) % 360


def arc_lengths(points: Sequence[float], *, closed: bool = False) -> list[float]:
    """How far along the outline each point lies, from 0 to 1 (closed: the way back counts)."""
    xs, ys = list(points[::2]), list(points[1::2])
    if closed:
        xs.append(xs[0])
        ys.append(ys[0])
    steps = [hypot(xs[i + 1] - xs[i], ys[i + 1] - ys[i]) for i in range(len(xs) - 1)]
    lengths = [0.0, *accumulate(steps)]
    total = lengths[-1] or 1.0
    return [length / total for length in lengths[: len(points) // 2]]


def signed_area(points: Sequence[float]) -> float:
    """The area within a polygon that does not cross itself; negative if it runs anticlockwise."""
    xs, ys = points[::2], points[1::2]
    doubled = sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(len(xs)))
    return doubled / 2


def box_corners(box: Sequence[float], rotation: float) -> list[float]:
    """The corners (x, y, ...) of a box turned about its centre, clockwise from its top left."""
    left, top, right, bottom = box
    if not rotation:
        return [left, top, right, top, right, bottom, left, bottom]
    cx, cy = (left + right) / 2, (top + bottom) / 2
    cosine, sine = cos(radians(rotation)), sin(radians(rotation))
    corners: list[float] = []
    for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)):
        corners.append(cx + (x - cx) * cosine - (y - cy) * sine)
        corners.append(cy + (x - cx) * sine + (y - cy) * cosine)
    return corners


def box_of_corners(corners: Sequence[float]) -> tuple[Box, float]:
    """The turned box around four corners: itself before it was turned, and its angle in [0, 360).

    The opposite of ``box_corners``: the first corner is the box's top left. Of corners that are
    not those of a rectangle it is the smallest box with a side along one of theirs.
    """
    points = list(zip(corners[::2], corners[1::2], strict=True))
    if _is_rectangle(corners):
        angle = degrees(atan2(corners[3] - corners[1], corners[2] - corners[0]))
        return _box_at(points, angle), angle % 360
    best: tuple[Box, float] | None = None
    for side in range(4):
        (x0, y0), (x1, y1) = points[side], points[(side + 1) % 4]
        if hypot(x1 - x0, y1 - y0) > 0:
            angle = degrees(atan2(y1 - y0, x1 - x0)) - 90 * side
            box = _box_at(points, angle)
            if best is None or _area(box) < _area(best[0]) * NEARLY:
                best = box, angle % 360
    return best if best is not None else (bounding_box(corners), 0.0)


def _is_rectangle(corners: Sequence[float]) -> bool:
    """Whether four corners are a rectangle's but for rounding, so that all sides give one box."""
    x0, y0, x1, y1, x2, y2, x3, y3 = corners
    ax, ay, bx, by = x1 - x0, y1 - y0, x3 - x0, y3 - y0
    shorter = min(hypot(ax, ay), hypot(bx, by))
    askew = max(abs(x0 + x2 - x1 - x3), abs(y0 + y2 - y1 - y3))
    return askew < ROUNDED * shorter and abs(ax * bx + ay * by) < ROUNDED * shorter**2


def _box_at(points: Sequence[tuple[float, float]], angle: float) -> Box:
    """The box around points whose sides have this angle, turned back about its centre."""
    cosine, sine = cos(radians(angle)), sin(radians(angle))
    along = [x * cosine + y * sine for x, y in points]
    across = [y * cosine - x * sine for x, y in points]
    u, v = (min(along) + max(along)) / 2, (min(across) + max(across)) / 2
    cx, cy = u * cosine - v * sine, u * sine + v * cosine
    width, height = max(along) - min(along), max(across) - min(across)
    return cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
