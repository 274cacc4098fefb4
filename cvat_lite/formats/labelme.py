"""LabelMe 3.0: an XML file an image, with polygons, boxes, and masks as pictures.

The elements are those of the LabelMe annotation tool (Russell and others, "LabelMe: a database and
web-based tool for image annotation", 2008, and the tool's own documentation). Groups are its parts.
Ellipses become masks; lines, points, skeletons, cuboids and tags have no place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import bounding_box
from cvat_lite.domain.stamps import Stamp, stamp_of_shape
from cvat_lite.formats import survey_folders, xml
from cvat_lite.formats.attributes import shape_attributes
from cvat_lite.formats.format import Format, Sink, WriteOptions, add_images
from cvat_lite.formats.instances import covers
from cvat_lite.formats.labelme_read import MASKS, read
from cvat_lite.formats.members import one_line
from cvat_lite.formats.png import encode_rgb

MASKED = (ShapeType.ELLIPSE, ShapeType.MASK)
# The opaque part of a mask, as LabelMe draws it: red, green, blue, opacity.
INK = (0, 203, 255, 153)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/``: an XML file an image, its masks below ``Masks``, images beside it."""
    for subset, parts in dataset.subsets().items():
        for on_frame in dataset.by_frame(parts):
            content = "".join(_document(on_frame, dataset, sink, subset))
            sink.add(f"{subset}/{on_frame.frame.item}.xml", content.encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/{frame.file_name}")


def _document(
    on_frame: FrameAnnotations, dataset: Dataset, sink: Sink, subset: str
) -> Iterator[str]:
    frame = on_frame.frame
    path = PurePosixPath(frame.file_name)
    folder = "" if path.parent == PurePosixPath() else str(path.parent)
    yield (
        f"<annotation>\n  <filename>{xml.text(path.name)}</filename>\n"
        f"  <folder>{xml.text(folder)}</folder>\n"
        "  <source>\n    <sourceImage></sourceImage>\n"
        "    <sourceAnnotation>Datumaro</sourceAnnotation>\n  </source>\n"
        f"  <imagesize>\n    <nrows>{frame.height}</nrows>\n    <ncols>{frame.width}</ncols>\n"
        "  </imagesize>\n"
    )
    shapes = [shape for shape in on_frame.shapes if covers(shape)]
    groups = _groups(shapes)
    for number, shape in enumerate(shapes):
        if shape.type in MASKED:
            outline = _write_mask(sink, shape, frame, subset, number)
        else:
            outline = _polygon(shape)
        yield _object(shape, dataset, number, groups.get(shape.group or 0, ())) + outline
        yield f"    <attributes>{xml.text(_attributes(shape, dataset))}</attributes>\n  </object>\n"
    yield "</annotation>\n"


def _groups(shapes: Sequence[Shape]) -> dict[int, list[int]]:
    """The numbers of the members of each group."""
    groups: dict[int, list[int]] = {}
    for number, shape in enumerate(shapes):
        if shape.group:
            groups.setdefault(shape.group, []).append(number)
    return groups


def _object(shape: Shape, dataset: Dataset, number: int, group: Sequence[int]) -> str:
    """What comes before the outline; the first member of a group has the others as its parts."""
    parts = ",".join(map(str, group[1:])) if group and group[0] == number else ""
    whole = str(group[0]) if group and group[0] != number else ""
    name = dataset.labels_by_id[shape.label_id].name
    return (
        f"  <object>\n    <name>{xml.text(name)}</name>\n    <deleted>0</deleted>\n"
        f"    <verified>0</verified>\n    <occluded>{'yes' if shape.occluded else 'no'}</occluded>\n"
        f"    <date></date>\n    <id>{number}</id>\n    <parts>\n"
        f"      <hasparts>{parts}</hasparts>\n      <ispartof>{whole}</ispartof>\n    </parts>\n"
    )


def _polygon(shape: Shape) -> str:
    kind = ""
    points = shape.points
    if shape.type is ShapeType.RECTANGLE:
        left, top, right, bottom = points
        kind = "    <type>bounding_box</type>\n"
        points = [left, top, right, top, right, bottom, left, bottom]
    corners = "".join(
        f"      <pt>\n        <x>{x:.2f}</x>\n        <y>{y:.2f}</y>\n      </pt>\n"
        for x, y in zip(points[::2], points[1::2], strict=True)
    )
    return f"{kind}    <polygon>\n{corners}      <username></username>\n    </polygon>\n"


def _write_mask(sink: Sink, shape: Shape, frame: Frame, subset: str, number: int) -> str:
    """The picture of a mask and the element that names it."""
    stamp = stamp_of_shape(shape, frame.width, frame.height)
    canvas = np.zeros((frame.height, frame.width), dtype=np.int32)
    stamp.onto(canvas, 1)
    pixels = np.array([(0, 0, 0, 0), INK], dtype=np.uint8)[canvas]
    name = f"{frame.item}_mask_{number}.png"
    sink.add(f"{subset}/{MASKS}/{name}", encode_rgb(pixels))
    sides = zip(("xmin", "ymin", "xmax", "ymax"), _box(stamp, shape), strict=True)
    box = "".join(f"        <{side}>{value:.2f}</{side}>\n" for side, value in sides)
    return (
        f"    <segm>\n      <mask>{xml.text(name)}</mask>\n      <box>\n{box}      </box>\n"
        "      <username></username>\n    </segm>\n"
    )


def _box(stamp: Stamp, shape: Shape) -> tuple[float, float, float, float]:
    """The box around the pixels, to the far edges of the last ones."""
    rows = np.flatnonzero(stamp.bitmap.any(axis=1))
    columns = np.flatnonzero(stamp.bitmap.any(axis=0))
    if not rows.size:
        return bounding_box(shape.points[-4:])
    return (
        stamp.left + int(columns[0]),
        stamp.top + int(rows[0]),
        stamp.left + int(columns[-1]) + 1,
        stamp.top + int(rows[-1]) + 1,
    )


def _attributes(shape: Shape, dataset: Dataset) -> str:
    """``name=value`` one after another; what is occluded has an element of its own."""
    label = dataset.labels_by_id[shape.label_id]
    values: Mapping[str, Any] = shape_attributes(shape, label)
    return ", ".join(
        f"{_escaped(name)}={_escaped(one_line(str(value)))}"
        for name, value in values.items()
        if name != "occluded"
    )


def _escaped(text: str) -> str:
    """Quotes and backslashes with a backslash; quoted as a whole if it would be cut."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    quoted = text != text.strip() or "," in text or "=" in text
    return f'"{escaped}"' if quoted else escaped


FORMATS = (Format("LabelMe 3.0", "3.0", write=write, read=read, survey=survey_folders.labelme),)
