"""What names in a dataset mean in the task."""

from __future__ import annotations

import pytest

from cvat_lite.domain.dataset import Frame, Target, video_frame_name
from cvat_lite.domain.enums import InputType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.matching import FrameIndex, LabelIndex

NAMES = ("a.jpg", "train/b.jpg", "val/b.jpg", "val/deep/c.v2.png")
FRAMES = FrameIndex(Target((), [Frame(i, name, 10, 10) for i, name in enumerate(NAMES)]))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("a.jpg", 0),
        ("a", 0),
        ("a.png", 0),
        ("images/train/a.jpg", 0),
        ("\\a.jpg", 0),
        ("val/b", 2),
        ("images/val/b.jpg", 2),
        ("c.v2.png", 3),
        ("deep/c.v2", 3),
        ("b.jpg", None),
        ("d.jpg", None),
        ("", None),
    ],
)
def test_a_frame_is_found_by_name_without_extension_and_by_the_end_of_a_path(name, number) -> None:
    frame = FRAMES.get(name)
    assert (frame.number if frame else None) == number


def test_a_frame_of_a_video_is_found_by_its_number_in_the_media() -> None:
    frames = [Frame(i, video_frame_name(10 + 3 * i), 10, 10) for i in range(4)]
    index = FrameIndex(Target((), frames, start_frame=10, frame_step=3))
    assert [frame and frame.number for frame in map(index.absolute, (10, 11, 16, 22))] == [
        0,
        None,
        2,
        None,
    ]
    named = FrameIndex(Target((), [Frame(0, "x", 1, 1), Frame(1, "y", 1, 1)]))
    found = named.get("images/frame_000001.PNG")
    assert found is not None
    assert found.number == 1


def test_a_name_that_matches_nothing_says_where_it_stands() -> None:
    with pytest.raises(DatasetError, match=r"^x\.json, item 3: no frame of the task matches 'z'$"):
        FRAMES.require("z", "x.json", "item 3")


def test_an_unknown_label_is_refused_in_cvat_s_words() -> None:
    with pytest.raises(DatasetError, match="Label 'dog' is not registered for this task"):
        LabelIndex([Label(1, "cat")]).require("dog", "x.json")


def spec(kind: InputType, *values: str) -> AttributeSpec:
    return AttributeSpec(5, "a", False, kind, "", values)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (InputType.NUMBER, 12.0, "12"),
        (InputType.NUMBER, "12.0", "12"),
        (InputType.NUMBER, "0.25", "0.25"),
        (InputType.CHECKBOX, True, "true"),
        (InputType.CHECKBOX, "False", "false"),
        (InputType.SELECT, "x", "x"),
        (InputType.TEXT, "any thing", "any thing"),
    ],
)
def test_attribute_values_become_text(kind, value, text) -> None:
    label = Label(1, "cat", attributes=(spec(kind, "x", "y"),))
    values = LabelIndex([label]).attributes(label, [("a", value), ("unknown", "1")], "f")
    assert [(one.spec_id, one.value) for one in values] == [(5, text)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (InputType.NUMBER, "many"),
        (InputType.NUMBER, "nan"),
        (InputType.CHECKBOX, "perhaps"),
        (InputType.SELECT, "z"),
        (InputType.RADIO, "z"),
    ],
)
def test_an_attribute_value_that_cannot_be_is_refused(kind, value) -> None:
    label = Label(1, "cat", attributes=(spec(kind, "x", "y"),))
    with pytest.raises(DatasetError, match=f"attribute 'a' cannot have the value '{value}'"):
        LabelIndex([label]).attributes(label, [("a", value)], "f", "line 1")
