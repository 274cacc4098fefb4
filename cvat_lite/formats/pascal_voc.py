"""PASCAL VOC 1.1: an XML file of boxes an image, lists of tags, pictures of masks.

Ellipses become masks. Lines, points, polygons, skeletons and cuboids have no place in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations
from cvat_lite.domain.enums import ShapeType
from cvat_lite.formats import survey_voc, voc_masks, xml
from cvat_lite.formats.attributes import shape_attributes
from cvat_lite.formats.format import Format, Sink, WriteOptions, add_images
from cvat_lite.formats.instances import painted
from cvat_lite.formats.pascal_voc_read import read
from cvat_lite.formats.png import encode_rgb

MASKED = (ShapeType.MASK, ShapeType.ELLIPSE)
BACKGROUND = "background"
OWN_ELEMENTS = ("truncated", "occluded", "difficult")


@dataclass
class _Lists:
    """What a subset's image lists will hold."""

    main: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    segmented: list[str] = field(default_factory=list)
    tagged: list[tuple[str, frozenset[str]]] = field(default_factory=list)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``labelmap.txt``, ``Annotations/``, ``ImageSets/``, masks, and ``JPEGImages/``."""
    lines = ["# label:color_rgb:parts:actions", f"{BACKGROUND}:0,0,0::"]
    for number, label in enumerate(dataset.flat_labels, 1):
        lines.append(f"{label.name}:{','.join(map(str, voc_masks.color(number)))}::")
    sink.add("labelmap.txt", "".join(f"{line}\n" for line in lines).encode())
    for subset, parts in dataset.subsets().items():
        lists = _Lists()
        for on_frame in dataset.by_frame(parts):
            masked = [shape for shape in on_frame.shapes if shape.type in MASKED]
            _write_masks(sink, dataset, on_frame.frame, masked)
            content = "".join(_document(on_frame, dataset, bool(masked)))
            sink.add(f"Annotations/{on_frame.frame.item}.xml", content.encode())
            _list(lists, on_frame, dataset, bool(masked))
        _write_lists(sink, lists, dataset, subset)
    if options.save_images:
        add_images(dataset, sink, lambda frame, _: f"JPEGImages/{frame.file_name}")


def _list(lists: _Lists, on_frame: FrameAnnotations, dataset: Dataset, masked: bool) -> None:
    item = on_frame.frame.item
    kept = [shape for shape in on_frame.shapes if shape.type is not ShapeType.CUBOID]
    empty = not kept and not on_frame.tags
    lists.main.append(item)
    if empty:
        lists.empty.append(item)
    if empty or masked:
        lists.segmented.append(item)
    if on_frame.tags:
        names = (dataset.labels_by_id[tag.label_id].name for tag in on_frame.tags)
        lists.tagged.append((item, frozenset(names)))


def _write_lists(sink: Sink, lists: _Lists, dataset: Dataset, subset: str) -> None:
    def add(kind: str, name: str, lines: Sequence[str]) -> None:
        if lines:
            sink.add(f"ImageSets/{kind}/{name}.txt", "".join(f"{x}\n" for x in lines).encode())

    add("Action", subset, lists.empty)
    add("Layout", subset, [_quoted(item) for item in lists.empty])
    if lists.tagged:
        for label in (BACKGROUND, *(one.name for one in dataset.flat_labels)):
            add(
                "Main",
                f"{label}_{subset}",
                [
                    f"{item} {'' if label not in names else ' '}{1 if label in names else -1}"
                    for item, names in lists.tagged
                ],
            )
    add("Main", subset, lists.main)
    add("Segmentation", subset, lists.segmented)


def _quoted(item: str) -> str:
    return f'"{item}"' if " " in item else item


def _write_masks(sink: Sink, dataset: Dataset, frame: Frame, masked: Sequence[Shape]) -> None:
    """The pictures of classes and of instances, where there are masks."""
    if not masked:
        return
    picture = painted(frame, [[shape] for shape in masked])
    classes = [voc_masks.color(dataset.label_index[label] + 1) for label in picture.labels]
    objects = [voc_masks.color(number) for number in range(1, len(masked) + 1)]
    for folder, colors in (("SegmentationClass", classes), ("SegmentationObject", objects)):
        sink.add(f"{folder}/{frame.item}.png", encode_rgb(picture.colored(colors)))


def _document(on_frame: FrameAnnotations, dataset: Dataset, masked: bool) -> Iterator[str]:
    frame = on_frame.frame
    folder = "frame" if frame.file_name != frame.name else ""
    yield (
        f"<annotation>\n  <folder>{folder}</folder>\n"
        f"  <filename>{xml.text(frame.file_name)}</filename>\n"
        "  <source>\n    <database>Unknown</database>\n    <annotation>Unknown</annotation>\n"
        "    <image>Unknown</image>\n  </source>\n"
        f"  <size>\n    <width>{frame.width}</width>\n    <height>{frame.height}</height>\n"
        f"    <depth></depth>\n  </size>\n  <segmented>{masked:d}</segmented>\n"
    )
    for shape in on_frame.shapes:
        if shape.type is ShapeType.RECTANGLE:
            yield _object(shape, dataset)
    yield "</annotation>\n"


def _object(shape: Shape, dataset: Dataset) -> str:
    label = dataset.labels_by_id[shape.label_id]
    attributes = shape_attributes(shape, label)
    own = "".join(f"    <{name}>{_flag(attributes, name)}</{name}>\n" for name in OWN_ELEMENTS)
    sides = zip(("xmin", "ymin", "xmax", "ymax"), shape.points, strict=True)
    box = "".join(f"      <{name}>{value}</{name}>\n" for name, value in sides)
    others = "".join(
        f"      <attribute>\n        <name>{xml.text(name)}</name>\n"
        f"        <value>{xml.text(str(value))}</value>\n      </attribute>\n"
        for name, value in attributes.items()
        if name not in OWN_ELEMENTS
    )
    return (
        f"  <object>\n    <name>{xml.text(label.name)}</name>\n{own}    <bndbox>\n{box}"
        f"    </bndbox>\n    <attributes>\n{others}    </attributes>\n  </object>\n"
    )


def _flag(attributes: dict[str, Any], name: str) -> int:
    return int(attributes.get(name) in (True, "true", 1.0))


FORMATS = (
    Format(
        "PASCAL VOC 1.1",
        "1.1",
        write=write,
        read=read,
        survey=survey_voc.survey,
        subsets_apart=False,
    ),
)
