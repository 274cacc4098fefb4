"""The lines that all formats of the YOLO family have: a label's number, then numbers about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import DEFAULT_SUBSET, Dataset, Frame, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import text_of

SOURCE = "file"
TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file of labels: ``numbers`` are what follows the label's, as they stand."""

    frame: Frame
    label: Label
    numbers: tuple[float, ...]
    file: str
    where: str

    def fault(self, why: str) -> DatasetError:
        """The error to raise about this line."""
        return DatasetError(self.file, self.where, why)

    def pixels(self, shares: Sequence[float]) -> list[float]:
        """Points (x, y, x, y, ...) as pixels, to hundredths, from shares of the image."""
        width, height = self.frame.width, self.frame.height
        return [
            round(share * (height if place % 2 else width), 2) for place, share in enumerate(shares)
        ]

    def shape(self, kind: ShapeType, points: list[float], rotation: float = 0.0) -> Shape:
        """A shape of the line's label on its frame."""
        return Shape(
            label_id=self.label.id,
            type=kind,
            frame=self.frame.number,
            source=SOURCE,
            points=points,
            rotation=rotation,
        )


def subset_names(dataset: Dataset) -> dict[str, str]:
    """What the subsets are called in a format that has no default one: it is what is trained with.

    Beside a subset ``train`` the default one keeps its name, else their files would get mixed up.
    """
    subsets = dataset.subsets()
    default = DEFAULT_SUBSET if TRAIN in subsets else TRAIN
    return {name: default if name == DEFAULT_SUBSET else name for name in subsets}


def shares_text(points: Sequence[float], frame: Frame) -> str:
    """Points (x, y, x, y, ...) in pixels as shares of the image, with six decimals."""
    width, height = frame.width, frame.height
    return " ".join(
        f"{value / (height if place % 2 else width):.6f}" for place, value in enumerate(points)
    )


def center_text(box: Sequence[float], frame: Frame) -> str:
    """Left, top, right and bottom in pixels as centre and size, shares of the image."""
    left, top, right, bottom = box
    width, height = frame.width, frame.height
    return (
        f"{(left + right) / 2 / width:.6f} {(top + bottom) / 2 / height:.6f} "
        f"{(right - left) / width:.6f} {(bottom - top) / height:.6f}"
    )


def box_of(line: Line) -> Shape:
    """The upright box of a line that has centre and size; DatasetError if it has not."""
    if len(line.numbers) != 4:
        raise line.fault("a line is a label's number and four numbers of a box")
    cx, cy, width, height = line.numbers
    shares = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
    return line.shape(ShapeType.RECTANGLE, line.pixels(shares))


def lines(
    source: Source,
    target: Target,
    files: Sequence[tuple[str, str]],
    names: Mapping[int, str],
) -> Iterator[Line]:
    """The lines of some files, each given with its image's id; ``names`` are the labels'."""
    frames, index = FrameIndex(target), LabelIndex(target.labels)
    labels: dict[int, Label] = {}
    for file, item in files:
        texts = text_of(source, file).splitlines()
        if not any(map(str.strip, texts)):
            continue
        frame = frames.require(item, file)
        for number, text in enumerate(texts, 1):
            if not text.strip():
                continue
            where = f"line {number}"
            place, numbers = _numbers(text, file, where)
            if place not in labels:
                if place not in names:
                    raise DatasetError(file, where, f"there is no label {place}")
                labels[place] = index.require(names[place].strip(), file, where)
            yield Line(frame, labels[place], numbers, file, where)


def _numbers(text: str, file: str, where: str) -> tuple[int, tuple[float, ...]]:
    place, *rest = text.split()
    try:
        label, numbers = int(place), tuple(map(float, rest))
    except ValueError as error:
        raise DatasetError(file, where, "a line is a label's number and numbers") from error
    if not all(map(isfinite, numbers)):
        raise DatasetError(file, where, "a line is a label's number and finite numbers")
    return label, numbers
