"""Tracks between keyframes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.annotations import AttributeValue, ElementTrack, Track, TrackedShape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import interpolate_degrees
from cvat_lite.domain.interpolation import FrameElement, FrameShape, shapes_of_track


def key(frame: int, points: list[float], kind: str = "rectangle", **rest) -> TrackedShape:
    return TrackedShape(type=ShapeType(kind), frame=frame, points=points, **rest)


def track(*shapes: TrackedShape, **rest) -> Track:
    return Track(label_id=1, frame=shapes[0].frame, shapes=list(shapes), **rest)


def placed(one: Track, last: int, **rest) -> dict[int, FrameShape]:
    return {shape.frame: shape for shape in shapes_of_track(one, last, **rest)}


def test_a_rectangle_moves_linearly_and_stays_after_its_last_keyframe() -> None:
    shapes = placed(track(key(0, [0, 0, 10, 10]), key(4, [8, 4, 18, 14])), 6)
    assert [shapes[frame].points[0] for frame in range(7)] == [0, 2, 4, 6, 8, 8, 8]
    assert [shapes[frame].keyframe for frame in range(7)] == [1, 0, 0, 0, 1, 0, 0]


def test_a_track_goes_no_further_than_the_last_frame_asked_for() -> None:
    one = track(key(0, [0, 0, 10, 10]), key(100, [100, 0, 110, 10]))
    assert placed(one, 3)[3].points == [3, 0, 13, 10]
    assert max(placed(one, 3)) == 3


def test_a_hidden_keyframe_ends_the_track_until_the_next_one() -> None:
    box = [0.0, 0.0, 1.0, 1.0]
    one = track(key(0, box), key(2, box, outside=True), key(5, box))
    assert sorted(placed(one, 6)) == [0, 1, 5, 6]
    assert sorted(placed(one, 6, outside=True)) == [0, 1, 2, 5, 6]


@pytest.mark.parametrize(
    ("start", "stop", "share", "expected"),
    [(0, 20, 0.5, 10), (350, 10, 0.5, 0), (10, 350, 0.75, 355), (90, 90, 0.3, 90)],
)
def test_a_rotation_takes_the_shorter_way(start, stop, share, expected) -> None:
    assert interpolate_degrees(start, stop, share) == pytest.approx(expected)


def test_a_rectangle_and_an_ellipse_turn_while_they_move() -> None:
    for kind in ("rectangle", "ellipse"):
        one = track(
            key(0, [0, 0, 4, 4], kind, rotation=350), key(2, [2, 2, 6, 6], kind, rotation=10)
        )
        middle = placed(one, 2)[1]
        assert (middle.points, middle.rotation) == ([1, 1, 5, 5], 0)


def test_outlines_of_as_many_points_move_point_by_point() -> None:
    one = track(key(0, [0, 0, 10, 0, 10, 10], "polygon"), key(2, [2, 0, 12, 0, 12, 20], "polygon"))
    assert placed(one, 2)[1].points == [1, 0, 11, 0, 11, 15]


def test_lines_of_different_lengths_are_matched_by_the_way_along_them() -> None:
    one = track(key(0, [0, 0, 10, 0], "polyline"), key(2, [0, 10, 5, 10, 10, 10], "polyline"))
    assert placed(one, 2)[1].points == [0, 5, 2.5, 5, 10, 5]


def test_a_polygon_that_gains_a_point_keeps_its_outline_on_the_way() -> None:
    square = [0.0, 0.0, 10.0, 0.0, 10.0, 10.0, 0.0, 10.0]
    more = [0.0, 0.0, 5.0, 0.0, 10.0, 0.0, 10.0, 10.0, 0.0, 10.0]
    points = placed(track(key(0, square, "polygon"), key(2, more, "polygon")), 2)[1].points
    assert len(points) == 10
    assert {0.0, 10.0} < set(points)


@pytest.mark.parametrize("kind", ["mask", "points"])
def test_what_cannot_be_matched_stays_until_the_next_keyframe(kind) -> None:
    one = track(key(0, [0, 1, 2, 3], kind), key(2, [4, 5, 6, 7], kind))
    assert placed(one, 2)[1].points == [0, 1, 2, 3]


def test_a_single_point_moves() -> None:
    assert placed(track(key(0, [0, 0], "points"), key(2, [2, 4], "points")), 2)[1].points == [1, 2]


def test_attributes_hold_from_the_keyframe_that_set_them() -> None:
    def value(spec: int, text: str) -> AttributeValue:
        return AttributeValue(spec, text)

    one = track(
        key(0, [0, 0, 1, 1], attributes=[value(1, "a"), value(2, "x")]),
        key(2, [0, 0, 1, 1], attributes=[value(1, "b")]),
        attributes=[value(3, "fixed")],
    )
    shapes = placed(one, 3)

    def held(frame: int) -> dict[int, str]:
        return {one.spec_id: one.value for one in shapes[frame].attributes}

    assert held(1) == {1: "a", 2: "x", 3: "fixed"}
    assert held(3) == {1: "b", 2: "x", 3: "fixed"}


def test_elements_of_a_skeleton_move_by_themselves() -> None:
    still = ElementTrack(label_id=2, frame=0, shapes=[key(0, [5, 5], "points")])
    moving = ElementTrack(
        label_id=3,
        frame=0,
        shapes=[key(0, [0, 0], "points"), key(2, [4, 0], "points", outside=True)],
    )
    one = track(key(0, [], "skeleton"), elements=[still, moving])
    shapes = placed(one, 2)
    assert [element.points for element in shapes[1].elements] == [[5, 5], [2, 0]]
    hidden = shapes[2].elements[1]
    assert isinstance(hidden, FrameElement)
    assert (hidden.outside, hidden.keyframe, shapes[2].keyframe) == (True, True, True)


def test_a_skeleton_is_hidden_when_all_its_elements_are() -> None:
    element = ElementTrack(
        label_id=2,
        frame=0,
        shapes=[key(0, [5, 5], "points"), key(1, [5, 5], "points", outside=True)],
    )
    one = track(key(0, [], "skeleton"), elements=[element])
    assert sorted(placed(one, 3)) == [0]
    assert sorted(placed(one, 3, outside=True)) == [0, 1]


coordinates = st.floats(-1000, 1000).map(lambda value: round(value, 2))


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=5, unique=True),
    st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates), min_size=5, max_size=5),
    st.integers(0, 40),
)
def test_every_keyframe_is_met_and_everything_lies_between_its_neighbours(
    frames, boxes, last
) -> None:
    keys = [key(frame, list(box)) for frame, box in zip(sorted(frames), boxes, strict=False)]
    shapes = placed(track(*keys), last)
    assert sorted(shapes) == list(range(keys[0].frame, last + 1))
    for one in keys:
        if one.frame <= last:
            assert shapes[one.frame].points == one.points
    lows = [min(one.points[0] for one in keys), max(one.points[0] for one in keys)]
    assert all(lows[0] - 1e-6 <= one.points[0] <= lows[1] + 1e-6 for one in shapes.values())
