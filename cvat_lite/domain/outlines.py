"""The outlines of masks as polygons that follow the edges of their pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cvat_lite.domain.geometry import signed_area
from cvat_lite.domain.masks import Bitmap

Corner = tuple[int, int]


def outlines(image: Bitmap) -> list[list[float]]:
    """A polygon for each connected piece of a bitmap; holes are filled.

    The corners are those of pixels, so that a polygon covers exactly the pixels of a piece that
    has no holes. Pieces that touch at a corner only are two.
    """
    edges = _edges(image)
    polygons = []
    while edges:
        polygon = [float(value) for corner in _loop(edges) for value in corner]
        if signed_area(polygon) > 0:
            polygons.append(polygon)
    return polygons


def _edges(image: Bitmap) -> dict[Corner, list[Corner]]:
    """The pixel edges between inside and outside, from corner to corner, clockwise."""
    padded = np.pad(image, 1)
    inside = padded[1:-1, 1:-1]
    sides = (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    )
    edges: dict[Corner, list[Corner]] = {}
    for beside, start, end in sides:
        for y, x in np.argwhere(inside & ~beside).tolist():
            edges.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    return edges


def _loop(edges: dict[Corner, list[Corner]]) -> Iterator[Corner]:
    """The corners of one loop at which it turns; its edges are taken out."""
    first = min(edges)
    place, way = first, (0, 0)
    while place in edges:
        following = edges[place]
        # Where two pieces touch, turning right keeps them apart.
        right = (place[0] - way[1], place[1] + way[0])
        after = right if right in following else following[0]
        following.remove(after)
        if not following:
            del edges[place]
        step = (after[0] - place[0], after[1] - place[1])
        if step != way:
            yield place
        place, way = after, step
