"""Fields and schemas that check bodies as the REST framework does, in its words.

The wording is kept here and nowhere else: clients show these messages to people. Strings are
trimmed and may not be blank unless said; numbers and booleans may be written as strings, as forms
write them; unknown fields are dropped. Errors of lists become lists, with ``{}`` for each item
that is right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from cvat_lite.domain import clock

INT_LIMIT = 2**31 - 1
EMAIL = re.compile(r"^[^@\s\"(),:;<>\[\]\\]+@[^@\s.]+(\.[^@\s.]+)+$")
TRUE = frozenset(("t", "y", "yes", "true", "on", "1"))
FALSE = frozenset(("f", "n", "no", "false", "off", "0", ""))

REQUIRED = {
    "required": "This field is required.",
    "null": "This field may not be null.",
}


class Integer(fields.Integer):
    """A whole number, which may be written as a string."""

    default_error_messages = {**REQUIRED, "invalid": "A valid integer is required."}

    def __init__(
        self, *, minimum: int | None = None, maximum: int | None = None, **more: Any
    ) -> None:
        super().__init__(validate=limits(minimum, maximum), **more)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        if isinstance(value, str) and len(value) > 1000:
            raise ValidationError("String value too large.")
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            raise self.make_error("invalid", input=value) from None


class Number(fields.Float):
    """A finite number, which may be written as a string."""

    default_error_messages = {**REQUIRED, "invalid": "A valid number is required."}

    def __init__(
        self, *, minimum: float | None = None, maximum: float | None = None, **more: Any
    ) -> None:
        super().__init__(validate=limits(minimum, maximum), **more)

    def _validated(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise self.make_error("invalid", input=value) from None
        if isinstance(value, bool) or not math.isfinite(number):
            raise self.make_error("invalid", input=value)
        return number


class String(fields.String):
    """A text, trimmed; blank only if that is allowed."""

    default_error_messages = {
        **REQUIRED,
        "invalid": "Not a valid string.",
        "blank": "This field may not be blank.",
    }

    def __init__(
        self,
        *,
        blank: bool = False,
        trim: bool = True,
        longest: int | None = None,
        shortest: int | None = None,
        **more: Any,
    ) -> None:
        checks: list[Any] = []
        if longest is not None:
            checks.append(
                validate.Length(
                    max=longest, error=f"Ensure this field has no more than {longest} characters."
                )
            )
        if shortest is not None:
            checks.append(
                validate.Length(
                    min=shortest, error=f"Ensure this field has at least {shortest} characters."
                )
            )
        if not blank and shortest is None:
            # For the document; the blank itself is refused in other words below.
            more.setdefault("metadata", {})["minLength"] = 1
        super().__init__(validate=checks, **more)
        self.blank = blank
        self.trim = trim

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        text = str(value).strip() if self.trim else str(value)
        if "\x00" in text:
            raise ValidationError("Null characters are not allowed.")
        if not text and not self.blank:
            raise self.make_error("blank")
        return text


class Email(String):
    """An address; the machine it names is not asked."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text and not EMAIL.match(text):
            raise ValidationError("Enter a valid email address.")
        return text


class Boolean(fields.Boolean):
    """True or false, which may be written as a string."""

    default_error_messages = {**REQUIRED, "invalid": "Must be a valid boolean."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool):
            return value
        text = str(value).lower() if isinstance(value, str | int) else None
        if text in TRUE:
            return True
        if text in FALSE:
            return False
        raise self.make_error("invalid", input=value)


class Choice(fields.String):
    """One of the values of an enumeration."""

    default_error_messages = {**REQUIRED, "invalid": "Not a valid string."}

    def __init__(self, choices: type[StrEnum] | Sequence[str], **more: Any) -> None:
        values = [str(choice) for choice in choices]
        super().__init__(validate=validate.OneOf(values, error=""), **more)
        self.values = frozenset(values)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, list | dict) or value not in self.values:
            raise ValidationError(f'"{value}" is not a valid choice.')
        return value


class Date(fields.DateTime):
    """A moment, kept as the text that the store keeps."""

    default_error_messages = {
        **REQUIRED,
        "invalid": "Datetime has wrong format. Use one of these formats instead: "
        "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return clock.write(clock.read(value))
        except (TypeError, ValueError, OverflowError):
            raise self.make_error("invalid", input=value, obj_type="datetime") from None


class List(fields.List):
    """Several values of one kind."""

    default_error_messages = dict(REQUIRED)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        check_list(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Nested(fields.Nested):
    """An object within an object, or with ``many`` a list of them."""

    default_error_messages = dict(REQUIRED)

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        if self.many:
            check_list(value)
        elif not isinstance(value, Mapping):
            raise ValidationError({"non_field_errors": [not_an_object(value)]})
        return super()._deserialize(value, attr, data, partial=partial, **kwargs)


class Wire(Schema):
    """The base of every shape on the wire."""

    error_messages = {"type": "Invalid data. Expected a dictionary."}

    class Meta:
        """Fields that are not declared are dropped."""

        unknown = EXCLUDE


def limits(minimum: float | None, maximum: float | None) -> list[Any]:
    """The validators for a range, each end with its own words."""
    checks: list[Any] = []
    if minimum is not None:
        text = f"Ensure this value is greater than or equal to {minimum}."
        checks.append(validate.Range(min=minimum, error=text))
    if maximum is not None:
        text = f"Ensure this value is less than or equal to {maximum}."
        checks.append(validate.Range(max=maximum, error=text))
    return checks


def check_list(value: Any) -> None:
    """Refuse what is not a list."""
    if not isinstance(value, list | tuple):
        kind = type(value).__name__
        raise ValidationError(
            {"non_field_errors": [f'Expected a list of items but got type "{kind}".']}
        )


def not_an_object(value: Any) -> str:
    """The words for something that should be an object."""
    return f"Invalid data. Expected a dictionary, but got {type(value).__name__}."


def error_body(messages: Any, data: Any) -> Any:
    """Marshmallow's errors as the REST framework shapes them.

    ``messages`` maps fields to messages and, within lists, positions to errors; ``data`` is what
    was checked, whose lists tell how many right items stand beside the wrong ones.
    """
    if not isinstance(messages, Mapping):
        return messages
    if messages and all(isinstance(key, int) for key in messages):
        length = len(data) if isinstance(data, list | tuple) else max(messages) + 1
        items = [
            error_body(messages[at], item_of(data, at)) if at in messages else {}
            for at in range(length)
        ]
        plain = all(isinstance(item, list) or item == {} for item in items)
        # A list of plain values answers with positions, a list of objects with a list.
        return {str(at): items[at] for at in sorted(messages)} if plain else items
    return {
        "non_field_errors" if key == "_schema" else key: error_body(value, item_of(data, key))
        for key, value in messages.items()
    }


def item_of(data: Any, key: Any) -> Any:
    """The part of the checked data that an error belongs to, or None."""
    try:
        return data[key]
    except (KeyError, IndexError, TypeError):
        return None
