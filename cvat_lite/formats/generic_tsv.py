r"""Generic TSV 1.0: the intervals of sounds as one table of tab-separated values.

No public description tells CVAT's columns, so that these are ours. The table is IANA's
``text/tab-separated-values`` (https://www.iana.org/assignments/media-types/text/
tab-separated-values): UTF-8, a line of names, then a line an interval. Backslash escapes ``\t``,
``\n``, ``\r`` and ``\\`` stand for what a cell cannot hold, as Linear TSV has them
(http://dataprotocols.org/linear-tsv/).

``file`` is the sound's name; ``start`` and ``stop`` are seconds with three decimals (an empty
``stop`` is the sound's end); ``label``; ``group`` (0: none); ``score`` from 0 to 1; and
``attribute:NAME`` for each attribute, empty where the label has none of that name. To be read a
table needs ``label`` and ``start``; columns may come in any order, and others are left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import TypeVar

from cvat_lite.domain.annotations import Interval, LabeledData
from cvat_lite.domain.dataset import Dataset, Part, Target
from cvat_lite.domain.enums import Dimension, InputType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats.clouds import values_by_name
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions
from cvat_lite.formats.matching import LabelIndex

SOURCE = "file"
NAME = "annotations.tsv"
COLUMNS = ("file", "start", "stop", "label", "group", "score")
NEEDED = ("label", "start")
ATTRIBUTE = "attribute:"
CHUNK = 1 << 16
BATCH = 2000
MAX_LINE = 1 << 24

T = TypeVar("T")

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
ESCAPED = re.compile(r"\\([\\tnr])")
PLAIN = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


def write(dataset: Dataset, sink: Sink, _options: WriteOptions) -> None:
    """Write the one file; the sounds themselves have no place in it."""
    attributes = list(dict.fromkeys(spec.name for x in dataset.labels for spec in x.attributes))
    with sink.open(NAME) as file:
        file.write(_line([*COLUMNS, *(ATTRIBUTE + name for name in attributes)]))
        batch: list[bytes] = []
        for part in dataset.parts:
            for interval in part.intervals():
                label = dataset.labels_by_id[interval.label_id]
                batch.append(_line(_cells(interval, label, part, attributes)))
                if len(batch) >= BATCH:
                    file.write(b"".join(batch))
                    batch.clear()
        file.write(b"".join(batch))


def _cells(
    interval: Interval, label: Label, part: Part, attributes: Iterable[str]
) -> Iterator[str]:
    yield part.info.source
    yield _seconds(interval.start)
    yield "" if interval.stop is None else _seconds(interval.stop)
    yield label.name
    yield str(interval.group or 0)
    yield repr(interval.score)
    values = values_by_name(label, interval.attributes)
    for name in attributes:
        yield values.get(name, "")


def _seconds(milliseconds: int) -> str:
    """Seconds with three decimals, without a float in between."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _line(cells: Iterable[str]) -> bytes:
    return ("\t".join(cell.translate(ESCAPES) for cell in cells) + "\n").encode()


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the table: the file itself, or the only one with ``.tsv`` in an archive."""
    names = source.names()
    files = [name for name in names if name.lower().endswith(".tsv")]
    if len(names) == 1:
        files = names
    if len(files) != 1:
        raise DatasetError(NAME, "", f"one TSV file is needed, there are {len(files)}")
    table = _Table(files[0], target)
    return LabeledData(intervals=list(table.intervals(_lines(source, files[0]))))


def _lines(source: Source, file: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, a few in memory; DatasetError if it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    number, rest, data = 0, "", b"start"
    with source.open(file) as stream:
        while data:
            data = stream.read(CHUNK)
            try:
                *lines, rest = (rest + decoder.decode(data, final=not data)).split("\n")
            except UnicodeDecodeError as error:
                raise DatasetError(file, f"line {number + 1}", "the text is not UTF-8") from error
            if len(rest) > MAX_LINE:
                raise DatasetError(file, f"line {number + 1}", "the line is too long")
            for line in lines if data else [*lines, rest]:
                number += 1
                if line.strip("\r"):
                    yield number, line.removesuffix("\r")


class _Table:
    """The rows of a file, read into a sound."""

    def __init__(self, file: str, target: Target) -> None:
        self._file = file
        self._target = target
        self._labels = LabelIndex(target.labels)

    def intervals(self, lines: Iterator[tuple[int, str]]) -> Iterator[Interval]:
        """The intervals of all rows; DatasetError for the first that is wrong."""
        _, first = next(lines, (1, ""))
        head = [_plain(cell) for cell in first.split("\t")]
        for column in NEEDED:
            if column not in head:
                raise DatasetError(self._file, "line 1", f"the column {column!r} is missing")
        if len(set(head)) != len(head):
            raise DatasetError(self._file, "line 1", "a column is there twice")
        for number, line in lines:
            where = f"line {number}"
            cells = [_plain(cell) for cell in line.split("\t")]
            if len(cells) != len(head):
                raise DatasetError(self._file, where, f"there are not {len(head)} values")
            yield self._interval(dict(zip(head, cells, strict=True)), where)

    def _interval(self, row: Mapping[str, str], where: str) -> Interval:
        name = row.get("file", "")
        if name and self._target.source and name != self._target.source:
            raise DatasetError(self._file, where, f"the task's sound is not {name!r}")
        start = self._value(row, "start", where, _milliseconds)
        stop = self._value(row, "stop", where, _milliseconds) if row.get("stop") else None
        span = self._target.span
        if start not in span:
            seconds = f"{_seconds(span.start)} and {_seconds(span.stop)}"
            raise DatasetError(self._file, where, f"it does not start between {seconds}")
        if stop is not None and stop < start:
            raise DatasetError(self._file, where, "it stops before it starts")
        label = self._labels.require(row["label"], self._file, where)
        return Interval(
            label_id=label.id,
            start=start,
            stop=stop,
            group=self._value(row, "group", where, _group) if row.get("group") else 0,
            score=self._value(row, "score", where, _score) if row.get("score") else 1.0,
            source=SOURCE,
            attributes=self._labels.attributes(label, self._given(label, row), self._file, where),
        )

    def _value(
        self, row: Mapping[str, str], column: str, where: str, parse: Callable[[str], T]
    ) -> T:
        try:
            return parse(row[column])
        except (ValueError, OverflowError) as error:
            raise DatasetError(self._file, f"{where}, {column}", str(error)) from error

    def _given(self, label: Label, row: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        """The label's values; an empty cell is a text's value, and nothing for other kinds."""
        return [
            (name, row[ATTRIBUTE + name])
            for name, spec in self._labels.specs(label).items()
            if ATTRIBUTE + name in row
            and (row[ATTRIBUTE + name] or spec.input_type is InputType.TEXT)
        ]


def _plain(cell: str) -> str:
    """What an escaped cell stands for."""
    return ESCAPED.sub(lambda found: PLAIN[found[1]], cell) if "\\" in cell else cell


def _milliseconds(cell: str) -> int:
    seconds = float(cell)
    if not isfinite(seconds) or not 0 <= seconds < 2**31 / 1000:
        raise ValueError(f"{cell!r} is no time in seconds")
    return round(seconds * 1000)


def _group(cell: str) -> int:
    number = int(cell)
    if not 0 <= number < 2**31:
        raise ValueError(f"{cell!r} is no group")
    return number


def _score(cell: str) -> float:
    number = float(cell)
    if not 0 <= number <= 1:
        raise ValueError(f"{cell!r} is not between 0 and 1")
    return number


FORMATS = (
    Format(
        "Generic TSV 1.0",
        "1.0",
        Dimension.D1,
        write,
        read,
        write_extensions=("TSV",),
        read_extensions=("TSV",),
    ),
)
