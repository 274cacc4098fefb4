"""Validation frames are drawn as asked for, and the same again for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.enums import FrameSelectionMethod as Method
from cvat_lite.domain.validation import Deal, Generator, Wanted, arrange, choose, share_of
from cvat_lite.errors import RuleError

SEEDS = st.integers(0, 2**63 - 1)


def test_a_seed_takes_the_frames_that_cvat_takes() -> None:
    assert choose(Wanted(Method.RANDOM_UNIFORM, seed=42, count=3), 10, []) == [4, 6, 8]


@given(st.data(), st.integers(1, 60), SEEDS)
def test_as_many_frames_are_drawn_as_wanted_none_twice_and_again_the_same(
    data: st.DataObject, size: int, seed: int
) -> None:
    wanted = Wanted(Method.RANDOM_UNIFORM, seed=seed, count=data.draw(st.integers(1, size)))
    frames = choose(wanted, size, [])
    assert len(set(frames)) == len(frames) == wanted.count
    assert frames == sorted(frames) == choose(wanted, size, [])
    assert set(frames) <= set(range(size))


@given(st.integers(1, 8), st.integers(1, 10), st.integers(1, 12), SEEDS)
def test_each_job_gets_its_frames_or_all_it_has(
    jobs: int, length: int, count: int, seed: int
) -> None:
    segments = [range(job * length, (job + 1) * length) for job in range(jobs)]
    frames = choose(
        Wanted(Method.RANDOM_PER_JOB, seed=seed, per_job_count=count), jobs * length, segments
    )
    assert all(len(set(frames) & set(job)) == min(count, length) for job in segments)


def test_frames_that_two_jobs_share_count_in_both() -> None:
    segments = [range(4), range(2, 6)]
    for seed in range(20):
        wanted = Wanted(Method.RANDOM_PER_JOB, seed=seed, per_job_count=2)
        frames = choose(wanted, 6, segments)
        assert len(set(frames)) == len(frames) <= 4
        assert all(len(set(frames) & set(job)) >= 2 for job in segments)


def test_no_deleted_frame_is_drawn() -> None:
    wanted = Wanted(Method.RANDOM_UNIFORM, share=1.0)
    assert choose(wanted, 5, [], deleted=[1, 3]) == [0, 2, 4]


@pytest.mark.parametrize(("share", "size", "count"), [(0.01, 10, 1), (0.5, 5, 2), (1, 7, 7)])
def test_a_share_is_rounded_down_and_at_least_one(share: float, size: int, count: int) -> None:
    assert share_of(share, size) == count


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(Method.RANDOM_UNIFORM, count=6),
        Wanted(Method.MANUAL, frames=(5,)),
        Wanted(Method.MANUAL, frames=(1, 1)),
        Wanted(Method.MANUAL),
    ],
)
def test_frames_that_are_not_there_are_refused(wanted: Wanted) -> None:
    with pytest.raises(RuleError):
        choose(wanted, 5, [range(5)])


@given(st.integers(2, 40), st.data(), SEEDS)
def test_honeypots_show_the_pool_and_the_other_pictures_are_there_once(
    size: int, data: st.DataObject, seed: int
) -> None:
    pool = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=size - 1)))
    segment_size = data.draw(st.integers(0, size))
    per_job = data.draw(st.integers(1, len(pool)))
    found = arrange(size, pool, segment_size, per_job, seed)
    assert found == arrange(size, pool, segment_size, per_job, seed)
    assert [found.pictures[frame] for frame in found.pool] == pool
    usual = [
        picture
        for frame, picture in enumerate(found.pictures[: found.pool.start])
        if frame not in found.real
    ]
    assert usual == [picture for picture in range(size) if picture not in pool]
    assert all(found.pictures[frame] == found.pictures[real] for frame, real in found.real.items())
    for start, stop in found.spans:
        shown = [real for frame, real in found.real.items() if start <= frame <= stop]
        assert len(set(shown)) == len(shown) == per_job


@given(st.integers(1, 10), st.integers(1, 10), SEEDS)
def test_the_frames_of_a_pool_are_used_equally_often(size: int, jobs: int, seed: int) -> None:
    deal = Deal(range(size), Generator(seed))
    used = Counter(frame for _ in range(jobs) for frame in deal.next(min(3, size)))
    counts = [used[frame] for frame in range(size)]
    assert max(counts) - min(counts) <= 1


def test_a_pool_that_is_too_small_is_refused() -> None:
    with pytest.raises(RuleError, match="greater than"):
        arrange(10, [1], 5, 2)
    with pytest.raises(RuleError, match="none is left"):
        arrange(2, [0, 1], 5, 1)
