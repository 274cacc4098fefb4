"""Plane geometry of shapes: boxes, angles, lengths along an outline.

Coordinates are pixels, x to the right and y downwards; angles are degrees, clockwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import hypot

Box = tuple[float, float, float, float]


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
