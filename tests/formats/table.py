"""What each format keeps, found out by writing and reading; the table of ``docs/formats.md``.

``python -m tests.formats.table`` writes the table anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from cvat_lite.domain.annotations import (
    AttributeValue,
    Element,
    LabeledData,
    Shape,
    Tag,
    Track,
    TrackedShape,
)
from cvat_lite.domain.dataset import Target
from cvat_lite.domain.enums import Dimension, ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.formats import registry
from cvat_lite.formats.containers import ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, WriteOptions
from tests.formats import table_spaces
from tests.formats.strategies import FRAMES, LABELS, SUBLABELS, dataset

# Formats without labels are read as this one.
TARGET = Target((*LABELS, Label(20, "icdar")), FRAMES)
DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
KEPT, LOST = "yes", "no"
IMPORTERS = {"CVAT for images 1.1": "CVAT 1.1", "CVAT for video 1.1": "CVAT 1.1"}
OUTLINES = {
    "rectangle": [2.0, 3.0, 20.0, 15.0],
    "polygon": [2.0, 3.0, 20.0, 5.0, 9.0, 22.0],
    "polyline": [2.0, 3.0, 20.0, 5.0, 9.0, 22.0],
    "points": [2.0, 3.0, 20.0, 5.0],
    "ellipse": [20.0, 15.0, 30.0, 10.0],
    "cuboid": [
        5.0,
        6.0,
        5.0,
        12.0,
        11.0,
        6.0,
        11.0,
        12.0,
        13.0,
        5.0,
        13.0,
        11.0,
        7.0,
        5.0,
        7.0,
        11.0,
    ],
    "mask": [0.0, 4.0, 2.0, 3.0, 3.0, 4.0],
}


def shape(kind: str = "rectangle", **rest) -> Shape:
    points = OUTLINES.get(kind, [])
    return Shape(label_id=2, type=ShapeType(kind), frame=1, points=list(points), **rest)


def skeleton() -> Shape:
    points = [[4.0, 5.0], [14.0, 15.0]]
    elements = [
        Element(label_id=label.id, type=ShapeType.POINTS, frame=1, points=at)
        for label, at in zip(SUBLABELS, points, strict=True)
    ]
    return Shape(
        label_id=10,
        type=ShapeType.SKELETON,
        frame=1,
        elements=elements,
        attributes=[AttributeValue(1, "a")],
    )


def track() -> Track:
    keys = [(0, False), (2, False), (3, True)]
    shapes = [
        TrackedShape(
            type=ShapeType.RECTANGLE, frame=frame, outside=hidden, points=OUTLINES["rectangle"]
        )
        for frame, hidden in keys
    ]
    return Track(label_id=2, frame=0, shapes=shapes)


def with_attributes() -> Shape:
    one = shape()
    one.label_id = 1
    one.attributes = [AttributeValue(i, v) for i, v in enumerate(("b & c", "true", "7", "hm"), 1)]
    return one


FIGURES: dict[str, Callable[[], Shape]] = {
    "rectangle": shape,
    "rotated rectangle": lambda: shape(rotation=30.0),
    "polygon": lambda: shape("polygon"),
    "polyline": lambda: shape("polyline"),
    "points": lambda: shape("points"),
    "ellipse": lambda: shape("ellipse"),
    "cuboid": lambda: shape("cuboid"),
    "mask": lambda: shape("mask"),
    "skeleton": skeleton,
}
PROPERTIES: dict[str, Callable[[], list[Shape]]] = {
    "attributes": lambda: [with_attributes()],
    "occluded": lambda: [shape(occluded=True)],
    "z_order": lambda: [shape(z_order=3)],
    "group": lambda: [shape(group=1), shape(group=1)],
}


def round_trip(name: str, data: LabeledData) -> LabeledData:
    write = registry.exporter(name).write
    read = registry.importer(IMPORTERS.get(name, name)).read
    assert write is not None
    assert read is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.zip")
        with ZipSink(path) as sink:
            write(dataset(data), sink, WriteOptions())
        with open_source(path) as source:
            return read(source, TARGET, ReadOptions(masks_to_polygons=False))


def figure(name: str, one: Shape) -> str:
    """Whether the shape comes back, or as what."""
    back = round_trip(name, LabeledData(shapes=[one]))
    if back.tracks:
        return "as a track"
    if not back.shapes:
        return LOST
    (other,) = back.shapes
    if other.type is not one.type:
        return f"as {other.type}"
    if one.rotation and not other.rotation and other.points == one.points:
        return "upright"
    same = other.points == one.points and other.rotation == one.rotation
    assert same, (name, one, other)
    return KEPT


def tag(name: str) -> str:
    return KEPT if round_trip(name, LabeledData(tags=[Tag(label_id=2, frame=1)])).tags else LOST


def tracked(name: str) -> str:
    """Whether a track comes back, or as what."""
    back = round_trip(name, LabeledData(tracks=[track()]))
    if back.tracks:
        frames = [[(one.frame, one.outside) for one in each.shapes] for each in back.tracks]
        if frames == [[(0, False), (1, False), (2, False), (3, True)]]:
            return "with a keyframe on each frame"
        assert frames == [[(0, False), (2, False), (3, True)]]
        return KEPT
    return "as shapes" if len(back.shapes) == 3 else LOST


def kept(name: str, field: str, shapes: list[Shape]) -> str:
    """Whether a property of rectangles comes back."""
    back = round_trip(name, LabeledData(shapes=shapes))
    if back.tracks and field in ("attributes", "group"):
        found = [getattr(one, field) for one in back.tracks]
        if field == "attributes":
            found = [[*back.tracks[0].attributes, *back.tracks[0].shapes[0].attributes]]
    elif back.tracks:
        found = [getattr(one.shapes[0], field) for one in back.tracks]
    else:
        found = [getattr(one, field) for one in back.shapes]
    if field == "attributes":
        found = [sorted(values, key=lambda value: value.spec_id) for values in found]
    return KEPT if found == [getattr(one, field) for one in shapes] else LOST


def table() -> str:
    """The table in Markdown, a row a kind of annotation and a column a format."""
    read = {one.name for one in registry.importers()} | IMPORTERS.keys()
    names = [
        one.name
        for one in registry.exporters()
        if one.name in read and one.dimension is Dimension.D2
    ]
    rows = [["", *names], ["---"] * (len(names) + 1)]
    rows += [[what, *(figure(name, make()) for name in names)] for what, make in FIGURES.items()]
    rows.append(["tag", *(tag(name) for name in names)])
    rows.append(["track", *(tracked(name) for name in names)])
    rows += [
        [field.replace("_", "-"), *(kept(name, field, make()) for name in names)]
        for field, make in PROPERTIES.items()
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> None:
    text = DOCUMENT.read_text()
    for start, end, made in (
        (START, END, table()),
        (table_spaces.START, table_spaces.END, table_spaces.table()),
    ):
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = f"{before}{start}\n{made}\n{end}{after}"
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
