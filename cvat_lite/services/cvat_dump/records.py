"""How an object of a dump becomes rows: tables and their columns, each with its source.

A column of the name of its field is given by a converter (``message=text``), one that is called
otherwise by both (``issue_id=("issue", integer)``), and one that has to be worked out by
``made(function of the record)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cvat_lite.services.cvat_dump.errors import DumpError
from cvat_lite.services.cvat_dump.known import Known
from cvat_lite.services.cvat_dump.values import Converter, integer

Row = tuple[Any, ...]
_REQUIRED = object()


@dataclass(slots=True)
class Record:
    """An object of the dump, and what is known of the others."""

    model: str
    pk: Any
    fields: dict[str, Any]
    known: Known

    def flaw(self, why: str) -> DumpError:
        """The error for this object."""
        return DumpError(f"{self.model} {self.pk}: {why}")

    def read(self, name: str, convert: Converter, default: Any = _REQUIRED) -> Any:
        """A field's value as the store has it; DumpError where it is absent or wrong."""
        try:
            value = self.fields[name]
        except KeyError:
            if default is not _REQUIRED:
                return default
            raise self.flaw(f"has no field '{name}'") from None
        try:
            return convert(value)
        except (ValueError, TypeError) as error:
            raise self.flaw(f"the field '{name}' {error}") from error

    def number(self) -> int:
        """The object's id."""
        try:
            return integer(self.pk)
        except ValueError as error:
            raise self.flaw(f"its key {error}") from None


Source = Callable[[Record], Any]


@dataclass(frozen=True, slots=True)
class Computed:
    """The source of a column that is not simply a field; ``fields`` are those that it looks at."""

    source: Source
    fields: frozenset[str]


def made(source: Source, *fields: str) -> Computed:
    """A column that is worked out from the record."""
    return Computed(source, frozenset(fields))


def defaulted(name: str, convert: Converter, default: Any) -> Computed:
    """A column from a field that some versions of CVAT do not write."""
    return made(lambda record: record.read(name, convert, default), name)


def user(name: str) -> Computed:
    """A column that refers to a user, or to nobody."""

    def source(record: Record) -> int | None:
        value = record.read(name, reference)
        if value is None:
            return None
        users = record.known.users
        number = users.get(value) if isinstance(value, str) else value
        if number not in record.known.user_ids:
            raise record.flaw(
                f"the field '{name}' names the user {value!r}, who is not in the dump"
            )
        return number

    return made(source, name)


def reference(value: Any) -> str | int | None:
    """What refers to a user or group: a natural key of one part, which is a name, or an id.

    ``dumpdata`` writes the former if it is asked for natural keys, and else the latter.
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return None if value is None else integer(value)


def person(record: Record, name: str) -> str | int:
    """The name or the id of a user who must be referred to."""
    value: str | int | None = record.read(name, reference)
    if value is None:
        raise record.flaw(f"the field '{name}' names nobody")
    return value


KEY = made(Record.number)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table that an object becomes: one, or as many as ``rows`` answers."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[Record], Iterable[Row]]
    fields: frozenset[str]


Column = Converter | tuple[str, Converter] | Computed


def table(name: str, /, **columns: Column) -> Table:
    """A table that gets one row for each object."""
    sources: list[Source] = []
    fields: set[str] = set()
    for column, given in columns.items():
        if isinstance(given, Computed):
            sources.append(given.source)
            fields |= given.fields
        else:
            field_name, convert = given if isinstance(given, tuple) else (column, given)
            sources.append(_field(field_name, convert))
            fields.add(field_name)

    def rows(record: Record) -> list[Row]:
        return [tuple([source(record) for source in sources])]

    return Table(name, tuple(columns), rows, frozenset(fields))


def _field(name: str, convert: Converter) -> Source:
    return lambda record: record.read(name, convert)


def many(name: str, columns: str, rows: Callable[[Record], Iterable[Row]], *fields: str) -> Table:
    """A table that gets any number of rows for each object; the columns are separated by blanks."""
    return Table(name, tuple(columns.split()), rows, frozenset(fields))


@dataclass(frozen=True, slots=True)
class Model:
    """A model of CVAT's, and the tables its objects go to.

    ``redundant`` are fields that say what others say already. ``homeless`` are fields for which
    the store has no place: it is reported when one of them holds anything.
    """

    name: str
    tables: tuple[Table, ...] = ()
    redundant: frozenset[str] = frozenset()
    homeless: frozenset[str] = frozenset()
    fields: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        placed = frozenset[str]().union(*(one.fields for one in self.tables))
        object.__setattr__(self, "fields", placed | self.redundant | self.homeless)


def model(
    name: str, *tables: Table, redundant: Iterable[str] = (), homeless: Iterable[str] = ()
) -> Model:
    """A model whose objects go to those tables."""
    return Model(name, tables, frozenset(redundant), frozenset(homeless))
