"""Values of a request as SQLite takes them, and the test for a text within a text."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from cvat_lite.store.filters.collection import Condition, Kind

#: Longer texts are not looked for; SQLite refuses patterns of more than 50,000 bytes.
MAX_NEEDLE = 1000
INTEGER_LIMIT = 2**63
TRUE = ("true", "t", "1")
FALSE = ("false", "f", "0")
LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def bind(kind: Kind, value: object) -> str | int | float:
    """The value of JSON or of a query string as a parameter to compare a field of ``kind`` with.

    Numbers, booleans and dates may come as texts. Raises ValueError or TypeError for what is no
    such value.
    """
    if isinstance(value, str):
        check_text(value)
    elif not isinstance(value, int | float):
        raise TypeError("only texts, numbers and booleans are compared")
    match kind:
        case Kind.TEXT:
            return value if isinstance(value, str) else str(value)
        case Kind.BOOLEAN:
            return truth(value)
        case Kind.DATE:
            return instant(value)
        case _:
            return number(value)


def check_text(text: str) -> None:
    """Refuse, with ValueError, what SQLite cannot hold or cuts off: lone surrogates and NUL."""
    if "\0" in text:
        raise ValueError("a text holds no null characters")
    text.encode()


def number(value: str | float) -> int | float:
    """The number; integers beyond SQLite's 64 bits become infinite, being beyond every field."""
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            value = float(value)
    if isinstance(value, float):
        if math.isnan(value):
            raise ValueError("not a number")
        return value
    if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        return math.inf if value > 0 else -math.inf
    return int(value)


def truth(value: str | float) -> int:
    """1 or 0, as booleans are stored."""
    text = str(value).strip().lower()
    if text in TRUE:
        return 1
    if text in FALSE:
        return 0
    raise ValueError("not a boolean")


def instant(value: str | float) -> str:
    """An ISO 8601 date in the form of ``Field.comparable``; without an offset it is UTC."""
    if not isinstance(value, str):
        raise TypeError("a date is a text")
    moment = datetime.fromisoformat(value.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a date beyond the calendar") from error
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds").rstrip("0.")


def contains(sql: str, needle: str) -> Condition:
    """The condition that the text of ``sql`` holds the needle, whatever the case of its letters.

    SQLite's LIKE ignores the case of ASCII letters only. A needle with others becomes a GLOB
    pattern in which every letter is a class of its cases: ``*[жЖ][uU]*``. Raises ValueError for a
    needle that is too long or cannot be stored.
    """
    check_text(needle)
    if len(needle) > MAX_NEEDLE:
        raise ValueError("the text is too long")
    if needle.isascii():
        return Condition(f"{sql} LIKE ? ESCAPE '\\'", (f"%{needle.translate(LIKE_ESCAPES)}%",))
    return Condition(f"{sql} GLOB ?", (f"*{''.join(map(glob, needle))}*",))


def glob(character: str) -> str:
    """The GLOB pattern of one character in either case."""
    cases = {character}
    for _ in range(2):  # a final sigma has its small sigma only through the capital
        cases |= {form for case in cases for form in (case.lower(), case.upper()) if len(form) == 1}
    if len(cases) == 1 and character not in "*?[":
        return character
    return f"[{''.join(sorted(cases))}]"
