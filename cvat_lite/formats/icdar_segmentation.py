"""ICDAR Segmentation 1.0: the pixels of each character.

An image has a picture ``IMAGE_GT.bmp``, each character in a colour of its own on white, and a list
``IMAGE_GT.txt`` of lines ``red green blue x y left top right bottom "character"`` with a blank line
between words, as in the Robust Reading Competition's task "Text Segmentation" (Karatzas and others,
"ICDAR 2013 Robust Reading Competition"). Boxes, polygons, ellipses and masks become masks; a group
is a word. The attributes ``index``, ``color``, ``center`` and ``text`` are what the lists say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Dataset, FrameAnnotations
from cvat_lite.formats import survey_folders
from cvat_lite.formats.attributes import TypedValue
from cvat_lite.formats.bmp import encode_bmp
from cvat_lite.formats.format import Format, Sink, WriteOptions, add_images
from cvat_lite.formats.icdar import TEXT, attributes_of, quoted
from cvat_lite.formats.icdar_segmentation_read import LIST, PICTURE, WHITE, read
from cvat_lite.formats.instances import Numbers, Painting, covers, painted
from cvat_lite.formats.png import Pixels
from cvat_lite.formats.voc_masks import Color, color

COLOR = re.compile(r"(\d{1,3}) (\d{1,3}) (\d{1,3})$")
CENTER = re.compile(r"\d+(\.\d+)? \d+(\.\d+)?$")
Attributes = dict[str, TypedValue]


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/IMAGE_GT.txt`` for every image, and the picture where there is something."""
    for subset, parts in dataset.subsets().items():
        for on_frame in dataset.by_frame(parts):
            stem = f"{subset}/{on_frame.frame.item}"
            characters = _characters(on_frame, dataset)
            lines = ""
            if characters:
                picture = painted(on_frame.frame, [[shape] for shape, _ in characters])
                colors = _colors([values for _, values in characters])
                sink.add(stem + PICTURE, encode_bmp(_pixels(picture, colors)))
                lines = "".join(_lines(characters, picture, colors))
            sink.add(stem + LIST, lines.encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/images/{frame.file_name}")


def _characters(on_frame: FrameAnnotations, dataset: Dataset) -> list[tuple[Shape, Attributes]]:
    """The shapes with their attributes: word after word, by their index where they have one."""
    found = []
    for place, shape in enumerate(filter(covers, on_frame.shapes)):
        values = attributes_of(dataset, shape.label_id, shape.attributes)
        found.append((_index(values), place, shape, values))
    found.sort(key=lambda one: one[:2])
    words: dict[int, list[tuple[Shape, Attributes]]] = {}
    for _, place, shape, values in found:
        words.setdefault(shape.group or -place - 1, []).append((shape, values))
    return [character for word in words.values() for character in word]


def _index(values: Attributes) -> float:
    try:
        return float(values.get("index", 0))
    except ValueError:
        return 0.0


def _colors(characters: Sequence[Attributes]) -> list[Color]:
    """A colour for each: its own if it says one that no other has, else the next free one."""
    own = [_own_color(values) for values in characters]
    taken = {WHITE, *own}
    free = (one for one in map(color, count(1)) if one not in taken)
    colors: list[Color] = []
    used: set[Color] = set()
    for rgb in own:
        chosen = next(free) if rgb is None or rgb in used else rgb
        used.add(chosen)
        colors.append(chosen)
    return colors


def _own_color(values: Attributes) -> Color | None:
    match = COLOR.match(str(values.get("color", "")))
    if match is None:
        return None
    red, green, blue = (int(channel) for channel in match.groups())
    rgb = (red, green, blue)
    return rgb if max(rgb) < 256 and rgb != WHITE else None


def _pixels(picture: Painting, colors: Sequence[Color]) -> Pixels:
    return np.array([WHITE, *colors], dtype=np.uint8)[picture.numbers]


def _lines(
    characters: Sequence[tuple[Shape, Attributes]], picture: Painting, colors: Sequence[Color]
) -> Iterator[str]:
    boxes = _boxes(picture.numbers, len(characters))
    before: Shape | None = None
    for place, (shape, values) in enumerate(characters):
        if before is not None and (not shape.group or shape.group != before.group):
            yield "\n"
        before = shape
        center = str(values.get("center", ""))
        fields = [*colors[place], center if CENTER.match(center) else "- -", *boxes[place]]
        yield f"{' '.join(map(str, fields))} {quoted(str(values.get(TEXT, '')))}\n"


def _boxes(numbers: Numbers, size: int) -> list[list[int]]:
    """Left, top, right and bottom of each number's pixels; zeros where it has none."""
    boxes = [[0, 0, 0, 0] for _ in range(size)]
    rows, columns = np.nonzero(numbers)
    order = np.argsort(numbers[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    values, starts = np.unique(numbers[rows, columns], return_index=True)
    ends = [*starts[1:].tolist(), len(rows)]
    for value, start, end in zip(values.tolist(), starts.tolist(), ends, strict=False):
        xs, ys = columns[start:end], rows[start:end]
        boxes[value - 1] = [int(one) for one in (xs.min(), ys.min(), xs.max(), ys.max())]
    return boxes


FORMATS = (
    Format("ICDAR Segmentation 1.0", "1.0", write=write, read=read, survey=survey_folders.icdar),
)
