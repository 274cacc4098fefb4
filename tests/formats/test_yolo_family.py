"""The YOLO family and COCO Keypoints: what their recordings leave open."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from cvat_lite.domain.annotations import Element, LabeledData, Shape, Tag, Track, TrackedShape
from cvat_lite.domain.dataset import Dataset, Frame, Image, PartInfo, Target, part_in_memory
from cvat_lite.domain.enums import LabelType, ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.domain.masks import mask_of_bitmap, polygon_bitmap
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions

CAT, DOG = Label(1, "cat"), Label(2, "tree/house")
EDGES = '<line data-node-from="1" data-node-to="2"></line>'
BODY = Label(
    3,
    "body",
    type=LabelType.SKELETON,
    sublabels=(Label(11, "head", parent_id=3), Label(12, "foot", parent_id=3)),
    svg=EDGES,
)
LABELS = (CAT, DOG, BODY)
FRAMES = [Frame(number, f"d/{name}.jpg", 200, 100) for number, name in enumerate("abcde")]
TARGET = Target(LABELS, FRAMES)
DETECTION = "Ultralytics YOLO Detection 1.0"
DETECTION_TRACK = "Ultralytics YOLO Detection Track 1.0"
ORIENTED = "Ultralytics YOLO Oriented Bounding Boxes 1.0"
SEGMENTATION = "Ultralytics YOLO Segmentation 1.0"
POSE = "Ultralytics YOLO Pose 1.0"
CLASSIFICATION = "Ultralytics YOLO Classification 1.0"
KEYPOINTS = "COCO Keypoints 1.0"
OF_LINES = (DETECTION, DETECTION_TRACK, ORIENTED, SEGMENTATION, POSE)
HALF = [50.0, 25.0, 150.0, 75.0]


def figure(kind: ShapeType, points: list[float], **rest: Any) -> Shape:
    return Shape(**({"label_id": 1, "type": kind, "frame": 0, "points": points} | rest))


def box(points: list[float] = HALF, **rest: Any) -> Shape:
    return figure(ShapeType.RECTANGLE, list(points), **rest)


def body(*states: str, frame: int = 0) -> Shape:
    """A skeleton whose points are in these states."""
    elements = [
        Element(
            label_id=sublabel.id,
            type=ShapeType.POINTS,
            frame=frame,
            points=[10.0 + 20 * place, 30.0],
            occluded=state == "occluded",
            outside=state == "outside",
        )
        for place, (sublabel, state) in enumerate(zip(BODY.sublabels, states, strict=True))
    ]
    return Shape(label_id=3, type=ShapeType.SKELETON, frame=frame, elements=elements)


def write(
    name: str, path: Path, *parts: tuple[str, LabeledData], images: bool = False
) -> dict[str, bytes]:
    """The files of an export of parts, each with its subset and frames of its own."""
    found = []
    for number, (subset, data) in enumerate(parts):
        frames = [Frame(one.number, f"{number}{one.name}", 200, 100) for one in FRAMES]
        frames = FRAMES if len(parts) == 1 else frames
        image = (lambda frame: Image(content=frame.name.encode())) if images else None
        found.append(part_in_memory(PartInfo(number, "t", subset=subset), frames, data, image))
    export = registry.exporter(name).write
    assert export is not None
    with ZipSink(path) as sink:
        export(Dataset(LABELS, tuple(found)), sink, WriteOptions(save_images=images))
    with zipfile.ZipFile(path) as made:
        files = made.namelist()
        assert len(files) == len(set(files)), "no file stands in the archive twice"
        return {file: made.read(file) for file in files}


def read(name: str, path: Path) -> LabeledData:
    importing = registry.importer(name).read
    assert importing is not None
    with open_source(path) as source:
        return importing(source, TARGET, ReadOptions())


def round_trip(name: str, path: Path, data: LabeledData) -> LabeledData:
    write(name, path, ("", data))
    return read(name, path)


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


@pytest.mark.parametrize("name", [*OF_LINES, "YOLO 1.1"])
def test_each_subset_has_its_key_its_list_and_its_directories(name: str, tmp_path: Path) -> None:
    shapes = [box(), figure(ShapeType.POLYGON, HALF[:2] * 3), body("visible", "visible")]
    data = LabeledData(shapes=shapes)
    files = write(name, tmp_path / "a.zip", ("train", data), ("val", data), ("", data), images=True)
    images, labels = ("images/{}", "labels/{}")
    if name == "YOLO 1.1":
        images = labels = "obj_{}_data"
        keys = dict(line.split(" = ") for line in files["obj.data"].decode().splitlines())
        assert [keys[one] for one in ("train", "val")] == ["data/train.txt", "data/val.txt"]
    else:
        keys = yaml.safe_load(files["data.yaml"])
        assert [keys[one] for one in ("train", "val", "default")] == [
            "train.txt",
            "val.txt",
            "default.txt",
        ]
    for number, subset in enumerate(("train", "val", "default")):
        image = f"{images.format(subset)}/{number}d/a.jpg"
        assert files[image] == f"{number}d/a.jpg".encode()
        assert files[f"{labels.format(subset)}/{number}d/a.txt"]
        listed = files[f"{subset}.txt"].decode().splitlines()
        assert listed[0] == f"data/{image}"
        assert len(listed) == len(FRAMES)


@pytest.mark.parametrize("name", [*OF_LINES, "YOLO 1.1", CLASSIFICATION])
def test_a_default_subset_is_what_is_trained_with(name: str, tmp_path: Path) -> None:
    data = LabeledData(shapes=[box()], tags=[Tag(label_id=1, frame=0)])
    files = write(name, tmp_path / "a.zip", ("", data))
    assert "train.txt" in files or "train/labels.json" in files
    assert not any("default" in file for file in files)


def test_a_subset_called_like_a_key_leaves_the_labels_in_their_place(tmp_path: Path) -> None:
    files = write(DETECTION, tmp_path / "a.zip", ("names", LabeledData(shapes=[box()])))
    assert yaml.safe_load(files["data.yaml"])["names"] == {0: "cat", 1: "tree/house", 2: "body"}
    assert files["labels/names/d/a.txt"] == b"0 0.500000 0.500000 0.500000 0.500000\n"


def test_images_without_annotations_are_listed_and_have_no_labels(tmp_path: Path) -> None:
    files = write(DETECTION, tmp_path / "a.zip", ("", LabeledData()))
    assert files.keys() == {"data.yaml", "train.txt"}
    assert len(files["train.txt"].splitlines()) == len(FRAMES)


def test_boxes_of_tracks_have_the_track_s_number_behind_them(tmp_path: Path) -> None:
    keys = [
        TrackedShape(type=ShapeType.RECTANGLE, frame=frame, points=HALF, outside=frame == 2)
        for frame in (0, 2)
    ]
    tracks = [Track(label_id=2, frame=0, shapes=keys) for _ in range(2)]
    data = LabeledData(shapes=[box()], tracks=tracks)
    files = write(DETECTION_TRACK, tmp_path / "a.zip", ("", data))
    place = "0.500000 0.500000 0.500000 0.500000"
    assert files["labels/train/d/a.txt"].decode().splitlines() == [
        f"0 {place}",
        f"1 {place} 0",
        f"1 {place} 1",
    ]
    assert files["labels/train/d/b.txt"].decode().splitlines() == [f"1 {place} 0", f"1 {place} 1"]
    assert "labels/train/d/c.txt" not in files


@pytest.mark.parametrize("rotation", [0.0, 30.0, 90.0, 181.5, 359.0])
def test_oriented_boxes_keep_their_rotation(rotation: float, tmp_path: Path) -> None:
    data = LabeledData(shapes=[box(rotation=rotation)])
    (back,) = round_trip(ORIENTED, tmp_path / "a.zip", data).shapes
    assert back.points == pytest.approx(HALF, abs=0.011)
    assert back.rotation == pytest.approx(rotation, abs=0.011)


def test_corners_of_an_upright_box_are_written_clockwise_from_its_top_left(tmp_path: Path) -> None:
    files = write(ORIENTED, tmp_path / "a.zip", ("", LabeledData(shapes=[box()])))
    numbers = [float(one) for one in files["labels/train/d/a.txt"].split()[1:]]
    assert numbers == [0.25, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75]


def test_segmentation_keeps_polygons_and_makes_polygons_of_masks(tmp_path: Path) -> None:
    corners = [10.0, 20.0, 60.0, 20.0, 60.0, 50.0]
    bitmap = polygon_bitmap([100, 40, 120, 40, 120, 60, 100, 60], 200, 100)
    bitmap[10:20, 0:5] = True
    mask = mask_of_bitmap(bitmap)
    shapes = [
        figure(ShapeType.POLYGON, corners),
        figure(ShapeType.MASK, mask, label_id=2),
        box(),
    ]
    found = round_trip(SEGMENTATION, tmp_path / "a.zip", LabeledData(shapes=shapes)).shapes
    assert {one.type for one in found} == {ShapeType.POLYGON}
    assert [(one.label_id, one.points) for one in found] == [
        (1, corners),
        (2, [0, 10, 5, 10, 5, 20, 0, 20]),
        (2, [100, 40, 120, 40, 120, 60, 100, 60]),
    ]


def test_pose_keeps_which_points_are_hidden_and_which_occluded(tmp_path: Path) -> None:
    data = LabeledData(shapes=[body("visible", "occluded"), body("outside", "visible", frame=1)])
    files = write(POSE, tmp_path / "a.zip", ("", data))
    root = yaml.safe_load(files["data.yaml"])
    assert (root["kpt_shape"], root["names"]) == ([2, 3], {0: "body"})
    found = read(POSE, tmp_path / "a.zip").shapes
    states = [[(one.occluded, one.outside, one.points) for one in s.elements] for s in found]
    assert states == [
        [(False, False, [10.0, 30.0]), (True, False, [30.0, 30.0])],
        [(False, True, [10.0, 30.0]), (False, False, [30.0, 30.0])],
    ]


def test_pose_without_visibilities_takes_points_outside_for_hidden(tmp_path: Path) -> None:
    files = {
        "data.yaml": b"kpt_shape: [2, 2]\nnames: [body]",
        "labels/train/d/a.txt": b"0 0.5 0.5 1 1 0.5 0.5 -0.1 0.2\n",
    }
    (shape,) = read(POSE, archive(tmp_path / "a.zip", files)).shapes
    assert [one.outside for one in shape.elements] == [False, True]


def test_classification_puts_images_into_the_directories_of_their_labels(tmp_path: Path) -> None:
    tags = [Tag(label_id=1, frame=0), Tag(label_id=2, frame=0), Tag(label_id=2, frame=1)]
    data = LabeledData(tags=tags)
    files = write(CLASSIFICATION, tmp_path / "a.zip", ("val", data), ("", data), images=True)
    assert {file for file in files if file.startswith("val/")} == {
        "val/labels.json",
        "val/cat/a.jpg",
        "val/tree_house/b.jpg",
        *(f"val/no_label/{name}.jpg" for name in "cde"),
    }
    assert files["train/cat/a.jpg"] == b"1d/a.jpg"
    assert orjson.loads(files["val/labels.json"])["0d/a"] == {
        "labels": ["cat", "tree/house"],
        "path": "cat/a.jpg",
    }


def test_classification_keeps_every_tag_of_an_image(tmp_path: Path) -> None:
    tags = [Tag(label_id=1, frame=0), Tag(label_id=2, frame=0), Tag(label_id=2, frame=3)]
    found = round_trip(CLASSIFICATION, tmp_path / "a.zip", LabeledData(tags=tags)).tags
    assert [(one.frame, one.label_id) for one in found] == [(0, 1), (0, 2), (3, 2)]


def test_images_of_one_name_are_told_apart_in_the_directory_of_a_label(tmp_path: Path) -> None:
    frames = [Frame(0, "x/a.jpg", 9, 9), Frame(1, "y/a.jpg", 9, 9)]
    tags = [Tag(label_id=1, frame=0), Tag(label_id=1, frame=1)]
    part = part_in_memory(
        PartInfo(1, "t"),
        frames,
        LabeledData(tags=tags),
        lambda one: Image(content=one.item.encode()),
    )
    export = registry.exporter(CLASSIFICATION).write
    assert export is not None
    with ZipSink(tmp_path / "a.zip") as sink:
        export(Dataset(LABELS, (part,)), sink, WriteOptions(save_images=True))
    with zipfile.ZipFile(tmp_path / "a.zip") as made:
        assert made.read("train/cat/a.jpg") == b"x/a"
        assert made.read("train/cat/a_1.jpg") == b"y/a"


def test_classification_reads_directories_where_there_is_no_index(tmp_path: Path) -> None:
    files = {
        "set/train/cat/a.jpg": b"",
        "set/train/cat/.DS_Store": b"",
        "set/train/no_label/b.jpg": b"",
    }
    (tag,) = read(CLASSIFICATION, archive(tmp_path / "a.zip", files)).tags
    assert (tag.frame, tag.label_id) == (0, 1)


def skeleton_track() -> Track:
    """A skeleton that moves, whose foot is occluded, and which is hidden from frame 3 on."""
    template = TrackedShape(type=ShapeType.SKELETON, frame=0)
    track = Track(label_id=3, frame=0, shapes=[template], elements=[])
    hidden = TrackedShape(type=ShapeType.SKELETON, frame=3, outside=True)
    track.shapes = [template, hidden]
    for place, sublabel in enumerate(BODY.sublabels):
        keys = [
            TrackedShape(
                type=ShapeType.POINTS,
                frame=frame,
                points=[10.0 + 20 * place + 10 * frame, 30.0],
                occluded=place == 1,
                outside=frame == 3,
            )
            for frame in (0, 2, 3)
        ]
        element = Track(label_id=sublabel.id, frame=0, shapes=keys)
        track.elements.append(element)
    return track


def test_a_skeleton_s_track_comes_back_from_coco_keypoints(tmp_path: Path) -> None:
    data = LabeledData(tracks=[skeleton_track()])
    files = write(KEYPOINTS, tmp_path / "a.zip", ("", data))
    root = orjson.loads(files["annotations/person_keypoints_default.json"])
    assert [one["keypoints"][:3] for one in root["annotations"]] == [
        [10.0, 30.0, 2],
        [20.0, 30.0, 2],
        [30.0, 30.0, 2],
    ]
    found = read(KEYPOINTS, tmp_path / "a.zip")
    assert found.shapes == []
    (track,) = found.tracks
    assert [one.label_id for one in track.elements] == [11, 12]
    for place, element in enumerate(track.elements):
        last = [10.0 + 20 * place + 20, 30.0]
        keys = [(one.frame, one.points, one.outside, one.occluded) for one in element.shapes]
        assert keys[0] == (0, [10.0 + 20 * place, 30.0], False, place == 1)
        assert keys[-2:] == [(2, last, False, place == 1), (3, last, True, place == 1)]


def test_coco_keypoints_has_the_drawing_and_images_by_subset(tmp_path: Path) -> None:
    data = LabeledData(shapes=[body("visible", "outside")])
    files = write(KEYPOINTS, tmp_path / "a.zip", ("train", data), ("val", data), images=True)
    assert files["images/val/1d/a.jpg"] == b"1d/a.jpg"
    roots = [
        orjson.loads(files[f"annotations/person_keypoints_{subset}.json"])
        for subset in ("train", "val")
    ]
    for number, root in enumerate(roots):
        category = next(one for one in root["categories"] if one["name"] == "body")
        assert (category["keypoints"], category["skeleton"]) == (["head", "foot"], [[1, 2]])
        (one,) = root["annotations"]
        assert (one["num_keypoints"], one["bbox"]) == (1, [10.0, 30.0, 0.0, 0.0])
        images = {image["id"]: image["file_name"] for image in root["images"]}
        assert images[one["image_id"]] == f"{number}d/a.jpg"
    first, second = ({image["id"] for image in root["images"]} for root in roots)
    assert not first & second


def test_lines_of_other_software_are_read(tmp_path: Path) -> None:
    files = {
        "my set/data.yml": b"names:\n- cat\n",
        "my set/train/labels/a.txt": b"\xef\xbb\xbf0 .5 5e-1 0.5 0.5\r\n\r\n",
        "my set/labels/val/b.txt": b"",
    }
    (shape,) = read(DETECTION, archive(tmp_path / "a.zip", files)).shapes
    assert (shape.frame, shape.points) == (0, HALF)
