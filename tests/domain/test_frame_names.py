"""Frames of several tasks are told apart by their names."""

from __future__ import annotations

from cvat_lite.domain.dataset import Frame
from cvat_lite.domain.frame_names import UniqueNames


def names(unique: UniqueNames, subset: str, *given: str) -> list[str]:
    frames = [Frame(number, name, 9, 9) for number, name in enumerate(given)]
    found = unique.told_apart(subset, frames)
    assert [one.number for one in found] == list(range(len(given)))
    return [one.name for one in found]


def test_a_name_that_another_task_has_is_numbered() -> None:
    unique = UniqueNames()
    assert names(unique, "train", "a.jpg", "b.jpg") == ["a.jpg", "b.jpg"]
    assert names(unique, "train", "a.jpg", "c.jpg") == ["a_1.jpg", "c.jpg"]
    assert names(unique, "train", "a.jpg", "b.jpg") == ["a_2.jpg", "b_1.jpg"]


def test_subsets_do_not_share_names() -> None:
    unique = UniqueNames()
    assert names(unique, "train", "a.jpg") == names(unique, "val", "a.jpg") == ["a.jpg"]


def test_images_that_differ_in_their_extension_only_are_told_apart_too() -> None:
    unique = UniqueNames()
    assert names(unique, "train", "a.jpg", "a.png") == ["a.jpg", "a.png"]
    assert names(unique, "train", "a.bmp", "a.gif") == ["a_1.bmp", "a_2.gif"]


def test_a_number_that_is_a_name_already_is_passed_over() -> None:
    unique = UniqueNames()
    assert names(unique, "train", "a.jpg", "a_1.jpg") == ["a.jpg", "a_1.jpg"]
    assert names(unique, "train", "a.jpg", "a_2.jpg") == ["a_3.jpg", "a_2.jpg"]


def test_folders_and_frames_of_videos_keep_their_form() -> None:
    unique = UniqueNames()
    assert names(unique, "", "d.1/a.jpg", "frame_000001") == ["d.1/a.jpg", "frame_000001"]
    assert names(unique, "", "d.1/a.jpg", "frame_000001") == ["d.1/a_1.jpg", "frame_000001_1"]
