"""How much areas overlap: boxes by their sides, everything else by the pixels it covers.

Pixels are COCO's (``masks.polygon_bitmap``), because CVAT compares by COCO's masks. A region is
drawn within its own box only, and two of them are held against each other only where their boxes
meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.geometry import bounding_box, box_corners, ellipse_axes
from cvat_lite.domain.masks import (
    FINER,
    ellipse_bitmap,
    from_run_lengths,
    mask_box,
    polygon_bitmap,
)
from cvat_lite.domain.quality.items import Item

Bitmap = NDArray[np.bool_]
Floats = NDArray[np.float64]
Size = tuple[int, int]
Bounds = tuple[int, int, int, int]
#: Kinds that cover pixels.
AREAS = frozenset({"bbox", "polygon", "mask", "ellipse"})


@dataclass(slots=True, eq=False)
class Region:
    """Pixels of an image: a bitmap whose top left pixel is at ``left``, ``top``."""

    left: int
    top: int
    bitmap: Bitmap
    area: int

    @property
    def bounds(self) -> Bounds:
        """Left, top, right and bottom, the last two not included."""
        height, width = self.bitmap.shape
        return self.left, self.top, self.left + width, self.top + height


EMPTY = Region(0, 0, np.zeros((0, 0), dtype=np.bool_), 0)


def box_overlaps(ones: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> Floats:
    """The intersection over union of every box (left, top, right, bottom) with every other."""
    a = np.asarray(ones, dtype=np.float64).reshape(-1, 1, 4)
    b = np.asarray(others, dtype=np.float64).reshape(1, -1, 4)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = np.clip(sides, 0, None).prod(axis=-1)
    areas = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1)
    union = areas - both
    found: Floats = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return found


def extent(item: Item) -> tuple[float, float, float, float]:
    """A box that nothing of the item reaches beyond; a point where it has no points."""
    if not item.points:
        return 0.0, 0.0, 0.0, 0.0
    if item.type == "mask":
        left, top, width, height = mask_box(item.points)
        return left, top, left + width, top + height
    if item.type == "ellipse":
        cx, cy, rx, ry = ellipse_axes(item.points)
        reach = max(abs(rx), abs(ry)) + 1
        return cx - reach, cy - reach, cx + reach, cy + reach
    if item.type == "bbox" and item.rotation:
        return bounding_box(box_corners(item.points, item.rotation))
    return bounding_box(item.points)


def region_of(item: Item, size: Size) -> Region:
    """The pixels that an item covers of an image of that width and height.

    Masks whose run lengths do not fill their box cover nothing.
    """
    if not item.points:
        return EMPTY
    if item.type == "mask":
        left, top, width, height = mask_box(item.points)
        try:
            bitmap = from_run_lengths(item.points[:-4], width * height).reshape(height, width)
        except ValueError:
            return EMPTY
        return _cut(left, top, bitmap, size)
    if item.type == "bbox" and not item.rotation % 360:
        return upright(item.points, size)
    outer = extent(item)
    left, top = max(floor(outer[0]) - 1, 0), max(floor(outer[1]) - 1, 0)
    right, bottom = min(ceil(outer[2]) + 1, size[0]), min(ceil(outer[3]) + 1, size[1])
    if right <= left or bottom <= top:
        return EMPTY
    points = box_corners(item.points, item.rotation) if item.type == "bbox" else item.points
    width, height, origin = right - left, bottom - top, (left, top)
    if item.type == "ellipse":
        bitmap = ellipse_bitmap(points, item.rotation, width, height, origin)
    else:
        bitmap = polygon_bitmap(points, width, height, origin)
    return Region(left, top, bitmap, int(np.count_nonzero(bitmap)))


def upright(box: Sequence[float], size: Size) -> Region:
    """The pixels of a box that is not turned: what ``polygon_bitmap`` gives, without drawing.

    The outline lies on a grid five times as fine, and a pixel belongs to the box if its middle
    does.
    """
    edges = [ceil((int(FINER * value + 0.5) - FINER // 2) / FINER) for value in box]
    left, right = (min(max(edge, 0), size[0]) for edge in (edges[0], edges[2]))
    top, bottom = (min(max(edge, 0), size[1]) for edge in (edges[1], edges[3]))
    if right <= left or bottom <= top:
        return EMPTY
    bitmap = np.ones((bottom - top, right - left), dtype=np.bool_)
    return Region(left, top, bitmap, bitmap.size)


def _cut(left: int, top: int, bitmap: Bitmap, size: Size) -> Region:
    """A bitmap without what reaches beyond the image."""
    x, y = max(-left, 0), max(-top, 0)
    seen = bitmap[y : max(size[1] - top, 0), x : max(size[0] - left, 0)]
    return Region(left + x, top + y, seen, int(np.count_nonzero(seen)))


def joined(regions: Sequence[Region]) -> Region:
    """The pixels that any of some regions covers."""
    regions = [region for region in regions if region.area]
    if len(regions) < 2:
        return regions[0] if regions else EMPTY
    bounds = [region.bounds for region in regions]
    left, top = min(b[0] for b in bounds), min(b[1] for b in bounds)
    right, bottom = max(b[2] for b in bounds), max(b[3] for b in bounds)
    bitmap = np.zeros((bottom - top, right - left), dtype=np.bool_)
    for region, (x0, y0, x1, y1) in zip(regions, bounds, strict=True):
        bitmap[y0 - top : y1 - top, x0 - left : x1 - left] |= region.bitmap
    return Region(left, top, bitmap, int(np.count_nonzero(bitmap)))


def _shared(one: Bounds, other: Bounds) -> Bounds | None:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _window(region: Region, bounds: Bounds) -> Bitmap:
    left, top, right, bottom = bounds
    return region.bitmap[
        top - region.top : bottom - region.top, left - region.left : right - region.left
    ]


def common(one: Region, other: Region) -> int:
    """How many pixels both cover."""
    bounds = _shared(one.bounds, other.bounds)
    if bounds is None or not one.area or not other.area:
        return 0
    return int(np.count_nonzero(_window(one, bounds) & _window(other, bounds)))


def _meeting(ones: Sequence[Region], others: Sequence[Region]) -> NDArray[np.bool_]:
    """Which regions' boxes meet which others'."""
    a = np.array([region.bounds for region in ones]).reshape(-1, 1, 4)
    b = np.array([region.bounds for region in others]).reshape(1, -1, 4)
    meet: NDArray[np.bool_] = (
        np.minimum(a[..., 2:], b[..., 2:]) > np.maximum(a[..., :2], b[..., :2])
    ).all(axis=-1)
    return meet


def region_overlaps(ones: Sequence[Region], others: Sequence[Region]) -> Floats:
    """The intersection over union of every region with every other."""
    found = np.zeros((len(ones), len(others)))
    if not ones or not others:
        return found
    pairs = np.nonzero(_meeting(ones, others))
    for row, column in zip(*(axis.tolist() for axis in pairs), strict=True):
        one, other = ones[row], others[column]
        both = common(one, other)
        if both:
            found[row, column] = both / (one.area + other.area - both)
    return found


def visible(regions: Sequence[Region]) -> list[Region]:
    """What can be seen of regions that lie on each other, the last one on top."""
    seen = list(regions)
    if len(regions) < 2:
        return seen
    pairs = np.nonzero(np.triu(_meeting(regions, regions), 1))
    for lower, upper in zip(*(axis.tolist() for axis in pairs), strict=True):
        below, above = seen[lower], regions[upper]
        bounds = _shared(below.bounds, above.bounds)
        if bounds is None or not below.area or not above.area:
            continue
        bitmap = below.bitmap.copy() if below is regions[lower] else below.bitmap
        left, top, right, bottom = bounds
        rows = slice(top - below.top, bottom - below.top)
        columns = slice(left - below.left, right - below.left)
        bitmap[rows, columns] &= ~_window(above, bounds)
        seen[lower] = Region(below.left, below.top, bitmap, int(np.count_nonzero(bitmap)))
    return seen
