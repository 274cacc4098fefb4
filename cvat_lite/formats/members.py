"""Finding the files of a dataset that belong together, and reading those of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import PurePosixPath

from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source


def below(name: str, *folders: str) -> str | None:
    """The path below these directories, wherever in the archive they lie; else None."""
    parts = PurePosixPath(name).parts
    size = len(folders)
    for place in range(len(parts) - size):
        if parts[place : place + size] == folders:
            return "/".join(parts[place + size :])
    return None


def files_below(source: Source, suffix: str, *folders: str) -> dict[str, str]:
    """The files in a directory: by their path below it without suffix, the whole name."""
    return {
        path.removesuffix(suffix): name
        for name in source.names()
        if name.endswith(suffix) and (path := below(name, *folders)) is not None
    }


def text_of(source: Source, name: str) -> str:
    """A file's text; DatasetError if it is not UTF-8."""
    try:
        return source.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(name, "", "the text is not UTF-8") from error


def text_lines(source: Source, name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty with their numbers from 1; DatasetError if it is not UTF-8."""
    for number, line in enumerate(text_of(source, name).split("\n"), 1):
        stripped = line.rstrip("\r")
        if stripped.strip():
            yield number, stripped


def one_line(text: str) -> str:
    """The text on one line, for files in which a line is a record."""
    return " ".join(text.splitlines()) if not text.isprintable() else text


def finite(words: Iterable[str]) -> list[float]:
    """The words as numbers; ValueError if one is none, or is infinite."""
    numbers = [float(word) for word in words]
    if not all(map(isfinite, numbers)):
        raise ValueError("a number is not finite")
    return numbers
