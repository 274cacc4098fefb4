"""Masks: CVAT's run lengths, COCO's run lengths, bitmaps, and figures made into masks.

On the wire a mask is the run lengths of its box row by row, beginning with zeros, followed by the
box's left, top, right and bottom, all included. COCO counts the whole image column by column. A
bitmap is a boolean array of rows. How a polygon covers pixels follows the COCO API (outlines on a
grid five times as fine), how an ellipse does follows OpenCV's filled ellipse, because areas and
masks of datasets are compared with those two.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.annotations import Element
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import ellipse_axes

Bitmap = NDArray[np.bool_]
Integers = NDArray[np.int64]

FINER = 5
FIXED = 1 << 16


def run_lengths(flat: NDArray[np.bool_]) -> list[int]:
    """The lengths of runs of equal values, beginning with (perhaps no) zeros."""
    if not flat.size:
        return []
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bounds = np.concatenate(([0], changes, [flat.size]))
    lengths: list[int] = np.diff(bounds).tolist()
    return [0, *lengths] if flat[0] else lengths


def from_run_lengths(lengths: Sequence[float], size: int) -> NDArray[np.bool_]:
    """``size`` values from run lengths; ValueError if they do not add up to it."""
    runs = np.asarray(lengths, dtype=np.int64)
    if (runs < 0).any() or int(runs.sum()) != size:
        raise ValueError(f"run lengths add up to {int(runs.sum())}, not to {size}")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs)


def mask_box(points: Sequence[float]) -> tuple[int, int, int, int]:
    """Left, top, width and height of a mask on the wire."""
    left, top, right, bottom = (int(value) for value in points[-4:])
    return left, top, right - left + 1, bottom - top + 1


def bitmap_of_mask(points: Sequence[float], width: int, height: int) -> Bitmap:
    """A wire mask on its image, cut where it reaches beyond; ValueError if it is not a mask."""
    left, top, wide, high = mask_box(points)
    if wide < 1 or high < 1:
        raise ValueError("the mask has no extent")
    inner = from_run_lengths(points[:-4], wide * high).reshape(high, wide)
    image = np.zeros((height, width), dtype=np.bool_)
    x, y = max(left, 0), max(top, 0)
    seen = inner[y - top : max(height - top, 0), x - left : max(width - left, 0)]
    image[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    return image


def mask_of_bitmap(image: Bitmap) -> list[float]:
    """The wire mask of a bitmap, cut to its smallest box; empty if nothing is set."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    if not rows.size:
        return []
    top, bottom, left, right = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
    inner = image[top : bottom + 1, left : right + 1]
    box = (left, top, right, bottom)
    return [float(value) for value in (*run_lengths(inner.ravel()), *box)]


def coco_counts(image: Bitmap) -> list[int]:
    """COCO's uncompressed counts: run lengths column by column."""
    return run_lengths(image.ravel(order="F"))


def bitmap_of_counts(counts: Sequence[int], width: int, height: int) -> Bitmap:
    """The bitmap of uncompressed counts; ValueError if they do not fit the image."""
    return from_run_lengths(counts, width * height).reshape(width, height).T


def compressed(counts: Sequence[int]) -> str:
    """COCO's compressed counts: differences to the last but one, six bits a character."""
    characters = bytearray()
    for index, count in enumerate(counts):
        value = count - counts[index - 2] if index > 2 else count
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            characters.append((bits | 0x20 if more else bits) + 48)
    return characters.decode("ascii")


def decompressed(text: str) -> list[int]:
    """The uncompressed counts; ValueError if the text is cut off or not of this form."""
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f"{character!r} does not belong in compressed counts")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("compressed counts end too early")
    return counts


def polygon_bitmap(
    points: Sequence[float], width: int, height: int, origin: tuple[int, int] = (0, 0)
) -> Bitmap:
    """The pixels that a polygon covers by COCO's rule, of a window with its top left at ``origin``.

    The outline is followed where it lies: moved to the window's corner, steps that fall on the
    middle between two pixels would be rounded to the other one now and then.
    """
    left, top = origin
    columns, rows = outline_crossings(points, left + width, top + height)
    kept = columns >= left
    crossings = (columns[kept] - left) * height + np.maximum(rows[kept] - top, 0)
    toggles = np.bincount(crossings, minlength=width * height + 1)[: width * height]
    inside: Bitmap = (np.cumsum(toggles) % 2 == 1).reshape(width, height).T
    return inside


def polygon_pixels(points: Sequence[float], width: int, height: int) -> int:
    """How many pixels a polygon covers by COCO's rule, without making the bitmap."""
    columns, rows = outline_crossings(points, width, height)
    places = np.sort(columns * height + rows)
    if len(places) % 2:
        places = np.append(places, width * height)
    return int((places[1::2] - places[::2]).sum())


def outline_crossings(
    points: Sequence[float], width: int, height: int
) -> tuple[Integers, Integers]:
    """The columns of the image that a polygon's outline crosses, and the rows where it does."""
    corners = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    fine = (FINER * corners + 0.5).astype(np.int64)
    ends = np.roll(fine, -1, axis=0)
    outline = np.concatenate([_fine_line(a, b) for a, b in zip(fine, ends, strict=True)])
    before, after = outline[:-1], outline[1:]
    moved = before[:, 0] != after[:, 0]
    before, after = before[moved], after[moved]
    x = np.where(after[:, 0] < before[:, 0], after[:, 0], after[:, 0] - 1)
    column = (x + 0.5) / FINER - 0.5
    y = np.minimum(before[:, 1], after[:, 1])
    row = np.ceil(np.clip((y + 0.5) / FINER - 0.5, 0, height))
    kept = (np.floor(column) == column) & (column >= 0) & (column <= width - 1)
    return column[kept].astype(np.int64), row[kept].astype(np.int64)


def _fine_line(start: Integers, end: Integers) -> Integers:
    """The grid points from one corner to the next, both included, a step along the longer axis."""
    (x0, y0), (x1, y1) = start.tolist(), end.tolist()
    dx, dy = abs(x1 - x0), abs(y1 - y0)
    backwards = (x0 > x1) if dx >= dy else (y0 > y1)
    if backwards:
        x0, y0, x1, y1 = x1, y1, x0, y0
    steps = np.arange(max(dx, dy) + 1)
    if dx >= dy:
        slope = (y1 - y0) / dx if dx else 0.0
        line = np.stack([x0 + steps, (y0 + slope * steps + 0.5).astype(np.int64)], axis=1)
    else:
        slope = (x1 - x0) / dy
        line = np.stack([(x0 + slope * steps + 0.5).astype(np.int64), y0 + steps], axis=1)
    return line[::-1] if backwards else line


def ellipse_bitmap(
    points: Sequence[float],
    rotation: float,
    width: int,
    height: int,
    origin: tuple[int, int] = (0, 0),
) -> Bitmap:
    """The pixels that an ellipse (centre, right end, top end) covers by OpenCV's rule.

    They are those of a window with its top left at ``origin``.
    """
    cx, cy, rx, ry = (round(value) for value in ellipse_axes(points))
    cx, cy = cx - origin[0], cy - origin[1]
    corners = _ellipse_corners(cx, cy, abs(rx), abs(ry), round(rotation))
    image = np.zeros((height, width), dtype=np.bool_)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        for x, y in (*_fixed_line(start, end), *_edge(start, end)):
            first[y] = min(first.get(y, x), x)
            last[y] = max(last.get(y, x), x)
    for y, x in first.items():
        if 0 <= y < height and x < width and last[y] >= 0:
            image[y, max(x, 0) : last[y] + 1] = True
    return image


def _ellipse_corners(cx: int, cy: int, rx: int, ry: int, rotation: int) -> list[tuple[int, int]]:
    """The polygon that stands for an ellipse, in fixed point; small ones have fewer corners."""
    size = max(rx, ry)
    step = 90 if size < 3 else 30 if size < 10 else 18 if size < 15 else 5
    turn_x, turn_y = cos(radians(rotation)), sin(radians(rotation))
    corners = []
    for degrees in range(0, 360, step):
        x, y = rx * cos(radians(degrees)), ry * sin(radians(degrees))
        px, py = cx + x * turn_x - y * turn_y, cy + x * turn_y + y * turn_x
        corners.append((round(px * FIXED), round(py * FIXED)))
    return corners


def _fixed_line(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The pixels of a line between two points in fixed point, rounded to the nearest."""
    (x0, y0), (x1, y1) = start, end
    half = FIXED // 2
    steep = abs(y1 - y0) >= abs(x1 - x0)
    if steep:
        x0, y0, x1, y1 = y0, x0, y1, x1
    if x0 > x1:
        x0, y0, x1, y1 = x1, y1, x0, y0
    count = (x1 - x0) // FIXED
    slope = ((y1 - y0) * FIXED) // ((x1 - x0) | 1)
    column = (x0 + half) // FIXED
    line = [(column + i, (y0 + half + i * slope) // FIXED) for i in range(count + 1)]
    line.append(((x1 + half) // FIXED, (y1 + half) // FIXED))
    return [(y, x) for x, y in line] if steep else line


def _edge(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """One pixel a row along an edge, whose ends lie on the rows nearest to them."""
    (x0, y0), (x1, y1) = sorted((start, end), key=lambda point: point[1])
    half = FIXED // 2
    top, bottom = (y0 + half) // FIXED, (y1 + half) // FIXED
    rows = bottom - top
    if not rows:
        return []
    slope = ((x1 - x0) * 2 + rows) // (2 * rows)
    return [((x0 + half + i * slope) // FIXED, top + i) for i in range(rows)]


def bitmap_of_shape(shape: Element, width: int, height: int) -> Bitmap:
    """The pixels of a polygon, an ellipse or a mask; ValueError for other shapes."""
    if shape.type is ShapeType.MASK:
        return bitmap_of_mask(shape.points, width, height)
    if shape.type is ShapeType.ELLIPSE:
        return ellipse_bitmap(shape.points, shape.rotation, width, height)
    if shape.type is ShapeType.POLYGON:
        return polygon_bitmap(shape.points, width, height)
    raise ValueError(f"a {shape.type} covers no pixels")
