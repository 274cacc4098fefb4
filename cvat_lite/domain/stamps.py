"""The pixels that shapes cover, as small bitmaps with their place.

An image of thousands of shapes is painted one stamp at a time, without a bitmap of the whole image
for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import Element
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import box_corners, ellipse_axes
from cvat_lite.domain.masks import Bitmap
from cvat_lite.domain.outlines import outlines


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

    def mask(self) -> list[float]:
        """The wire mask; empty if nothing is covered."""
        points = masks.mask_of_bitmap(self.bitmap)
        for place, offset in enumerate((self.left, self.top) * 2, -4) if points else ():
            points[place] += offset
        return points

    def coco_counts(self, width: int, height: int) -> list[int]:
        """COCO's uncompressed counts of an image of this size: run lengths column by column."""
        high, wide = self.bitmap.shape
        columns = np.zeros((wide, high + 1), dtype=np.bool_)
        columns[:, :high] = self.bitmap.T
        column, row = np.divmod(np.flatnonzero(np.diff(columns.ravel(), prepend=False)), high + 1)
        places = (column + self.left) * height + row + self.top
        # A run that reaches the bottom of the image may go on at the top of the next column.
        going_on = np.flatnonzero(places[1:] == places[:-1])
        places = np.delete(places, [*going_on, *(going_on + 1)])
        counts: list[int] = np.diff(places, prepend=0, append=width * height).tolist()
        return counts if counts[-1] or len(counts) == 1 else counts[:-1]

    def outlines(self) -> list[list[float]]:
        """A polygon around each connected piece; holes are filled."""
        return outlines(self.bitmap, self.left, self.top)


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


def stamp_of_bitmap(image: Bitmap) -> Stamp:
    """What is set in a bitmap of a whole image."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if not rows.size:
        return NOTHING
    left, top = int(columns[0]), int(rows[0])
    return Stamp(left, top, image[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1])


def stamps_by_value(numbers: NDArray[np.int64]) -> Iterator[tuple[int, Stamp]]:
    """Each number in a picture but 0, ascending, with the pixels that have it.

    The picture is looked at once as runs of equal numbers within a row, of which there are far
    fewer than pixels; the box around a number's runs is that of its pixels.
    """
    height, width = numbers.shape
    changes = np.ones((height, width), dtype=np.bool_)
    changes[:, 1:] = numbers[:, 1:] != numbers[:, :-1]
    starts = np.flatnonzero(changes)
    values = numbers.ravel()[starts]
    rows, lefts = np.divmod(starts, width)
    rights = lefts + np.diff(starts, append=height * width)
    order = np.argsort(values, kind="stable")
    values, rows, lefts, rights = (one[order] for one in (values, rows, lefts, rights))
    found, first = np.unique(values, return_index=True)
    boxes = zip(
        found.tolist(),
        np.minimum.reduceat(lefts, first).tolist(),
        np.minimum.reduceat(rows, first).tolist(),
        np.maximum.reduceat(rights, first).tolist(),
        (np.maximum.reduceat(rows, first) + 1).tolist(),
        strict=True,
    )
    for value, left, top, right, bottom in boxes:
        if value:
            yield value, Stamp(left, top, numbers[top:bottom, left:right] == value)


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
