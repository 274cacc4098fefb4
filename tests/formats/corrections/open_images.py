"""What a recorded import of Open Images would hold with masks that stay as they are."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.masks import mask_of_bitmap
from cvat_lite.formats.png import decode_rgb
from tests.formats.recordings import ROOT, comparable, frames_of, labels_of, recorded_task

NAME = "Open_Images_V6_1.0"
TABLE = "annotations/default-annotations-object-segmentation.csv"


def masks_stay_masks(task: str) -> Callable[[Any], None]:
    """Instead of rough polygons the pixels of the pictures that were read."""

    def correct(expected: dict[str, list[Any]]) -> None:
        wire = json.loads((ROOT / task / "imports" / f"{NAME}.json").read_bytes())["labels"]
        ids = {one["name"]: one["id"] for one in wire}
        frames = {frame.item: frame.number for frame in frames_of(recorded_task(task))}
        shapes = []
        with zipfile.ZipFile(ROOT / task / "exports" / f"{NAME}.zip") as archive:
            for row in csv.DictReader(io.StringIO(archive.read(TABLE).decode(), newline="")):
                picture = archive.read(f"masks/default/{row['MaskPath']}")
                bitmap = decode_rgb(picture, row["MaskPath"])[:, :, 0] > 0
                shapes.append(
                    Shape(
                        label_id=ids[row["LabelName"]],
                        type=ShapeType.MASK,
                        frame=frames[row["ImageID"]],
                        source="file",
                        points=mask_of_bitmap(bitmap),
                    )
                )
        masks = comparable(LabeledData(shapes=shapes), labels_of(wire))["shapes"]
        boxes = [one for one in expected["shapes"] if one["type"] == "rectangle"]
        expected["shapes"] = sorted([*boxes, *masks], key=repr)

    return correct


CORRECTED: dict[str, Callable[[Any], None]] = {
    f"import Open Images V6 1.0-{task}": masks_stay_masks(task) for task in ("images", "video")
}
