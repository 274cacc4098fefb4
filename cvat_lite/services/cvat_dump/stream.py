"""The objects of a dump one by one: a JSON array that may be larger than memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import IO, Any, NoReturn

from cvat_lite.services.cvat_dump.errors import DumpError

BLOCK = 1 << 20
#: No object of a CVAT is that large; a quote without its partner would otherwise eat the memory.
LARGEST = 1 << 28
#: A word or an escape sequence that breaks off is complained of at most so far before the end.
TORN = 16

Counter = Callable[[int], None]


def objects(path: Path, count: Counter | None = None) -> Iterator[dict[str, Any]]:
    """Each object of the array in the file, with no more than it and a block in memory.

    ``count`` is told how many bytes have been read, block by block. The standard library's
    decoder reads an object where it stands and says where it ends, so that no parser of our own
    and no further package is needed. Raises DumpError for what is no array of objects.
    """
    try:
        with path.open("rb") as file:
            yield from _Reader(file, path.name, count).objects()
    except OSError as error:
        raise DumpError(f"{path} cannot be read: {error.strerror or error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class _Reader:
    """The text around the place that has been reached."""

    def __init__(self, file: IO[bytes], name: str, count: Counter | None) -> None:
        self._file = file
        self._name = name
        self._count = count
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant)
        # The "-sig" takes the mark that Windows' programs put before UTF-8.
        self._text = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer = ""
        self._at = 0
        self._passed = 0
        self._read = 0
        self._ended = False

    def objects(self) -> Iterator[dict[str, Any]]:
        """The objects of the array."""
        self._expect("[")
        number = 0
        if self._peek() != "]":
            while True:
                number += 1
                yield self._object(number)
                if self._peek() == "]":
                    break
                self._expect(",")
        self._at += 1
        if self._peek():
            raise self._broken("there is something behind the end of the array")

    def _object(self, number: int) -> dict[str, Any]:
        """The next value, which must be an object."""
        self._peek()
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._ended or not self._may_be_torn(error):
                    raise self._broken(f"object {number}: {error.msg}", error.pos) from error
                if len(self._buffer) - self._at > LARGEST:
                    raise self._broken(f"object {number} does not end") from error
                # As much again, so that a large object is not begun anew for every block.
                self._more(max(BLOCK, len(self._buffer) - self._at))
                continue
            except (ValueError, RecursionError) as error:
                raise self._broken(f"object {number}: {error}") from error
            if not isinstance(value, dict):
                raise self._broken(f"value {number} is no object")
            return value

    def _may_be_torn(self, error: json.JSONDecodeError) -> bool:
        """Whether the decoder has only run out of text."""
        at_end = error.pos >= len(self._buffer) - TORN
        return at_end or error.msg.startswith("Unterminated string")

    def _peek(self) -> str:
        """The next character that is no space, or nothing at the end."""
        while True:
            self._at = WHITESPACE.match(self._buffer, self._at).end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._ended:
                return ""
            self._more(BLOCK)

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            found = self._buffer[self._at : self._at + 1]
            what = repr(found) if found else "its end"
            raise self._broken(f"{mark!r} was expected and not {what}")
        self._at += 1

    def _more(self, size: int) -> None:
        """Read on, and let go what has been passed."""
        block = self._file.read(size)
        self._ended = not block
        self._read += len(block)
        try:
            text = self._text.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            raise self._broken(f"it is not UTF-8 ({error.reason})") from error
        self._passed += self._at
        self._buffer = self._buffer[self._at :] + text
        self._at = 0
        if self._count is not None:
            self._count(self._read)

    def _broken(self, why: str, position: int | None = None) -> DumpError:
        place = self._passed + (self._at if position is None else position)
        return DumpError(f"The dump {self._name} is broken at character {place}: {why}")
