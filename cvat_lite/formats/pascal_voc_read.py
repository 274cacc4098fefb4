"""Reading PASCAL VOC 1.1: boxes, tags from the lists, masks from the pictures.

Masks stay masks, or become the polygons around their pixels if that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element as Node

from cvat_lite.domain.annotations import LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import xml
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import files_below, finite
from cvat_lite.formats.survey_voc import is_marked, label_of_list
from cvat_lite.formats.tracks import collected, tracked
from cvat_lite.formats.voc_masks_read import has_pictures, mask_shapes

SOURCE = "file"
SIDES = ("xmin", "ymin", "xmax", "ymax")
BACKGROUND = "background"


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read everything below ``Annotations``, ``ImageSets/Main`` and ``SegmentationObject``."""
    reader = _Reader(source, target)
    if not reader.found:
        raise DatasetError("Annotations", "", "the archive has none of the format's directories")
    return collected(
        list(reader.tags()), [*reader.boxes(), *mask_shapes(source, target, options)], target
    )


def _fields(node: Node | None) -> dict[str, str]:
    """The texts of an element's children by their tags."""
    return {} if node is None else {child.tag: child.text or "" for child in node}


class _Reader:
    def __init__(self, source: Source, target: Target) -> None:
        self._source = source
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        self._documents = files_below(source, ".xml", "Annotations")
        self._lists = files_below(source, ".txt", "ImageSets", "Main")
        self.found = bool(self._documents or self._lists or has_pictures(source))

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
            points = [round(value, 2) for value in finite(box.get(side, "") for side in SIDES)]
        except ValueError as error:
            raise DatasetError(file, where, "the box has not four numbers") from error
        attributes = node.find("attributes")
        values: dict[str, str] = {}
        for pair in () if attributes is None else map(_fields, attributes):
            values[pair.get("name", "")] = pair.get("value", "")
        for name in ("truncated", "difficult"):
            values.setdefault(name, "true" if fields.get(name) == "1" else "false")
        shape = Shape(
            label_id=label.id,
            type=ShapeType.RECTANGLE,
            frame=frame,
            source=SOURCE,
            occluded=fields.get("occluded") == "1",
            points=points,
            attributes=self._labels.attributes(label, values.items(), file, where),
        )
        try:
            if "rotation" in values:
                (shape.rotation,) = (angle % 360 for angle in finite([values["rotation"]]))
            track_id = int(values["track_id"]) if "track_id" in values else None
        except ValueError as error:
            raise DatasetError(file, where, str(error)) from error
        if track_id is None:
            return shape
        return tracked(shape, track_id, values.get("keyframe", "True") == "True")

    def tags(self) -> Iterator[Tag]:
        """The labels that the lists give to images; ``LABEL_SUBSET`` beside the list ``SUBSET``."""
        for name, file in self._lists.items():
            label_name = label_of_list(name, self._lists)
            if label_name in (None, BACKGROUND) or not is_marked(self._source, file):
                continue
            lines = self._source.read(file).decode("utf-8", "replace").splitlines()
            for number, line in enumerate(lines, 1):
                item, _, mark = line.rstrip().rpartition(" ")
                if mark == "1":
                    where = f"line {number}"
                    frame = self._frames.require(item.strip().strip('"'), file, where)
                    label = self._labels.require(label_name, file, where)
                    yield Tag(label_id=label.id, frame=frame.number, source=SOURCE)
