"""CamVid 1.0: one picture of classes an image, in the labels' colours.

The pictures and ``label_colors.txt`` are those of the Cambridge-driving Labeled Video Database
(Brostow and others, "Semantic object classes in video", 2009), the lists of pairs of files those
of the SegNet tutorial's CamVid. Boxes, polygons, ellipses and masks become masks. The pictures do
not tell instances of one label apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.instances import painting
from cvat_lite.formats.label_colors import (
    BACKGROUND,
    FILE,
    color_list,
    colors_of,
    read_color_list,
)
from cvat_lite.formats.mask_shapes import MaskShapes, by_color, by_value, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.png import decode_rgb, encode_rgb

FOLDER_END = "annot"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``label_colors.txt``, and for each subset a list and ``SUBSETannot/``."""
    colors = colors_of(dataset.flat_labels)
    listed = {name: rgb for name, rgb in colors.items() if name != BACKGROUND}
    sink.add(FILE, color_list(listed))
    for subset, parts in dataset.subsets().items():
        lines = []
        for on_frame in dataset.by_frame(parts):
            picture = painting(on_frame)
            file = ""
            if picture is not None:
                file = f"{subset}{FOLDER_END}/{on_frame.frame.item}.png"
                names = [dataset.labels_by_id[label].name for label in picture.labels]
                sink.add(file, encode_rgb(picture.colored([colors[name] for name in names])))
            lines.append(_pair(f"/{subset}/{on_frame.frame.file_name}", file))
        sink.add(f"{subset}.txt", "".join(lines).encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/{frame.file_name}")


def _pair(image: str, picture: str) -> str:
    if " " in image:
        return f'"{image}" "{picture}"\n'
    return f"{image} {picture}\n"


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the pictures in directories whose names end in ``annot``."""
    colors = read_color_list(source)
    if colors is None:
        raise DatasetError(FILE, "", "there is no such file in the archive")
    names = {r << 16 | g << 8 | b: name for name, (r, g, b) in colors.items()}
    return LabeledData(shapes=list(_shapes(source, target, options, names)))


def _shapes(
    source: Source, target: Target, options: ReadOptions, names: dict[int, str]
) -> Iterator[Shape]:
    frames, labels, made = FrameIndex(target), LabelIndex(target.labels), MaskShapes(options)
    for file in source.names():
        item = _item(file)
        if item is None:
            continue
        frame = frames.require(item, file)
        pixels = decode_rgb(source.read(file), file)
        check_size(pixels, frame, file)
        for code, stamp in by_value(by_color(pixels)):
            if code not in names:
                raise DatasetError(file, "", f"no label has the colour #{code:06x}")
            if names[code] != BACKGROUND:
                yield from made.of(stamp, labels.require(names[code], file).id, frame)


def _item(file: str) -> str | None:
    """The image's id, of a picture of classes: what follows the directory."""
    folders = file.split("/")
    if not file.endswith(".png"):
        return None
    for place, folder in enumerate(folders[:-1]):
        if folder.endswith(FOLDER_END):
            return "/".join(folders[place + 1 :]).removesuffix(".png")
    return None


FORMATS = (Format("CamVid 1.0", "1.0", write=write, read=read, survey=survey_folders.camvid),)
