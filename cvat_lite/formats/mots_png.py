"""MOTS PNG 1.0: the masks of tracks in pictures of numbers.

The numbers are those of the MOTS challenge (Voigtlaender and others, "MOTS: Multi-Object Tracking
and Segmentation", 2019): 16 bits, ``1000 * class + instance``, 0 is background and class 10 is
ignored where fewer classes are named. Boxes, polygons and ellipses of tracks become masks; what is
not a track has no place. CVAT has no tracks of masks, so that they are read as masks on frames, or
as tracks of polygons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Dataset, Frame, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.geometry import signed_area
from cvat_lite.domain.interpolation import FrameShape
from cvat_lite.domain.stamps import Stamp
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.instances import covers, painting
from cvat_lite.formats.mask_shapes import SOURCE, by_value, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import files_below, text_lines
from cvat_lite.formats.png import decode_numbers, encode_gray
from cvat_lite.formats.tracks import collected, tracked

FOLDER = "instances"
LABELS = "labels.txt"
PER_CLASS = 1000
LARGEST_CLASS = 64
IGNORED_CLASS = 10
#: The classes of the challenge, for archives that do not name their own.
NUMBERED = ("car", "pedestrian")


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/instances/``: the labels, and a picture for each frame with tracks.

    DatasetError for more tracks or labels than 16 bits can number.
    """
    names = "\n".join(label.name for label in dataset.flat_labels)
    for subset, parts in dataset.subsets().items():
        folder = f"{subset}/{FOLDER}"
        sink.add(f"{folder}/{LABELS}", names.encode())
        for on_frame in dataset.by_frame(parts):
            picture = painting(on_frame, _is_drawn)
            if picture is not None:
                file = f"{folder}/{on_frame.frame.item}.png"
                values = [_number(leader, dataset, file) for leader in picture.leaders]
                sink.add(file, encode_gray(picture.values(values), 16))
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/images/{frame.file_name}")


def _is_drawn(shape: Shape) -> bool:
    return isinstance(shape, FrameShape) and covers(shape)


def _number(shape: Shape, dataset: Dataset, file: str) -> int:
    """The class and the track of a shape, both from 1."""
    instance = shape.track_id + 1 if isinstance(shape, FrameShape) else 0
    place = dataset.label_index[shape.label_id] + 1
    if instance >= PER_CLASS or place > LARGEST_CLASS:
        raise DatasetError(file, "", "the format has no room for so many labels or tracks")
    return PER_CLASS * place + instance


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the instances: masks on frames, or tracks of the polygons around them."""
    files = files_below(source, ".png", FOLDER)
    names = _names(source)
    if not files and names is None:
        raise DatasetError(FOLDER, "", "there is no such directory in the archive")
    shapes = _shapes(source, target, options, files, names or NUMBERED)
    return collected([], shapes, target)


def _names(source: Source) -> Sequence[str] | None:
    for name in source.names():
        if name.rpartition("/")[2] == LABELS:
            return [line.strip() for _, line in text_lines(source, name)]
    return None


def _shapes(
    source: Source,
    target: Target,
    options: ReadOptions,
    files: dict[str, str],
    names: Sequence[str],
) -> Iterator[Shape]:
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    for item, file in files.items():
        frame = frames.require(item, file)
        numbers = decode_numbers(source.read(file), file)
        check_size(numbers, frame, file)
        for value, stamp in by_value(numbers):
            number, instance = divmod(value, PER_CLASS)
            if number == 0 or (number == IGNORED_CLASS and len(names) < IGNORED_CLASS):
                continue
            if number > len(names):
                raise DatasetError(file, "", f"there is no class {number}")
            label_id = labels.require(names[number - 1], file).id
            if options.masks_to_polygons:
                yield from _polygons(stamp, label_id, frame, instance)
            else:
                yield _shape(ShapeType.MASK, stamp.mask(), label_id, frame)


def _polygons(stamp: Stamp, label_id: int, frame: Frame, instance: int) -> Iterator[Shape]:
    """A polygon of the instance's track; further pieces, the smaller ones, have further tracks."""
    pieces = sorted(stamp.outlines(), key=signed_area, reverse=True)
    for place, points in enumerate(pieces):
        shape = _shape(ShapeType.POLYGON, points, label_id, frame)
        yield tracked(shape, place * PER_CLASS + instance, keyframe=True)


def _shape(kind: ShapeType, points: list[float], label_id: int, frame: Frame) -> Shape:
    return Shape(label_id=label_id, type=kind, frame=frame.number, source=SOURCE, points=points)


FORMATS = (Format("MOTS PNG 1.0", "1.0", write=write, read=read, survey=survey_folders.mots),)
