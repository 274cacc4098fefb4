"""A task's annotations split over its jobs and put together again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.annotations import (
    Element,
    ElementTrack,
    Interval,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.merging import check_frames, copies, merge, split
from cvat_lite.domain.segments import JobSpan
from cvat_lite.domain.track_cutting import cut_track, position_at
from cvat_lite.errors import RuleError

RECTANGLE, SKELETON, POINTS = ShapeType.RECTANGLE, ShapeType.SKELETON, ShapeType.POINTS
LEFT, RIGHT = JobSpan(1, 0, 5), JobSpan(2, 4, 9)
APART = [JobSpan(1, 0, 4), JobSpan(2, 5, 9)]


def box(frame: int, left: float = 0, **fields: Any) -> Shape:
    points = [left, 0.0, left + 100, 100.0]
    return Shape(label_id=1, type=RECTANGLE, frame=frame, points=points, **fields)


def key(frame: int, left: float = 0, kind: ShapeType = RECTANGLE, **fields: Any) -> TrackedShape:
    points = {RECTANGLE: [left, 0.0, left + 100, 100.0], POINTS: [left, 0.0]}.get(kind, [])
    return TrackedShape(type=kind, frame=frame, points=points, **fields)


def track(*shapes: TrackedShape, **fields: Any) -> Track:
    first = min((shape.frame for shape in shapes), default=0)
    return Track(label_id=1, frame=first, shapes=list(shapes), **fields)


def seen(one: Track | ElementTrack | None) -> list[tuple[int, float, bool]]:
    """The keyframes: frame, left side, hidden."""
    assert one is not None
    return [(shape.frame, shape.points[0], shape.outside) for shape in one.shapes]


# Splitting


def test_one_job_gets_the_very_payload() -> None:
    data = LabeledData(shapes=[box(3)])
    assert split(data, [JobSpan(1, 0, 9)]) == [data]


def test_tags_and_shapes_go_to_the_jobs_that_hold_their_frames() -> None:
    data = LabeledData(
        tags=[Tag(label_id=1, frame=frame) for frame in (0, 4, 9)],
        shapes=[box(frame) for frame in (9, 5, 3)],
    )
    left, right = split(data, [LEFT, RIGHT])
    assert [tag.frame for tag in left.tags] == [0, 4]
    assert [tag.frame for tag in right.tags] == [4, 9]
    assert [shape.frame for shape in left.shapes] == [5, 3]
    assert [shape.frame for shape in right.shapes] == [9, 5]


def test_copies_have_ids_of_their_own_down_to_their_elements() -> None:
    element = Element(label_id=2, type=POINTS, frame=4, points=[1.0, 2.0])
    shape = Shape(label_id=1, type=SKELETON, frame=4, elements=[element])
    left, right = split(LabeledData(shapes=[shape]), [LEFT, RIGHT])
    left.shapes[0].id = left.shapes[0].elements[0].id = 1
    assert right.shapes[0].id is None
    assert right.shapes[0].elements[0].id is None
    assert left.shapes[0] is shape


def test_a_job_of_single_frames_gets_only_what_lies_on_them() -> None:
    pool = JobSpan(3, 10, 14, frozenset({10, 14}))
    _, part = split(LabeledData(shapes=[box(frame) for frame in (10, 12, 14)]), [LEFT, pool])
    assert [shape.frame for shape in part.shapes] == [10, 14]


def test_intervals_go_to_the_first_job() -> None:
    data = LabeledData(intervals=[Interval(label_id=1, start=0, stop=5)])
    left, right = split(data, APART)
    assert (len(left.intervals), len(right.intervals)) == (1, 0)


def test_a_track_within_a_job_stays_whole() -> None:
    whole = track(key(1), key(3, 20), key(4, outside=True))
    left, right = split(LabeledData(tracks=[whole]), APART)
    assert left.tracks == [whole]
    assert right.tracks == []


def test_a_track_over_a_border_is_cut_where_it_is_on_both_sides() -> None:
    moving = track(key(0, 0, id=7), key(9, 90), id=3)
    left, right = split(LabeledData(tracks=[moving]), APART)
    assert seen(left.tracks[0]) == [(0, 0, False), (4, 40, False)]
    assert seen(right.tracks[0]) == [(5, 50, False), (9, 90, False)]
    assert (left.tracks[0].frame, right.tracks[0].frame) == (0, 5)
    assert [shape.id for shape in left.tracks[0].shapes] == [7, None]


def test_a_track_that_just_goes_on_begins_anew_in_the_next_job() -> None:
    left, right = split(LabeledData(tracks=[track(key(2, 7))]), APART)
    assert seen(left.tracks[0]) == [(2, 7, False)]
    assert seen(right.tracks[0]) == [(5, 7, False)]


def test_a_track_hidden_before_a_job_does_not_reach_it() -> None:
    assert cut_track(track(key(0), key(4, outside=True)), 5, 9) is None
    assert cut_track(track(key(0), key(5, outside=True)), 5, 9) is None
    assert cut_track(track(key(6)), 0, 5) is None


def test_a_track_that_comes_back_begins_where_it_is_seen() -> None:
    back = track(key(0), key(2, outside=True), key(7, 70))
    assert seen(cut_track(back, 5, 9)) == [(7, 70, False)]


def test_a_track_that_is_never_seen_stays_with_the_job_that_it_begins_in() -> None:
    hidden = track(key(2, outside=True))
    left, right = split(LabeledData(tracks=[hidden]), APART)
    assert (left.tracks, right.tracks) == ([hidden], [])


def test_elements_of_a_skeleton_are_cut_with_it() -> None:
    early = ElementTrack(label_id=2, frame=0, shapes=[key(0, 0, POINTS), key(9, 90, POINTS)])
    late = ElementTrack(label_id=3, frame=7, shapes=[key(7, 70, POINTS)])
    body = track(key(0, kind=SKELETON), elements=[early, late])
    left, right = split(LabeledData(tracks=[body]), APART)
    assert seen(left.tracks[0].elements[0]) == [(0, 0, False), (4, 40, False)]
    assert seen(left.tracks[0].elements[1]) == [(0, 70, True)]
    assert seen(right.tracks[0].elements[0]) == [(5, 50, False), (9, 90, False)]
    assert seen(right.tracks[0].elements[1]) == [(7, 70, False)]


def test_a_skeleton_without_keyframes_of_its_own_goes_where_its_elements_are() -> None:
    element = ElementTrack(label_id=2, frame=0, shapes=[key(0, 0, POINTS)])
    left, right = split(LabeledData(tracks=[track(elements=[element])]), APART)
    assert (left.tracks[0].frame, right.tracks[0].frame) == (0, 5)


# Merging


def merged(left: LabeledData, right: LabeledData) -> LabeledData:
    """What the jobs LEFT (frames 0 to 5) and RIGHT (4 to 9) come to in their task."""
    return merge([(LEFT, left), (RIGHT, right)])


def test_copies_on_shared_frames_are_one_with_the_id_of_the_earlier_job() -> None:
    result = merged(
        LabeledData(shapes=[box(4, id=1), box(5, id=2)]),
        LabeledData(shapes=[box(5, 10, id=3), box(4, id=4), box(6, id=5)]),
    )
    assert [(shape.frame, shape.id) for shape in result.shapes] == [(4, 1), (5, 2), (6, 5)]


def test_shapes_that_differ_by_more_than_a_quarter_are_two() -> None:
    result = merged(
        LabeledData(shapes=[box(4, id=1)]),
        LabeledData(shapes=[box(4, 20, id=2)]),
    )
    assert [shape.id for shape in result.shapes] == [1, 2]


def test_shapes_of_other_labels_or_types_are_two() -> None:
    other = box(4, id=2)
    other.label_id = 9
    result = merged(LabeledData(shapes=[box(4, id=1)]), LabeledData(shapes=[other]))
    assert [shape.id for shape in result.shapes] == [1, 2]


def test_copies_find_their_own_in_a_crowd() -> None:
    left = [box(4, place * 15, id=place) for place in range(1, 9)]
    right = [box(4, place * 15 + 1, id=place + 10) for place in range(8, 0, -1)]
    result = merged(LabeledData(shapes=left), LabeledData(shapes=right))
    assert [shape.id for shape in result.shapes] == list(range(1, 9))


def test_shapes_of_one_job_are_never_taken_for_one() -> None:
    result = merged(LabeledData(shapes=[box(4, id=1), box(4, id=2)]), LabeledData())
    assert [shape.id for shape in result.shapes] == [1, 2]


def test_three_copies_of_which_one_is_missing_leave_the_greater_number() -> None:
    result = merged(
        LabeledData(shapes=[box(4, id=1), box(4, id=2)]),
        LabeledData(shapes=[box(4, id=3), box(4, id=4), box(4, id=5)]),
    )
    assert len(result.shapes) == 3


def test_tags_are_one_by_their_labels() -> None:
    result = merged(
        LabeledData(tags=[Tag(id=1, label_id=1, frame=4)]),
        LabeledData(tags=[Tag(id=2, label_id=1, frame=4), Tag(id=3, label_id=2, frame=4)]),
    )
    assert [tag.id for tag in result.tags] == [1, 3]


def test_parts_of_a_track_are_joined_over_the_border() -> None:
    left, right = split(LabeledData(tracks=[track(key(0), key(9, 90))]), [LEFT, RIGHT])
    left.tracks[0].id, right.tracks[0].id = 1, 2
    result = merged(left, right)
    assert [one.id for one in result.tracks] == [1]
    assert seen(result.tracks[0]) == [(0, 0, False), (4, 40, False), (5, 50, False), (9, 90, False)]


def test_tracks_that_part_ways_end_with_their_job_or_begin_with_it() -> None:
    result = merged(
        LabeledData(tracks=[track(key(0), id=1)]),
        LabeledData(tracks=[track(key(4, 500), id=2)]),
    )
    assert [seen(one) for one in result.tracks] == [
        [(0, 0, False), (6, 0, True)],
        [(4, 500, False)],
    ]


def test_a_track_that_was_over_already_is_not_ended_again() -> None:
    over = track(key(0), key(3, outside=True), id=1)
    result = merged(LabeledData(tracks=[over]), LabeledData(tracks=[track(key(4), id=2)]))
    assert [seen(one) for one in result.tracks] == [
        [(0, 0, False), (3, 0, True)],
        [(4, 0, False)],
    ]


def test_skeletons_of_two_jobs_are_joined_element_by_element() -> None:
    element = ElementTrack(label_id=2, frame=0, shapes=[key(0, 0, POINTS), key(9, 9, POINTS)])
    body = track(key(0, kind=SKELETON), elements=[element])
    result = merged(*split(LabeledData(tracks=[body]), [LEFT, RIGHT]))
    assert len(result.tracks) == 1
    assert [frame for frame, _, _ in seen(result.tracks[0].elements[0])] == [0, 4, 5, 9]


def test_jobs_are_merged_in_the_order_of_their_frames() -> None:
    right = LabeledData(shapes=[box(4, id=2), box(9, id=3)])
    result = merge([(RIGHT, right), (LEFT, LabeledData(shapes=[box(4, id=1)]))])
    assert [shape.id for shape in result.shapes] == [1, 3]


shapes = st.builds(
    box,
    st.integers(0, 9),
    st.integers(0, 3).map(lambda place: place * 200.0),
)


@given(st.lists(shapes, max_size=12))
def test_what_was_split_is_merged_to_what_it_was(drawn: list[Shape]) -> None:
    parts = split(LabeledData(shapes=drawn), [LEFT, RIGHT])
    result = merged(*parts)
    assert sorted((shape.frame, shape.points) for shape in result.shapes) == sorted(
        (shape.frame, shape.points) for shape in drawn
    )


@given(
    st.lists(st.integers(0, 19), min_size=1, max_size=6, unique=True),
    st.integers(0, 15),
    st.integers(1, 19),
)
def test_a_cut_track_is_where_the_whole_one_is(frames, start, length) -> None:
    whole = track(*(key(frame, frame * frame) for frame in sorted(frames)))
    stop = min(start + length, 19)
    part = cut_track(whole, start, stop)
    for frame in range(start, stop + 1):
        expected = position_at(whole.shapes, frame)
        got = position_at(part.shapes, frame) if part else None
        assert (got is None) is (expected is None)
        if got is not None and expected is not None:
            assert got.points == pytest.approx(expected.points)


def test_copies_are_found_by_the_id_that_the_task_shows() -> None:
    tag = Tag(id=1, label_id=1, frame=4)
    left = LabeledData(
        tags=[tag], shapes=[box(4, id=1), box(3, id=2)], tracks=[track(key(0), id=1)]
    )
    later = Tag(id=2, label_id=1, frame=4)
    right = LabeledData(tags=[later], shapes=[box(4, id=3)], tracks=[track(key(4), id=2)])
    found = copies([(LEFT, left), (RIGHT, right)])
    assert (found.tags, found.shapes, found.tracks) == ({1: [2]}, {1: [3]}, {1: [2]})


@pytest.mark.parametrize(
    "data",
    [
        LabeledData(tags=[Tag(label_id=1, frame=500)]),
        LabeledData(shapes=[box(0), box(500)]),
        LabeledData(tracks=[track(key(500))]),
    ],
)
def test_frames_that_no_job_has_are_refused(data: LabeledData) -> None:
    with pytest.raises(RuleError) as caught:
        check_frames(data, APART)
    assert caught.value.body == ["frame `500` is invalid"]


def test_frames_of_any_of_the_jobs_are_accepted() -> None:
    tracks = [track(key(3)), track(key(0), key(500))]
    check_frames(LabeledData(shapes=[box(0), box(9)], tracks=tracks), APART)
