"""What a project's import finds out about an archive: its subsets, frames, labels and faults."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError, MediaError
from cvat_lite.services.project_import import preparing
from cvat_lite.services.project_import.preparing import Work, prepare
from tests.images import encoded, png
from tests.media.clouds import ascii_pcd
from tests.services.archives import (
    LARGEST,
    PICTURE,
    Members,
    coco,
    cvat,
    cvat_image,
    cvat_label,
    cvat_track,
    data_of,
    datumaro,
    frames_of,
    item,
    labeled,
    new_labels,
    pack,
    prepared,
    voc,
)

COCO = "COCO 1.0"
CVAT = "CVAT 1.1"
DATUMARO = "Datumaro 1.0"
DETECTION = "Ultralytics YOLO Detection 1.0"
POSE = "Ultralytics YOLO Pose 1.0"
CLASSIFICATION = "Ultralytics YOLO Classification 1.0"
VOC = "PASCAL VOC 1.1"
YOLO = "YOLO 1.1"
LINE = "{} 0.5 0.5 0.2 0.2\n"
CAT, DOG = LINE.format(0), LINE.format(1)


# Layouts of other programs


DEVKIT: Members = {
    "VOCdevkit/VOC2012/JPEGImages/a.jpg": PICTURE,
    "VOCdevkit/VOC2012/JPEGImages/b.jpg": PICTURE,
    "VOCdevkit/VOC2012/JPEGImages/c.jpg": PICTURE,
    "VOCdevkit/VOC2012/Annotations/a.xml": voc("cat"),
    "VOCdevkit/VOC2012/Annotations/b.xml": voc("dog"),
    "VOCdevkit/VOC2012/SegmentationClass/a.png": PICTURE,
    "VOCdevkit/VOC2012/ImageSets/Main/train.txt": "a\n",
    "VOCdevkit/VOC2012/ImageSets/Main/val.txt": "b\n",
    "VOCdevkit/VOC2012/ImageSets/Main/trainval.txt": "a\nb\n",
    "VOCdevkit/VOC2012/ImageSets/Main/cat_train.txt": "a  1\n",
    "VOCdevkit/VOC2012/ImageSets/Main/cat_val.txt": "b -1\n",
}
ROBOFLOW_YOLO: Members = {
    "train/images/a.jpg": PICTURE,
    "train/labels/a.txt": CAT,
    "valid/images/a.jpg": PICTURE,
    "valid/labels/a.txt": DOG,
    "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\n",
}
COCO8: Members = {
    "coco8/images/train/deep/a.jpg": PICTURE,
    "coco8/labels/train/deep/a.txt": CAT,
    "coco8/images/val/a.jpg": PICTURE,
    "coco8/labels/val/a.txt": DOG,
    "coco8/coco8.yaml": "path: coco8\nnames:\n  0: cat\n  1: dog\n",
}
COCO2017: Members = {
    "annotations/instances_train2017.json": coco("a.jpg"),
    "annotations/instances_val2017.json": coco("a.jpg"),
    "train2017/a.jpg": PICTURE,
    "val2017/a.jpg": PICTURE,
}
DARKNET: Members = {
    "obj.data": "classes = 2\n",
    "obj.names": "\ufeffcat\n\n".replace("\n\n", "\ndog\n"),
    "train.txt": "data/obj_train_data/b.jpg\ndata/obj_train_data/a.jpg\n",
    "obj_train_data/a.jpg": PICTURE,
    "obj_train_data/a.txt": CAT,
    "obj_train_data/b.jpg": PICTURE,
    "obj_train_data/b.txt": DOG,
    "obj_valid_data/a.jpg": PICTURE,
    "obj_valid_data/a.txt": DOG,
}
LAYOUTS: dict[str, tuple[str, Members, dict[str, Any]]] = {
    "the VOC development kit": (
        VOC,
        DEVKIT,
        {
            "train": [("cat", "a.jpg"), ("cat", "a.jpg")],
            "val": [("dog", "b.jpg")],
            "default": [],
        },
    ),
    "Roboflow's YOLO": (
        DETECTION,
        ROBOFLOW_YOLO,
        {"train": [("cat", "a.jpg")], "valid": [("dog", "a.jpg")]},
    ),
    "Ultralytics' own": (
        DETECTION,
        COCO8,
        {"train": [("cat", "deep/a.jpg")], "val": [("dog", "a.jpg")]},
    ),
    "COCO 2017": (
        COCO,
        COCO2017,
        {"train2017": [("cat", "a.jpg")], "val2017": [("cat", "a.jpg")]},
    ),
    "Darknet's": (
        YOLO,
        DARKNET,
        {"train": [("cat", "a.jpg"), ("dog", "b.jpg")], "valid": [("dog", "a.jpg")]},
    ),
    "ImageNet": (
        "ImageNet 1.0",
        {"n01/n01_1.JPEG": PICTURE, "n02/n02_2.JPEG": PICTURE, "synsets.txt": "n01\nn02\n"},
        {"default": [("n01", "1.JPEG"), ("n02", "2.JPEG")]},
    ),
    "CamVid": (
        "CamVid 1.0",
        {
            "label_colors.txt": "# comment\n0 0 0 Background\n128 0 0 a cat\n",
            "train/a.png": PICTURE,
            "trainannot/a.png": encoded(Image.new("RGB", (64, 48), (128, 0, 0))),
        },
        {"train": [("a cat", "a.png")]},
    ),
    "Open Images": (
        "Open Images V6 1.0",
        {
            "annotations/class-descriptions.csv": '/m/0,cat\n/m/1,"dog, big"\n',
            "annotations/train-annotations-bbox.csv": (
                "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n"
                "a,,/m/1,1,0.1,0.5,0.1,0.5\n"
            ),
            "images/train/a.jpg": PICTURE,
        },
        {"train": [("dog, big", "a.jpg")]},
    ),
    "a folder a class": (
        CLASSIFICATION,
        {"train/cat/a.jpg": PICTURE, "train/dog/a.jpg": PICTURE, "test/cat/b.jpg": PICTURE},
        {"train": [("cat", "a.jpg"), ("dog", "dog/a.jpg")], "test": [("cat", "b.jpg")]},
    ),
    "MOT's": (
        "MOT 1.1",
        {
            "MOT16-02/img1/000001.jpg": PICTURE,
            "MOT16-02/img1/000002.jpg": PICTURE,
            "MOT16-02/gt/gt.txt": "1,1,1,2,10,20,1,1,1\n",
            "MOT16-02/gt/labels.txt": "cat\n",
        },
        {"default": [("cat", "000001.jpg")]},
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_that_other_programs_write_becomes_tasks_by_subset(
    name: str, tmp_path: Path
) -> None:
    form, members, expected = LAYOUTS[name]
    found = prepared(tmp_path, form, members)
    assert labeled(found) == expected


def test_frames_come_in_the_order_of_a_subsets_list(tmp_path: Path) -> None:
    found = prepared(tmp_path, YOLO, DARKNET)
    assert frames_of(found)["train"] == ["b.jpg", "a.jpg"]


def test_a_subset_that_is_called_as_an_image_has_its_own_list(tmp_path: Path) -> None:
    members = {
        "obj_a_data/a.png": PICTURE,
        "obj_a_data/b.png": PICTURE,
        "obj_a_data/a.txt": CAT,
        "a.txt": "data/obj_a_data/b.png\n",
        "obj.names": "cat\n",
    }
    assert frames_of(prepared(tmp_path, YOLO, members)) == {"a": ["b.png", "a.png"]}


def test_tasks_are_called_as_their_subsets_and_the_default_one_as_the_archive(
    tmp_path: Path,
) -> None:
    found = prepared(tmp_path, VOC, DEVKIT, name="animals.zip")
    names = {one.entry.subset: one.entry.name for one in found.tasks}
    assert names == {"train": "train", "val": "val", "default": "animals"}


def test_jobs_have_all_frames_and_media_lie_where_they_stay(tmp_path: Path) -> None:
    found = prepared(tmp_path, YOLO, DARKNET)
    for task in found.tasks:
        (job,) = task.entry.jobs
        assert (job.start_frame, job.stop_frame) == (0, task.plan.size - 1)
        for name, width, height in task.plan.images:
            assert (task.home / "raw" / name).read_bytes() == PICTURE
            assert (width, height) == (64, 48)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_as_good_as_a_zip(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "zoo.tar"
    with tarfile.open(path, mode) as archive:
        for name, content in COCO8.items():
            info = tarfile.TarInfo(name)
            data = content.encode() if isinstance(content, str) else content
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    found = prepare(Work(path, tmp_path / "home", DETECTION, (), False, LARGEST))
    assert labeled(found) == LAYOUTS["Ultralytics' own"][2]


def test_where_files_cannot_have_two_names_they_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("this file system has no links")

    monkeypatch.setattr(os, "link", refuse)
    assert labeled(prepared(tmp_path, DETECTION, COCO8)) == LAYOUTS["Ultralytics' own"][2]


def test_what_an_earlier_try_has_left_is_gone(tmp_path: Path) -> None:
    left = tmp_path / "home" / "staging" / "0" / "a.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    found = prepared(tmp_path, DETECTION, COCO8)
    assert not left.exists()
    assert labeled(found) == LAYOUTS["Ultralytics' own"][2]


# Labels


def test_labels_that_a_dataset_tells_are_made_in_its_order(tmp_path: Path) -> None:
    found = prepared(tmp_path, DETECTION, {**ROBOFLOW_YOLO, "data.yaml": "names: [dog, ' cat ']"})
    assert new_labels(found) == ["dog", "cat"]


def test_labels_that_only_annotations_tell_are_made_as_they_are_met(tmp_path: Path) -> None:
    members = {
        "train/images/a.png": PICTURE,
        "train/image_2/a.png": PICTURE,
        "train/label_2/a.txt": "cat 0 0 0 1 2 3 4 0 0 0 0 0 0 0\ndog 0 0 0 1 2 3 4 0 0 0 0 0 0 0\n",
    }
    found = prepared(tmp_path, "KITTI 1.0", members)
    assert new_labels(found) == ["cat", "dog"]
    assert [label.id for label in found.new_labels] == [1, 2]


def test_a_project_with_labels_takes_no_others(tmp_path: Path) -> None:
    known = (Label(5, "cat"),)
    with pytest.raises(DatasetError, match="does not have label with name 'dog'"):
        prepared(tmp_path, DETECTION, ROBOFLOW_YOLO, known)


def test_a_label_that_only_annotations_tell_must_be_the_projects_too(tmp_path: Path) -> None:
    members = {
        "train/image_2/a.png": PICTURE,
        "train/label_2/a.txt": "dog 0 0 0 1 2 3 4 0 0 0 0 0 0 0\n",
    }
    with pytest.raises(DatasetError) as raised:
        prepared(tmp_path, "KITTI 1.0", members, (Label(5, "cat"),))
    assert raised.value.why == "Target project does not have label with name 'dog'"


def test_labels_of_a_project_keep_their_ids(tmp_path: Path) -> None:
    known = (Label(9, "dog"), Label(5, "cat"))
    found = prepared(tmp_path, DETECTION, ROBOFLOW_YOLO, known)
    assert found.new_labels == ()
    assert labeled(found, known) == LAYOUTS["Roboflow's YOLO"][2]
    assert data_of(found)["train"].shapes[0].label_id == 5


def test_a_label_of_a_skeletons_point_is_known(tmp_path: Path) -> None:
    head = Label(2, "cat", type=LabelType.POINTS, parent_id=1)
    known = (Label(1, "body", type=LabelType.SKELETON, sublabels=(head,)),)
    members = {"annotations/train.json": datumaro(labels=("body", "cat")), "a.png": PICTURE}
    with pytest.raises(DatasetError, match="no images"):
        # Not for its label, that is: it has no item.
        prepared(tmp_path, DATUMARO, members, known)


def test_more_labels_than_anybody_needs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "MOST_LABELS", 3)
    lines = "".join(f"l{number} 0 0 0 1 2 3 4 0 0 0 0 0 0 0\n" for number in range(4))
    members = {"train/image_2/a.png": PICTURE, "train/label_2/a.txt": lines}
    with pytest.raises(DatasetError, match="more than 3 labels"):
        prepared(tmp_path, "KITTI 1.0", members)


TOO_LONG = "x" * 65
POINTS = "<attribute><name>{}</name><input_type>{}</input_type></attribute>"


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ((TOO_LONG,), "a name of a label or attribute has 1 to 64 characters"),
        (
            (cvat_label("cat", f"<attributes>{POINTS.format('', 'text')}</attributes>"),),
            "a name of a label or attribute has 1 to 64 characters",
        ),
        (
            (cvat_label("cat", f"<attributes>{POINTS.format(TOO_LONG, 'text')}</attributes>"),),
            "a name of a label or attribute has 1 to 64 characters",
        ),
        (
            (cvat_label("cat", f"<attributes>{POINTS.format('age', 'text') * 2}</attributes>"),),
            "two attributes have one name",
        ),
        (
            (cvat_label("cat", f"<attributes>{POINTS.format('age', 'magic')}</attributes>"),),
            "'magic' is not a valid InputType",
        ),
        ((cvat_label("cat", kind="blob"),), "'blob' is not a valid LabelType"),
        ((cvat_label(""),), "a label has no name"),
        (
            (
                cvat_label("body", kind="skeleton"),
                *[cvat_label("head", "<parent>body</parent>", "points")] * 2,
            ),
            "All label names must be unique",
        ),
    ],
)
def test_labels_that_cannot_be_made_are_told(
    labels: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    members = {"annotations.xml": cvat('<image name="a.png"/>', *labels), "a.png": PICTURE}
    with pytest.raises(DatasetError) as raised:
        prepared(tmp_path, CVAT, members)
    assert why in str(raised.value)


# CVAT's own documents


def test_the_head_of_a_document_tells_labels_with_all_that_they_have(tmp_path: Path) -> None:
    spec = (
        "<attribute><name> age </name><mutable>True</mutable><input_type>number</input_type>"
        "<default_value>1</default_value><values>0\n9\n1</values></attribute>"
    )
    labels = (
        cvat_label("cat", f"<color>#00ff00</color><attributes>{spec}</attributes>"),
        cvat_label("body", "<svg>drawing</svg>", "skeleton"),
        cvat_label("head", "<parent>body</parent>", "points"),
        # Sublabels of nothing, and of what is no skeleton, are no labels.
        cvat_label("tail", "<parent>cat</parent>", "points"),
    )
    members = {"annotations.xml": cvat('<image name="a.png"/>', *labels), "a.png": PICTURE}
    cat, body = prepared(tmp_path, CVAT, members).new_labels
    (age,) = cat.attributes
    assert (cat.name, cat.color, cat.sublabels) == ("cat", "#00ff00", ())
    assert (age.name, age.mutable, age.input_type) == ("age", True, InputType.NUMBER)
    assert (age.default_value, age.values) == ("1", ("0", "9", "1"))
    assert (body.type, body.svg) == (LabelType.SKELETON, "drawing")
    assert [one.name for one in body.sublabels] == ["head"]


def test_labels_of_several_documents_are_not_mixed_up(tmp_path: Path) -> None:
    members = {
        "task_0/annotations.xml": cvat(cvat_image("a.png", "cat"), "cat", "fox"),
        "task_1/annotations.xml": cvat(cvat_image("b.png", "dog"), "dog", "fox"),
        "a.png": PICTURE,
        "b.png": PICTURE,
    }
    found = prepared(tmp_path, CVAT, members)
    assert new_labels(found) == ["cat", "fox", "dog"]
    assert labeled(found) == {"default": [("cat", "a.png"), ("dog", "b.png")]}


def test_documents_of_tasks_in_two_subsets_stay_apart(tmp_path: Path) -> None:
    members = {
        f"{subset}/annotations.xml": cvat(
            cvat_image("a.png", label), "cat", "dog", head=f"<subset>{subset}</subset>"
        )
        for subset, label in (("train", "cat"), ("val", "dog"))
    }
    members |= {"images/train/a.png": PICTURE, "images/val/a.png": PICTURE}
    found = prepared(tmp_path, CVAT, members)
    assert labeled(found) == {"train": [("cat", "a.png")], "val": [("dog", "a.png")]}


@pytest.mark.parametrize("subset", ["", "default"])
def test_an_empty_name_of_a_subset_is_the_default_one(subset: str, tmp_path: Path) -> None:
    members = {"annotations.xml": cvat(cvat_image("a.png", "cat", subset=subset), "cat")}
    found = prepared(tmp_path, CVAT, {**members, "a.png": PICTURE})
    (task,) = found.tasks
    assert (task.entry.name, task.entry.subset) == ("zoo", "default")
    assert labeled(found) == {"default": [("cat", "a.png")]}


def test_images_of_one_name_in_two_subsets_get_their_own_boxes(tmp_path: Path) -> None:
    body = cvat_image("a.png", "cat", subset="train") + cvat_image("a.png", "dog", subset="val")
    members = {
        "annotations.xml": cvat(body, "cat", "dog"),
        "images/train/a.png": PICTURE,
        "images/val/a.png": png(32, 32),
    }
    found = prepared(tmp_path, CVAT, members)
    assert labeled(found) == {"train": [("cat", "a.png")], "val": [("dog", "a.png")]}
    assert [task.plan.width for task in found.tasks] == [64, 32]


def test_tracks_find_the_frames_of_a_video_by_their_numbers(tmp_path: Path) -> None:
    members = {
        "annotations.xml": cvat(cvat_track("cat", 7), "cat"),
        "images/frame_000005.png": PICTURE,
        "images/frame_000007.png": PICTURE,
    }
    (task,) = (found := prepared(tmp_path, CVAT, members)).tasks
    assert [name for name, *_ in task.plan.images] == ["frame_000005.png", "frame_000007.png"]
    assert data_of(found)["default"].tracks[0].frame == 1


def test_a_track_beyond_the_frames_that_there_are_is_left_out(tmp_path: Path) -> None:
    members = {
        "annotations.xml": cvat(cvat_track("cat", 9) + cvat_track("cat", 5), "cat"),
        "images/frame_000005.png": PICTURE,
    }
    tracks = data_of(prepared(tmp_path, CVAT, members))["default"].tracks
    assert [track.frame for track in tracks] == [0]


def test_tracks_by_subset_take_the_images_of_their_directories(tmp_path: Path) -> None:
    body = cvat_track("cat", 1, subset="train", task_id="1")
    members = {
        "annotations.xml": cvat(body, "cat"),
        **{f"images/train/frame_00000{number}.png": PICTURE for number in (0, 1)},
        "images/val/frame_000000.png": PICTURE,
    }
    found = prepared(tmp_path, CVAT, members)
    assert labeled(found) == {"train": [("cat", "frame_000001.png")], "val": []}


def test_tracks_of_two_tasks_in_one_subset_have_no_clear_frames(tmp_path: Path) -> None:
    body = cvat_track("cat", 1, task_id="1") + cvat_track("cat", 1, task_id="2")
    members = {"annotations.xml": cvat(body, "cat"), "images/frame_000000.png": PICTURE}
    with pytest.raises(DatasetError, match="tracks of several tasks are in subset 'default'"):
        prepared(tmp_path, CVAT, members)


# PASCAL VOC's lists


def test_a_subset_may_be_called_as_another_one_with_a_word_before_it(tmp_path: Path) -> None:
    members = {
        "JPEGImages/a.jpg": PICTURE,
        "JPEGImages/b.jpg": PICTURE,
        "Annotations/a.xml": voc("cat"),
        "Annotations/b.xml": voc("dog"),
        "ImageSets/Main/val.txt": "a\n",
        "ImageSets/Main/extra_val.txt": "b\n",
        "ImageSets/Main/fox_val.txt": "a 1\n",
        "ImageSets/Main/fox_extra_val.txt": "b  1\n",
    }
    found = prepared(tmp_path, VOC, members)
    assert labeled(found) == {
        "val": [("cat", "a.jpg"), ("fox", "a.jpg")],
        "extra_val": [("dog", "b.jpg"), ("fox", "b.jpg")],
    }


def test_an_item_with_a_number_at_its_end_is_no_mark(tmp_path: Path) -> None:
    members = {
        "JPEGImages/a.jpg": PICTURE,
        "JPEGImages/b 1.jpg": PICTURE,
        "JPEGImages/c.jpg": PICTURE,
        "Annotations/a.xml": voc("cat"),
        "ImageSets/Main/val.txt": "a\n",
        "ImageSets/Main/extra_val.txt": "b 1\nc\n",
    }
    found = prepared(tmp_path, VOC, members)
    assert labeled(found) == {"val": [("cat", "a.jpg")], "extra_val": []}


def test_images_that_differ_in_their_extension_alone_are_all_kept(tmp_path: Path) -> None:
    members = {"JPEGImages/a.jpg": PICTURE, "JPEGImages/a.png": PICTURE, "Annotations/a.xml": voc()}
    assert frames_of(prepared(tmp_path, VOC, members)) == {"default": ["a.jpg", "a.png"]}


def test_items_of_lists_may_be_quoted_and_marked(tmp_path: Path) -> None:
    members = {
        "JPEGImages/a b.jpg": PICTURE,
        "JPEGImages/c.jpg": PICTURE,
        "Annotations/c.xml": voc("cat"),
        "ImageSets/Layout/train.txt": '"a b" 1\nc 2\nnot there\n',
    }
    assert frames_of(prepared(tmp_path, VOC, members)) == {"train": ["a b.jpg", "c.jpg"]}


def test_an_image_that_several_lists_have_is_of_the_shortest(tmp_path: Path) -> None:
    members = {
        **{f"JPEGImages/{name}.jpg": PICTURE for name in "abc"},
        "ImageSets/Main/all.txt": "a\nb\nc\n",
        "ImageSets/Main/test.txt": "b\n",
    }
    assert frames_of(prepared(tmp_path, VOC, members)) == {
        "all": ["a.jpg", "c.jpg"],
        "test": ["b.jpg"],
    }


def test_without_lists_and_a_label_map_boxes_tell_the_labels(tmp_path: Path) -> None:
    members = {"photos/a.jpg": PICTURE, "Annotations/a.xml": voc("cat", "dog", "cat")}
    found = prepared(tmp_path, VOC, members)
    assert new_labels(found) == ["cat", "dog"]
    assert frames_of(found) == {"default": ["a.jpg"]}


def test_the_label_map_tells_labels_that_nothing_shows(tmp_path: Path) -> None:
    lines = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:1,2,3::\na:b:4,5,6::\n"
    members = {"JPEGImages/a.jpg": PICTURE, "Annotations/a.xml": voc("cat"), "labelmap.txt": lines}
    assert new_labels(prepared(tmp_path, VOC, members)) == ["cat", "a:b"]


# The YOLO family


def test_a_configuration_with_another_name_beside_data_yaml_is_not_asked(tmp_path: Path) -> None:
    members = {**ROBOFLOW_YOLO, "another.yaml": "names: [bird]"}
    assert new_labels(prepared(tmp_path, DETECTION, members)) == ["cat", "dog"]


def test_key_points_make_skeletons_of_numbered_points(tmp_path: Path) -> None:
    members = {
        "images/train/a.png": PICTURE,
        "labels/train/a.txt": "0 .5 .5 .2 .2 .1 .1 2 .2 .2 1\n",
        "data.yaml": "kpt_shape: [2, 3]\nnames: [cat]",
    }
    (label,) = (found := prepared(tmp_path, POSE, members)).new_labels
    assert (label.type, [one.name for one in label.sublabels]) == (LabelType.SKELETON, ["1", "2"])
    assert label.svg.count("<circle") == 2
    (shape,) = data_of(found)["train"].shapes
    assert [one.label_id for one in shape.elements] == [one.id for one in label.sublabels]


@pytest.mark.parametrize("size", [0, 10_001])
def test_skeletons_have_as_many_points_as_can_be(size: Any, tmp_path: Path) -> None:
    members = {
        "images/train/a.png": PICTURE,
        "labels/train/a.txt": "0 .5 .5 .2 .2 .1 .1 2\n",
        "data.yaml": f"kpt_shape: [{size}, 3]\nnames: [cat]",
    }
    with pytest.raises(DatasetError, match=r"labels/train/a\.txt, line 1"):
        prepared(tmp_path, POSE, members)


OTHER = png(32, 32)
ALIKE: dict[str, tuple[str, Members]] = {
    "ImageNet": (
        "ImageNet 1.0",
        {"cat/1.png": PICTURE, "dog/dog_1.png": OTHER},
    ),
    "VGGFace2": (
        "VGGFace2 1.0",
        {
            "train/cat/1.png": PICTURE,
            "train/dog/1.png": OTHER,
            "bb_landmark/loose_landmark_train.csv": (
                "NAME_ID,P1X,P1Y,P2X,P2Y,P3X,P3Y,P4X,P4Y,P5X,P5Y\n"
                "cat/1,,,,,,,,,,\ndog/1,,,,,,,,,,\n"
            ),
            "labels.txt": "cat\ndog\n",
        },
    ),
    "LFW": (
        "LFW 1.0",
        {
            "train/images/cat/1.png": PICTURE,
            "train/images/dog/1.png": OTHER,
            "train/annotations/pairs.txt": "cat/1\ndog/1\n",
            "train/annotations/people.txt": "cat\t1\ndog\t1\n",
        },
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_images_of_one_name_in_the_directories_of_two_labels_are_two_frames(
    name: str, tmp_path: Path
) -> None:
    form, members = ALIKE[name]
    found = prepared(tmp_path, form, members, (Label(1, "cat"), Label(2, "dog")))
    (told,) = labeled(found, (Label(1, "cat"), Label(2, "dog"))).values()
    assert told == [("cat", "cat/1.png"), ("dog", "dog/1.png")]
    (task,) = found.tasks
    assert [width for _, width, _ in task.plan.images] == [64, 32]


def test_one_image_in_the_directories_of_two_labels_is_one_frame(tmp_path: Path) -> None:
    members = {"cat/cat_1.png": PICTURE, "dog/dog_1.png": PICTURE}
    found = prepared(tmp_path, "ImageNet 1.0", members)
    assert labeled(found) == {"default": [("cat", "1.png"), ("dog", "1.png")]}


def test_images_of_one_name_and_directory_are_called_by_their_whole_path(tmp_path: Path) -> None:
    members = {
        "a/obj_train_data/1.png": PICTURE,
        "b/obj_train_data/1.png": OTHER,
        "obj.names": "cat\n",
    }
    found = prepared(tmp_path, YOLO, members)
    assert frames_of(found) == {"train": ["b/obj_train_data/1.png", "obj_train_data/1.png"]}


def test_an_index_tells_what_images_and_labels_are_called(tmp_path: Path) -> None:
    index = {
        "Cat 1": {"path": "cat/a.png", "labels": ["Cat!"]},
        "b": {"path": "gone/b.png", "labels": []},
    }
    members = {"train/cat/a.png": PICTURE, "train/labels.json": json.dumps(index)}
    found = prepared(tmp_path, CLASSIFICATION, members)
    assert labeled(found) == {"train": [("Cat!", "Cat 1.png")]}
    assert new_labels(found) == ["Cat!"]


def test_a_picture_outside_the_directories_takes_no_label_away(tmp_path: Path) -> None:
    index = {"a": {"path": "cat/a.png", "labels": ["Cat", "Fox"]}}
    members = {
        "train/cat/a.png": PICTURE,
        "loose.png": PICTURE,
        "train/labels.json": json.dumps(index),
    }
    assert new_labels(prepared(tmp_path, CLASSIFICATION, members)) == ["Cat", "Fox"]


# JSON


def test_key_points_of_coco_make_skeletons_with_their_edges(tmp_path: Path) -> None:
    categories = [
        {"id": 1, "name": "cat", "keypoints": ["head", "foot"], "skeleton": [[1, 2], [9, 1]]},
        {"id": 2, "name": "head", "supercategory": "cat"},
        {"id": 3, "name": "tree", "supercategory": "plant"},
    ]
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    box |= {"keypoints": [1, 2, 2, 3, 4, 1], "num_keypoints": 2}
    content = coco("a.png", categories=categories, annotations=[box])
    members = {"annotations/person_keypoints_train.json": content, "a.png": PICTURE}
    found = prepared(tmp_path, "COCO Keypoints 1.0", members)
    cat, tree = found.new_labels
    assert [one.name for one in cat.sublabels] == ["head", "foot"]
    assert (cat.svg.count("<line"), cat.svg.count("<circle")) == (1, 2)
    assert (tree.name, tree.type) == ("tree", LabelType.ANY)
    assert labeled(found) == {"train": [("cat", "a.png")]}


def test_points_of_datumaro_make_skeletons_and_sublabels_are_none(tmp_path: Path) -> None:
    labels = ["cat", {"name": "head", "parent": "cat"}]
    points = {"items": [{"label_id": 0, "labels": ["head"], "joints": []}]}
    content = datumaro(item("a", annotations=[]), labels=labels, points=points)
    members = {"annotations/train.json": content, "images/train/a.png": PICTURE}
    (cat,) = prepared(tmp_path, DATUMARO, members).new_labels
    assert [one.name for one in cat.sublabels] == ["head"]


def test_an_image_is_found_by_its_path_by_its_item_or_by_its_end(tmp_path: Path) -> None:
    items = [
        item("by/path", "x/1.png"),
        {"id": "2", "annotations": []},
        item("nowhere", "9.png", annotations=[]),
        item("back\\slash", "d\\3.png"),
    ]
    members = {
        "annotations/train.json": datumaro(*items),
        **{f"images/train/{name}.png": PICTURE for name in ("x/1", "2", "d/3")},
    }
    frames = frames_of(prepared(tmp_path, DATUMARO, members))
    assert frames == {"train": ["by/path.png", "2.png", "back/slash.png"]}


def test_clouds_come_with_their_images_however_subsets_are_laid_out(tmp_path: Path) -> None:
    members = {
        "train/velodyne_points/data/1.pcd": ascii_pcd(),
        "train/image_00/data/1.png": PICTURE,
        "train/image_00/data/9.png": PICTURE,
        "train/tracklet_labels.xml": "<boost_serialization><tracklets></tracklets></boost_serialization>",
    }
    (task,) = prepared(tmp_path, "Kitti Raw Format 1.0", members).tasks
    assert (task.plan.kind, task.plan.size) == ("point_cloud", 1)
    assert dict(task.plan.related) == {0: ["related_images/1_pcd/image_00_data_1.png"]}


# What is hostile or broken


def nested(levels: int) -> str:
    """YAML whose last line is a list of 9 to the power of ``levels`` words."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        parts = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{parts}]")
    return "\n".join([*lines, f"names: [*a{levels - 1}]"])


HUGE = "9" * 5000
BROKEN: dict[str, tuple[str, Members, str]] = {
    "no image at all": (CVAT, {"annotations.xml": cvat("", "cat")}, "has no images"),
    "no image that the dataset names": (
        COCO,
        {"annotations/instances_train.json": coco("b.png"), "a.png": PICTURE},
        "has no images",
    ),
    "no document": (CVAT, {"a.png": PICTURE}, "annotations.xml: there is no such file"),
    "XML that is none": (
        CVAT,
        {"annotations.xml": "nope", "a.png": PICTURE},
        "annotations.xml: this is not XML",
    ),
    "XML in another encoding than it says": (
        VOC,
        {"JPEGImages/a.jpg": PICTURE, "Annotations/a.xml": b"<annotation>\xe9</annotation>"},
        "Annotations/a.xml: this is not XML",
    ),
    "XML with entities": (
        CVAT,
        {
            "annotations.xml": '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>',
            "a.png": PICTURE,
        },
        "annotations.xml: this is not XML that can be read",
    ),
    "a frame that is no number": (
        CVAT,
        {"annotations.xml": cvat(cvat_track("cat", "x"), "cat"), "frame_000000.png": PICTURE},
        "track '0': invalid literal",
    ),
    "a name with a number that no integer holds": (
        DATUMARO,
        {
            "annotations/train.json": datumaro(
                item("a"), {**item(f"frame_{HUGE}"), "image": {"path": "nowhere"}}
            ),
            "a.png": PICTURE,
        },
        "no frame of the task matches",
    ),
    "a list in another encoding": (
        VOC,
        {"JPEGImages/a.jpg": PICTURE, "ImageSets/Main/train.txt": b"\xe9\n"},
        "ImageSets/Main/train.txt: the text is not UTF-8",
    ),
    "a table of classes in another encoding": (
        "Open Images V6 1.0",
        {"images/train/a.png": PICTURE, "annotations/class-descriptions.csv": b"/m/0,\xe9\n"},
        "annotations/class-descriptions.csv: ",
    ),
    "a colour without a label": (
        "CamVid 1.0",
        {"train/a.png": PICTURE, "label_colors.txt": "0 0 0 Background\n128 0 0\n"},
        "label_colors.txt, line 2: a line is red, green, blue and the label's name",
    ),
    "names in another encoding": (
        YOLO,
        {"obj_train_data/a.png": PICTURE, "obj.names": b"\xe9"},
        "obj.names: the text is not UTF-8",
    ),
    "no names": (
        YOLO,
        {"obj_train_data/a.png": PICTURE, "obj_train_data/a.txt": CAT},
        "obj.names: there is no such file",
    ),
    "no configuration": (
        DETECTION,
        {"images/train/a.png": PICTURE, "labels/train/a.txt": CAT},
        "data.yaml: there is no such file",
    ),
    "a configuration that is no YAML": (
        DETECTION,
        {"images/train/a.png": PICTURE, "data.yaml": "names: [cat"},
        "data.yaml: this is not YAML",
    ),
    "a configuration whose lists have no end": (
        DETECTION,
        {"images/train/a.png": PICTURE, "data.yaml": nested(40)},
        "data.yaml, names: this is neither a list of labels nor labels by number",
    ),
    "a configuration with a number that has no text": (
        DETECTION,
        {"images/train/a.png": PICTURE, "data.yaml": f"names: [0x{HUGE}]"},
        "data.yaml, names: this is neither a list of labels nor labels by number",
    ),
    "a configuration with names that are none": (
        DETECTION,
        {"images/train/a.png": PICTURE, "data.yaml": "names: [2020-01-01, null]"},
        "data.yaml, names: this is neither a list of labels nor labels by number",
    ),
    "a line of another label": (
        DETECTION,
        {"images/train/a.png": PICTURE, "labels/train/a.txt": CAT, "data.yaml": "names: {5: cat}"},
        "labels/train/a.txt, line 1: there is no label 0",
    ),
    "an index that is a list": (
        CLASSIFICATION,
        {"train/cat/a.png": PICTURE, "train/labels.json": "[]"},
        "train/labels.json: this is not an object of images",
    ),
    "an index without labels": (
        CLASSIFICATION,
        {"train/cat/a.png": PICTURE, "train/labels.json": '{"a": {"labels": null}}'},
        "train/labels.json: this is not an object of images",
    ),
    "an index that is no JSON": (
        CLASSIFICATION,
        {"train/cat/a.png": PICTURE, "train/labels.json": "{"},
        "train/labels.json: this is not JSON",
    ),
    "JSON that is cut off": (
        COCO,
        {"annotations/instances_train.json": coco("a.png")[:-9], "a.png": PICTURE},
        "annotations/instances_train.json: this is not JSON",
    ),
    "JSON that nests without end": (
        COCO,
        {"annotations/instances_train.json": "[" * 100_000, "a.png": PICTURE},
        "annotations/instances_train.json: this is not JSON",
    ),
    "JSON of something else": (
        COCO,
        {"annotations/instances_train.json": "[]", "a.png": PICTURE},
        "annotations/instances_train.json: the file is not of this format",
    ),
    "an edge with one end": (
        COCO,
        {
            "annotations/instances_train.json": coco(
                "a.png",
                categories=[{"id": 7, "name": "cat", "keypoints": ["h"], "skeleton": [[1]]}],
            ),
            "a.png": PICTURE,
        },
        "annotations/instances_train.json: the file is not of this format",
    ),
    "a name that leads out": (
        DATUMARO,
        {"annotations/train.json": datumaro(item("../../x", "a.png")), "a.png": PICTURE},
        "leads out of its directory",
    ),
    "a name of another drive": (
        DATUMARO,
        {"annotations/train.json": datumaro(item("C:/x", "a.png")), "a.png": PICTURE},
        "is absolute",
    ),
    "a name with a zero byte": (
        DATUMARO,
        {"annotations/train.json": datumaro(item("a\0b", "a.png")), "a.png": PICTURE},
        "has control characters",
    ),
    "a name that another makes a directory": (
        DATUMARO,
        {
            "annotations/train.json": datumaro(item("x.png", "a.png"), item("x.png/y", "b.png")),
            "images/train/a.png": PICTURE,
            "images/train/b.png": PICTURE,
        },
        "or one as another's directory",
    ),
    "a subset with too long a name": (
        DATUMARO,
        {f"annotations/{TOO_LONG}.json": datumaro(item("a")), "a.png": PICTURE},
        "the name of a subset has at most 64 characters",
    ),
    "a picture that is none": (
        DETECTION,
        {"images/train/a.png": b"no picture", "data.yaml": "names: [cat]"},
        "cannot identify image file 'a.png'",
    ),
    "a picture of too many pixels": (
        DETECTION,
        {"images/train/a.png": png(1100, 1000), "data.yaml": "names: [cat]"},
        "a.png",
    ),
    "shapes that no request may have": (
        CVAT,
        {
            "annotations.xml": cvat(
                '<image name="a.png"><polygon label="cat" points="1,2"/></image>', "cat"
            ),
            "a.png": PICTURE,
        },
        "zoo.zip: shapes",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_an_archive_is_told_in_words(name: str, tmp_path: Path) -> None:
    form, members, why = BROKEN[name]
    with pytest.raises((DatasetError, MediaError)) as raised:
        prepared(tmp_path, form, members)
    assert why in str(raised.value)


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08 no gzip", b"BZh no bzip2", b"\xfd7zXZ\0 no xz"])
def test_an_archive_that_is_cut_off_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "zoo.zip"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"Archive 'zoo\.zip'"):
        prepare(Work(path, tmp_path / "home", CVAT, (), False, LARGEST))


@pytest.mark.parametrize("content", [b"", b"PK and no more", b"text"])
def test_a_file_that_is_no_archive_has_no_images(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "zoo.zip"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"^zoo\.zip: the archive has no images"):
        prepare(Work(path, tmp_path / "home", CVAT, (), False, LARGEST))


def test_a_member_that_is_broken_names_the_archive(tmp_path: Path) -> None:
    path = pack(tmp_path / "zoo.zip", {"a.png": PICTURE * 20}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"Archive 'zoo\.zip' is broken"):
        prepare(Work(path, tmp_path / "home", CVAT, (), False, LARGEST))


@pytest.mark.parametrize(("polygons", "kind"), [(True, "polygon"), (False, "mask")])
def test_masks_become_polygons_where_that_is_asked_for(
    polygons: bool, kind: str, tmp_path: Path
) -> None:
    red = encoded(Image.new("RGB", (64, 48), (128, 0, 0)))
    members = {
        "JPEGImages/a.jpg": PICTURE,
        "SegmentationClass/a.png": red,
        "SegmentationObject/a.png": red,
        "labelmap.txt": "background:0,0,0::\ncat:128,0,0::\n",
    }
    found = prepared(tmp_path, VOC, members, polygons=polygons)
    assert [shape.type for shape in data_of(found)["default"].shapes] == [kind]


def test_images_of_which_nothing_is_told_are_frames_without_annotations(tmp_path: Path) -> None:
    members = {"JPEGImages/a.png": PICTURE, "labelmap.txt": "cat:1,2,3::\n"}
    for form in (VOC, "Segmentation mask 1.1"):
        found = prepared(tmp_path, form, members)
        assert labeled(found) == {"default": []}
        assert frames_of(found) == {"default": ["a.png"]}


def test_nothing_but_images_is_no_dataset_of_voc(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has none of the format's directories"):
        prepared(tmp_path, VOC, {"JPEGImages/a.png": PICTURE})
