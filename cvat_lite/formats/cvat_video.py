"""CVAT for video 1.1: one XML file, each track with its place on every frame.

A shape is a track of one frame, hidden again on the next. Tags have no place in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from cvat_lite.domain.annotations import Element, Shape, Track
from cvat_lite.domain.dataset import Dataset, Part, PartInfo
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.interpolation import FrameElement, FrameShape, shapes_of_track
from cvat_lite.formats import cvat_xml, xml
from cvat_lite.formats.cvat_xml import TAGS, Names, geometry, group
from cvat_lite.formats.format import Format, Sink, WriteOptions, add_images

INDENT = " " * 4


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations.xml``, and the images below ``images/``."""
    names = Names(dataset)
    head = cvat_xml.head(dataset)
    numbers = count()
    with sink.open(cvat_xml.FILE) as file:
        file.write(head.encode())
        for part in dataset.parts:
            place = "" if dataset.project is None else cvat_xml.place(part.info)
            for piece in _tracks(part, names, numbers, place):
                file.write(piece.encode())
        file.write(cvat_xml.FOOTER.encode())
    if options.save_images:
        add_images(dataset, sink, cvat_xml.images(dataset))


def _tracks(part: Part, names: Names, numbers: Iterator[int], place: str) -> Iterator[str]:
    """The tracks of a task or job; ``place`` are attributes that tell which."""
    frames = {frame.number for frame in part.frames}
    first = min(frames, default=0)
    for track in part.tracks():
        yield _opening(next(numbers), track, names, place)
        for position in shapes_of_track(track, part.last_frame, outside=True):
            if position.frame >= first:
                yield _position(position, part.info, names)
        yield "  </track>\n"
    for shape in _shapes(part, frames):
        yield _opening(next(numbers), shape, names, place)
        yield _position(shape, part.info, names)
        if shape.frame < part.last_frame:
            yield _position(shape, part.info, names, hidden=True)
        yield "  </track>\n"


def _shapes(part: Part, frames: set[int]) -> Iterator[Shape]:
    return (shape for shape in part.shapes() if shape.frame in frames)


def _opening(number: int, item: Track | Shape, names: Names, place: str) -> str:
    return (
        f'  <track id="{number}" label="{names.labels[item.label_id]}" '
        f'source="{xml.attribute(item.source)}"{place}{group(item.group)}>\n'
    )


def _position(shape: Shape, info: PartInfo, names: Names, *, hidden: bool = False) -> str:
    """A shape on its frame, or (``hidden``) its end on the next one."""
    keyframe = shape.keyframe if isinstance(shape, FrameShape) else True
    opening = (
        f'<{TAGS[shape.type]} frame="{info.absolute(shape.frame + hidden)}" keyframe="{keyframe:d}"'
    )
    closing = f"{names.attributes(shape.attributes, INDENT + '  ')}{INDENT}</{TAGS[shape.type]}>\n"
    if shape.type is ShapeType.SKELETON:
        elements = "".join(_element(element, names, hidden) for element in shape.elements)
        return f'{INDENT}{opening} z_order="{shape.z_order}">\n{elements}{closing}'
    return (
        f'{INDENT}{opening} outside="{shape.outside or hidden:d}" '
        f'occluded="{shape.occluded:d}" {geometry(shape)} z_order="{shape.z_order}">\n{closing}'
    )


def _element(element: Element, names: Names, hidden: bool) -> str:
    tag, indent = TAGS[element.type], INDENT + "  "
    keyframe = element.keyframe if isinstance(element, FrameElement) else True
    return (
        f'{indent}<{tag} label="{names.labels[element.label_id]}" keyframe="{keyframe:d}" '
        f'outside="{element.outside or hidden:d}" occluded="{element.occluded:d}" '
        f"{geometry(element)}>\n"
        f"{names.attributes(element.attributes, indent + '  ')}{indent}</{tag}>\n"
    )


FORMATS = (Format("CVAT for video 1.1", "1.1", write=write),)
