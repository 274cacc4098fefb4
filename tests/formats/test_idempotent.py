"""What has once gone through a format goes through it again unchanged, for every format."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, PartInfo, Target, part_in_memory
from cvat_lite.domain.enums import Dimension, InputType, ShapeType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import Format, ReadOptions, WriteOptions
from tests.formats import strategies
from tests.formats.recordings import content

# Formats without labels are read as this one.
ICDAR = Label(20, "icdar", attributes=(AttributeSpec(5, "text", False, InputType.TEXT, "", ("",)),))
TARGET = Target((*strategies.LABELS, ICDAR), strategies.FRAMES)
SHARE = re.compile(r"-?\d\.\d{6}\b")
FORMATS = [
    one
    for one in registry.exporters()
    if one.read is not None and one.dimension is Dimension.D2 and one.write_extensions == ("ZIP",)
]


def written(one: Format, data: LabeledData, path: Path) -> dict:
    info = PartInfo(7, "generated", size=strategies.SIZE, stop_frame=strategies.SIZE - 1)
    dataset = Dataset(TARGET.labels, (part_in_memory(info, TARGET.frames, data),))
    assert one.write is not None
    with ZipSink(path) as sink:
        one.write(dataset, sink, WriteOptions())
    return content(path)


def read(one: Format, path: Path) -> LabeledData:
    assert one.read is not None
    with open_source(path) as source:
        return one.read(source, TARGET, ReadOptions(masks_to_polygons=False))


def same(ours, theirs) -> bool:
    """Whether contents are equal, but for the last of six decimals in lines of shares."""
    if ours == theirs:
        return True
    if not isinstance(ours, list) or len(ours) != len(theirs):
        return False
    return all(same_line(a, b) for a, b in zip(ours, theirs, strict=True))


def same_line(ours, theirs) -> bool:
    if not isinstance(ours, str):
        return ours == theirs
    a, b = SHARE.sub("", ours), SHARE.sub("", theirs)
    numbers = [[float(one) for one in SHARE.findall(line)] for line in (ours, theirs)]
    return a == b and numbers[0] == pytest.approx(numbers[1], abs=2.5e-6, rel=0)


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    shapes=st.lists(strategies.shapes(tuple(ShapeType)), max_size=4),
    tags=st.lists(strategies.tags(), max_size=2),
    tracks=st.lists(strategies.tracks(), max_size=2),
)
def test_what_was_read_is_written_and_read_again_without_further_loss(
    one: Format, shapes, tags, tracks
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dataset.zip")
        written(one, LabeledData(shapes=shapes, tags=tags, tracks=tracks), path)
        once = written(one, read(one, path), path)
        again = written(one, read(one, path), path)
        assert again.keys() == once.keys()
        for file, tree in once.items():
            assert same(again[file], tree), file
