"""How alike two annotations are: what CVAT's stored reports have taught, one rule at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.annotations import Element, Shape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.masks import ellipse_bitmap, polygon_bitmap
from cvat_lite.domain.quality.areas import region_of
from cvat_lite.domain.quality.items import Item, item_of
from cvat_lite.domain.quality.keypoints import (
    cloud_of_points,
    cloud_of_skeleton,
    clouds_alike,
    lines_alike,
    skeletons_alike,
)
from cvat_lite.domain.quality.parameters import Parameters

SIZE = (120, 90)
RULES = Parameters(iou_threshold=0.4)
hundredths = st.integers(0, 9000).map(lambda value: value / 100)


def item(kind: ShapeType, points: list[float], rotation: float = 0.0) -> Item:
    return item_of(Shape(type=kind, label_id=1, frame=0, points=points, rotation=rotation))


def skeleton(*elements: tuple[float, float, bool, bool]) -> Item:
    """A skeleton of elements at x, y that are occluded or outside."""
    made = [
        Element(
            label_id=place,
            type=ShapeType.POINTS,
            frame=0,
            points=[x, y],
            occluded=occluded,
            outside=outside,
        )
        for place, (x, y, occluded, outside) in enumerate(elements)
    ]
    return item_of(Shape(type=ShapeType.SKELETON, label_id=9, frame=0, elements=made))


def drawn(one: Item) -> np.ndarray:
    """The whole image with what an item covers of it."""
    region = region_of(one, SIZE)
    image = np.zeros((SIZE[1], SIZE[0]), dtype=np.bool_)
    height, width = region.bitmap.shape
    image[region.top : region.top + height, region.left : region.left + width] = region.bitmap
    return image


@given(st.lists(st.tuples(hundredths, hundredths), min_size=3, max_size=7))
def test_a_polygon_covers_the_same_pixels_wherever_it_lies(
    corners: list[tuple[float, float]],
) -> None:
    points = [value for corner in corners for value in corner]
    whole = polygon_bitmap(points, *SIZE)
    assert np.array_equal(drawn(item(ShapeType.POLYGON, points)), whole)


@given(hundredths, hundredths, st.integers(1, 40), st.integers(1, 30), st.integers(0, 359))
def test_an_ellipse_covers_the_same_pixels_wherever_it_lies(
    x: float, y: float, right: int, top: int, rotation: int
) -> None:
    points = [x, y, x + right, y - top]
    whole = ellipse_bitmap([round(value, 2) for value in points], rotation, *SIZE)
    assert np.array_equal(drawn(item(ShapeType.ELLIPSE, points, rotation)), whole)


def test_lines_are_compared_at_the_corners_of_both() -> None:
    straight, bent = [0, 0, 100, 0], [0, 0, 40, 30, 80, 0]
    # The corner of the bent one is half along it; the straight one is at (50, 0) there.
    spread = 2 * 120 * 90 * (2 * 0.05) ** 2
    wanted = (1 + np.exp(-(10**2 + 30**2) / spread) + np.exp(-(20**2) / spread)) / 3
    for one, other in ((straight, bent), (bent, straight)):
        found = lines_alike(one, other, 0.05, 120 * 90, oriented=True)
        assert found == pytest.approx(wanted)


def test_a_point_on_the_way_of_a_line_changes_nothing() -> None:
    found = lines_alike([0, 0, 100, 0], [0, 0, 13, 0, 100, 0], 0.01, 120 * 90, oriented=True)
    assert found == pytest.approx(1)


def test_a_single_point_that_is_too_far_off_is_nothing_alike() -> None:
    box = (0.0, 0.0, 20.0, 20.0)
    one, near, far = (
        cloud_of_points(
            item_of(Shape(type=ShapeType.POINTS, label_id=1, frame=0, group=1, points=at)), {1: box}
        )
        for at in ([10.0, 10.0], [11.0, 10.0], [16.0, 10.0])
    )
    assert 0.4 < clouds_alike(one, near, RULES, 100) < 1
    assert clouds_alike(one, far, RULES, 100) == 0


def test_elements_that_are_hidden_count_only_where_none_is_seen() -> None:
    seen = skeleton((0, 0, False, False), (30, 40, False, False))
    half = skeleton((0, 0, False, False), (30, 40, True, False))
    hidden = skeleton((0, 0, True, False), (30, 40, True, False))

    def alike(one: Item, other: Item) -> float:
        clouds = cloud_of_skeleton(one, {}), cloud_of_skeleton(other, {})
        return skeletons_alike(*clouds, RULES, 120 * 90)

    assert alike(seen, seen) == alike(half, half) == alike(hidden, hidden) == 1
    assert alike(seen, half) == 0.5
    assert alike(seen, hidden) == 0
