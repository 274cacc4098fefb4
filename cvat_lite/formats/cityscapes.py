"""Cityscapes 1.0: pictures of colours, of label numbers and of instance numbers.

The layout and the numbers are those of the Cityscapes dataset (Cordts and others, "The Cityscapes
Dataset for Semantic Urban Scene Understanding", 2016, and the README of its scripts): an instance
is ``1000 * label + instance``, a pixel of a label without instances has the label's number alone.
``label_colors.txt`` tells the labels' numbers by its order; without it they are Cityscapes' own.
Boxes, polygons, ellipses and masks become masks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.instances import Painting, painting
from cvat_lite.formats.label_colors import BACKGROUND, FILE, color_list, colors_of, read_color_list
from cvat_lite.formats.mask_shapes import MaskShapes, by_value, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import files_below
from cvat_lite.formats.png import decode_numbers, encode_gray, encode_rgb

FOLDER = "gtFine"
IMAGES = "imgsFine/leftImg8bit"
INSTANCES = "_gtFine_instanceIds.png"
LABELS = "_gtFine_labelIds.png"
COLORS = "_gtFine_color.png"
PER_LABEL = 1000
LARGEST = 65535
# The labels to which Cityscapes, and KITTI after it, give numbers; 0 is no label.
NUMBERED = (
    BACKGROUND,
    "ego vehicle",
    "rectification border",
    "out of roi",
    "static",
    "dynamic",
    "ground",
    "road",
    "sidewalk",
    "parking",
    "rail track",
    "building",
    "wall",
    "fence",
    "guard rail",
    "bridge",
    "tunnel",
    "pole",
    "polegroup",
    "traffic light",
    "traffic sign",
    "vegetation",
    "terrain",
    "sky",
    "person",
    "rider",
    "car",
    "truck",
    "bus",
    "caravan",
    "trailer",
    "train",
    "motorcycle",
    "bicycle",
)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``label_colors.txt`` and three pictures for each image with masks.

    DatasetError for more instances or labels than 16 bits can number.
    """
    colors = colors_of(dataset.flat_labels)
    sink.add(FILE, color_list(colors))
    numbers = {name: number for number, name in enumerate(colors)}
    for subset, parts in dataset.subsets().items():
        for on_frame in dataset.by_frame(parts):
            picture = painting(on_frame)
            if picture is None:
                continue
            stem = f"{FOLDER}/{subset}/{on_frame.frame.item}"
            names = [dataset.labels_by_id[label].name for label in picture.labels]
            labels = [numbers[name] for name in names]
            rgb = picture.colored([colors[name] for name in names])
            sink.add(stem + INSTANCES, _instances(picture, labels, stem + INSTANCES))
            sink.add(stem + LABELS, encode_gray(picture.values(labels), 8))
            sink.add(stem + COLORS, encode_rgb(rgb))
    if options.save_images:
        add_images(dataset, sink, _image_name)


def _instances(picture: Painting, labels: list[int], file: str) -> bytes:
    values = [PER_LABEL * label + place for place, label in enumerate(labels, 1)]
    if len(values) >= PER_LABEL or max(values) > LARGEST:
        raise DatasetError(file, "", "the format has no room for so many labels or instances")
    return encode_gray(picture.values(values), 16)


def _image_name(frame: Frame, subset: str) -> str:
    suffix = frame.file_name.rpartition(".")[2]
    return f"{IMAGES}/{subset}/{frame.item}_leftImg8bit.{suffix}"


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the pictures of instances; those of labels where there are no instances."""
    files = {**_files(source, LABELS), **_files(source, INSTANCES)}
    colors = read_color_list(source)
    if not files and colors is None:
        raise DatasetError(FOLDER, "", "the archive has none of the format's pictures")
    names = dict(enumerate(NUMBERED if colors is None else colors))
    return LabeledData(shapes=list(_shapes(source, target, options, files, names)))


def _files(source: Source, suffix: str) -> dict[str, str]:
    """The pictures by the image's id: what follows the subset."""
    found = files_below(source, suffix, FOLDER)
    return {stem.partition("/")[2] or stem: file for stem, file in found.items()}


def _shapes(
    source: Source,
    target: Target,
    options: ReadOptions,
    files: Mapping[str, str],
    names: Mapping[int, str],
) -> Iterator[Shape]:
    frames, labels, made = FrameIndex(target), LabelIndex(target.labels), MaskShapes(options)
    for item, file in files.items():
        frame = frames.require(item, file)
        numbers = decode_numbers(source.read(file), file)
        check_size(numbers, frame, file)
        for value, stamp in sorted(by_value(numbers), key=lambda one: _order(one[0])):
            number = value // PER_LABEL if value >= PER_LABEL else value
            if number not in names:
                raise DatasetError(file, "", f"there is no label {number}")
            if names[number] != BACKGROUND:
                yield from made.of(stamp, labels.require(names[number], file).id, frame)


def _order(value: int) -> int:
    """Instances in their own order, whatever their labels."""
    return value % PER_LABEL if value >= PER_LABEL else 0


FORMATS = (
    Format("Cityscapes 1.0", "1.0", write=write, read=read, survey=survey_folders.cityscapes),
)
