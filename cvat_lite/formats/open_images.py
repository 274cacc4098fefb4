"""Open Images V6 1.0: boxes, tags and masks in CSV files, masks as pictures besides.

See https://storage.googleapis.com/openimages/web/download_v6.html: boxes are shares of the
image's size, a mask is a picture named in a CSV file. Polygons, ellipses and turned boxes become
masks. Attributes are lost but for those that the format has (``truncated``, ``is_group_of``,
``is_depiction``, ``is_inside``); so are lines, points, skeletons and cuboids.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import box_corners
from cvat_lite.domain.labels import Label
from cvat_lite.formats import survey_folders
from cvat_lite.formats.attributes import typed_attributes
from cvat_lite.formats.format import Format, Sink, WriteOptions, add_image
from cvat_lite.formats.label_folders import folder
from cvat_lite.formats.members import one_line
from cvat_lite.formats.open_images_read import BOX_COLUMNS, FLAGS, MASK_COLUMNS, TAG_COLUMNS, read
from cvat_lite.formats.png import encode_gray
from cvat_lite.formats.text_files import TextFiles, csv_row

IMAGE_COLUMNS = [
    "ImageID",
    "Subset",
    "OriginalURL",
    "OriginalLandingURL",
    "License",
    "AuthorProfileURL",
    "Author",
    "Title",
    "OriginalSize",
    "OriginalMD5",
    "Thumbnail300KURL",
    "Rotation",
]
MASKED = (ShapeType.MASK, ShapeType.ELLIPSE, ShapeType.POLYGON)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations/``, ``masks/SUBSET/``, and the images as ``images/SUBSET/NAME``."""
    names = (one_line(label.name) for label in dataset.flat_labels)
    described = "".join(csv_row([name, name]) for name in names)
    sink.add("annotations/class-descriptions.csv", described.encode())
    tree = {"LabelName": "/m/0", "Subcategory": [_tree(x) for x in dataset.labels if x.sublabels]}
    sink.add("annotations/bbox_labels_600_hierarchy.json", orjson.dumps(tree))
    with TextFiles(sink) as files:
        for part in dataset.parts:
            subset = folder(part.info.subset_name)
            writer = _Writer(dataset, sink, files, subset)
            for on_frame in part.by_frame():
                writer.add(on_frame)
                if options.save_images and part.image is not None:
                    name = f"images/{subset}/{on_frame.frame.file_name}"
                    add_image(sink, name, part.image(on_frame.frame))


def _tree(label: Label) -> dict[str, Any]:
    below = [{"LabelName": one.name} for one in label.sublabels]
    return {"LabelName": label.name, "Subcategory": below}


class _Writer:
    """Writes the images of a subset."""

    def __init__(self, dataset: Dataset, sink: Sink, files: TextFiles, subset: str) -> None:
        self._dataset, self._sink, self._files, self._subset = dataset, sink, files, subset
        self._stems: dict[str, str] = {}

    def add(self, on_frame: FrameAnnotations) -> None:
        """Write a line for all that stands on an image, and the pictures of its masks."""
        frame, item = on_frame.frame, on_frame.frame.item
        empty = [""] * (len(IMAGE_COLUMNS) - 2)
        self._row("images-with-rotation", IMAGE_COLUMNS, [item, self._subset, *empty])
        for tag in on_frame.tags:
            name = one_line(self._dataset.labels_by_id[tag.label_id].name)
            self._row("annotations-human-imagelabels", TAG_COLUMNS, [item, "", name, 1])
        boxes = [
            one for one in on_frame.shapes if one.type is ShapeType.RECTANGLE and not one.rotation
        ]
        for box in boxes:
            self._box(frame, box)
        if boxes:
            name = f'"{item}"' if " " in item else item
            head = "# <image name> <height> <width>\n\n"
            line = f"{one_line(name)} {frame.height} {frame.width}\n"
            self._files.append("annotations/images.meta", line, head)
        groups = {box.group: box for box in reversed(boxes) if box.group}
        masked = [
            one
            for one in on_frame.shapes
            if one.type in MASKED or (one.type is ShapeType.RECTANGLE and one.rotation)
        ]
        for number, shape in enumerate(masked):
            self._mask(frame, shape, f"{number:08d}", groups.get(shape.group or 0))

    def _row(self, kind: str, columns: Any, values: list[object]) -> None:
        name = f"annotations/{self._subset}-{kind}.csv"
        self._files.append(name, csv_row(values), csv_row(columns))

    def _box(self, frame: Frame, shape: Shape) -> None:
        label = self._dataset.labels_by_id[shape.label_id]
        values = typed_attributes(label, shape.attributes)
        flags = [_flag(values.get(name)) for name in FLAGS.values()]
        score = 1 if shape.score == 1 else shape.score
        row = [frame.item, "", one_line(label.name), score, *_shares(shape, frame)]
        self._row("annotations-bbox", BOX_COLUMNS, [*row, int(shape.occluded), *flags])

    def _mask(self, frame: Frame, shape: Shape, number: str, box: Shape | None) -> None:
        label = one_line(self._dataset.labels_by_id[shape.label_id].name)
        path = f"{self._stem(frame)}_{_plain(label)}_{number}.png"
        if shape.type is ShapeType.RECTANGLE:
            # CVAT rounds the corners of a turned box before it draws them.
            corners = [round(one, 2) for one in box_corners(shape.points, shape.rotation)]
            bitmap = masks.polygon_bitmap(corners, frame.width, frame.height)
        else:
            bitmap = masks.bitmap_of_shape(shape, frame.width, frame.height)
        picture = encode_gray(bitmap.astype(np.uint8) * 255, 8)
        self._sink.add(f"masks/{self._subset}/{path}", picture)
        sides = [""] * 4 if box is None else _shares(box, frame)
        row: list[object] = [path, frame.item, label, number, *sides, "", ""]
        self._row("annotations-object-segmentation", MASK_COLUMNS, row)

    def _stem(self, frame: Frame) -> str:
        """What the masks of an image are called, as of no other image."""
        stem = _plain(frame.item)
        if self._stems.setdefault(stem, frame.item) != frame.item:
            stem = f"{stem}.{frame.number}"
            self._stems[stem] = frame.item
        return stem


def _plain(text: str) -> str:
    """A text as part of the name of a file."""
    return "".join(one for one in text if one not in '/\\:*?"<>|')


def _shares(shape: Shape, frame: Frame) -> list[object]:
    """A box as shares of the image: left, right, top, bottom."""
    left, top, right, bottom = shape.points
    width, height = frame.width, frame.height
    return [left / width, right / width, top / height, bottom / height]


def _flag(value: str | bool | float | None) -> int:
    """1 for yes, 0 for no, -1 where nothing is known."""
    known = {"true": 1, "1": 1, "1.0": 1, "false": 0, "0": 0, "0.0": 0}
    return known.get(str(value).lower(), -1)


FORMATS = (
    Format("Open Images V6 1.0", "1.0", write=write, read=read, survey=survey_folders.open_images),
)
