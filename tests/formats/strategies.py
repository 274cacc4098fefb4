"""Generated annotations that make sense on a small task."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.dataset import Dataset, Frame, PartInfo, Target, part_in_memory
from cvat_lite.domain.enums import InputType, LabelType, ShapeType, TaskMode
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.domain.masks import mask_of_bitmap

WIDTH, HEIGHT, SIZE = 40, 30, 6
SPECS = (
    AttributeSpec(1, "kind", False, InputType.SELECT, "a", ("a", "b & c")),
    AttributeSpec(2, "sure", True, InputType.CHECKBOX, "false", ("false",)),
    AttributeSpec(3, "age", True, InputType.NUMBER, "1", ("0", "99", "1")),
    AttributeSpec(4, "note", False, InputType.TEXT, "", ("",)),
)
SUBLABELS = (Label(11, "head", parent_id=10), Label(12, "foot", parent_id=10))
LABELS = (
    Label(1, 'cat "Tom" <1>', attributes=SPECS),
    Label(2, "tree house"),
    Label(10, "body", type=LabelType.SKELETON, attributes=SPECS[:1], sublabels=SUBLABELS),
)
FRAMES = tuple(Frame(i, f"dir/p{i}.x/im {i}.jpg", WIDTH, HEIGHT) for i in range(SIZE))
TARGET = Target(LABELS, FRAMES)

frames = st.integers(0, SIZE - 1)
xs = st.integers(0, WIDTH * 100).map(lambda value: value / 100)
ys = st.integers(0, HEIGHT * 100).map(lambda value: value / 100)
points = st.tuples(xs, ys)
degrees = st.integers(0, 35999).map(lambda value: value / 100)
text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=8
) | st.sampled_from(["a\nb", "\t", " x ", "]]>", "&amp;"])
values = st.tuples(
    st.sampled_from(SPECS[0].values),
    st.sampled_from(["true", "false"]),
    st.integers(0, 99).map(str),
    text,
)


def dataset(data: LabeledData) -> Dataset:
    """A task that holds these annotations."""
    info = PartInfo(7, "generated", mode=TaskMode.ANNOTATION, size=SIZE, stop_frame=SIZE - 1)
    return Dataset(LABELS, (part_in_memory(info, FRAMES, data),))


def flat(corners) -> list[float]:
    return [value for corner in corners for value in corner]


def outlines(kind: ShapeType) -> st.SearchStrategy[list[float]]:
    """Points of a shape of this type."""
    if kind is ShapeType.ELLIPSE:
        return st.tuples(xs, ys, st.integers(1, 900), st.integers(1, 900)).map(
            lambda one: [
                one[0],
                one[1],
                round(one[0] + one[2] / 100, 2),
                round(one[1] - one[3] / 100, 2),
            ]
        )
    if kind is ShapeType.MASK:
        image = arrays(bool, (HEIGHT, WIDTH), elements=st.booleans(), fill=st.just(False))
        return image.filter(np.any).map(mask_of_bitmap)
    low, high = {
        ShapeType.RECTANGLE: (2, 2),
        ShapeType.POLYGON: (3, 6),
        ShapeType.POLYLINE: (2, 6),
        ShapeType.POINTS: (1, 6),
        ShapeType.CUBOID: (8, 8),
    }[kind]
    return st.lists(points, min_size=low, max_size=high).map(flat)


@st.composite
def attributes(draw, label: Label) -> list[AttributeValue]:
    given = draw(values)
    return [AttributeValue(spec.id, given[spec.id - 1]) for spec in label.attributes]


@st.composite
def shapes(draw, kinds: tuple[ShapeType, ...]) -> Shape:
    kind = draw(st.sampled_from(kinds))
    frame = draw(frames)
    label = LABELS[2] if kind is ShapeType.SKELETON else draw(st.sampled_from(LABELS[:2]))
    turning = kind in (ShapeType.RECTANGLE, ShapeType.ELLIPSE)
    shape = Shape(
        label_id=label.id,
        type=kind,
        frame=frame,
        source="file",
        group=draw(st.integers(0, 3)),
        z_order=draw(st.integers(-2, 5)),
        occluded=kind is not ShapeType.SKELETON and draw(st.booleans()),
        rotation=draw(degrees) if turning else 0.0,
        points=[] if kind is ShapeType.SKELETON else draw(outlines(kind)),
        attributes=draw(attributes(label)),
    )
    if kind is ShapeType.SKELETON:
        shape.elements = [draw(elements(sublabel, frame)) for sublabel in SUBLABELS]
    return shape


@st.composite
def elements(draw, label: Label, frame: int) -> Element:
    state = draw(st.sampled_from(["visible", "occluded", "outside"]))
    return Element(
        label_id=label.id,
        type=ShapeType.POINTS,
        frame=frame,
        source="file",
        occluded=state == "occluded",
        outside=state == "outside",
        points=list(draw(points)),
    )


@st.composite
def tags(draw) -> Tag:
    label = draw(st.sampled_from(LABELS[:2]))
    return Tag(
        label_id=label.id,
        frame=draw(frames),
        source="file",
        group=draw(st.integers(0, 3)),
        attributes=draw(attributes(label)),
    )


@st.composite
def tracks(draw) -> Track:
    """A track whose mutable attributes stand on each keyframe."""
    kind = draw(st.sampled_from([ShapeType.RECTANGLE, ShapeType.POLYGON, ShapeType.CUBOID]))
    label = draw(st.sampled_from(LABELS[:2]))
    keyframes = []
    for frame in sorted(draw(st.sets(frames, min_size=1, max_size=4))):
        given = draw(attributes(label))
        keyframes.append(
            TrackedShape(
                type=kind,
                frame=frame,
                occluded=draw(st.booleans()),
                outside=bool(keyframes) and draw(st.booleans()),
                z_order=draw(st.integers(0, 3)),
                rotation=draw(degrees) if kind is ShapeType.RECTANGLE else 0.0,
                points=draw(outlines(kind)),
                attributes=[one for one in given if one.spec_id in (2, 3)],
            )
        )
    return Track(
        label_id=label.id,
        frame=keyframes[0].frame,
        source="file",
        group=draw(st.integers(0, 3)),
        shapes=keyframes,
        attributes=[one for one in draw(attributes(label)) if one.spec_id in (1, 4)],
    )
