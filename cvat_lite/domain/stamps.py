"""The pixels that shapes cover, as small bitmaps with their place.

An image of thousands of shapes is painted one stamp at a time, without a bitmap of the whole image
for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import Element
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import box_corners, ellipse_axes
from cvat_lite.domain.masks import Bitmap


@dataclass(frozen=True, slots=True)
class Stamp:
    """A bitmap, and the column and row of the image at which its corner lies."""

    left: int
    top: int
    bitmap: Bitmap

    @property
    def area(self) -> int:
        """How many pixels are covered."""
        return int(np.count_nonzero(self.bitmap))

    def onto(self, image: np.ndarray[tuple[int, ...], np.dtype[np.int32]], value: int) -> None:
        """Give the pixels of an image that are covered this value."""
        height, width = self.bitmap.shape
        window = image[self.top : self.top + height, self.left : self.left + width]
        window[self.bitmap] = value


NOTHING = Stamp(0, 0, np.zeros((0, 0), dtype=np.bool_))


def stamp_of_shape(shape: Element, width: int, height: int) -> Stamp:
    """The pixels of a box (turned or not), polygon, ellipse or mask within an image.

    ValueError for other shapes. The rules are those of ``masks.bitmap_of_shape``; a box is the
    polygon of its corners.
    """
    if shape.type is ShapeType.RECTANGLE:
        corners = box_corners(shape.points, shape.rotation)
        # CVAT's polygons have two decimals.
        return _polygon([round(value, 2) for value in corners], width, height)
    if shape.type is ShapeType.POLYGON:
        return _polygon(shape.points, width, height)
    if shape.type is ShapeType.MASK:
        return _mask(shape.points, width, height)
    bitmap = masks.bitmap_of_shape(shape, width, height)
    cx, cy, rx, ry = ellipse_axes(shape.points)
    reach = max(abs(rx), abs(ry)) + 2
    left, top = max(int(cx - reach), 0), max(int(cy - reach), 0)
    right, bottom = max(int(cx + reach) + 1, 0), max(int(cy + reach) + 1, 0)
    return Stamp(left, top, bitmap[top:bottom, left:right])


def _polygon(points: list[float], width: int, height: int) -> Stamp:
    columns, rows = masks.outline_crossings(points, width, height)
    if not columns.size:
        return NOTHING
    left, top = int(columns.min()), int(rows.min())
    wide, high = int(columns.max()) - left + 1, int(rows.max()) - top
    places = (columns - left) * (high + 1) + rows - top
    toggles = np.bincount(places, minlength=wide * (high + 1)).reshape(wide, high + 1)
    inside = np.cumsum(toggles, axis=1)[:, :high] % 2 == 1
    return Stamp(left, top, inside.T)


def _mask(points: list[float], width: int, height: int) -> Stamp:
    left, top, wide, high = masks.mask_box(points)
    if wide < 1 or high < 1:
        raise ValueError("the mask has no extent")
    inner = masks.from_run_lengths(points[:-4], wide * high).reshape(high, wide)
    x, y = max(left, 0), max(top, 0)
    return Stamp(x, y, inner[y - top : max(height - top, 0), x - left : max(width - left, 0)])
