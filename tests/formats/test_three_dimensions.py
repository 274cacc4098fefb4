"""Formats of point clouds: what is written, where, and what comes back of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, Frame, PartInfo, Target, part_in_memory
from cvat_lite.errors import DatasetError
from tests.formats import spaces, strategies
from tests.formats.recordings import ROOT, comparable, content, dataset_of
from tests.formats.spaces import CLOUDS, CUBOIDS, TARGET, cuboid, read, round_trip, written
from tests.formats.strategies import LABELS

relaxed = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def trackless(data: LabeledData) -> tuple[object, list[list[float]]]:
    """By names, and the points in full besides: names come with rounded ones."""
    return comparable(data, LABELS), sorted(one.points for one in data.shapes)


@relaxed
@pytest.mark.parametrize("name", CUBOIDS)
@given(shapes=st.lists(spaces.shapes(), max_size=4))
def test_cuboids_come_back_to_the_last_digit(name: str, shapes) -> None:
    for value in (value for one in shapes for value in one.attributes):
        # XML turns every end of a line into the same.
        value.value = value.value.replace("\r", " ")
    data = LabeledData(shapes=shapes)
    assert trackless(round_trip(name, spaces.dataset(data), TARGET)) == trackless(data)


@relaxed
@pytest.mark.parametrize("name", CUBOIDS)
@given(tracks=st.lists(spaces.tracks(), max_size=3))
def test_tracks_are_on_every_frame_where_they_were(name: str, tracks) -> None:
    data = LabeledData(tracks=tracks)
    back = round_trip(name, spaces.dataset(data), TARGET)
    assert back.shapes == []
    assert spaces.seen(back) == spaces.seen(data)


@relaxed
@given(shapes=st.lists(spaces.shapes(), max_size=3), tags=st.lists(strategies.tags(), max_size=2))
def test_datumaro_keeps_tags_and_groups_as_well(shapes, tags) -> None:
    for group, one in enumerate(shapes):
        one.group = group
    data = LabeledData(shapes=shapes, tags=tags)
    assert trackless(round_trip(CUBOIDS[0], spaces.dataset(data), TARGET)) == trackless(data)


def test_an_export_with_clouds_is_the_recorded_one(tmp_path: Path) -> None:
    written("Datumaro 3D 1.0", dataset_of("cloud"), tmp_path / "a.zip", images=True)
    assert content(tmp_path / "a.zip") == content(ROOT / "cloud/exports/with_images.zip")


@pytest.mark.parametrize(
    ("name", "cloud", "image"),
    [
        (
            CUBOIDS[0],
            "point_clouds/default/dir/c.2.pcd",
            "related_images/default/dir/c.2/front.png",
        ),
        (CUBOIDS[1], "velodyne_points/data/dir/c.2.pcd", "image_00/data/dir/c.2.png"),
        (CUBOIDS[2], "ds0/pointcloud/dir/c.2.pcd", "ds0/related_images/dir/c_2_pcd/front.png"),
    ],
)
def test_clouds_and_their_images_lie_where_the_format_has_them(
    name: str, cloud: str, image: str, tmp_path: Path
) -> None:
    data = LabeledData(shapes=[spaces.shape()])
    written(name, spaces.dataset(data, images=True), tmp_path / "a.zip", images=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read(cloud) == b"dir/c.2.pcd"
        assert archive.read(image) == b"picture"
    assert len(read(name, tmp_path / "a.zip", TARGET).shapes) == 1


@pytest.mark.parametrize("name", CUBOIDS)
def test_subsets_with_the_same_names_stay_apart(name: str, tmp_path: Path) -> None:
    parts = tuple(
        part_in_memory(
            PartInfo(number, subset, subset=subset, size=len(CLOUDS)),
            CLOUDS,
            LabeledData(shapes=[spaces.shape()] * number),
        )
        for number, subset in enumerate(("train", "val"), 1)
    )
    written(name, Dataset(LABELS, parts), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert len(set(archive.namelist())) == len(archive.namelist())
    assert len(read(name, tmp_path / "a.zip", TARGET).shapes) == 3


@pytest.mark.parametrize("name", CUBOIDS)
def test_deleted_frames_and_flat_shapes_are_left_out(name: str, tmp_path: Path) -> None:
    flat = spaces.shape()
    flat.points, flat.frame = [1.0] * 8, 3
    data = LabeledData(shapes=[spaces.shape(), flat], tracks=[spaces.track()])
    part = part_in_memory(spaces.INFO, [f for f in CLOUDS if f.number != 1], data)
    written(name, Dataset(LABELS, (part,)), tmp_path / "a.zip")
    back = read(name, tmp_path / "a.zip", TARGET)
    assert back.shapes == []
    assert {frame for frame, *_ in spaces.seen(back)} == {0, 2}


def test_a_job_s_frames_keep_their_numbers(tmp_path: Path) -> None:
    frames = CLOUDS[3:]
    shape = spaces.shape()
    shape.frame = 4
    part = part_in_memory(PartInfo(9, "job", kind="job"), frames, LabeledData(shapes=[shape]))
    written("Kitti Raw Format 1.0", Dataset(LABELS, (part,)), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("frame_list.txt").splitlines()[0] == b"3 dir/c.3"
        (tmp_path / "any name").write_bytes(archive.read("tracklet_labels.xml"))
    # The XML file alone tells numbers, and no names.
    for path in ("a.zip", "any name"):
        (back,) = read("Kitti Raw Format 1.0", tmp_path / path, Target(LABELS, frames)).shapes
        assert back.frame == 4


def test_tracklets_run_backwards_and_the_first_bears_boost_s_attributes(tmp_path: Path) -> None:
    shapes = [spaces.shape() for _ in range(3)]
    for frame, one in zip((0, 5, 2), shapes, strict=True):
        one.frame = frame
    written("Kitti Raw Format 1.0", spaces.dataset(LabeledData(shapes=shapes)), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        root = ET.fromstring(archive.read("tracklet_labels.xml"))
    items = root.findall("tracklets/item")
    assert [one.findtext("first_frame") for one in items] == ["5", "2", "0"]
    assert [one.get("class_id") for one in items] == ["1", None, None]
    assert [one.get("class_id") for one in root.findall(".//poses/item")] == ["3", None, None]


def test_a_drive_of_others_is_read_by_the_numbers_of_its_frames(tmp_path: Path) -> None:
    pose = "<item><tx>1</tx><ty>2</ty><tz>3</tz><rx>0</rx><ry>0</ry><rz>1</rz>%s</item>"
    poses = pose % "<state>2</state><occlusion>1</occlusion>" + pose % "<state>2</state>"
    (tmp_path / "labels.xml").write_text(
        "<boost_serialization><tracklets><count>1</count><item><objectType>tree house</objectType>"
        "<h>2</h><w>1</w><l>3</l><first_frame>1</first_frame>"
        f"<poses><count>2</count>{poses}</poses></item></tracklets></boost_serialization>"
    )
    (track,) = read("Kitti Raw Format 1.0", tmp_path / "labels.xml", TARGET).tracks
    assert [(one.frame, one.outside, one.occluded) for one in track.shapes] == [
        (1, False, True),
        (2, False, False),
        (3, True, False),
    ]
    assert track.shapes[0].points == [1, 2, 3, 0, 0, 1, 1, 2, 3, *[0] * 7]


def sly(key: str, label: str = "tree house", **more: object) -> bytes:
    at = {"x": 1, "y": 2, "z": 3}
    geometry = {"position": at, "rotation": at, "dimensions": at}
    figure = {"objectKey": key, "geometryType": "cuboid_3d", "geometry": geometry, **more}
    return orjson.dumps({"objects": [{"key": key, "classTitle": label}], "figures": [figure]})


def archive_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_an_object_of_supervisely_in_several_clouds_is_a_track(tmp_path: Path) -> None:
    files = {
        "project/ds0/ann/c.0.pcd.json": sly("a"),
        "project/ds0/ann/c.1.pcd.json": sly("a"),
        "project/ds0/ann/c.2.pcd.json": sly("b"),
    }
    data = read(CUBOIDS[2], archive_of(tmp_path / "a.zip", files), TARGET)
    assert [one.frame for one in data.shapes] == [2]
    assert [[one.frame for one in track.shapes] for track in data.tracks] == [[0, 1, 2]]


def test_equal_datasets_make_equal_archives_and_keys_are_never_shared(tmp_path: Path) -> None:
    shapes = [spaces.shape(), spaces.shape()]
    data = LabeledData(shapes=shapes, tracks=[spaces.track(), spaces.track()])
    for name in ("a.zip", "b.zip"):
        written(CUBOIDS[2], spaces.dataset(data), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        keys = json.loads(archive.read("key_id_map.json"))
    # Two shapes on one frame, two tracks on three; a cloud has two tags.
    assert {kind: len(found) for kind, found in keys.items()} == {
        "tags": 12,
        "objects": 4,
        "figures": 8,
        "videos": 6,
    }
    assert len({key for found in keys.values() for key in found}) == 30


def datumaro(**more: object) -> bytes:
    one = {
        "type": "cuboid_3d",
        "label_id": 0,
        "position": [1, 2, 3],
        "rotation": [0, 0, 0],
        "scale": [1, 1, 1],
        **more,
    }
    labels = {"label": {"labels": [{"name": "tree house"}]}}
    return orjson.dumps({"categories": labels, "items": [{"id": "c.0", "annotations": [one]}]})


def tracklet(**more: str) -> bytes:
    told = {
        "objectType": "tree house",
        "h": "1",
        "w": "1",
        "l": "1",
        "first_frame": "0",
        "tx": "1",
        **more,
    }
    pose = "".join(f"<{k}>0</{k}>" for k in ("ty", "tz", "rx", "ry", "rz"))
    pose += f"<tx>{told.pop('tx')}</tx>"
    head = "".join(f"<{key}>{value}</{key}>" for key, value in told.items())
    item = f"<item>{head}<poses><item>{pose}</item></poses></item>"
    return f"<boost_serialization><tracklets>{item}</tracklets></boost_serialization>".encode()


XML, ANN, JSON = "tracklet_labels.xml", "ds0/ann/c.0.pcd.json", "annotations/a.json"
BOMB = b'<!DOCTYPE a [<!ENTITY x "y">]><a><b><item>&x;</item></b></a>'
FAULTS = {
    "no JSON": (0, {"a.txt": b""}, "there is no JSON file"),
    "two numbers": (0, {JSON: datumaro(scale=[1, 2])}, r"items\[0\].* three finite numbers"),
    "an infinite number": (0, {JSON: datumaro(scale=["inf", 1, 1])}, "three finite numbers"),
    "a flat box": (0, {JSON: datumaro(type="bbox")}, "type 'bbox' are not known"),
    "no rotation": (
        0,
        {JSON: datumaro().replace(b"rotation", b"turn")},
        "'rotation' is missing",
    ),
    "no tracklets": (1, {"a.txt": b"", "b.txt": b""}, "no such file"),
    "no XML": (1, {XML: b"tracklets"}, "tracklet_labels.xml: this is not XML"),
    "entities": (1, {XML: BOMB}, "tracklet_labels.xml: this is not XML"),
    "an unknown label": (1, {XML: tracklet(objectType="Van")}, "item 0: Label 'Van' is not"),
    "no number": (1, {XML: tracklet(tx="left")}, "tracklet_labels.xml, item 0: could not convert"),
    "no finite number": (1, {XML: tracklet(tx="nan")}, "item 0: a cuboid needs three finite"),
    "no size": (
        1,
        {XML: tracklet().replace(b"<h>1</h>", b"")},
        "tracklet_labels.xml, item 0: 'h' is missing",
    ),
    "an endless number": (1, {XML: tracklet(first_frame="9" * 5000)}, "item 0: Exceeds"),
    "a frame too far": (1, {XML: tracklet(first_frame="6")}, "item 0, pose 0: no frame"),
    "a frame without a name": (
        1,
        {XML: tracklet(), "frame_list.txt": b"1 c.1\n"},
        "frame_list.txt has no frame 0",
    ),
    "a list without numbers": (
        1,
        {XML: tracklet(), "frame_list.txt": b"0 c.0\nc.1\n"},
        "frame_list.txt, line 2: a line is",
    ),
    "no annotations": (2, {"meta.json": b"{}"}, "there is no such directory"),
    "no JSON in ann": (2, {ANN: b"{"}, "c.0.pcd.json: this is not JSON"),
    "a list": (2, {ANN: b"[]"}, "c.0.pcd.json: this annotates no cloud"),
    "no object": (2, {ANN: sly("a").replace(b'"key":"a"', b'"key":"b"')}, "there is no object a"),
    "a cloud of labels": (2, {ANN: sly("a", geometryType="point_cloud")}, "'point_cloud'"),
    "no geometry": (2, {ANN: sly("a", geometry={})}, r"figures\[0\]: 'position' is missing"),
    "a class unknown": (2, {ANN: sly("a", "Van")}, r"figures\[0\]: Label 'Van' is not"),
    "another cloud": (2, {"ds0/ann/z.pcd.json": sly("a")}, "no frame of the task matches 'z.pcd'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_refused(fault: str, tmp_path: Path) -> None:
    name, files, message = FAULTS[fault]
    with pytest.raises(DatasetError, match=message):
        read(CUBOIDS[name], archive_of(tmp_path / "a.zip", files), TARGET)


def test_what_is_in_no_list_is_a_frame_by_its_number_only(tmp_path: Path) -> None:
    target = Target(LABELS, [Frame(0, "c.0.pcd", 1, 1)])
    path = archive_of(tmp_path / "a.zip", {XML: tracklet()})
    (shape,) = read(CUBOIDS[1], path, target).shapes
    assert (shape.frame, shape.points[:3]) == (0, cuboid(1, 0, 0)[:3])
