"""What is written comes back: all of it, or what the format has a place for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.enums import ShapeType
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions
from tests.formats import strategies
from tests.formats.recordings import comparable

ALL = tuple(ShapeType)
NO_CUBOID = tuple(kind for kind in ShapeType if kind is not ShapeType.CUBOID)
BOXES = (ShapeType.RECTANGLE,)
relaxed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def round_trip(exporter: str, importer: str, data: LabeledData) -> LabeledData:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dataset.zip")
        write, read = registry.exporter(exporter).write, registry.importer(importer).read
        assert write is not None
        assert read is not None
        with ZipSink(path) as sink:
            write(strategies.dataset(data), sink, WriteOptions())
        with open_source(path) as source:
            return read(source, strategies.TARGET, ReadOptions(masks_to_polygons=False))


def assert_same(ours: LabeledData, expected: LabeledData) -> None:
    assert comparable(ours, strategies.LABELS) == comparable(expected, strategies.LABELS)


@relaxed
@given(st.lists(strategies.shapes(ALL), max_size=4), st.lists(strategies.tags(), max_size=2))
def test_cvat_for_images_keeps_shapes_and_tags(shapes, tags) -> None:
    data = LabeledData(shapes=shapes, tags=tags)
    assert_same(round_trip("CVAT for images 1.1", "CVAT 1.1", data), data)


@relaxed
@given(st.lists(strategies.tracks(), max_size=3))
def test_cvat_for_video_keeps_tracks(tracks) -> None:
    data = LabeledData(tracks=tracks)
    assert_same(round_trip("CVAT for video 1.1", "CVAT 1.1", data), data)


@relaxed
@given(st.lists(strategies.shapes(NO_CUBOID), max_size=4), st.lists(strategies.tags(), max_size=2))
def test_datumaro_keeps_shapes_and_tags(shapes, tags) -> None:
    data = LabeledData(shapes=shapes, tags=tags)
    assert_same(round_trip("Datumaro 1.0", "Datumaro 1.0", data), data)


@relaxed
@given(st.lists(strategies.shapes(BOXES), max_size=5))
def test_coco_keeps_boxes_but_for_group_and_z_order(shapes) -> None:
    for shape in shapes:
        shape.group, shape.z_order = 0, 0
    data = LabeledData(shapes=shapes)
    assert_same(round_trip("COCO 1.0", "COCO 1.0", data), data)


@relaxed
@given(st.lists(strategies.shapes((ShapeType.MASK, ShapeType.POLYGON)), max_size=4))
def test_coco_keeps_masks_and_polygons_but_for_group_and_z_order(shapes) -> None:
    for shape in shapes:
        shape.group, shape.z_order = 0, 0
    data = LabeledData(shapes=shapes)
    assert_same(round_trip("COCO 1.0", "COCO 1.0", data), data)


@relaxed
@given(st.lists(strategies.shapes(BOXES), max_size=5))
def test_pascal_voc_keeps_boxes_but_for_group_and_z_order(shapes) -> None:
    for shape in shapes:
        shape.group, shape.z_order = 0, 0
        for value in shape.attributes:
            value.value = value.value.strip() if value.spec_id == 4 else value.value
    data = LabeledData(shapes=shapes)
    assert_same(round_trip("PASCAL VOC 1.1", "PASCAL VOC 1.1", data), data)


@relaxed
@pytest.mark.parametrize("name", ["YOLO 1.1", "Ultralytics YOLO Detection 1.0"])
@given(shapes=st.lists(strategies.shapes(BOXES), max_size=5))
def test_yolo_keeps_the_place_and_label_of_upright_boxes(name, shapes) -> None:
    data = LabeledData(shapes=shapes)
    ours = round_trip(name, name, data)
    for shape in shapes:
        shape.group, shape.z_order, shape.occluded, shape.attributes = 0, 0, False, []
    data.shapes = [shape for shape in shapes if not shape.rotation]
    assert_same(ours, data)
