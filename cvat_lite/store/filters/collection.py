"""What a collection offers to filter and sort by, what a request asks of it, and what is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How values of a field are stored and compared."""

    INTEGER = "integer"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Field:
    """A name of the API and the SQL expression behind it, e.g. ``t.name`` or ``o.username``.

    ``choices`` are the values that the simple filter of this name takes; none means any.
    """

    sql: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()

    @property
    def comparable(self) -> str:
        """The SQL expression whose order is the order of the values.

        Dates are stored as ``2022-02-16T06:25:48.168000Z``, whole seconds also as
        ``2022-02-16T06:25:48Z``. Without the trailing zeros, point and Z both are written in one
        way and sort as text.
        """
        return f"rtrim({self.sql}, 'Z0.')" if self.kind is Kind.DATE else self.sql


@dataclass(frozen=True, slots=True)
class Collection:
    """What one list of the API can be filtered, searched and sorted by.

    ``fields`` knows every name; the tuples say which of them serve the JSON logic (``filter``),
    ``?search=``, ``?sort=`` and ``?name=value`` (``simple``). ``default_sort`` is written as in
    ``?sort=``. ``tie_break`` names the unique field that ends every order, so that pages are
    stable. Raises ValueError for a name that ``fields`` does not know.
    """

    fields: Mapping[str, Field]
    filter: tuple[str, ...]
    search: tuple[str, ...] = ()
    ordering: tuple[str, ...] = ()
    simple: tuple[str, ...] = ()
    default_sort: str = "-id"
    tie_break: str = "id"

    def __post_init__(self) -> None:
        default = tuple(term.removeprefix("-") for term in self.default_sort.split(","))
        used = {*self.filter, *self.search, *self.ordering, *self.simple, *default, self.tie_break}
        if unknown := sorted(used - set(self.fields)):
            raise ValueError(f"The collection has no fields {', '.join(unknown)}.")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the query string of a list request holds, as it came; None is absent.

    ``simple`` may hold any parameters: a collection looks only for the names it knows.
    """

    page: str | None = None
    page_size: str | None = None
    search: str | None = None
    sort: str | None = None
    filter: str | None = None
    simple: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> ListQuery:
        """The list query in the parameters of a query string."""
        return cls(
            page=parameters.get("page"),
            page_size=parameters.get("page_size"),
            search=parameters.get("search"),
            sort=parameters.get("sort"),
            filter=parameters.get("filter"),
            simple=parameters,
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean SQL expression and the parameters bound in it, in order."""

    sql: str
    parameters: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that a request asks for.

    ``where`` and ``order`` are SQL without their keywords, ``parameters`` belong to ``where``.
    ``page`` counts from 1; with ``page_size=all`` both ``page_size`` and ``limit`` are the largest
    integer SQLite has. ``key`` is the expression that tells rows apart.
    """

    where: str
    parameters: tuple[object, ...]
    key: str
    order: str
    limit: int
    offset: int
    page: int
    page_size: int
