"""Lists of labels with their colours, as formats of coloured masks have them.

``label_colors.txt`` has a line ``red green blue name`` a label; the place of a line is the number
that pictures of numbers use. The background comes first and is black.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from cvat_lite.domain.colors import is_color, label_color
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source
from cvat_lite.formats.members import text_lines
from cvat_lite.formats.voc_masks import Color, color

FILE = "label_colors.txt"
BACKGROUND = "background"
BLACK: Color = (0, 0, 0)


def colors_of(labels: Iterable[Label]) -> dict[str, Color]:
    """The background, then the labels by name, each with a colour that no other has.

    A label keeps its own colour if it can; the second of two with one colour gets another.
    """
    own = {label.name: _parsed(label) for label in labels if label.name != BACKGROUND}
    colors = {BACKGROUND: BLACK}
    taken = {BLACK}
    for name in sorted(own):
        rgb = own[name]
        if rgb in taken:
            reserved = taken.union(own.values())
            rgb = next(free for n in count(1) if (free := color(n)) not in reserved)
        taken.add(rgb)
        colors[name] = rgb
    return colors


def _parsed(label: Label) -> Color:
    text = label.color if is_color(label.color) else label_color(label.name)
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def color_list(colors: dict[str, Color]) -> bytes:
    """The content of ``label_colors.txt``."""
    return "".join(f"{r} {g} {b} {name}\n" for name, (r, g, b) in colors.items()).encode()


def read_color_list(source: Source) -> dict[str, Color] | None:
    """The labels of ``label_colors.txt`` with their colours, in order; None without that file."""
    for name in source.names():
        if name.rpartition("/")[2] == FILE:
            return dict(_lines(source, name))
    return None


def _lines(source: Source, file: str) -> Iterator[tuple[str, Color]]:
    for number, line in text_lines(source, file):
        if line.startswith("#"):
            continue
        try:
            red, green, blue, name = line.split(None, 3)
            rgb = int(red), int(green), int(blue)
        except ValueError as error:
            why = "a line is red, green, blue and the label's name"
            raise DatasetError(file, f"line {number}", why) from error
        if not all(0 <= channel < 256 for channel in rgb):
            raise DatasetError(file, f"line {number}", "a channel goes from 0 to 255")
        yield name.strip(), rgb
