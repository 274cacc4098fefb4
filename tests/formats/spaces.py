"""Annotations of point clouds and sounds that make sense on small tasks, and their way there and back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from cvat_lite.domain.annotations import (
    AttributeValue,
    Interval,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.dataset import Dataset, Frame, Image, PartInfo, Target, part_in_memory
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.interpolation import shapes_of_track
from cvat_lite.formats import registry
from cvat_lite.formats.containers import FileSink, ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions
from tests.formats import strategies
from tests.formats.strategies import LABELS, SIZE

CLOUDS = tuple(Frame(n, f"dir/c.{n}.pcd", 60, 1) for n in range(SIZE))
TARGET = Target(LABELS, CLOUDS)
MILLISECONDS = 5000
SOUND = Target(LABELS, (), source="a talk.wav", span=range(MILLISECONDS))
INFO = PartInfo(
    7,
    "generated",
    size=SIZE,
    stop_frame=SIZE - 1,
    created_date="2026-11-23T18:14:40.741916Z",
    updated_date="2026-11-23T18:14:42.430741Z",
)
CUBOIDS = ("Datumaro 3D 1.0", "Kitti Raw Format 1.0", "Sly Point Cloud Format 1.0")

numbers = st.floats(-1e6, 1e6).map(lambda value: value + 0.0)
triples = st.lists(numbers, min_size=3, max_size=3)
texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["\\t", "a\tb", "\r\n"])


def cuboid(*first: float) -> list[float]:
    """Sixteen numbers, the first of them given."""
    return [*first, *[1.5, 2.0, 0.5, 0.0, 0.0, 0.1234, 4.0, 2.0, 1.0][len(first) :], *[0.0] * 7]


points = st.tuples(triples, triples, triples).map(
    lambda one: [*one[0], *one[1], *one[2], *[0.0] * 7]
)


@st.composite
def shapes(draw) -> Shape:
    label = draw(st.sampled_from(LABELS[:2]))
    return Shape(
        label_id=label.id,
        type=ShapeType.CUBOID,
        frame=draw(strategies.frames),
        source="file",
        occluded=draw(st.booleans()),
        points=draw(points),
        attributes=draw(strategies.attributes(label)),
    )


@st.composite
def tracks(draw) -> Track:
    """A track whose mutable attributes stand on each keyframe, and whose size may change."""
    track = draw(strategies.tracks())
    size = draw(triples)
    for one in track.shapes:
        one.type, one.rotation, one.z_order = ShapeType.CUBOID, 0.0, 0
        one.points = [*draw(triples), *draw(triples), *size, *[0.0] * 7]
        if draw(st.integers(0, 3)) == 0:
            size = draw(triples)
    track.group = 0
    return track


@st.composite
def intervals(draw) -> Interval:
    label = draw(st.sampled_from(LABELS[:2]))
    start = draw(st.integers(0, MILLISECONDS - 1))
    values = draw(strategies.attributes(label))
    for value in values:
        value.value = draw(texts) if value.spec_id == 4 else value.value
    return Interval(
        label_id=label.id,
        start=start,
        stop=draw(st.none() | st.integers(start, MILLISECONDS)),
        group=draw(st.integers(0, 3)),
        score=draw(st.floats(0, 1)),
        source="file",
        attributes=values,
    )


def tag() -> Tag:
    return Tag(label_id=2, frame=1, source="file")


def track(*, growing: bool = False) -> Track:
    """A track that moves, and is hidden from frame 3 on."""
    keys = [(0, False), (2, False), (3, True)]
    shapes = [
        TrackedShape(
            type=ShapeType.CUBOID,
            frame=frame,
            outside=hidden,
            points=cuboid(1.0 + frame, 2, 0.5, 0, 0, 0.5, 4.0 + frame * growing),
        )
        for frame, hidden in keys
    ]
    return Track(label_id=2, frame=0, source="file", shapes=shapes)


def shape(**more: Any) -> Shape:
    return Shape(label_id=2, type=ShapeType.CUBOID, frame=1, points=cuboid(), **more)


def with_attributes() -> list[AttributeValue]:
    return [AttributeValue(n, v) for n, v in enumerate(("b & c", "true", "7", "hm"), 1)]


def dataset(data: LabeledData, *, images: bool = False) -> Dataset:
    """A task that holds these annotations; each cloud has its name as content, and one image."""
    part = part_in_memory(
        INFO,
        CLOUDS,
        data,
        (lambda frame: Image(content=frame.name.encode())) if images else None,
        (lambda frame: [("front.png", Image(content=b"picture"))]) if images else None,
    )
    return Dataset(LABELS, (part,))


def talk(data: LabeledData) -> Dataset:
    """A sound that holds these annotations."""
    info = PartInfo(8, "talk", size=MILLISECONDS, source="a talk.wav")
    return Dataset(LABELS, (part_in_memory(info, (), data),))


def written(name: str, what: Dataset, path: Path, *, images: bool = False) -> None:
    found = registry.exporter(name)
    assert found.write is not None
    with ZipSink(path) if "ZIP" in found.write_extensions else FileSink(path) as sink:
        found.write(what, sink, WriteOptions(save_images=images))


def read(name: str, path: Path, target: Target) -> LabeledData:
    reader = registry.importer(name).read
    assert reader is not None
    with open_source(path) as source:
        return reader(source, target, ReadOptions())


def round_trip(name: str, what: Dataset, target: Target) -> LabeledData:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dataset")
        written(name, what, path)
        return read(name, path, target)


def seen(data: LabeledData) -> list[Any]:
    """Where tracks are on each frame, whatever their keyframes, with all attributes."""
    return sorted(
        (
            one.frame,
            one.label_id,
            [round(value, 6) for value in one.points],
            one.occluded,
            sorted((value.spec_id, value.value) for value in one.attributes),
        )
        for track in data.tracks
        for one in shapes_of_track(track, SIZE - 1)
    )
