"""JSON logic (``?filter=``) to SQL.

The operations are CVAT's: ``and``, ``or``, ``!``, ``!!``, ``var`` (there is a value), ``==``,
``<``, ``<=``, ``>``, ``>=``, the three-part ``<`` and ``<=`` (between), and ``in`` both as
membership in a list and as a text within a text. A comparison with an absent value is false, and
its negation therefore true.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from cvat_lite.errors import RuleError
from cvat_lite.store.filters.collection import Collection, Condition, Field
from cvat_lite.store.filters.values import bind, contains

# What SQLite's parser (100 open brackets in older versions) and its expression trees (1,000
# levels) bear; no filter made by hand or by CVAT's web client comes near.
MAX_LENGTH = 100_000
MAX_DEPTH = 16
MAX_TERMS = 500
MAX_SHOWN = 200

MIRRORED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def translate(text: str, collection: Collection) -> Condition:
    """The condition that a filter expresses; RuleError with CVAT's words where it is wrong."""
    fields = {name: collection.fields[name] for name in collection.filter}
    return Translator(fields).condition(parse(text))


def parse(text: str) -> Any:
    """The JSON of a filter, which is neither empty nor of a hostile size."""
    if len(text) > MAX_LENGTH:
        raise RuleError("filter: the expression is too long")
    try:
        rule = json.loads(text)
    except ValueError as error:
        raise RuleError(f"filter: can't parse filter expression: {error}") from error
    except RecursionError as error:
        raise RuleError("filter: the expression is nested too deeply") from error
    if not rule:
        raise RuleError("filter shouldn't be empty")
    return rule


def shown(value: object) -> str:
    """The value as an error message may repeat it: not too long, and without lone surrogates."""
    try:
        text = str(value)
    except RecursionError:
        return "..."
    text = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
    return text.encode("utf-8", "backslashreplace").decode()


def unsupported(operation: str, arguments: object) -> RuleError:
    """The error for an operation that does not exist or not with these arguments."""
    return RuleError(
        f"filter: operation '{shown(operation)}' with arguments '{shown(arguments)}' "
        "is not supported"
    )


def is_variable(value: object) -> bool:
    """Whether the value is ``{"var": name}``."""
    return isinstance(value, dict) and list(value) == ["var"]


class Translator:
    """Translates one expression over the named fields; counts terms as it goes."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = fields
        self.terms = 0

    def condition(self, rule: Any, depth: int = 1) -> Condition:
        """The condition of a rule, an object with one operation."""
        if depth > MAX_DEPTH:
            raise RuleError("filter: the expression is nested too deeply")
        if not isinstance(rule, dict) or len(rule) != 1:
            raise RuleError(f"filter: expression '{shown(rule)}' is not supported")
        ((operation, arguments),) = rule.items()
        match operation:
            case "and" | "or":
                return self.junction(operation, arguments, depth)
            case "!" | "!!":
                return self.negation(operation, arguments, depth)
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise RuleError("filter: the expression has too many terms")
        match operation:
            case "var":
                return Condition(f"{self.field(rule)[1].sql} IS NOT NULL")
            case "in":
                return self.inclusion(arguments)
            case "==" | "<" | "<=" | ">" | ">=":
                return self.comparison(operation, arguments)
        raise unsupported(operation, arguments)

    def junction(self, operation: str, arguments: Any, depth: int) -> Condition:
        """All or any of the rules."""
        if not isinstance(arguments, list) or not arguments:
            raise unsupported(operation, arguments)
        parts = [self.condition(rule, depth + 1) for rule in arguments]
        return Condition(
            f" {operation.upper()} ".join(f"({part.sql})" for part in parts),
            tuple(parameter for part in parts for parameter in part.parameters),
        )

    def negation(self, operation: str, arguments: Any, depth: int) -> Condition:
        """``!`` is the opposite of a rule, ``!!`` the rule itself; it may stand in a list."""
        rule = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else arguments
        if not isinstance(rule, dict):
            raise unsupported(operation, arguments)
        inner = self.condition(rule, depth + 1)
        if operation == "!!":
            return inner
        # NOT would leave the unknown, a comparison with NULL, unknown.
        return Condition(f"({inner.sql}) IS NOT TRUE", inner.parameters)

    def field(self, variable: dict[str, Any]) -> tuple[str, Field]:
        """The name and the field of ``{"var": name}``."""
        name = variable["var"]
        if not isinstance(name, str):
            raise unsupported("var", name)
        if name not in self.fields:
            raise RuleError(f"filter: term '{shown(name)}' is not supported")
        return name, self.fields[name]

    def comparison(self, operation: str, arguments: Any) -> Condition:
        """A field against a value, on either side, or between two values."""
        match arguments:
            case [variable, value] if is_variable(variable):
                return self.against(operation, variable, value, arguments)
            case [value, variable] if is_variable(variable):
                return self.against(MIRRORED[operation], variable, value, arguments)
            case [low, variable, high] if is_variable(variable) and operation in ("<", "<="):
                lower = self.against(MIRRORED[operation], variable, low, arguments)
                upper = self.against(operation, variable, high, arguments)
                return Condition(
                    f"{lower.sql} AND {upper.sql}", lower.parameters + upper.parameters
                )
        raise unsupported(operation, arguments)

    def against(self, operation: str, variable: Any, value: Any, arguments: Any) -> Condition:
        """``field operation value``; null can only be equal."""
        name, field = self.field(variable)
        if value is None and operation == "==":
            return Condition(f"{field.sql} IS NULL")
        if value is None or isinstance(value, dict | list):
            raise unsupported(operation, arguments)
        sign = "=" if operation == "==" else operation
        return Condition(f"{field.comparable} {sign} ?", (self.value(name, field, value),))

    def inclusion(self, arguments: Any) -> Condition:
        """A field's value in a list of values, or a text within a field's text."""
        match arguments:
            case [variable, list(members)] if is_variable(variable):
                name, field = self.field(variable)
                values = [self.value(name, field, one) for one in members if one is not None]
                # One parameter, however many values. JSON has no infinity, nor has the store.
                finite = [one for one in values if isinstance(one, str) or math.isfinite(one)]
                return Condition(
                    f"{field.comparable} IN (SELECT value FROM json_each(?))",
                    (json.dumps(finite, ensure_ascii=False),),
                )
            case [str() | int() | float() as needle, variable] if is_variable(variable):
                name, field = self.field(variable)
                try:
                    return contains(field.sql, str(needle))
                except ValueError as error:
                    raise wrong(name, needle) from error
        raise unsupported("in", arguments)

    def value(self, name: str, field: Field, value: Any) -> str | int | float:
        """The value as a parameter; RuleError where the field cannot have it."""
        try:
            return bind(field.kind, value)
        except (TypeError, ValueError) as error:
            raise wrong(name, value) from error


def wrong(name: str, value: object) -> RuleError:
    """The error for a value that the named field cannot have."""
    return RuleError(f"filter: term '{name}' cannot have the value '{shown(value)}'")
