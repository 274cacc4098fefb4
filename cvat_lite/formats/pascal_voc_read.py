"""Reading PASCAL VOC 1.1: boxes, tags from the lists, masks from the pictures.

Masks stay masks, or become the polygons around their pixels if that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element as Node

from cvat_lite.domain import masks
from cvat_lite.domain.annotations import LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.outlines import outlines
from cvat_lite.errors import DatasetError
from cvat_lite.formats import voc_masks, xml
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.png import decode_rgb
from cvat_lite.formats.tracks import collected, tracked

SOURCE = "file"
SIDES = ("xmin", "ymin", "xmax", "ymax")
BACKGROUND = "background"


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read everything below ``Annotations``, ``ImageSets/Main`` and ``SegmentationObject``."""
    reader = _Reader(source, target)
    if not reader.found:
        raise DatasetError("Annotations", "", "the archive has none of the format's directories")
    return collected(list(reader.tags()), [*reader.boxes(), *reader.masks(options)], target)


def _below(name: str, *folders: str) -> str | None:
    """The path below these directories, wherever in the archive they lie."""
    parts = PurePosixPath(name).parts
    size = len(folders)
    for place in range(len(parts) - size):
        if parts[place : place + size] == folders:
            return "/".join(parts[place + size :])
    return None


def _fields(node: Node | None) -> dict[str, str]:
    """The texts of an element's children by their tags."""
    return {} if node is None else {child.tag: child.text or "" for child in node}


class _Reader:
    def __init__(self, source: Source, target: Target) -> None:
        self._source = source
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        self._documents = self._files(".xml", "Annotations")
        self._lists = self._files(".txt", "ImageSets", "Main")
        self._pictures = self._files(".png", "SegmentationObject")
        self.found = bool(self._documents or self._lists or self._pictures)

    def _files(self, suffix: str, *folders: str) -> dict[str, str]:
        """The files in a directory: by their path below it without suffix, the whole name."""
        return {
            below.removesuffix(suffix): name
            for name in self._source.names()
            if name.endswith(suffix) and (below := _below(name, *folders)) is not None
        }

    def boxes(self) -> Iterator[Shape]:
        """The objects of all documents."""
        for item, file in self._documents.items():
            objects = xml.document(self._source.read(file), file).findall("object")
            if objects:
                number = self._frames.require(item, file).number
                for place, node in enumerate(objects, 1):
                    yield self._box(node, number, file, f"object {place}")

    def _box(self, node: Node, frame: int, file: str, where: str) -> Shape:
        fields = _fields(node)
        label = self._labels.require(fields.get("name", ""), file, where)
        try:
            box = _fields(node.find("bndbox"))
            points = [float(box.get(side, "")) for side in SIDES]
        except ValueError as error:
            raise DatasetError(file, where, "the box has not four numbers") from error
        attributes = node.find("attributes")
        pairs = map(_fields, () if attributes is None else attributes)
        values = {pair.get("name", ""): pair.get("value", "") for pair in pairs}
        for name in ("truncated", "difficult"):
            values.setdefault(name, "true" if fields.get(name) == "1" else "false")
        shape = Shape(
            label_id=label.id,
            type=ShapeType.RECTANGLE,
            frame=frame,
            source=SOURCE,
            occluded=fields.get("occluded") == "1",
            points=[round(value, 2) for value in points],
            attributes=self._labels.attributes(label, values.items(), file, where),
        )
        try:
            shape.rotation = float(values.get("rotation", 0)) % 360
            track_id = int(values["track_id"]) if "track_id" in values else None
        except ValueError as error:
            raise DatasetError(file, where, str(error)) from error
        if track_id is None:
            return shape
        return tracked(shape, track_id, values.get("keyframe", "True") == "True")

    def tags(self) -> Iterator[Tag]:
        """The labels that the lists give to images; ``LABEL_SUBSET`` beside the list ``SUBSET``."""
        for name, file in self._lists.items():
            label_name = self._label_of_list(name)
            if label_name is None or label_name == BACKGROUND:
                continue
            lines = self._source.read(file).decode("utf-8", "replace").splitlines()
            for number, line in enumerate(lines, 1):
                item, _, mark = line.rstrip().rpartition(" ")
                if mark == "1":
                    where = f"line {number}"
                    frame = self._frames.require(item.strip().strip('"'), file, where)
                    label = self._labels.require(label_name, file, where)
                    yield Tag(label_id=label.id, frame=frame.number, source=SOURCE)

    def _label_of_list(self, name: str) -> str | None:
        for place, character in enumerate(name):
            if character == "_" and name[place + 1 :] in self._lists:
                return name[:place]
        return None

    def masks(self, options: ReadOptions) -> Iterator[Shape]:
        """The instances in the pictures, each as a mask or as polygons."""
        if not self._pictures:
            return
        labels = self._colors()
        classes = self._files(".png", "SegmentationClass")
        for item, file in self._pictures.items():
            frame = self._frames.require(item, file)
            if item not in classes:
                raise DatasetError(file, "", "there is no picture of the classes to it")
            objects = decode_rgb(self._source.read(file), file)
            colors = decode_rgb(self._source.read(classes[item]), classes[item])
            if objects.shape != colors.shape or objects.shape[:2] != (frame.height, frame.width):
                raise DatasetError(file, "", "the picture is not of the image's size")
            for rgb, bitmap in voc_masks.instances(colors, objects):
                name = labels.get(rgb)
                if name is None:
                    raise DatasetError(file, "", f"no label has the colour {rgb}")
                label = self._labels.require(name, file)
                yield from _figures(bitmap, label.id, frame.number, options)

    def _colors(self) -> dict[voc_masks.Color, str]:
        """The labels by colour, from ``labelmap.txt``."""
        for name in self._source.names():
            if name.rpartition("/")[2] == "labelmap.txt":
                return dict(self._label_map(name))
        raise DatasetError("labelmap.txt", "", "there is no such file in the archive")

    def _label_map(self, file: str) -> Iterator[tuple[voc_masks.Color, str]]:
        lines = self._source.read(file).decode("utf-8", "replace").splitlines()
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                name, code, *_ = line.rsplit(":", 3)
                red, green, blue = (int(channel) for channel in code.split(","))
            except ValueError as error:
                why = "a line is label:red,green,blue:parts:actions"
                raise DatasetError(file, f"line {number}", why) from error
            yield (red, green, blue), name


def _figures(
    bitmap: masks.Bitmap, label_id: int, frame: int, options: ReadOptions
) -> Iterator[Shape]:
    if options.masks_to_polygons:
        kind, figures = ShapeType.POLYGON, outlines(bitmap)
    else:
        kind, figures = ShapeType.MASK, [masks.mask_of_bitmap(bitmap)]
    for points in figures:
        yield Shape(label_id=label_id, type=kind, frame=frame, source=SOURCE, points=points)
