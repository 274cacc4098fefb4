"""Datasets that cannot be read: the error names the file, the place and the reason."""

from __future__ import annotations

import zipfile
from pathlib import Path

import orjson
import pytest

from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats import registry
from cvat_lite.formats.containers import open_source
from cvat_lite.formats.format import ReadOptions

TARGET = Target((Label(1, "cat"), Label(2, "dog")), [Frame(0, "a.jpg", 20, 10)])
IMAGE = '<image id="0" name="a.jpg" width="20" height="10">'
BOX = '<box label="cat" occluded="0" xtl="1" ytl="1" xbr="2" ybr="2" z_order="0"></box>'


def xml(body: str) -> bytes:
    return f"<annotations><version>1.1</version>{body}</annotations>".encode()


def coco(**changed) -> bytes:
    one = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], "segmentation": []}
    root = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [one | changed],
    }
    return orjson.dumps(root)


def datumaro(annotation: dict, item: str = "a") -> bytes:
    labels = [{"name": "cat"}, {"name": "bird"}]
    root = {
        "categories": {"label": {"labels": labels}},
        "items": [{"id": item, "annotations": [{"type": "bbox", "label_id": 0} | annotation]}],
    }
    return orjson.dumps(root)


def voc(body: str) -> bytes:
    return f"<annotation>{body}</annotation>".encode()


YOLO = {"obj.names": b"cat\nbird\n"}
ULTRALYTICS = {"data.yaml": b"names: {0: cat, 1: bird}"}
CASES = {
    ("CVAT 1.1", "a file that is not XML"): (
        {"annotations.xml": b"<annotations><image"},
        "annotations.xml: this is not XML",
    ),
    ("CVAT 1.1", "entities"): (
        {"annotations.xml": b'<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>'},
        "annotations.xml: this is not XML",
    ),
    ("CVAT 1.1", "no file"): ({"readme.txt": b""}, "there is no such file"),
    ("CVAT 1.1", "an unknown label"): (
        {"annotations.xml": xml(IMAGE + BOX.replace("cat", "bird") + "</image>")},
        "annotations.xml, image 'a.jpg': Label 'bird' is not registered",
    ),
    ("CVAT 1.1", "an unknown frame"): (
        {"annotations.xml": xml(IMAGE.replace("a.jpg", "z.jpg") + BOX + "</image>")},
        "annotations.xml, image 'z.jpg': no frame",
    ),
    ("CVAT 1.1", "a missing coordinate"): (
        {"annotations.xml": xml(IMAGE + BOX.replace('xtl="1"', "") + "</image>")},
        "annotations.xml, image 'a.jpg': 'xtl' is missing",
    ),
    ("CVAT 1.1", "a coordinate that is no number"): (
        {"annotations.xml": xml(IMAGE + BOX.replace('xtl="1"', 'xtl="left"') + "</image>")},
        "annotations.xml, image 'a.jpg': could not convert",
    ),
    ("CVAT 1.1", "a mask that does not fill its box"): (
        {
            "annotations.xml": xml(
                IMAGE
                + '<mask label="cat" rle="1, 2" left="0" top="0" width="2" height="2"/></image>'
            )
        },
        "annotations.xml, image 'a.jpg': the run lengths",
    ),
    ("COCO 1.0", "a file that is not JSON"): ({"a.json": b"{"}, "a.json: this is not JSON"),
    ("COCO 1.0", "another kind of JSON"): ({"a.json": b"[]"}, "a.json: this is not a COCO file"),
    ("COCO 1.0", "no file"): ({"a.txt": b""}, "there is no JSON file"),
    ("COCO 1.0", "an image that is not there"): (
        {"a.json": coco(image_id=7)},
        r"a.json, annotations\[0\]: 7 is missing",
    ),
    ("COCO 1.0", "a box of three numbers"): (
        {"a.json": coco(bbox=[1, 2, 3])},
        r"a.json, annotations\[0\]: not enough values",
    ),
    ("COCO 1.0", "a polygon of two points"): (
        {"a.json": coco(segmentation=[[1, 2, 3, 4]])},
        "a polygon needs three points",
    ),
    ("COCO 1.0", "a mask of another size"): (
        {"a.json": coco(segmentation={"counts": [4], "size": [2, 2]})},
        "not of the image's size",
    ),
    ("COCO 1.0", "counts that do not add up"): (
        {"a.json": coco(segmentation={"counts": [4], "size": [10, 20]})},
        "run lengths add up",
    ),
    ("YOLO 1.1", "no names"): ({"train.txt": b""}, "obj.names: there is no such file"),
    ("YOLO 1.1", "a line that is no box"): (
        YOLO | {"obj_train_data/a.txt": b"\n0 0.5 x 1 1\n"},
        "obj_train_data/a.txt, line 2: a line is",
    ),
    ("YOLO 1.1", "a label without a name"): (
        YOLO | {"obj_train_data/a.txt": b"5 0.5 0.5 1 1\n"},
        "line 1: there is no label 5",
    ),
    ("YOLO 1.1", "a label that the task has not"): (
        YOLO | {"obj_train_data/a.txt": b"1 0.5 0.5 1 1\n"},
        "line 1: Label 'bird'",
    ),
    ("YOLO 1.1", "an unknown frame"): (
        YOLO | {"obj_train_data/z.txt": b"0 0.5 0.5 1 1\n"},
        "obj_train_data/z.txt: no frame",
    ),
    ("Ultralytics YOLO Detection 1.0", "no configuration"): (
        {"labels/train/a.txt": b""},
        "data.yaml: there is no such file",
    ),
    ("Ultralytics YOLO Detection 1.0", "a file that is not YAML"): (
        {"data.yaml": b"names: [a"},
        "data.yaml: this is not YAML",
    ),
    ("Ultralytics YOLO Detection 1.0", "no names"): (
        {"data.yaml": b"path: ."},
        "data.yaml, names: this is neither",
    ),
    ("Ultralytics YOLO Detection 1.0", "names that are lists"): (
        {"data.yaml": b"names: [[a, b]]"},
        "data.yaml, names: this is neither",
    ),
    ("Ultralytics YOLO Detection 1.0", "polygons"): (
        ULTRALYTICS | {"labels/train/a.txt": b"0 0 0 1 0 1 1\n"},
        "line 1: a line is",
    ),
    ("PASCAL VOC 1.1", "none of its directories"): ({"a.txt": b""}, "none of the format's"),
    ("PASCAL VOC 1.1", "a file that is not XML"): (
        {"Annotations/a.xml": b"<annotation>"},
        "Annotations/a.xml: this is not XML",
    ),
    ("PASCAL VOC 1.1", "an object without a box"): (
        {"Annotations/a.xml": voc("<object><name>cat</name></object>")},
        "Annotations/a.xml, object 1: the box",
    ),
    ("PASCAL VOC 1.1", "an unknown label"): (
        {"Annotations/a.xml": voc("<object><name>bird</name></object>")},
        "Annotations/a.xml, object 1: Label 'bird'",
    ),
    ("PASCAL VOC 1.1", "a picture that is no PNG"): (
        {
            "SegmentationObject/a.png": b"x",
            "SegmentationClass/a.png": b"x",
            "labelmap.txt": b"cat:128,0,0::",
        },
        "SegmentationObject/a.png: this is not a PNG image",
    ),
    ("Datumaro 1.0", "a file that is not JSON"): ({"a.json": b"nope"}, "a.json: this is not JSON"),
    ("Datumaro 1.0", "another kind of JSON"): ({"a.json": b"{}"}, "this is not a Datumaro file"),
    ("Datumaro 1.0", "a box of three numbers"): (
        {"a.json": datumaro({"bbox": [1, 2, 3]})},
        r"a.json, items\[0\]: not enough values",
    ),
    ("Datumaro 1.0", "an unknown type"): (
        {"a.json": datumaro({"type": "cuboid_3d"})},
        r"items\[0\].annotations\[0\]: annotations of",
    ),
    ("Datumaro 1.0", "a label that the task has not"): (
        {"a.json": datumaro({"label_id": 1})},
        "Label 'bird' is not registered",
    ),
    ("Datumaro 1.0", "a label that the file has not"): (
        {"a.json": datumaro({"label_id": 9})},
        "there is no label 9",
    ),
    ("Datumaro 1.0", "an unknown frame"): (
        {"a.json": datumaro({"bbox": [1, 2, 3, 4]}, "z")},
        r"a.json, items\[0\]: no frame",
    ),
    ("Segmentation mask 1.1", "none of its directories"): (
        {"a.txt": b""},
        "SegmentationObject: the archive has none",
    ),
    ("Segmentation mask 1.1", "a label map that is none"): (
        {"SegmentationObject/a.png": b"x", "labelmap.txt": b"cat\n"},
        "labelmap.txt, line 1: a line is",
    ),
    ("CamVid 1.0", "no colours"): ({"defaultannot/a.png": b""}, "label_colors.txt: there is no"),
    ("CamVid 1.0", "a colour that is none"): (
        {"label_colors.txt": b"0 0 256 cat\n"},
        "label_colors.txt, line 1: a channel",
    ),
    ("CamVid 1.0", "a picture that is no PNG"): (
        {"label_colors.txt": b"0 0 9 cat\n", "defaultannot/a.png": b"x"},
        "defaultannot/a.png: this is not a PNG image",
    ),
    ("Cityscapes 1.0", "no pictures"): ({"a.txt": b""}, "gtFine: the archive has none"),
    ("Cityscapes 1.0", "a picture that is no PNG"): (
        {"gtFine/train/a_gtFine_instanceIds.png": b"x"},
        "a_gtFine_instanceIds.png: this is not a PNG image",
    ),
    ("KITTI 1.0", "no directories"): ({"a.txt": b""}, "label_2: the archive has none"),
    ("KITTI 1.0", "a line that is no box"): (
        {"label_2/a.txt": b"cat 1 2 3\n"},
        "label_2/a.txt, line 1: a line is a type",
    ),
    ("KITTI 1.0", "an unknown label"): (
        {"label_2/a.txt": b"bird 0 0 -1 1 2 3 4 -1 -1 -1 -1 -1 -1 -1\n"},
        "line 1: Label 'bird'",
    ),
    ("LabelMe 3.0", "no documents"): ({"a.txt": b""}, "there is no XML file"),
    ("LabelMe 3.0", "a point without numbers"): (
        {"a.xml": voc("<object><name>cat</name><polygon><pt><x>1</x></pt></polygon></object>")},
        "a.xml, object 0: a point has not",
    ),
    ("LabelMe 3.0", "a picture that is not there"): (
        {"a.xml": voc("<object><name>cat</name><segm><mask>../m.png</mask></segm></object>")},
        "a.xml, object 0: there is no picture '../m.png'",
    ),
    ("MOT 1.1", "no boxes"): ({"gt/labels.txt": b"cat"}, "gt/gt.txt: there is no such file"),
    ("MOT 1.1", "a number that is not finite"): (
        {"gt/gt.txt": b"1,1,nan,2,3,4,1,1,1\n"},
        "gt/gt.txt, line 1: a line is frame",
    ),
    ("MOT 1.1", "an unknown frame"): (
        {"gt/gt.txt": b"2,1,1,2,3,4,1,1,1\n"},
        "line 1: the task has no frame 2",
    ),
    ("MOT 1.1", "an unknown class"): (
        {"gt/gt.txt": b"1,1,1,2,3,4,1,3,1\n", "gt/labels.txt": b"cat\ndog"},
        "line 1: there is no class 3",
    ),
    ("MOTS PNG 1.0", "no directory"): ({"a.txt": b""}, "instances: there is no such directory"),
    ("MOTS PNG 1.0", "an unknown frame"): (
        {"train/instances/z.png": b"x"},
        "train/instances/z.png: no frame",
    ),
    ("ICDAR Recognition 1.0", "no list"): ({"a.txt": b""}, "gt.txt: there is no such file"),
    ("ICDAR Recognition 1.0", "a line without a comma"): (
        {"gt.txt": b"a.jpg\n"},
        "gt.txt, line 1: a line is an image",
    ),
    ("ICDAR Recognition 1.0", "a task without its label"): (
        {"gt.txt": b'a.jpg, "x"\n'},
        "line 1: Label 'icdar' is not registered",
    ),
    ("ICDAR Localization 1.0", "no lists"): ({"a.txt": b""}, "there is no such file"),
    ("ICDAR Localization 1.0", "three numbers"): (
        {"gt_a.txt": b"\n1 2 3\n"},
        "gt_a.txt, line 2: a line is",
    ),
    ("ICDAR Segmentation 1.0", "no lists"): ({"a.txt": b""}, "there is no such file"),
    ("ICDAR Segmentation 1.0", "a line without a character"): (
        {"a_GT.txt": b"0 0 255 1 2 3 4 5 6\n"},
        "a_GT.txt, line 1: a line is red",
    ),
    ("ICDAR Segmentation 1.0", "a picture that is no BMP"): (
        {"a_GT.txt": b'0 0 255 1 2 3 4 5 6 "x"\n', "a_GT.bmp": b"x"},
        "a_GT.bmp: this is not a BMP image",
    ),
}


@pytest.mark.parametrize(("name", "fault"), CASES, ids=" with ".join)
def test_it_is_refused(name: str, fault: str, tmp_path: Path) -> None:
    files, message = CASES[name, fault]
    path = tmp_path / "dataset.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in files.items():
            archive.writestr(file, data)
    read = registry.importer(name).read
    assert read is not None
    with open_source(path) as source, pytest.raises(DatasetError, match=message):
        read(source, TARGET, ReadOptions())
