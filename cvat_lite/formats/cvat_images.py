"""CVAT for images 1.1: one XML file, each image with all that stands on it."""

from __future__ import annotations

from collections.abc import Iterator

from cvat_lite.domain.annotations import Element, Shape, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, PartInfo
from cvat_lite.domain.enums import ShapeType
from cvat_lite.formats import cvat_xml, xml
from cvat_lite.formats.cvat_xml import TAGS, Names, geometry, group
from cvat_lite.formats.format import Format, Sink, WriteOptions, add_images

INDENT = " " * 4


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``annotations.xml``, and the images below ``images/``."""
    names = Names(dataset)
    head = cvat_xml.head(dataset)
    with sink.open(cvat_xml.FILE) as file:
        file.write(head.encode())
        for part in dataset.parts:
            info = part.info
            place = "" if dataset.project is None else cvat_xml.place(info, subset_first=True)
            for on_frame in part.by_frame():
                file.write("".join(_image(on_frame, info, place, names)).encode())
        file.write(cvat_xml.FOOTER.encode())
    if options.save_images:
        add_images(dataset, sink, cvat_xml.images(dataset))


def _image(on_frame: FrameAnnotations, info: PartInfo, place: str, names: Names) -> Iterator[str]:
    """A frame with all that stands on it; ``place`` are attributes that tell its task."""
    frame = on_frame.frame
    yield (
        f'  <image id="{info.absolute(frame.number)}" name="{xml.attribute(frame.name)}"{place} '
        f'width="{frame.width}" height="{frame.height}">\n'
    )
    for shape in on_frame.shapes:
        yield from _skeleton(shape, names) if shape.elements else _shape(shape, names)
    for tag in on_frame.tags:
        yield _tag(tag, names)
    yield "  </image>\n"


def _shape(shape: Shape, names: Names) -> Iterator[str]:
    if shape.type is ShapeType.SKELETON:
        return
    tag = TAGS[shape.type]
    yield (
        f'{INDENT}<{tag} label="{names.labels[shape.label_id]}" '
        f'source="{xml.attribute(shape.source)}" occluded="{shape.occluded:d}" '
        f'{geometry(shape)} z_order="{shape.z_order}"{group(shape.group)}>\n'
        f"{names.attributes(shape.attributes, INDENT + '  ')}{INDENT}</{tag}>\n"
    )


def _skeleton(shape: Shape, names: Names) -> Iterator[str]:
    yield (
        f'{INDENT}<skeleton label="{names.labels[shape.label_id]}" '
        f'source="{xml.attribute(shape.source)}" '
        f'z_order="{shape.z_order}"{group(shape.group)}>\n'
    )
    for element in shape.elements:
        yield _element(element, names)
    yield f"{names.attributes(shape.attributes, INDENT + '  ')}{INDENT}</skeleton>\n"


def _element(element: Element, names: Names) -> str:
    tag, indent = TAGS[element.type], INDENT + "  "
    return (
        f'{indent}<{tag} label="{names.labels[element.label_id]}" '
        f'source="{xml.attribute(element.source)}" outside="{element.outside:d}" '
        f'occluded="{element.occluded:d}" {geometry(element)}>\n'
        f"{names.attributes(element.attributes, indent + '  ')}{indent}</{tag}>\n"
    )


def _tag(tag: Tag, names: Names) -> str:
    return (
        f'{INDENT}<tag label="{names.labels[tag.label_id]}" '
        f'source="{xml.attribute(tag.source)}"{group(tag.group)}>\n'
        f"{names.attributes(tag.attributes, INDENT + '  ')}{INDENT}</tag>\n"
    )


FORMATS = (Format("CVAT for images 1.1", "1.1", write=write),)
