"""From the values of Django's serializer to those of the store's columns.

Each converter takes a value as the dump has it and answers what a column holds; ValueError says
in a few words what the value is not.
"""

# ruff: noqa: TRY004 - a value of the wrong type is a wrong value here
from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.errors import MediaError
from cvat_lite.media.names import checked_name

Converter = Callable[[Any], Any]
LARGEST_INTEGER = 2**63


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError("is no text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            # Half a surrogate pair is JSON and no text that could be stored.
            raise ValueError("is no valid text") from None
    return value


def integer(value: Any) -> int:
    """A whole number that fits into 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("is no whole number")
    if not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        raise ValueError("is too large")
    return value


def whole(value: Any) -> int:
    """A whole number; 0 for none, as groups of annotations may have it."""
    return integer(value or 0)


def real(value: Any) -> float:
    """A number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("is no number")
    return float(value)


def real_text(value: Any) -> str:
    """A number as the JSON text that answers hold."""
    return repr(real(value))


def flag(value: Any) -> int:
    """True or false, as 1 or 0."""
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return int(value)


def date(value: Any) -> str:
    """A moment, in UTC and of the form that the store has."""
    if not isinstance(value, str):
        raise ValueError("is no date")
    try:
        return clock.write(clock.read(value))
    except (ValueError, OverflowError):
        raise ValueError(f"is no date: {value!r}") from None


def optional(convert: Converter) -> Converter:
    """A converter that leaves None as it is."""

    def converted(value: Any) -> Any:
        return None if value is None else convert(value)

    return converted


def integers(value: Any) -> list[int]:
    """Numbers in a text, separated by commas; nothing is ``[]`` or an empty text."""
    inner = text(value).strip().strip("[]").strip()
    try:
        return [integer(int(part)) for part in inner.split(",")] if inner else []
    except ValueError:
        raise ValueError("is no list of whole numbers") from None


def integer_list(value: Any) -> str:
    """Numbers in a text as a JSON list."""
    return orjson.dumps(integers(value)).decode()


def points(value: Any) -> str:
    """Coordinates in a text as a JSON list."""
    inner = text(value).strip().strip("[]").strip()
    try:
        found = [float(part) for part in inner.split(",")] if inner else []
    except ValueError:
        raise ValueError("is no list of numbers") from None
    made = orjson.dumps(found)
    if b"null" in made:
        # What JSON has no word for.
        raise ValueError("holds something that is no number")
    return made.decode()


def lines(value: Any) -> str:
    """The lines of a text as a JSON list."""
    return orjson.dumps(text(value).split("\n")).decode()


def words(value: Any) -> str:
    """The words of a text, separated by commas, as a JSON list."""
    return orjson.dumps([word for word in text(value).split(",") if word]).decode()


def json_text(value: Any) -> str:
    """Any value as JSON text."""
    return orjson.dumps(value).decode()


def keys(value: Any) -> list[int]:
    """A list of ids, each once."""
    if not isinstance(value, list):
        raise ValueError("is no list of ids")
    return sorted({integer(one) for one in value})


def file_name(value: Any) -> str:
    """The name of a file below a directory of its own; ValueError for one that leads out of it."""
    name = text(value)
    try:
        plain = checked_name(name) == name
    except MediaError as error:
        raise ValueError(f"is no name of a file: {error}") from None
    if not plain:
        raise ValueError(f"is no plain name of a file: {name!r}")
    return name


def identifier(value: Any) -> str:
    """A UUID, which names a file."""
    try:
        return str(uuid.UUID(text(value)))
    except ValueError:
        raise ValueError("is no UUID") from None
