"""Stamps say of small bitmaps what bitmaps of the whole image say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cvat_lite.domain import masks
from cvat_lite.domain.geometry import box_corners, box_of_corners
from cvat_lite.domain.outlines import outlines
from cvat_lite.domain.stamps import Stamp, stamp_of_bitmap, stamps_by_value

SIZES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)
bitmaps = arrays(np.bool_, SIZES)
pictures = arrays(np.int64, SIZES, elements=st.integers(0, 3))


@given(bitmaps)
def test_a_stamp_has_the_mask_counts_and_outlines_of_its_bitmap(image) -> None:
    height, width = image.shape
    stamp = stamp_of_bitmap(image)
    assert stamp.area == image.sum()
    assert stamp.mask() == masks.mask_of_bitmap(image)
    assert stamp.coco_counts(width, height) == masks.coco_counts(image)
    assert stamp.outlines() == outlines(image)


@given(pictures)
def test_a_picture_is_taken_apart_into_the_pixels_of_each_number(numbers) -> None:
    found = dict(stamps_by_value(numbers))
    assert list(found) == [value for value in np.unique(numbers).tolist() if value]
    for value, stamp in found.items():
        assert stamp.mask() == masks.mask_of_bitmap(numbers == value)


@given(bitmaps)
def test_outlines_cover_the_pixels_of_pieces_and_their_holes(image) -> None:
    height, width = image.shape
    covered = np.zeros_like(image)
    for polygon in outlines(image):
        xs, ys = polygon[::2], polygon[1::2]
        steps = [(xs[i] - xs[i - 1], ys[i] - ys[i - 1]) for i in range(len(xs))]
        assert all((x == 0) != (y == 0) for x, y in steps), "sides are straight"
        assert all((a[0] == 0) != (b[0] == 0) for a, b in pairwise(steps))
        covered |= masks.polygon_bitmap(polygon, width, height)
    assert covered[image].all()
    assert [one for one in outlines(covered) if len(one) < 4] == []
    assert outlines(covered) == outlines(image)


def test_pieces_that_touch_at_a_corner_are_two_and_a_hole_is_filled() -> None:
    touching = np.array([[1, 0], [0, 1]], dtype=np.bool_)
    assert outlines(touching, 10, 20) == [
        [10, 20, 11, 20, 11, 21, 10, 21],
        [11, 21, 12, 21, 12, 22, 11, 22],
    ]
    ring = np.ones((3, 3), dtype=np.bool_)
    ring[1, 1] = False
    assert outlines(ring) == [[0, 0, 3, 0, 3, 3, 0, 3]]


def test_a_run_goes_on_from_the_bottom_of_a_column_to_the_top_of_the_next() -> None:
    stamp = Stamp(1, 0, np.ones((4, 2), dtype=np.bool_))
    assert stamp.coco_counts(4, 4) == [4, 8, 4]


@pytest.mark.parametrize("rotation", [0.0, 0.5, 44.9, 90.0, 200.0, 359.9])
@pytest.mark.parametrize("box", [(10, 20, 110, 50), (10, 20, 12, 900), (0, 0, 1, 1)])
def test_a_box_is_found_by_its_corners_whether_exact_or_rounded(box, rotation) -> None:
    exact = box_corners(box, rotation)
    for corners, off in ((exact, 1e-6), ([round(one, 2) for one in exact], 0.6)):
        found, angle = box_of_corners(corners)
        assert found == pytest.approx(box, abs=off)
        assert (angle - rotation + 180) % 360 - 180 == pytest.approx(0, abs=off)
