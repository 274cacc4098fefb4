"""KITTI 1.0: boxes in text files, masks in pictures of numbers.

Boxes are lines of the KITTI object benchmark's ``label_2`` (Geiger and others, "Are we ready for
autonomous driving?", 2012, and the readme of its development kit): type, truncated, occluded,
alpha, the box, and what cuboids would have. Masks are pictures of the semantic benchmark
(Alhaija and others, 2018): ``instance`` holds ``256 * label + instance``, ``semantic`` labels.
Rotated boxes, polygons and ellipses become masks; instances are not numbered, so that those of a
label become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.attributes import typed_attributes
from cvat_lite.formats.cityscapes import NUMBERED
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.instances import OUTLINED, painting
from cvat_lite.formats.label_colors import BACKGROUND, FILE, color_list, colors_of, read_color_list
from cvat_lite.formats.mask_shapes import SOURCE, MaskShapes, by_value, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import files_below, finite, text_lines
from cvat_lite.formats.png import decode_numbers, encode_gray, encode_rgb
from cvat_lite.formats.voc_masks import Color

BOXES = "label_2"
PER_LABEL = 256
# What follows a line's type: with the score of a detection, or without.
FIELDS = (15, 14)
IGNORED = "DontCare"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``label_colors.txt``, and for each subset ``label_2/`` and directories of pictures."""
    colors = colors_of(dataset.flat_labels)
    if len(colors) > PER_LABEL:
        raise DatasetError(FILE, "", "the format has no room for so many labels")
    sink.add(FILE, color_list(colors))
    for subset, parts in dataset.subsets().items():
        for on_frame in dataset.by_frame(parts):
            if lines := "".join(_box_lines(on_frame, dataset)):
                sink.add(f"{subset}/{BOXES}/{on_frame.frame.item}.txt", lines.encode())
            _write_pictures(sink, on_frame, dataset, subset, colors)
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/image_2/{frame.file_name}")


def _box_lines(on_frame: FrameAnnotations, dataset: Dataset) -> Iterator[str]:
    for shape in on_frame.shapes:
        if shape.type is ShapeType.RECTANGLE and not shape.rotation:
            label = dataset.labels_by_id[shape.label_id]
            truncated = typed_attributes(label, shape.attributes).get("truncated") in (True, "true")
            box = " ".join(map(str, shape.points))
            yield (
                f"{label.name} {truncated:.1f} {shape.occluded:d} -1 {box} "
                "-1 -1 -1 -1 -1 -1 -1 1.0\n"
            )


def _write_pictures(
    sink: Sink, on_frame: FrameAnnotations, dataset: Dataset, subset: str, colors: dict[str, Color]
) -> None:
    picture = painting(on_frame, _is_drawn)
    if picture is None:
        return
    numbers = {name: number for number, name in enumerate(colors)}
    names = [dataset.labels_by_id[label].name for label in picture.labels]
    labels = [numbers[name] for name in names]
    item = on_frame.frame.item
    values = picture.values(labels)
    sink.add(f"{subset}/semantic/{item}.png", encode_gray(values, 16))
    sink.add(f"{subset}/instance/{item}.png", encode_gray(values * PER_LABEL, 16))
    rgb = picture.colored([colors[name] for name in names])
    sink.add(f"{subset}/semantic_rgb/{item}.png", encode_rgb(rgb))


def _is_drawn(shape: Shape) -> bool:
    return shape.type in OUTLINED or (shape.type is ShapeType.RECTANGLE and bool(shape.rotation))


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the boxes, and the instances in the pictures; labels' pictures where there are none."""
    boxes = files_below(source, ".txt", BOXES)
    pictures = {
        **{item: (file, 1) for item, file in files_below(source, ".png", "semantic").items()},
        **{
            item: (file, PER_LABEL)
            for item, file in files_below(source, ".png", "instance").items()
        },
    }
    colors = read_color_list(source)
    if not boxes and not pictures and colors is None:
        raise DatasetError(BOXES, "", "the archive has none of the format's directories")
    names = dict(enumerate(NUMBERED if colors is None else colors))
    masks = _masks(source, target, options, pictures, names)
    return LabeledData(shapes=[*_boxes(source, target, boxes), *masks])


def _boxes(source: Source, target: Target, files: Mapping[str, str]) -> Iterator[Shape]:
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    for item, file in files.items():
        frame = None
        for number, line in text_lines(source, file):
            frame = frame or frames.require(item, file)
            where = f"line {number}"
            name, fields = _fields(line, labels, file, where)
            if name == IGNORED and labels.get(name) is None:
                continue
            label = labels.require(name, file, where)
            truncated = [("truncated", fields[0] != 0)]
            yield Shape(
                label_id=label.id,
                type=ShapeType.RECTANGLE,
                frame=frame.number,
                source=SOURCE,
                occluded=fields[1] != 0,
                points=[round(value, 2) for value in fields[3:7]],
                attributes=labels.attributes(label, truncated, file, where),
            )


def _fields(line: str, labels: LabelIndex, file: str, where: str) -> tuple[str, list[float]]:
    """A line's type, which may have spaces, and its numbers."""
    words = line.split(" ")
    possible = []
    for size in FIELDS:
        try:
            numbers = finite(words[-size:])
        except ValueError:
            continue
        if name := " ".join(words[:-size]):
            possible.append((name, numbers))
    if not possible:
        raise DatasetError(file, where, "a line is a type and 14 or 15 numbers")
    known = (one for one in possible if labels.get(one[0]) is not None)
    return next(known, possible[0])


def _masks(
    source: Source,
    target: Target,
    options: ReadOptions,
    files: Mapping[str, tuple[str, int]],
    names: Mapping[int, str],
) -> Iterator[Shape]:
    frames, labels, made = FrameIndex(target), LabelIndex(target.labels), MaskShapes(options)
    for item, (file, per_label) in files.items():
        frame = frames.require(item, file)
        numbers = decode_numbers(source.read(file), file)
        check_size(numbers, frame, file)
        for value, stamp in by_value(numbers):
            number = value // per_label
            if number not in names:
                raise DatasetError(file, "", f"there is no label {number}")
            if names[number] != BACKGROUND:
                yield from made.of(stamp, labels.require(names[number], file).id, frame)


FORMATS = (Format("KITTI 1.0", "1.0", write=write, read=read, survey=survey_folders.kitti),)
