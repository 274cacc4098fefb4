"""The neutral dataset: frame by frame, part by part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cvat_lite.domain.annotations import LabeledData, Shape, Tag, Track, TrackedShape
from cvat_lite.domain.dataset import (
    Dataset,
    Frame,
    Part,
    PartInfo,
    Target,
    part_in_memory,
)
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.domain.labels import Label

BOX = [0.0, 0.0, 1.0, 1.0]
LABELS = (Label(1, "cat"), Label(2, "body", sublabels=(Label(3, "head"),)), Label(4, "dog"))


def frames(*numbers: int) -> list[Frame]:
    return [Frame(number, f"{number}.jpg", 10, 10) for number in numbers]


def box(frame: int, z_order: int = 0, label: int = 1) -> Shape:
    return Shape(label_id=label, type=ShapeType.RECTANGLE, frame=frame, points=BOX, z_order=z_order)


def track(first: int) -> Track:
    key = TrackedShape(type=ShapeType.RECTANGLE, frame=first, points=BOX)
    return Track(label_id=1, frame=first, shapes=[key])


def test_annotations_come_frame_by_frame_those_of_tracks_after_the_others() -> None:
    data = LabeledData(
        tags=[Tag(label_id=1, frame=1)], shapes=[box(2), box(0, label=4)], tracks=[track(1)]
    )
    part = part_in_memory(PartInfo(1, "t"), frames(0, 1, 2), data)
    seen = [(one.frame.number, len(one.tags), one.shapes) for one in part.by_frame()]
    assert [(number, tags, len(shapes)) for number, tags, shapes in seen] == [
        (0, 0, 1),
        (1, 1, 1),
        (2, 0, 2),
    ]
    assert [type(shape) for shape in seen[2][2]] == [Shape, FrameShape]


def test_shapes_are_in_drawing_order() -> None:
    data = LabeledData(shapes=[box(0, 2, 1), box(0, 0, 2), box(0, -1, 4), box(0, 0, 1)])
    part = part_in_memory(PartInfo(1, "t"), frames(0), data)
    (one,) = part.by_frame()
    assert [(shape.z_order, shape.label_id) for shape in one.shapes] == [
        (-1, 4),
        (0, 2),
        (0, 1),
        (2, 1),
    ]


def test_what_stands_on_a_deleted_frame_is_left_out() -> None:
    data = LabeledData(shapes=[box(0), box(1), box(2)], tracks=[track(0)])
    part = part_in_memory(PartInfo(1, "t"), frames(0, 2), data)
    assert [(one.frame.number, len(one.shapes)) for one in part.by_frame()] == [(0, 2), (2, 2)]


def test_shapes_are_taken_from_the_stream_only_as_far_as_needed() -> None:
    taken = []

    def stream() -> Iterator[Shape]:
        for number in range(1000):
            taken.append(number)
            yield box(number)

    part = Part(PartInfo(1, "t"), frames(*range(1000)), list, stream, list)
    walk = part.by_frame()
    for _ in range(3):
        next(walk)
    assert len(taken) == 4


def test_tracks_of_several_parts_are_numbered_on() -> None:
    parts = tuple(
        part_in_memory(
            PartInfo(i, "t", subset=subset), frames(0), LabeledData(tracks=[track(0), track(0)])
        )
        for i, subset in enumerate(("train", "", "train"))
    )
    dataset = Dataset(LABELS, parts)
    numbers = [
        shape.track_id
        for one in dataset.by_frame()
        for shape in one.shapes
        if isinstance(shape, FrameShape)
    ]
    assert numbers == [0, 1, 2, 3, 4, 5]
    assert {name: len(found) for name, found in dataset.subsets().items()} == {
        "train": 2,
        "default": 1,
    }


def test_sublabels_follow_their_skeleton() -> None:
    dataset = Dataset(LABELS, ())
    assert [label.name for label in dataset.flat_labels] == ["cat", "body", "head", "dog"]
    assert dataset.label_index == {1: 0, 2: 1, 3: 2, 4: 3}


def test_frames_of_a_filtered_video_have_their_numbers_in_the_media() -> None:
    info = PartInfo(1, "t", frame_filter="step=3", data_start_frame=10)
    assert [info.absolute(frame) for frame in (0, 1, 5)] == [10, 13, 25]
    target = Target((), frames(0, 1, 2), start_frame=10, frame_step=3)
    assert [target.relative(number) for number in (9, 10, 11, 13, 16, 19)] == [
        None,
        0,
        None,
        1,
        2,
        None,
    ]


@pytest.mark.parametrize(
    ("name", "item", "file"),
    [
        ("a/b.v1.jpg", "a/b.v1", "a/b.v1.jpg"),
        ("frame_000001", "frame_000001", "frame_000001.PNG"),
        ("dir.x/.hidden", "dir.x/.hidden", "dir.x/.hidden.PNG"),
    ],
)
def test_a_frame_has_an_item_and_a_file(name: str, item: str, file: str) -> None:
    frame = Frame(0, name, 1, 1)
    assert (frame.item, frame.file_name) == (item, file)
