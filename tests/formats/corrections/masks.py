"""What recorded pictures of masks and their imports would hold without CVAT's faults.

The masks are taken from the recorded pictures by Pillow, and held
against the recorded import: the same labels must be on the same frames.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import PIL.Image

from tests.formats.recordings import ROOT, frames_of, labels_of, recorded_task

Found = Iterator[tuple[str, str, Any]]


def pictures(task: str, name: str, folder: str) -> Iterator[tuple[str, Any, zipfile.ZipFile]]:
    """The pictures of a recorded export in a directory, by the image's id."""
    archive = zipfile.ZipFile(ROOT / task / "exports" / f"{name}.zip")
    for file in sorted(archive.namelist()):
        if file.startswith(folder + "/") and file.endswith(".png"):
            pixels = np.asarray(PIL.Image.open(io.BytesIO(archive.read(file)))).astype(int)
            item = file.removeprefix(folder + "/").removesuffix(".png")
            yield item, pixels, archive


def colors(task: str) -> dict[tuple[int, ...], str]:
    """The recorded task's labels by colour."""
    labels = labels_of(recorded_task(task)["labels"])
    return {tuple(bytes.fromhex(one.color[1:])): one.name for one in labels}


def by_class(task: str, name: str, folder: str) -> Found:
    """A mask for each colour of each picture."""
    for item, pixels, _ in pictures(task, name, folder):
        for rgb, label in colors(task).items():
            yield item, label, (pixels == rgb).all(axis=2)


def by_instance(task: str, name: str) -> Found:
    """A mask for each colour of each picture of instances, with the class beneath it."""
    classes = {item: pixels for item, pixels, _ in pictures(task, name, "SegmentationClass")}
    for item, pixels, _ in pictures(task, name, "SegmentationObject"):
        for rgb in np.unique(pixels.reshape(-1, 3), axis=0):
            bitmap = (pixels == rgb).all(axis=2)
            label = colors(task).get(tuple(classes[item][bitmap][0].tolist()))
            if label is not None:
                yield item, label, bitmap


def by_number(task: str, name: str, folder: str) -> Found:
    """A mask for each number of each picture; the labels are numbered by their names."""
    names = sorted(one.name for one in labels_of(recorded_task(task)["labels"]))
    for item, pixels, _ in pictures(task, name, folder):
        for number, label in enumerate(names, 1):
            yield item, label, pixels == number


def wire(bitmap: Any) -> list[float]:
    """The mask of a bitmap: the lengths of its runs within its box, and the box."""
    rows, columns = np.nonzero(bitmap)
    box = [columns.min(), rows.min(), columns.max(), rows.max()]
    inner = bitmap[box[1] : box[3] + 1, box[0] : box[2] + 1].ravel().tolist()
    runs, value = [0], False
    for pixel in inner:
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    return [float(one) for one in (*runs, *box)]


def masks_of(task: str, found: Found, expected: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The masks as they come back, with the attributes that their labels have in the recording."""
    frames = {str(PurePosixPath(f.name).with_suffix("")): f.number for f in by_name(task)}
    plain = {one["label"]: default_attributes(task, one["label"]) for one in expected["shapes"]}
    return [
        {
            "attributes": plain.get(label) or default_attributes(task, label),
            "elements": [],
            "frame": frames[item],
            "group": 0,
            "label": label,
            "occluded": False,
            "outside": False,
            "points": wire(bitmap),
            "rotation": 0.0,
            "score": 1.0,
            "source": "file",
            "type": "mask",
            "z_order": 0,
        }
        for item, label, bitmap in found
        if bitmap.any()
    ]


def by_name(task: str) -> list[Any]:
    return frames_of(recorded_task(task))


def default_attributes(task: str, label: str) -> dict[str, Any]:
    (one,) = [one for one in recorded_task(task)["labels"] if one["name"] == label]
    values = {spec["name"]: spec["default_value"] for spec in one["attributes"]}
    return {name: float(v) if v.isdecimal() else v for name, v in values.items()}


def kept(task: str, find: Callable[[], Found], *, complete: bool = True) -> Any:
    """Masks in the place of the recorded polygons, which must have been of the same labels."""

    def correct(expected: dict[str, list[Any]]) -> None:
        masks = masks_of(task, find(), expected)
        polygons = [one for one in expected["shapes"] if one["type"] == "polygon"]
        if complete:
            ours = {(one["frame"], one["label"]) for one in masks}
            assert ours == {(one["frame"], one["label"]) for one in polygons}
        others = [one for one in expected["shapes"] if one["type"] != "polygon"]
        expected["shapes"] = sorted([*others, *masks], key=repr)

    return correct


def labelme_masks(expected: dict[str, list[Any]]) -> None:
    """Ellipses and masks of the third image: those with a picture, in the order of their files."""
    outlined = [one for one in expected["shapes"] if (one["frame"], one["type"]) == (2, "polygon")]
    masks = [pixels for _, pixels, _ in pictures("images", "LabelMe_3.0", "default/Masks/train")]
    assert len(masks) == len(outlined)
    for pixels in masks:
        bitmap = pixels.any(axis=2)
        points = wire(bitmap)
        (one,) = [
            one
            for one in outlined
            if [min(one["points"][::2]), min(one["points"][1::2])][0] == points[-4]
        ]
        one |= {"type": "mask", "points": points, "rotation": 0.0}
    expected["shapes"].sort(key=repr)


def voc(task: str) -> Any:
    return kept(task, lambda: by_instance(task, "Segmentation_mask_1.1"))


def camvid(task: str, subset: str) -> Any:
    return kept(task, lambda: by_class(task, "CamVid_1.0", f"{subset}annot"))


CORRECTED: dict[str, Callable[[Any], None]] = {
    "import Segmentation mask 1.1-boxes": voc("boxes"),
    "import Segmentation mask 1.1-images": voc("images"),
    "import Segmentation mask 1.1-video": voc("video"),
    "import CamVid 1.0-boxes": camvid("boxes", "train"),
    "import CamVid 1.0-video": camvid("video", "default"),
    "import KITTI 1.0-video": kept(
        "video", lambda: by_number("video", "KITTI_1.0", "default/semantic"), complete=False
    ),
    "import LabelMe 3.0-images": labelme_masks,
}
