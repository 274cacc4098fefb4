"""Reading LabelMe 3.0: polygons, boxes and masks, their groups and attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element as Node

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import xml
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.mask_shapes import SOURCE, MaskShapes, by_color, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import finite
from cvat_lite.formats.png import decode_rgb

MASKS = "Masks"
# Quoted with escapes, or up to the next separator.
ATTRIBUTE = re.compile(
    r'\s*(?P<name>"(?:\\.|[^"\\])*"|(?:\\.|[^\\,=])*)'
    r'(?:=(?P<value>"(?:\\.|[^"\\])*"(?=\s*(?:,|$))|(?:\\.|[^\\,])*))?\s*(?:,|$)',
    re.DOTALL,
)


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read every XML file of the archive."""
    files = [name for name in source.names() if name.endswith(".xml")]
    if not files:
        raise DatasetError("annotations", "", "there is no XML file in the archive")
    reader = _Reader(source, target, options)
    return LabeledData(shapes=[shape for file in files for shape in reader.shapes(file)])


class _Reader:
    """Reads documents into the shapes of a target; groups are numbered through all of them."""

    def __init__(self, source: Source, target: Target, options: ReadOptions) -> None:
        self._source = source
        self._names = frozenset(source.names())
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        self._options = options
        self._groups = 0

    def shapes(self, file: str) -> Iterator[Shape]:
        """The shapes of one document."""
        root = xml.document(self._source.read(file), file)
        found: dict[str, list[Shape]] = {}
        whole: dict[str, str] = {}
        frame = None
        for place, node in enumerate(root.findall("object")):
            if _text(node, "deleted") == "1":
                continue
            where = f"object {place}"
            frame = frame or self._frame(root, file)
            number = _text(node, "id") or str(place)
            whole[number] = _text(node, "parts/ispartof")
            found.setdefault(number, []).extend(self._object(node, frame, file, where))
        self._join(found, whole)
        for shapes in found.values():
            yield from shapes

    def _frame(self, root: Node, file: str) -> Frame:
        """The frame that the file itself is named after, or else the document."""
        stem = file.removesuffix(".xml")
        name = str(PurePosixPath(_text(root, "folder"), _text(root, "filename")))
        frame = self._frames.get(stem.partition("/")[2]) if "/" in stem else None
        return frame or self._frames.get(stem) or self._frames.require(name, file)

    def _join(self, found: dict[str, list[Shape]], whole: dict[str, str]) -> None:
        """Give a group to objects that are parts of one another, and to the pieces of a mask."""
        tops = _tops(whole)
        groups: dict[str, list[Shape]] = {}
        for number, shapes in found.items():
            groups.setdefault(tops[number], []).extend(shapes)
        for members in groups.values():
            self._groups += len(members) > 1
            for shape in members:
                shape.group = self._groups if len(members) > 1 else 0

    def _object(self, node: Node, frame: Frame, file: str, where: str) -> Iterator[Shape]:
        label = self._labels.require(_text(node, "name"), file, where)
        values = dict(_attributes(_text(node, "attributes")))
        attributes = self._labels.attributes(label, values.items(), file, where)
        for shape in self._outlines(node, label.id, frame, file, where):
            shape.source = SOURCE
            shape.occluded = _text(node, "occluded") == "yes"
            shape.attributes = list(attributes)
            if shape.type is ShapeType.RECTANGLE:
                try:
                    (rotation,) = finite([values.get("rotation", "0")])
                except ValueError as error:
                    raise DatasetError(file, where, f"rotation: {error}") from error
                shape.rotation = rotation % 360
            yield shape

    def _outlines(
        self, node: Node, label_id: int, frame: Frame, file: str, where: str
    ) -> Iterator[Shape]:
        """The figures of an object, without what its other elements say."""
        picture = node.find("segm/mask")
        if picture is not None:
            yield from self._mask((picture.text or "").strip(), label_id, frame, file, where)
            return
        points = _points(node, file, where)
        kind = ShapeType.POLYGON
        if _text(node, "type") == "bounding_box":
            kind = ShapeType.RECTANGLE
            xs, ys = points[::2], points[1::2]
            points = [min(xs), min(ys), max(xs), max(ys)]
        yield Shape(label_id=label_id, type=kind, frame=frame.number, points=points)

    def _mask(
        self, name: str, label_id: int, frame: Frame, file: str, where: str
    ) -> Iterator[Shape]:
        path = self._picture(name, file, where)
        pixels = decode_rgb(self._source.read(path), path)
        check_size(pixels, frame, path)
        yield from MaskShapes(self._options).of(by_color(pixels) != 0, label_id, frame)

    def _picture(self, name: str, file: str, where: str) -> str:
        """The picture of this name: below ``Masks`` in a directory above the document."""
        for folder in PurePosixPath(file).parents:
            path = str(folder / MASKS / name)
            if path in self._names:
                return path
        raise DatasetError(file, where, f"there is no picture {name!r} in the archive")


def _text(node: Node, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _tops(whole: dict[str, str]) -> dict[str, str]:
    """The object that each is a part of in the end; a circle ends where it is entered."""
    tops: dict[str, str] = {}
    for number in whole:
        way, seen = [number], {number}
        while way[-1] not in tops and (above := whole[way[-1]]) in whole and above not in seen:
            way.append(above)
            seen.add(above)
        top = tops.get(way[-1], way[-1])
        tops.update(dict.fromkeys(way, top))
    return tops


def _points(node: Node, file: str, where: str) -> list[float]:
    try:
        points = [
            round(value, 2)
            for pt in node.findall("polygon/pt")
            for value in finite(pt.findtext(axis) or "" for axis in ("x", "y"))
        ]
    except ValueError as error:
        raise DatasetError(file, where, "a point has not two numbers") from error
    if len(points) < 6:
        raise DatasetError(file, where, "a polygon needs three points or more")
    return points


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of name and value; a name alone is true."""
    for match in ATTRIBUTE.finditer(text):
        name, value = match["name"], match["value"]
        if name.strip():
            yield _plain(name), "true" if value is None else _plain(value)


def _plain(text: str) -> str:
    """Without quotes around it and backslashes before characters."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and not text.endswith('\\"'):
        text = text[1:-1]
    return re.sub(r"\\(.)", r"\1", text)
