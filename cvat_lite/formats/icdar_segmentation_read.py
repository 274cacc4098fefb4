"""Reading ICDAR Segmentation 1.0: characters as masks, boxes where there is no picture."""

from __future__ import annotations

from collections.abc import Iterator

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.stamps import NOTHING, Stamp, stamps_by_value
from cvat_lite.errors import DatasetError
from cvat_lite.formats.bmp import decode_bmp
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.icdar import LABEL, TEXT, split_text
from cvat_lite.formats.mask_shapes import SOURCE, MaskShapes, by_color, check_size
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import finite, text_lines
from cvat_lite.formats.voc_masks import Color

LIST = "_GT.txt"
PICTURE = "_GT.bmp"
WHITE: Color = (255, 255, 255)
FORM = 'a line is red green blue x y left top right bottom "character"'
Character = tuple[Color, str, list[float], str]


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the characters of every list; those of a word are a group."""
    files = [name for name in source.names() if name.endswith(LIST)]
    if not files:
        raise DatasetError(f"*{LIST}", "", "there is no such file in the archive")
    reader = _Reader(source, target, options)
    return LabeledData(shapes=[shape for file in files for shape in reader.shapes(file)])


class _Reader:
    """Reads lists and pictures into shapes; words are numbered through all of them."""

    def __init__(self, source: Source, target: Target, options: ReadOptions) -> None:
        self._source = source
        self._pictures = frozenset(name for name in source.names() if name.endswith(PICTURE))
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        self._options = options
        self._groups = 0

    def shapes(self, file: str) -> Iterator[Shape]:
        """The characters of one list."""
        stem = file.removesuffix(LIST)
        item = stem.partition("/")[2] or stem
        words = list(self._words(file))
        if not words:
            return
        frame = self._frames.require(item, file)
        pixels = self._pixels(stem + PICTURE, frame)
        index = 0
        for word in words:
            found: list[Shape] = []
            for where, character in word:
                found += self._character(character, index, frame, pixels, (file, where))
                index += 1
            if len(found) > 1:
                self._groups += 1
            for shape in found:
                shape.group = self._groups if len(found) > 1 else 0
                yield shape

    def _pixels(self, name: str, frame: Frame) -> dict[int, Stamp] | None:
        """The pixels of each colour in the picture; None where there is no picture."""
        if name not in self._pictures:
            return None
        pixels = decode_bmp(self._source.read(name), name)
        check_size(pixels, frame, name)
        # Black is a colour like others here.
        return {code - 1: stamp for code, stamp in stamps_by_value(by_color(pixels) + 1)}

    def _words(self, file: str) -> Iterator[list[tuple[str, Character]]]:
        """The characters with their lines, word by word: a line is left out between words."""
        word: list[tuple[str, Character]] = []
        last = 0
        for number, line in text_lines(self._source, file):
            if word and number > last + 1:
                yield word
                word = []
            last = number
            where = f"line {number}"
            word.append((where, _parsed(line.lstrip("#"), file, where)))
        if word:
            yield word

    def _character(
        self,
        character: Character,
        index: int,
        frame: Frame,
        pixels: dict[int, Stamp] | None,
        place: tuple[str, str],
    ) -> Iterator[Shape]:
        rgb, center, box, text = character
        label = self._labels.require(LABEL, *place)
        known: dict[str, str | int] = {
            "index": index,
            "color": " ".join(map(str, rgb)),
            "center": center,
            TEXT: text,
        }
        attributes = self._labels.attributes(label, known.items(), *place)
        if pixels is None:
            shapes = iter(
                [Shape(label_id=label.id, type=ShapeType.RECTANGLE, frame=frame.number, points=box)]
            )
        else:
            code = rgb[0] << 16 | rgb[1] << 8 | rgb[2]
            shapes = MaskShapes(self._options).of(pixels.get(code, NOTHING), label.id, frame)
        for shape in shapes:
            shape.source = SOURCE
            shape.attributes = list(attributes)
            yield shape


def _parsed(line: str, file: str, where: str) -> Character:
    """Colour, centre, box and text of a line."""
    before, text = split_text(line)
    fields = before.split()
    try:
        red, green, blue = (int(field) for field in fields[:3])
        box = finite(fields[5:])
    except ValueError as error:
        raise DatasetError(file, where, FORM) from error
    if len(box) != 4 or text is None or not all(0 <= c < 256 for c in (red, green, blue)):
        raise DatasetError(file, where, FORM)
    return (red, green, blue), " ".join(fields[3:5]), box, text
