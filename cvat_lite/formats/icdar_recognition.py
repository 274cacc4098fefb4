r"""ICDAR Recognition 1.0: the word on each image.

A line of ``gt.txt`` is that of the Robust Reading Competition's "Born-Digital Images" and "Focused
Scene Text", task "Word Recognition" (Karatzas and others, "ICDAR 2013 Robust Reading Competition"):
``word_1.png, "Tiredness"``, with ``\"`` and ``\\`` within the quotes. Words are tags with a text;
nothing else has a place.
"""

from __future__ import annotations

from collections.abc import Iterator

from cvat_lite.domain.annotations import LabeledData, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.icdar import LABEL, TEXT, attributes_of, quoted, split_text
from cvat_lite.formats.mask_shapes import SOURCE
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import text_lines

FILE = "gt.txt"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``SUBSET/gt.txt``: a line for each word, one without a word for an image without."""
    for subset, parts in dataset.subsets().items():
        with sink.open(f"{subset}/{FILE}") as file:
            for on_frame in dataset.by_frame(parts):
                words = [quoted(word) for word in _words(on_frame, dataset)] or [""]
                name = on_frame.frame.file_name
                file.write("".join(f"{name}, {word}\n" for word in words).encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, subset: f"{subset}/images/{frame.file_name}")


def _words(on_frame: FrameAnnotations, dataset: Dataset) -> Iterator[str]:
    for tag in on_frame.tags:
        text = attributes_of(dataset, tag.label_id, tag.attributes).get(TEXT)
        if text not in (None, ""):
            yield str(text)


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the words as tags."""
    files = [name for name in source.names() if name.rpartition("/")[2] == FILE]
    if not files:
        raise DatasetError(FILE, "", "there is no such file in the archive")
    return LabeledData(tags=[tag for file in files for tag in _tags(source, target, file)])


def _tags(source: Source, target: Target, file: str) -> Iterator[Tag]:
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    for number, line in text_lines(source, file):
        where = f"line {number}"
        name, word = _parsed(line)
        if not name:
            why = 'a line is an image\'s name, a comma and a word in quotes: a.png, "word"'
            raise DatasetError(file, where, why)
        frame = frames.require(name, file, where)
        if word is not None:
            label = labels.require(LABEL, file, where)
            attributes = labels.attributes(label, [(TEXT, word)], file, where)
            yield Tag(label_id=label.id, frame=frame.number, source=SOURCE, attributes=attributes)


def _parsed(line: str) -> tuple[str, str | None]:
    """The image's name and the word, None if there is none."""
    before, word = split_text(line)
    name, comma, rest = before.rpartition(",")
    if not comma or (word is not None and rest.strip()):
        return "", None
    return name.strip(), word if word is not None else rest.strip() or None


FORMATS = (
    Format("ICDAR Recognition 1.0", "1.0", write=write, read=read, survey=survey_folders.icdar),
)
