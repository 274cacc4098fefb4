"""Tracks through formats that know them, and through those that only know frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvat_lite.domain.annotations import ElementTrack, LabeledData, Shape, Track, TrackedShape
from cvat_lite.domain.dataset import Dataset, Frame, PartInfo, Segment, Target, part_in_memory
from cvat_lite.domain.dataset import video_frame_name as name
from cvat_lite.domain.enums import LabelType, ShapeType, TaskMode
from cvat_lite.domain.labels import Label
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions
from tests.formats.recordings import comparable

LABELS = (
    Label(1, "car"),
    Label(2, "body", type=LabelType.SKELETON, sublabels=(Label(3, "head"), Label(4, "foot"))),
)
INFO = PartInfo(
    5,
    "every third",
    mode=TaskMode.INTERPOLATION,
    size=8,
    frame_filter="step=3",
    start_frame=10,
    stop_frame=31,
    data_start_frame=10,
    segments=(Segment(9, 10, 31, "http://host/api/jobs/9"),),
)
FRAMES = [Frame(i, name(INFO.absolute(i)), 100, 100) for i in range(8)]
TARGET = Target(LABELS, FRAMES, start_frame=10, frame_step=3)
WAYS = [
    ("CVAT for video 1.1", "CVAT 1.1"),
    ("Datumaro 1.0", "Datumaro 1.0"),
    ("COCO 1.0", "COCO 1.0"),
    ("PASCAL VOC 1.1", "PASCAL VOC 1.1"),
]


def written(exporter: str, data: LabeledData, path: Path, info: PartInfo = INFO) -> None:
    write = registry.exporter(exporter).write
    assert write is not None
    with ZipSink(path) as sink:
        write(Dataset(LABELS, (part_in_memory(info, FRAMES, data),)), sink, WriteOptions())


def round_trip(exporter: str, importer: str, data: LabeledData, path: Path) -> LabeledData:
    written(exporter, data, path)
    read = registry.importer(importer).read
    assert read is not None
    with open_source(path) as source:
        return read(source, TARGET, ReadOptions())


def key(frame: int, points: list[float], kind: str = "rectangle", **rest) -> TrackedShape:
    return TrackedShape(type=ShapeType(kind), frame=frame, points=points, **rest)


@pytest.mark.parametrize(("exporter", "importer"), WAYS)
def test_a_track_comes_back_with_its_keyframes(exporter, importer, tmp_path: Path) -> None:
    moving = Track(
        label_id=1,
        frame=1,
        source="file",
        shapes=[
            key(1, [0, 0, 10, 10]),
            key(4, [30, 30, 40, 40], occluded=True),
            key(5, [30, 30, 40, 40], occluded=True, outside=True),
            key(6, [50, 50, 60, 60]),
        ],
    )
    data = LabeledData(tracks=[moving])
    ours = round_trip(exporter, importer, data, tmp_path / "a.zip")
    expected = comparable(data, LABELS)
    assert comparable(ours, LABELS) == expected


@pytest.mark.parametrize(("exporter", "importer"), WAYS[:2])
def test_a_skeleton_s_track_comes_back_with_its_elements(
    exporter, importer, tmp_path: Path
) -> None:
    def element(label: int, *shapes: TrackedShape) -> ElementTrack:
        return ElementTrack(label_id=label, frame=0, source="file", shapes=list(shapes))

    skeleton = Track(
        label_id=2,
        frame=0,
        source="file",
        shapes=[key(0, [], "skeleton"), key(3, [], "skeleton")],
        elements=[
            element(3, key(0, [1, 1], "points"), key(3, [4, 4], "points")),
            element(4, key(0, [9, 9], "points"), key(3, [9, 9], "points", outside=True)),
        ],
    )
    data = LabeledData(tracks=[skeleton])
    ours = round_trip(exporter, importer, data, tmp_path / "a.zip")
    assert comparable(ours, LABELS) == comparable(data, LABELS)


def test_numbers_of_frames_are_those_of_the_media(tmp_path: Path) -> None:
    shape = Shape(label_id=1, type=ShapeType.RECTANGLE, frame=2, points=[1, 1, 2, 2])
    written("CVAT for video 1.1", LabeledData(shapes=[shape]), tmp_path / "a.zip")
    with open_source(tmp_path / "a.zip") as source:
        text = source.read("annotations.xml").decode()
    assert '<box frame="16" keyframe="1" outside="0"' in text
    assert '<box frame="19" keyframe="1" outside="1"' in text
    assert "<start>10</start>\n          <stop>31</stop>" in text
    assert "<url>http://host/api/jobs/9</url>" in text


def test_a_job_is_written_under_its_own_name(tmp_path: Path) -> None:
    info = PartInfo(3, "the task", kind="job", size=8)
    written("CVAT for images 1.1", LabeledData(), tmp_path / "a.zip", info)
    with open_source(tmp_path / "a.zip") as source:
        text = source.read("annotations.xml").decode()
    assert "<job>\n      <id>3</id>\n      <size>8</size>" in text
    assert "the task" not in text
