"""The outlines of masks as polygons that follow the edges of their pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.masks import Bitmap

#: Of each side that starts at a corner the corner where it ends; a corner is a number.
Sides = dict[int, int]
# Coordinates in common: a hundred thousand outlines take a quarter of the memory.
_WHOLE = tuple(map(float, range(8192)))


def outlines(image: Bitmap, left: int = 0, top: int = 0) -> list[list[float]]:
    """A polygon for each connected piece of a bitmap; holes are filled.

    The corners are those of pixels, so that a polygon covers exactly the pixels of a piece that
    has no holes. Pieces that touch at a corner only are two. ``left`` and ``top`` are the place
    of the bitmap within its image.
    """
    high = image.shape[0] + 1
    sides = _sides(image)
    # Pieces in the order of their leftmost, then topmost corners, at which a side to the right
    # starts; a piece without holes is left before the next one is begun.
    polygons = []
    for first in sorted(sides[0]):
        if first in sides[0]:
            corners, turns = _loop(sides, first)
            if turns > 0:
                polygons.append(
                    [
                        _WHOLE[value] if value < len(_WHOLE) else float(value)
                        for corner in corners
                        for value in (corner // high + left, corner % high + top)
                    ]
                )
    return polygons


def _sides(image: Bitmap) -> tuple[Sides, Sides, Sides, Sides]:
    """The straight sides of all pieces, clockwise: those to the right, down, to the left, up.

    The corner of column x and row y has the number ``x * (height + 1) + y``.
    """
    padded = np.pad(image, 1)
    above, below = padded[:-1, 1:], padded[1:, 1:]
    before, behind = padded[1:, :-1].T, padded[1:, 1:].T
    high = image.shape[0] + 1
    rights = _straight(below & ~above, 1, high)
    lefts = _straight(above & ~below, 1, high)
    downs = _straight(before & ~behind, high, 1)
    ups = _straight(behind & ~before, high, 1)
    return (
        dict(zip(*rights, strict=True)),
        dict(zip(*downs, strict=True)),
        dict(zip(*reversed(lefts), strict=True)),
        dict(zip(*reversed(ups), strict=True)),
    )


def _straight(edges: Bitmap, across: int, along: int) -> tuple[list[int], list[int]]:
    """The corners where runs of edges start and stop.

    ``edges`` has a row a line of the grid, with a place more than there are pixels, which is not
    set; ``across`` and ``along`` are what a step to the next line, and one in it, add to a corner.
    """
    flat: NDArray[np.bool_] = edges.ravel()
    bounds = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat.size and flat[0]:
        bounds = np.concatenate(([0], bounds))
    line, place = np.divmod(bounds, edges.shape[1])
    corners: list[int] = (line * across + place * along).tolist()
    return corners[::2], corners[1::2]


def _loop(sides: tuple[Sides, Sides, Sides, Sides], first: int) -> tuple[list[int], int]:
    """The corners of a loop that starts to the right, and its turns: 4 around a piece, -4 a hole.

    Its sides are taken out.
    """
    corners, turns = [], 0
    corner, way = first, 0
    while True:
        corners.append(corner)
        corner = sides[way].pop(corner)
        # Where two pieces touch, turning right keeps them apart.
        right = (way + 1) % 4
        turn = 1 if corner in sides[right] or (right == 0 and corner == first) else -1
        turns += turn
        way = (way + turn) % 4
        if way == 0 and corner == first:
            return corners, turns
