"""Reading the pictures of PASCAL VOC: one of classes and one of instances for each image."""

from __future__ import annotations

from collections.abc import Iterator

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats import voc_masks
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.mask_shapes import MaskShapes, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import files_below, text_lines
from cvat_lite.formats.png import decode_rgb

CLASSES = "SegmentationClass"
OBJECTS = "SegmentationObject"
LABEL_MAP = "labelmap.txt"


def has_pictures(source: Source) -> bool:
    """Whether there is a picture of instances, or what their colours would stand for."""
    named = (name.rpartition("/")[2] for name in source.names())
    return bool(files_below(source, ".png", OBJECTS)) or LABEL_MAP in named


def mask_shapes(source: Source, target: Target, options: ReadOptions) -> Iterator[Shape]:
    """The instances in the pictures, each as a mask or as polygons."""
    pictures = files_below(source, ".png", OBJECTS)
    if not pictures:
        return
    colors = _colors(source)
    classes = files_below(source, ".png", CLASSES)
    frames, labels, made = FrameIndex(target), LabelIndex(target.labels), MaskShapes(options)
    for item, file in pictures.items():
        frame = frames.require(item, file)
        if item not in classes:
            raise DatasetError(file, "", "there is no picture of the classes to it")
        objects = decode_rgb(source.read(file), file)
        colored = decode_rgb(source.read(classes[item]), classes[item])
        check_size(objects, frame, file)
        check_size(colored, frame, classes[item])
        for rgb, stamp in voc_masks.instances(colored, objects):
            name = colors.get(rgb)
            if name is None:
                raise DatasetError(file, "", f"no label has the colour {rgb}")
            yield from made.of(stamp, labels.require(name, file).id, frame)


def _colors(source: Source) -> dict[voc_masks.Color, str]:
    """The labels by colour, from ``labelmap.txt``."""
    for name in source.names():
        if name.rpartition("/")[2] == LABEL_MAP:
            return dict(_label_map(source, name))
    raise DatasetError(LABEL_MAP, "", "there is no such file in the archive")


def _label_map(source: Source, file: str) -> Iterator[tuple[voc_masks.Color, str]]:
    for number, line in text_lines(source, file):
        if line.startswith("#"):
            continue
        try:
            name, code, *_ = line.rsplit(":", 3)
            red, green, blue = (int(channel) for channel in code.split(","))
        except ValueError as error:
            why = "a line is label:red,green,blue:parts:actions"
            raise DatasetError(file, f"line {number}", why) from error
        yield (red, green, blue), name
