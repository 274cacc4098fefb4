"""Formats of tags and of faces: where their images lie, and files of their own specifications."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest

from cvat_lite.domain.annotations import AttributeValue, LabeledData, Tag
from cvat_lite.domain.dataset import Dataset, Frame, Image, PartInfo, Target, part_in_memory
from cvat_lite.domain.enums import InputType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions

PERSON = tuple(
    AttributeSpec(number, name, False, kind, default, (default,))
    for number, (name, kind, default) in enumerate(
        [
            ("query", InputType.CHECKBOX, "false"),
            ("person_id", InputType.TEXT, ""),
            ("camera_id", InputType.TEXT, ""),
        ],
        1,
    )
)
LABELS = (
    Label(1, "cat"),
    Label(2, "dog"),
    Label(3, "face"),
    Label(4, "market-1501", attributes=PERSON),
)
FRAMES = (
    Frame(0, "a.jpg", 20, 10),
    Frame(1, "in/b c.jpg", 20, 10),
    Frame(2, "cat_c.jpg", 20, 10),
)
TARGET = Target(LABELS, FRAMES)


def written(name: str, tags: list[Tag], path: Path, *, save_images: bool) -> list[str]:
    data = LabeledData(tags=tags)
    part = part_in_memory(
        PartInfo(1, "one", subset="train"),
        FRAMES,
        data,
        lambda frame: Image(content=frame.name.encode()),
    )
    with ZipSink(path) as sink:
        write = registry.exporter(name).write
        assert write is not None
        write(Dataset(LABELS, (part,)), sink, WriteOptions(save_images=save_images))
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.namelist())


def read(name: str, path: Path) -> LabeledData:
    reader = registry.importer(name).read
    assert reader is not None
    with open_source(path) as source:
        return reader(source, TARGET, ReadOptions(masks_to_polygons=False))


def archive_of(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def on_frames(data: LabeledData) -> set[tuple[int, int]]:
    return {(tag.frame, tag.label_id) for tag in data.tags}


TAGS = [Tag(label_id=1, frame=0), Tag(label_id=2, frame=0), Tag(label_id=1, frame=2)]


def test_a_walk_through_the_folders_of_imagenet_finds_the_images_of_each_class(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.zip"
    written("ImageNet 1.0", TAGS, path, save_images=True)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "out")
    classes = {
        entry.name: {
            Path(folder, file).read_bytes().decode()
            for folder, _, files in os.walk(entry)
            for file in files
        }
        for entry in (tmp_path / "out").iterdir()
    }
    assert classes == {
        "cat": {"a.jpg", "cat_c.jpg"},
        "dog": {"a.jpg"},
        "no_label": {"in/b c.jpg"},
    }


@pytest.mark.parametrize("save_images", [False, True])
@pytest.mark.parametrize("name", ["ImageNet 1.0", "VGGFace2 1.0", "LFW 1.0", "Open Images V6 1.0"])
def test_all_tags_of_an_image_come_back(name: str, save_images: bool, tmp_path: Path) -> None:
    written(name, TAGS, tmp_path / "a.zip", save_images=save_images)
    assert on_frames(read(name, tmp_path / "a.zip")) == {(0, 1), (0, 2), (2, 1)}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Market-1501 1.0", "bounding_box_train/a.jpg"),
        ("VGGFace2 1.0", "train/no_label/a.jpg"),
        ("WiderFace 1.0", "WIDER_train/images/no_label/a.jpg"),
        ("LFW 1.0", "train/images/a.jpg"),
        ("Open Images V6 1.0", "images/train/a.jpg"),
    ],
)
def test_images_lie_where_the_format_has_them(name: str, place: str, tmp_path: Path) -> None:
    without = written(name, [], tmp_path / "a.zip", save_images=False)
    files = written(name, [], tmp_path / "b.zip", save_images=True)
    added = set(files) - set(without)
    assert place in added
    assert len(added) == len(FRAMES)


@pytest.mark.parametrize("save_images", [False, True])
def test_a_person_of_market_1501_is_told_by_the_name_of_the_image(
    save_images: bool, tmp_path: Path
) -> None:
    values = [AttributeValue(1, "true"), AttributeValue(2, "7"), AttributeValue(3, "2")]
    tag = Tag(label_id=4, frame=1, attributes=values, source="file")
    written("Market-1501 1.0", [tag], tmp_path / "a.zip", save_images=save_images)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        lines = archive.read("images_train.txt").decode().splitlines()
    assert lines[1] == "query/in/7_c3s1_000001_00_b c.jpg"
    assert read("Market-1501 1.0", tmp_path / "a.zip").tags == [tag]


def test_the_order_of_wider_face_itself_is_read(tmp_path: Path) -> None:
    text = b"a.jpg\n1\n1 2 3 4 0 0 0 1 2 0\ncat_c.jpg\n0\n0 0 0 0 0 0 0 0 0 0\nin/b c.jpg\n"
    files = {"wider_face_split/wider_face_train_bbx_gt.txt": text}
    (box,) = read("WiderFace 1.0", archive_of(files, tmp_path / "a.zip")).shapes
    assert (box.label_id, box.frame, box.points, box.occluded) == (3, 0, [1, 2, 4, 6], True)


def test_a_label_of_open_images_that_is_known_to_be_absent_is_no_tag(tmp_path: Path) -> None:
    files = {
        "annotations/oidv6-class-descriptions.csv": b"LabelName,DisplayName\n/m/1,cat\n/m/2,dog\n",
        "annotations/train-annotations-human-imagelabels.csv": (
            b"ImageID,Source,LabelName,Confidence\na,verification,/m/1,1\na,verification,/m/2,0\n"
        ),
    }
    data = read("Open Images V6 1.0", archive_of(files, tmp_path / "a.zip"))
    assert on_frames(data) == {(0, 1)}


WIDER = "wider_face_split/wider_face_train_bbx_gt.txt"
BOXES = b"ImageID,LabelName,XMin,XMax,YMin,YMax\n"
WRONG = {
    ("ImageNet 1.0", "no file"): ({"a.jpg": b""}, "synsets.txt: there is neither"),
    ("ImageNet 1.0", "an unknown class"): ({"bird/a.jpg": b""}, "Label 'bird' is not registered"),
    ("ImageNet 1.0", "a class that is not listed"): (
        {"synsets.txt": b"cat\n", "t.txt": b"a.jpg 1\n"},
        "t.txt, line 1: there is no line 1",
    ),
    ("ImageNet 1.0", "a line of another kind"): (
        {"synsets.txt": b"cat\n", "t.txt": b"a.jpg 0\na.jpg x\n"},
        "t.txt, line 2: a line is",
    ),
    ("Market-1501 1.0", "no file"): ({"a.jpg": b""}, "there are neither lists nor images"),
    ("Market-1501 1.0", "another directory"): (
        {"images_a.txt": b"x/a.jpg\n"},
        "images_a.txt, line 1: 'x/a.jpg' lies neither",
    ),
    ("VGGFace2 1.0", "no file"): ({"a.jpg": b""}, "there is no file of boxes"),
    ("VGGFace2 1.0", "a missing column"): (
        {"loose_bb_a.csv": b"NAME_ID,X,Y,W\n"},
        "line 1: the column 'H' is missing",
    ),
    ("VGGFace2 1.0", "a box that is no number"): (
        {"loose_bb_a.csv": b"NAME_ID,X,Y,W,H\ncat/a,1,2,3,nan\n"},
        "line 2: 'nan' is not a finite number",
    ),
    ("VGGFace2 1.0", "an unknown frame"): (
        {"loose_bb_a.csv": b"NAME_ID,X,Y,W,H\ncat/z,1,2,3,4\n"},
        "line 2: no frame of the task matches 'z'",
    ),
    ("WiderFace 1.0", "no file"): ({"a.jpg": b""}, "there is no file wider_face_"),
    ("WiderFace 1.0", "fewer boxes than told"): (
        {WIDER: b"a.jpg\n2\n1 2 3 4\n"},
        "the file ends before the last box",
    ),
    ("WiderFace 1.0", "an unknown label"): (
        {WIDER: b"a.jpg\n1\n1 2 3 4 - - - False - - tree house\n"},
        "line 3: Label 'tree house' is not registered",
    ),
    ("LFW 1.0", "no file"): ({"a.jpg": b""}, "pairs.txt: there is no such file"),
    ("LFW 1.0", "half a point"): (
        {"t/annotations/landmarks.txt": b"cat/a.jpg\t1\n"},
        "line 1: points are pairs",
    ),
    ("LFW 1.0", "a pair without numbers"): (
        {"t/annotations/pairs.txt": b"cat\tx\ty\n"},
        "line 1: a line is an image, or a pair",
    ),
    ("Open Images V6 1.0", "no file"): ({"a.jpg": b""}, "class-descriptions.csv: there is no such"),
    ("Open Images V6 1.0", "a side that is no number"): (
        {"a-annotations-bbox.csv": BOXES + b"a,cat,0,x,0,1\n"},
        "line 2: could not convert",
    ),
    ("Open Images V6 1.0", "a missing picture"): (
        {"a-annotations-object-segmentation.csv": b"MaskPath,ImageID,LabelName\nm.png,a,cat\n"},
        "line 2: there is no picture 'm.png'",
    ),
}


@pytest.mark.parametrize(("name", "what"), WRONG)
def test_a_wrong_archive_gets_the_file_the_place_and_the_reason(
    name: str, what: str, tmp_path: Path
) -> None:
    files, message = WRONG[name, what]
    with pytest.raises(DatasetError, match=re.escape(message)):
        read(name, archive_of(files, tmp_path / "a.zip"))
