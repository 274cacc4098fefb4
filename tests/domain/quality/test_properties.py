"""What holds of every comparison, whatever is compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.masks import polygon_bitmap
from cvat_lite.domain.quality.areas import upright
from cvat_lite.domain.quality.pairing import pair_up
from cvat_lite.domain.quality.parameters import Parameters
from tests.domain.quality.scenes import BODY, body, box, figures, report, shape

coordinates = st.integers(0, 60).map(float)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    x, y = draw(coordinates), draw(coordinates)
    width, height = draw(st.integers(8, 38)), draw(st.integers(8, 38))
    right, bottom = x + width, y + height
    label = draw(st.sampled_from([1, 2]))
    made = {
        "box": box(x, y, right, bottom, rotation=draw(st.sampled_from([0, 0, 30]))),
        "polygon": shape("polygon", [x, y, right, y, right, bottom, x, bottom]),
        "ellipse": shape("ellipse", [x + 20, y + 20, x + 32, y + 8]),
        "points": shape("points", [x, y, right, bottom]),
        "line": shape("polyline", [x, y, right, y, right, bottom]),
        "skeleton": body([x, y], [right, bottom]),
    }[draw(st.sampled_from(["box", "polygon", "ellipse", "points", "line", "skeleton"]))]
    if made.label_id != BODY:
        made.label_id = label
    return made


sides = st.lists(shapes(), max_size=6)
#: Nothing lies on anything.
PLAIN = Parameters(panoptic_comparison=False, check_covered_annotations=False)


def summary(found: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = found["comparison_summary"]["annotations"]
    return part


@settings(max_examples=40, deadline=None)
@given(sides)
def test_annotations_agree_with_themselves(side: list[Shape]) -> None:
    found = report(side, side, PLAIN)
    expected = 1.0 if side else 0.0
    for figure in ("accuracy", "precision", "recall"):
        assert summary(found)[figure] == expected
    assert found["conflicts"] == []


@settings(max_examples=40, deadline=None)
@given(sides, sides)
def test_precision_and_recall_change_places_with_the_sides(
    one: list[Shape], other: list[Shape]
) -> None:
    there, back = summary(report(one, other)), summary(report(other, one))
    assert there["precision"] == back["recall"]
    assert there["accuracy"] == back["accuracy"]
    rows = np.array(there["confusion_matrix"]["rows"])
    assert rows.T.tolist() == back["confusion_matrix"]["rows"]


@settings(max_examples=40, deadline=None)
@given(sides, sides, st.randoms())
def test_the_order_of_annotations_does_not_matter(
    one: list[Shape], other: list[Shape], random: Any
) -> None:
    before = report(one, other, PLAIN)
    random.shuffle(one)
    random.shuffle(other)
    assert figures(report(one, other, PLAIN)) == figures(before)


@settings(max_examples=40, deadline=None)
@given(sides, sides)
def test_every_figure_lies_between_nothing_and_all(one: list[Shape], other: list[Shape]) -> None:
    found = report(one, other)
    counts = summary(found)
    for figure in ("accuracy", "precision", "recall"):
        assert 0 <= counts[figure] <= 1
    assert counts["ds_count"] == len(one)
    assert counts["gt_count"] == len(other)
    for values in ("precision", "recall", "accuracy", "jaccard_index"):
        assert all(0 <= value <= 1 for value in counts["confusion_matrix"][values])
    assert 0 <= found["comparison_summary"]["annotation_components"]["shape"]["mean_iou"] <= 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_pairs_are_those_of_the_assignment_of_the_whole(rows: int, columns: int, seed: int) -> None:
    likeness = np.random.default_rng(seed).random((rows, columns)).round(2)
    found = pair_up(likeness, 0.5)
    costs = np.where(likeness >= 0.5, 1 - likeness, 1)
    best = sum(1 - costs[pair] for pair in zip(*linear_sum_assignment(costs), strict=True))
    assert abs(sum(likeness[pair] for pair in found.matched) - best) < 1e-9
    assert sorted([row for row, _ in found.matched] + found.left) == list(range(rows))
    assert sorted([column for _, column in found.matched] + found.right) == list(range(columns))


places = st.floats(-5, 35).map(lambda value: round(value, 2))


@settings(max_examples=150, deadline=None)
@given(st.tuples(places, places), st.tuples(places, places))
def test_an_upright_box_covers_what_its_outline_does(
    xs: tuple[float, float], ys: tuple[float, float]
) -> None:
    (left, right), (top, bottom) = sorted(max(x, 0) for x in xs), sorted(max(y, 0) for y in ys)
    drawn = polygon_bitmap([left, top, right, top, right, bottom, left, bottom], 30, 30)
    region = upright([left, top, right, bottom], (30, 30))
    image = np.zeros((30, 30), dtype=np.bool_)
    height, width = region.bitmap.shape
    image[region.top : region.top + height, region.left : region.left + width] = region.bitmap
    assert (image == drawn).all()
