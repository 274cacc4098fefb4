"""Which pictures become frames, in what order, and in which chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain import frames
from cvat_lite.domain.enums import ChunkType, SortingMethod
from cvat_lite.errors import MediaError, ValidationError


@pytest.mark.parametrize(("text", "step"), [("", 1), ("step=1", 1), (" step = 20 ", 20)])
def test_a_frame_filter_names_a_step(text: str, step: int) -> None:
    assert frames.frame_step(text) == step


@pytest.mark.parametrize("text", ["bad", "step=0", "step=-1", "step=", "step=2;", "step=1.5"])
def test_any_other_frame_filter_is_refused_in_cvats_words(text: str) -> None:
    with pytest.raises(ValidationError) as error:
        frames.frame_step(text)
    assert error.value.body == {"frame_filter": ["Invalid frame filter expression"]}


def test_a_selection_ends_with_a_picture_that_is_taken() -> None:
    chosen = frames.select(total=10, start=1, stop=8, step=3)
    assert list(chosen.numbers) == [1, 4, 7]
    assert (chosen.stop, chosen.size) == (7, 3)


def test_a_stop_beyond_the_end_means_the_end() -> None:
    assert frames.select(total=3, stop=100).stop == 2


@pytest.mark.parametrize(("total", "start", "stop"), [(1, 5, None), (0, 0, None), (5, 3, 2)])
def test_a_selection_without_frames_is_refused(total: int, start: int, stop: int | None) -> None:
    with pytest.raises(MediaError):
        frames.select(total, start, stop)


@given(st.integers(1, 500), st.integers(0, 50), st.integers(1, 40))
def test_frames_and_numbers_are_each_others_reverse(total: int, start: int, step: int) -> None:
    chosen = frames.select(total + start, start, None, step)
    assert [chosen.frame(chosen.number(n)) for n in range(chosen.size)] == list(range(chosen.size))
    taken = {number for number in range(total + start) if chosen.frame(number) is not None}
    assert taken == set(chosen.numbers)


@given(st.integers(0, 1000), st.integers(1, 100))
def test_chunks_cover_every_frame_once(size: int, chunk_size: int) -> None:
    count = frames.chunk_count(size, chunk_size)
    chunks = [frames.chunk_range(number, chunk_size, size) for number in range(count)]
    assert [frame for chunk in chunks for frame in chunk] == list(range(size))
    assert all(chunks)
    assert not frames.chunk_range(count, chunk_size, size)


def test_chunk_sizes_follow_the_size_of_the_pictures() -> None:
    assert frames.default_chunk_size(120, 80, ChunkType.IMAGESET) == 72
    assert frames.default_chunk_size(1920, 1080, ChunkType.IMAGESET) == 36
    assert frames.default_chunk_size(20_000, 20_000, ChunkType.IMAGESET) == 2
    assert frames.default_chunk_size(320, 240, ChunkType.VIDEO) == 36


def test_names_sort_as_text_or_by_their_numbers_or_not_at_all() -> None:
    names = ["b10.png", "b9.png", "a/2.png", "a/010.png"]
    assert frames.sort_names(names, SortingMethod.LEXICOGRAPHICAL) == sorted(names)
    assert frames.sort_names(names, SortingMethod.NATURAL) == [
        "a/2.png",
        "a/010.png",
        "b9.png",
        "b10.png",
    ]
    assert frames.sort_names(names, SortingMethod.PREDEFINED) == names


def test_a_random_order_is_the_same_for_the_same_seed_whatever_order_came() -> None:
    names = [f"{n}.png" for n in range(50)]
    once = frames.sort_names(names, SortingMethod.RANDOM, seed=7)
    assert once == frames.sort_names(reversed(names), SortingMethod.RANDOM, seed=7)
    assert once != names
    assert sorted(once) == sorted(names)


def test_very_long_numbers_in_names_sort() -> None:
    names = ["a" + "9" * 5000, "a" + "9" * 4999, "a"]
    assert frames.sort_names(names, SortingMethod.NATURAL) == names[::-1]
