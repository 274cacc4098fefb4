"""CVAT 1.1: reads both XML forms, images with shapes and tracks over frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from xml.etree.ElementTree import Element as Node

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    ElementTrack,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_cvat, xml
from cvat_lite.formats.cvat_xml import CUBOID, FILE, TYPES
from cvat_lite.formats.format import Format, Reader, ReadOptions, Source, Survey
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.survey_cvat import Keep

SOURCE = "file"
READ = frozenset({"image", "track"})


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read ``annotations.xml``, wherever in the archive it lies, or the XML file itself."""
    return _read(source, target, lambda _node, _file: True)


def reading(keep: Keep) -> Reader:
    """A reader of some of the images and tracks: those of a subset, say."""
    return lambda source, target, _options: _read(source, target, keep)


def survey(source: Source, pictures: Sequence[str]) -> Survey:
    """The subsets, images and labels that the documents tell of."""
    return survey_cvat.survey(source, pictures, reading)


def _read(source: Source, target: Target, keep: Keep) -> LabeledData:
    files = survey_cvat.documents(source)
    if not files:
        raise DatasetError(FILE, "", "there is no such file in the archive")
    reader = _Reader(target, keep)
    for file in files:
        reader.read(source, file)
    return reader.data


class _Reader:
    """Collects what one or several XML files say about a target, as far as it is to be kept."""

    def __init__(self, target: Target, keep: Keep) -> None:
        self._keep = keep
        self.data = LabeledData(tags=[], shapes=[], tracks=[])
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        self._file = ""
        self._where = ""
        self._known: dict[str, int | None] = {}

    def read(self, source: Source, file: str) -> None:
        """Add a file's annotations."""
        self._file = file
        for node in xml.elements(source, file, READ):
            if not self._keep(node, file):
                continue
            self._where = f"{node.tag} {node.get('name') or node.get('id', '')!r}"
            try:
                self._image(node) if node.tag == "image" else self._track(node)
            except (KeyError, ValueError) as error:
                why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise DatasetError(file, self._where, why) from error

    def _image(self, image: Node) -> None:
        frame = self._frames.require(image.attrib["name"], self._file, self._where).number
        for node in image:
            label = self._labels.require(node.attrib["label"], self._file, self._where)
            group = int(node.get("group_id", 0))
            if node.tag == "tag":
                attributes = self._attributes(self._labels, label, node)
                tag = Tag(label_id=label.id, frame=frame, group=group, source=SOURCE)
                tag.attributes = attributes
                self.data.tags.append(tag)
            elif node.tag in TYPES:
                self.data.shapes.append(self._shape(node, label, frame, group))

    def _shape(self, node: Node, label: Label, frame: int, group: int) -> Shape:
        kind = TYPES[node.tag]
        shape = Shape(
            label_id=label.id,
            type=kind,
            frame=frame,
            group=group,
            source=SOURCE,
            occluded=_flag(node, "occluded"),
            z_order=int(node.get("z_order", 0)),
            rotation=_rotation(node),
            points=POINTS[kind](node),
            attributes=self._attributes(self._labels, label, node),
        )
        if kind is ShapeType.SKELETON:
            sublabels = self._labels.sublabels(label)
            shape.elements = [self._element(sublabels, one, frame) for one in _figures(node)]
        return shape

    def _element(self, sublabels: LabelIndex, node: Node, frame: int) -> Element:
        label = sublabels.require(node.attrib["label"], self._file, self._where)
        kind = TYPES[node.tag]
        return Element(
            label_id=label.id,
            type=kind,
            frame=frame,
            source=SOURCE,
            occluded=_flag(node, "occluded"),
            outside=_flag(node, "outside"),
            rotation=_rotation(node),
            points=POINTS[kind](node),
            attributes=self._attributes(sublabels, label, node),
        )

    def _track(self, node: Node) -> None:
        label = self._labels.require(node.attrib["label"], self._file, self._where)
        group = int(node.get("group_id", 0))
        figures = [
            (frame, figure)
            for figure in _figures(node)
            if (frame := self._frame(figure.attrib["frame"])) is not None
        ]
        if not figures:
            return
        if figures[0][1].tag == "mask":
            self._masks(figures, label, group)
            return
        track = Track(label_id=label.id, frame=figures[0][0], group=group, source=SOURCE, shapes=[])
        self._keyframes(track, self._labels, label, figures)
        if figures[0][1].tag == "skeleton":
            track.elements = self._element_tracks(label, figures, track.frame)
            for shape, (_, figure) in zip(track.shapes, figures, strict=True):
                shape.outside = all(_flag(one, "outside") for one in _figures(figure))
        track.shapes = _kept(track.shapes, figures)
        if track.shapes:
            self.data.tracks.append(track)

    def _frame(self, text: str) -> int | None:
        """The frame with that number in the media, or None; a track has the same ones often."""
        if text not in self._known:
            frame = self._frames.absolute(int(text))
            self._known[text] = None if frame is None else frame.number
        return self._known[text]

    def _masks(self, figures: Iterable[tuple[int, Node]], label: Label, group: int) -> None:
        """Masks are not tracked: each becomes a shape of its own."""
        self.data.shapes += [
            self._shape(figure, label, frame, group)
            for frame, figure in figures
            if not _flag(figure, "outside")
        ]

    def _element_tracks(
        self, label: Label, figures: list[tuple[int, Node]], first: int
    ) -> list[ElementTrack]:
        sublabels = self._labels.sublabels(label)
        by_label: dict[str, list[tuple[int, Node]]] = {}
        for frame, figure in figures:
            for node in _figures(figure):
                by_label.setdefault(node.attrib["label"], []).append((frame, node))
        tracks = []
        for name, nodes in by_label.items():
            sublabel = sublabels.require(name, self._file, self._where)
            track = ElementTrack(label_id=sublabel.id, frame=first, source=SOURCE, shapes=[])
            self._keyframes(track, sublabels, sublabel, nodes)
            track.shapes = _kept(track.shapes, nodes)
            tracks.append(track)
        return tracks

    def _keyframes(
        self,
        track: ElementTrack,
        labels: LabelIndex,
        label: Label,
        figures: list[tuple[int, Node]],
    ) -> None:
        """A shape for every figure; the first one's immutable attributes are the track's."""
        mutable = {spec.id for spec in label.attributes if spec.mutable}
        shapes = track.shapes
        for frame, node in figures:
            kind, get = TYPES[node.tag], node.attrib.get
            shape = TrackedShape(
                type=kind,
                frame=frame,
                occluded=get("occluded") == "1",
                outside=get("outside") == "1",
                z_order=int(get("z_order", 0)),
                rotation=_rotation(node) if "rotation" in node.attrib else 0.0,
                points=POINTS[kind](node),
            )
            if label.attributes:
                values = self._attributes(labels, label, node)
                shape.attributes = [one for one in values if one.spec_id in mutable]
                if not shapes:
                    track.attributes = [one for one in values if one.spec_id not in mutable]
            shapes.append(shape)

    def _attributes(self, labels: LabelIndex, label: Label, node: Node) -> list[AttributeValue]:
        if not label.attributes:
            return []
        values = [(one.attrib["name"], one.text or "") for one in node.findall("attribute")]
        return labels.attributes(label, values, self._file, self._where)


def _kept(shapes: list[TrackedShape], figures: list[tuple[int, Node]]) -> list[TrackedShape]:
    """The keyframes; a track that is cut off at the task's first frame begins there."""
    later = zip(shapes[1:], figures[1:], strict=True)
    kept = [shape for shape, (_, node) in later if node.get("keyframe", "1") == "1"]
    return [*shapes[:1], *kept]


def _figures(node: Node) -> list[Node]:
    return [child for child in node if child.tag in TYPES]


def _flag(node: Node, name: str) -> bool:
    return node.get(name, "0") == "1"


def _rotation(node: Node) -> float:
    return float(node.get("rotation", 0.0)) % 360


def _box(node: Node) -> list[float]:
    get = node.attrib
    return list(map(float, (get["xtl"], get["ytl"], get["xbr"], get["ybr"])))


def _ellipse(node: Node) -> list[float]:
    cx, cy, rx, ry = (float(node.attrib[name]) for name in ("cx", "cy", "rx", "ry"))
    return [cx, cy, round(cx + rx, 2), round(cy - ry, 2)]


def _cuboid(node: Node) -> list[float]:
    return [float(node.attrib[axis + corner]) for corner in CUBOID for axis in "xy"]


def _mask(node: Node) -> list[float]:
    left, top, width, height = (
        int(node.attrib[name]) for name in ("left", "top", "width", "height")
    )
    runs = [float(run) for run in node.attrib["rle"].split(",")]
    if sum(runs) != width * height or min(runs) < 0:
        raise ValueError("the run lengths of a mask do not fill its box")
    return [*runs, float(left), float(top), float(left + width - 1), float(top + height - 1)]


def _points(node: Node) -> list[float]:
    values = [float(part) for part in node.attrib["points"].replace(";", ",").split(",")]
    if len(values) % 2:
        raise ValueError("a point has no y")
    return values


POINTS: dict[ShapeType, Callable[[Node], list[float]]] = {
    ShapeType.RECTANGLE: _box,
    ShapeType.ELLIPSE: _ellipse,
    ShapeType.CUBOID: _cuboid,
    ShapeType.MASK: _mask,
    ShapeType.SKELETON: lambda _: [],
    ShapeType.POLYGON: _points,
    ShapeType.POLYLINE: _points,
    ShapeType.POINTS: _points,
}

FORMATS = (Format("CVAT 1.1", "1.1", read=read, read_extensions=("XML", "ZIP"), survey=survey),)
