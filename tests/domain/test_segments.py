"""How tasks are cut into segments, as the recordings and the dump show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.enums import TaskMode
from cvat_lite.domain.segments import (
    JobSpan,
    Segmentation,
    closing_frames,
    in_order,
    mapped,
    overlapping,
    split,
)

IMAGES, VIDEO = TaskMode.ANNOTATION, TaskMode.INTERPOLATION


@pytest.mark.parametrize(
    ("size", "segment_size", "overlap", "mode", "spans"),
    [
        (8, 3, 1, IMAGES, ((0, 2), (2, 4), (4, 6), (6, 7))),
        (10, 5, None, IMAGES, ((0, 4), (5, 9))),
        (20, 10, None, VIDEO, ((0, 9), (5, 14), (10, 19))),
        (11, 5, 0, IMAGES, ((0, 4), (5, 9), (10, 10))),
        (10, 6, 0, IMAGES, ((0, 5), (6, 9))),
        (10, 0, None, VIDEO, ((0, 9),)),
        (10, 0, 3, IMAGES, ((0, 9),)),
        (10, 20, 4, IMAGES, ((0, 9),)),
        (1, 1, None, VIDEO, ((0, 0),)),
        (3, 1, 5, VIDEO, ((0, 0), (1, 1), (2, 2))),
    ],
)
def test_frames_are_cut_as_cvat_cuts_them(size, segment_size, overlap, mode, spans) -> None:
    assert split(size, segment_size, overlap, mode).spans == spans


def test_a_task_in_one_piece_has_the_size_of_its_frames() -> None:
    assert split(7, 0, None, IMAGES) == Segmentation(7, 0, ((0, 6),))


def test_a_video_overlaps_by_5_frames_but_not_by_more_than_half_a_segment() -> None:
    assert split(100, 20, None, VIDEO).overlap == 5
    assert split(100, 6, None, VIDEO).overlap == 3
    assert split(100, 6, 50, IMAGES).overlap == 3


@given(
    st.integers(1, 300),
    st.integers(0, 60),
    st.none() | st.integers(0, 60),
    st.sampled_from(TaskMode),
)
def test_every_frame_lies_in_one_segment_or_in_two_neighbours(
    size, segment_size, overlap, mode
) -> None:
    made = split(size, segment_size, overlap, mode)
    held = [sum(start <= frame <= stop for start, stop in made.spans) for frame in range(size)]
    assert min(held) >= 1
    assert max(held) <= 2
    assert made.spans[0][0] == 0
    assert made.spans[-1][1] == size - 1
    for before, after in zip(made.spans, made.spans[1:], strict=False):
        assert before[1] - after[0] + 1 == made.overlap


def test_jobs_given_as_lists_of_files_follow_one_another() -> None:
    assert mapped([2, 1, 3]) == Segmentation(0, 0, ((0, 1), (2, 2), (3, 5)))


def test_jobs_that_share_a_frame_overlap() -> None:
    assert overlapping([JobSpan(1, 3, 5), JobSpan(2, 0, 3)])
    assert not overlapping([JobSpan(1, 4, 5), JobSpan(2, 0, 3)])
    assert not overlapping([JobSpan(1, 4, 5)])


def test_tracks_end_behind_their_job_except_in_the_last_one() -> None:
    spans = [JobSpan(1, 4, 7), JobSpan(2, 0, 3), JobSpan(3, 8, 9)]
    assert [span.job_id for span in in_order(spans)] == [2, 1, 3]
    assert closing_frames(spans) == [4, 8, None]
    assert closing_frames([]) == []


def test_a_job_of_single_frames_holds_only_those() -> None:
    span = JobSpan(1, 0, 9, frozenset({2, 9}))
    assert [frame for frame in range(12) if span.holds(frame)] == [2, 9]
    assert JobSpan(1, 0, 9).holds(5)
