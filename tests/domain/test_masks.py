"""Run lengths, bitmaps, and figures made into masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cvat_lite.domain import masks
from cvat_lite.domain.outlines import outlines

bitmaps = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))


@given(bitmaps)
def test_a_bitmap_comes_back_from_a_mask_of_the_wire(image) -> None:
    height, width = image.shape
    mask = masks.mask_of_bitmap(image)
    assert (mask == []) == (not image.any())
    if mask:
        assert (masks.bitmap_of_mask(mask, width, height) == image).all()


@given(bitmaps)
def test_a_bitmap_comes_back_from_coco_counts_compressed_or_not(image) -> None:
    height, width = image.shape
    counts = masks.coco_counts(image)
    assert masks.decompressed(masks.compressed(counts)) == counts
    assert (masks.bitmap_of_counts(counts, width, height) == image).all()


def test_the_wire_counts_rows_and_coco_counts_columns() -> None:
    image = np.array([[0, 1, 1], [0, 1, 0]], dtype=bool)
    assert masks.mask_of_bitmap(image) == [0, 3, 1, 1, 0, 2, 1]
    assert masks.coco_counts(image) == [2, 3, 1]


def test_compressed_counts_are_those_of_a_recorded_export() -> None:
    text = "_l5120W9110NOiF2V9NjF2V9NkF1_j]3"
    counts = masks.decompressed(text)
    assert sum(counts) == 300 * 400
    assert masks.compressed(counts) == text
    mask = masks.mask_of_bitmap(masks.bitmap_of_counts(counts, 400, 300))
    assert mask == [3, 4, 6, 4, 2, 6, 2, 3, 20, 30, 25, 34]


@pytest.mark.parametrize("text", ["\x7f", "!", "o"])
def test_text_that_is_no_compressed_counts_is_refused(text) -> None:
    with pytest.raises(ValueError, match="counts"):
        masks.decompressed(text)


@pytest.mark.parametrize(
    "points",
    [
        [0, 5, 0, 0, 1, 1],
        [-1, 5, 0, 0, 1, 1],
        [0, 0, 5, 5, 4, 4],
    ],
)
def test_a_mask_that_does_not_fit_its_box_is_refused(points) -> None:
    with pytest.raises(ValueError, match=r"mask|run lengths"):
        masks.bitmap_of_mask(points, 10, 10)


@pytest.mark.parametrize(
    ("box", "pixels"),
    [((9, 9, 10, 10), 1), ((-1, -1, 0, 0), 1), ((20, 20, 21, 21), 0), ((-9, 0, -8, 1), 0)],
)
def test_a_mask_is_cut_at_the_rim_of_the_image(box, pixels) -> None:
    assert masks.bitmap_of_mask([0, 4, *box], 10, 10).sum() == pixels


# Pixels that the COCO API counts for these polygons on an image of 320 by 240.
@pytest.mark.parametrize(
    ("points", "pixels"),
    [
        ([10.0, 10.0, 120.5, 15.0, 90.0, 110.0, 30.0, 80.0], 7127),
        ([150.0, 50.0, 250.0, 50.0, 250.0, 150.0, 200.0, 100.0, 150.0, 150.0], 7450),
        ([10.0, 100.0, 60.0, 100.0, 60.0, 160.0], 1490),
        ([12.86, 100.0, 62.86, 100.0, 62.86, 160.0], 1510),
        ([21.43, 100.0, 71.43, 100.0, 71.43, 160.0], 1470),
    ],
)
def test_a_polygon_covers_the_pixels_that_coco_says(points, pixels) -> None:
    assert masks.polygon_bitmap(points, 320, 240).sum() == pixels
    assert masks.polygon_pixels(points, 320, 240) == pixels


sides = st.integers(-10, 60)


@given(st.lists(st.tuples(sides, sides), min_size=3, max_size=8))
def test_pixels_of_a_polygon_are_counted_as_its_bitmap_has_them(corners) -> None:
    points = [float(value) for corner in corners for value in corner]
    image = masks.polygon_bitmap(points, 40, 30)
    assert masks.polygon_pixels(points, 40, 30) == image.sum()


@given(st.lists(st.tuples(sides, sides), min_size=3, max_size=8))
def test_polygons_are_drawn_as_by_the_coco_api_where_it_is_installed(corners) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    points = [float(value) for corner in corners for value in corner]
    expected = coco.decode(coco.frPyObjects([points], 30, 40)[0]).astype(bool)
    assert (masks.polygon_bitmap(points, 40, 30) == expected).all()


def test_an_ellipse_fills_its_box_and_stays_within_the_image() -> None:
    image = masks.ellipse_bitmap([20, 15, 30, 10], 0, 40, 30)
    assert masks.mask_box(masks.mask_of_bitmap(image)) == (10, 10, 21, 11)
    assert (image[10:21] == image[20:9:-1]).all()
    assert image.sum() == pytest.approx(np.pi * 10.5 * 5.5, rel=0.05)
    assert masks.ellipse_bitmap([0, 0, 100, -100], 45, 40, 30).all()


def test_an_ellipse_turned_by_a_right_angle_is_the_one_of_exchanged_axes() -> None:
    turned = masks.ellipse_bitmap([20, 20, 30, 15], 90, 40, 40)
    assert (turned == masks.ellipse_bitmap([20, 20, 25, 10], 0, 40, 40)).all()


def without_holes(image):
    """Holes filled: what cannot be reached from the rim by sides is inside."""
    open_ = np.pad(~image, 1, constant_values=True)
    reached = np.zeros_like(open_)
    reached[0] = True
    while True:
        grown = reached.copy()
        # Air passes between pieces that touch at a corner only.
        for y, x in np.ndindex(3, 3):
            grown |= np.roll(np.roll(reached, y - 1, axis=0), x - 1, axis=1)
        grown &= open_
        if (grown == reached).all():
            return ~reached[1:-1, 1:-1]
        reached = grown


@given(bitmaps)
def test_outlines_cover_the_mask_and_its_holes(image) -> None:
    height, width = image.shape
    drawn = np.zeros_like(image)
    for polygon in outlines(image):
        drawn |= masks.polygon_bitmap(polygon, width, height)
    assert (drawn == without_holes(image)).all()


def test_pieces_that_touch_at_a_corner_have_two_outlines() -> None:
    image = np.array([[1, 0], [0, 1]], dtype=bool)
    assert sorted(outlines(image)) == [[0, 0, 1, 0, 1, 1, 0, 1], [1, 1, 2, 1, 2, 2, 1, 2]]
