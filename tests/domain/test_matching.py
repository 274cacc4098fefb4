"""How alike shapes are, and which of two groups belong together."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.annotations import Element, Shape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.matching import assign, shapes_alike


def shape(kind: str, *points: float, rotation: float = 0.0, label: int = 1) -> Shape:
    return Shape(
        label_id=label, type=ShapeType(kind), frame=0, points=list(points), rotation=rotation
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (shape("rectangle", 0, 0, 10, 10), shape("rectangle", 0, 0, 10, 10), 1),
        (shape("rectangle", 0, 0, 10, 10), shape("rectangle", 5, 0, 15, 10), 1 / 3),
        (shape("rectangle", 0, 0, 10, 10), shape("rectangle", 10, 0, 20, 10), 0),
        (shape("rectangle", 0, 0, 10, 10), shape("rectangle", 0, 0, 10, 10, label=2), 0),
        (shape("rectangle", 0, 0, 10, 10), shape("ellipse", 5, 5, 10, 0), 0),
        (shape("rectangle", 0, 0, 20, 10), shape("rectangle", 0, 0, 20, 10, rotation=180), 1),
        (shape("rectangle", 0, 0, 20, 10), shape("rectangle", 0, 0, 20, 10, rotation=90), 1 / 3),
        (
            shape("polygon", 0, 0, 10, 0, 10, 10, 0, 10),
            shape("polygon", 10, 0, 10, 10, 0, 10, 0, 0),
            1,
        ),
        (shape("polygon", 0, 0, 10, 0, 10, 10, 0, 10), shape("polygon", 0, 0, 10, 0, 0, 10), 1 / 2),
        (shape("ellipse", 50, 50, 90, 10), shape("ellipse", 50, 50, 70, 30), 1 / 4),
        (shape("mask", 0, 4, 0, 0, 1, 1), shape("mask", 0, 2, 2, 0, 0, 1, 1), 1 / 2),
        (shape("mask", 0, 4, 0, 0, 1, 1), shape("mask", 0, 8, 0, 0, 3, 1), 1 / 2),
        (shape("mask", 0, 4, 0, 0, 1, 1), shape("mask", 0, 9, 0, 0, 1, 1), 0),
        (shape("points", 0, 0, 30, 40), shape("points", 0, 0, 30, 40, 5, 5), 0),
        (shape("points", 0, 0), shape("points", 0, 5), 1 / 2),
        (shape("polyline", 0, 0, 30, 40), shape("polyline", 0, 10, 30, 40), 0.9),
    ],
)
def test_shapes_are_alike_as_far_as_they_cover_one_another(one, other, expected) -> None:
    assert shapes_alike(one, other) == pytest.approx(expected, abs=0.03)
    assert shapes_alike(other, one) == pytest.approx(expected, abs=0.03)


def skeleton(*places: float, hidden: bool = False) -> Shape:
    elements = [
        Element(
            label_id=10 + index, type=ShapeType.POINTS, frame=0, points=[x, 0.0], outside=hidden
        )
        for index, x in enumerate(places)
    ]
    return Shape(label_id=1, type=ShapeType.SKELETON, frame=0, elements=elements)


def test_skeletons_are_alike_element_by_element() -> None:
    assert shapes_alike(skeleton(0, 100), skeleton(0, 100)) == 1
    assert shapes_alike(skeleton(0, 100), skeleton(0, 80)) == pytest.approx(0.9)
    assert shapes_alike(skeleton(0, 100), skeleton(0)) == 0.5
    assert shapes_alike(skeleton(0, 100), skeleton(0, 100, hidden=True)) == 0
    assert shapes_alike(skeleton(), skeleton()) == 1


def test_nothing_is_assigned_to_nothing() -> None:
    assert assign([]) == []
    assert assign([[], []]) == []


def test_the_cheapest_whole_is_taken_and_not_the_cheapest_pair() -> None:
    assert assign([[1, 2], [1, 100]]) == [(0, 1), (1, 0)]


costs = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 20), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


@given(costs)
def test_no_other_assignment_costs_less(table: list[list[int]]) -> None:
    pairs = assign(table)
    rows, columns = len(table), len(table[0])
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert len(pairs) == min(rows, columns)
    wide = table if rows <= columns else [list(column) for column in zip(*table, strict=True)]
    least = min(
        sum(wide[row][column] for row, column in enumerate(chosen))
        for chosen in permutations(range(max(rows, columns)), min(rows, columns))
    )
    assert sum(table[row][column] for row, column in pairs) == least
