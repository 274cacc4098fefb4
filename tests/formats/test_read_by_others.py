"""Archives are read by software that knows nothing of this project."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path

import pytest

from tests.formats.recordings import recorded_task
from tests.formats.test_recordings import written


def unpacked(name: str, task: str, folder: Path) -> Path:
    """An export with images, unpacked."""
    written(name, task, folder / "a.zip", save_images=True)
    with zipfile.ZipFile(folder / "a.zip") as archive:
        archive.extractall(folder / "out")
    return folder / "out"


BOXES = {
    "b0.jpg": ("face", [41.57, 59.44, 90.67, 83.81]),
    "b1.jpg": ("car", [68.92, 22.25, 83.01, 42.39]),
    "b2.jpg": ("face", [107.0, 54.62, 163.25, 82.02]),
}


def test_motmetrics_reads_mot_as_one_track_without_a_switch(tmp_path: Path) -> None:
    motmetrics = pytest.importorskip("motmetrics")
    root = unpacked("MOT 1.1", "video", tmp_path)
    truth = motmetrics.io.loadtxt(str(root / "gt" / "gt.txt"), fmt="mot16", min_confidence=1)
    tracked = truth[truth.index.get_level_values("Id") == 1]
    assert len(tracked) == 25
    assert tracked.loc[(1, 1), ["X", "Y", "Width", "Height"]].tolist() == [9, 9, 50, 40]
    followed = motmetrics.MOTAccumulator(auto_id=True)
    for frame in tracked.index.get_level_values("FrameId"):
        followed.update([1], tracked.loc[frame].index.tolist(), [[0.0]])
    summary = motmetrics.metrics.create().compute(followed, metrics=["mota", "num_switches"])
    assert summary.iloc[0].tolist() == [1.0, 0]


def test_pycocotools_evaluates_coco_against_itself(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    root = unpacked("COCO 1.0", "images", tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO(str(root / "annotations" / "instances_default.json"))
        found = [
            {
                "image_id": one["image_id"],
                "category_id": one["category_id"],
                "bbox": one["bbox"],
                "score": 1.0,
            }
            for one in truth.loadAnns(truth.getAnnIds(iscrowd=False))
        ]
        evaluation = cocoeval.COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)
    masks = [truth.annToMask(one) for one in truth.loadAnns(truth.getAnnIds(iscrowd=True))]
    assert masks
    assert all(mask.any() for mask in masks)


def read_by_supervision(name: str, root: Path):
    detections = pytest.importorskip("supervision").DetectionDataset
    if name == "COCO 1.0":
        images, file = root / "images" / "train", root / "annotations" / "instances_train.json"
        return detections.from_coco(str(images), str(file))
    if name == "PASCAL VOC 1.1":
        return detections.from_pascal_voc(str(root / "JPEGImages"), str(root / "Annotations"))
    images, labels = root / "images" / "train", root / "labels" / "train"
    return detections.from_yolo(str(images), str(labels), str(root / "data.yaml"))


@pytest.mark.parametrize("name", ["COCO 1.0", "PASCAL VOC 1.1", "Ultralytics YOLO Detection 1.0"])
def test_supervision_reads_the_boxes(name: str, tmp_path: Path) -> None:
    dataset = read_by_supervision(name, unpacked(name, "boxes", tmp_path))
    assert set(dataset.classes) == {one["name"] for one in recorded_task("boxes")["labels"]}
    found = {Path(path).name: detections for path, _, detections in dataset}
    assert found.keys() == BOXES.keys()
    # VOC counts pixels from 1, so that its reader takes one off.
    for image, (label, box) in BOXES.items():
        (corners,) = found[image].xyxy.tolist()
        assert corners == pytest.approx(box, abs=1.01)
        (number,) = found[image].class_id.tolist()
        assert dataset.classes[number] == label


def test_pillow_reads_every_picture_of_masks(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    root = unpacked("Cityscapes 1.0", "images", tmp_path)
    pictures = sorted(root.glob("gtFine/**/*.png"))
    modes = {image.open(path).mode for path in pictures}
    assert modes == {"RGB", "L", "I;16"}
