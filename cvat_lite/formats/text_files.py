"""Text files of a dataset: several that grow side by side, tables of CSV, numbers in text."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Self

from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Sink, Source
from cvat_lite.formats.members import text_of

IN_MEMORY = 1 << 20
# What a value of CSV is put in quotes for: commas, quotes, ends of lines, blanks around it.
QUOTED = re.compile(r'[,"\n\r]|^\s|\s\Z')


class TextFiles:
    """Text files written in one pass, each of them aside, and added to the sink at the end.

    A sink takes one file at a time; what is more than a little waits on the disk. Use it as a
    context manager: after an error nothing is added.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def append(self, name: str, text: str, head: str = "") -> None:
        """Append to a file, which begins with ``head`` when it is first named."""
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the others
            file.write(head.encode())
        file.write(text.encode())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for name, file in self._files.items() if kind is None else ():
                file.seek(0)
                with self._sink.open(name) as member:
                    shutil.copyfileobj(file, member, IN_MEMORY)
        finally:
            for file in self._files.values():
                file.close()


def csv_row(values: Iterable[object]) -> str:
    """A line of CSV, as RFC 4180 has it but for its end, a line feed alone."""
    return ",".join(_cell(str(value)) for value in values) + "\n"


def _cell(text: str) -> str:
    if QUOTED.search(text):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


def csv_table(
    source: Source, name: str, needed: Iterable[str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The rows of a CSV file by its first line's names, each with its place for messages.

    DatasetError if a needed column is missing, or the file is not of this kind.
    """
    reader = csv.reader(io.StringIO(text_of(source, name), newline=""), strict=True)
    try:
        head = next(reader, [])
        missing = [column for column in needed if column not in head]
        if missing:
            raise DatasetError(name, "line 1", f"the column {missing[0]!r} is missing")
        for cells in reader:
            if cells:
                where = f"line {reader.line_num}"
                if len(cells) != len(head):
                    raise DatasetError(name, where, f"there are not {len(head)} values")
                yield where, dict(zip(head, cells, strict=True))
    except csv.Error as error:
        raise DatasetError(name, f"line {reader.line_num}", f"this is not CSV: {error}") from error


def finite(text: str) -> float:
    """The number that a text is; ValueError if it is none, or not a finite one."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def corners(values: Iterable[str]) -> list[float]:
    """Left, top, right and bottom of a box given as left, top, width and height; ValueError."""
    left, top, width, height = map(finite, values)
    return [round(left, 2), round(top, 2), round(left + width, 2), round(top + height, 2)]


def extent(points: Iterable[float]) -> str:
    """A box as left, top, width and height, apart from each other by a blank."""
    left, top, right, bottom = points
    return f"{left} {top} {round(right - left, 2)} {round(bottom - top, 2)}"
