"""What a request asks of a collection, put together: condition, order and page."""

from __future__ import annotations

import re

from cvat_lite.errors import NotFoundError, RuleError, ValidationError
from cvat_lite.store.filters.collection import (
    Collection,
    Condition,
    Field,
    Kind,
    ListQuery,
    Selection,
)
from cvat_lite.store.filters.logic import shown, translate
from cvat_lite.store.filters.values import bind, check_text, contains

PAGE_SIZE = 10
#: ``page_size=all``; CVAT knows no other maximum.
ALL = 2**63 - 1
MAX_WORDS = 32
#: A phrase in quotes, or what stands between spaces and commas.
WORD = re.compile(r'"([^"]+)"|\'([^\']+)\'|([^\s,]+)')


def select(
    collection: Collection, query: ListQuery, visible: tuple[str, tuple[object, ...]] = ("1", ())
) -> Selection:
    """The rows of a collection that a request asks for, of those that its user may see.

    ``visible`` is a condition over the collection's aliases with its parameters. Raises
    ValidationError for wrong simple filters, RuleError for a wrong ``filter`` or ``search``,
    NotFoundError for a page that cannot be.
    """
    conditions = [Condition(*visible), *simple_conditions(collection, query)]
    conditions += search_conditions(collection, query.search or "")
    if query.filter:
        conditions.append(translate(query.filter, collection))
    page, page_size = page_number(query.page), size_of_page(query.page_size)
    return Selection(
        where=" AND ".join(f"({condition.sql})" for condition in conditions),
        parameters=tuple(value for condition in conditions for value in condition.parameters),
        key=collection.fields[collection.tie_break].sql,
        order=order(collection, query.sort or ""),
        limit=page_size,
        offset=min((page - 1) * page_size, ALL),
        page=page,
        page_size=page_size,
    )


def simple_conditions(collection: Collection, query: ListQuery) -> list[Condition]:
    """The conditions of ``?name=value``; an empty value asks nothing."""
    conditions, errors = [], {}
    for name in collection.simple:
        text = query.simple.get(name, "").strip()
        if not text:
            continue
        try:
            condition = simple_condition(collection.fields[name], text)
        except ValueError as error:
            errors[name] = [str(error)]
        else:
            conditions += [condition] if condition else []
    if errors:
        raise ValidationError(errors)
    return conditions


def simple_condition(field: Field, text: str) -> Condition | None:
    """The condition that a field has the value; ValueError with CVAT's words where it cannot.

    As in CVAT, what is neither true nor false asks nothing of a boolean.
    """
    messages = {
        Kind.BOOLEAN: "",
        Kind.DATE: "Enter a valid date/time.",
        Kind.TEXT: "Null characters are not allowed.",
    }
    if field.choices and text not in field.choices:
        raise ValueError(
            f"Select a valid choice. {shown(text)} is not one of the available choices."
        )
    try:
        return Condition(f"{field.comparable} = ?", (bind(field.kind, text),))
    except ValueError as error:
        if field.kind is Kind.BOOLEAN:
            return None
        raise ValueError(messages.get(field.kind, "Enter a number.")) from error


def search_conditions(collection: Collection, search: str) -> list[Condition]:
    """One condition a word: some search field holds it. RuleError for what cannot be a word."""
    words = list(dict.fromkeys(one or two or three for one, two, three in WORD.findall(search)))
    if not collection.search or not words:
        return []
    if len(words) > MAX_WORDS:
        raise RuleError("search: too many words")
    expressions = [collection.fields[name].sql for name in collection.search]
    return [anywhere(expressions, word) for word in words]


def anywhere(expressions: list[str], word: str) -> Condition:
    """The condition that some expression holds the word."""
    try:
        check_text(word)
    except ValueError as error:
        raise RuleError("Null characters are not allowed.") from error
    try:
        parts = [contains(sql, word) for sql in expressions]
    except ValueError as error:
        raise RuleError("search: the text is too long") from error
    return Condition(
        " OR ".join(part.sql for part in parts),
        tuple(parameter for part in parts for parameter in part.parameters),
    )


def order(collection: Collection, sort: str) -> str:
    """The ORDER BY of ``?sort=``.

    Unknown fields are skipped, and with no known one the default order holds, as recorded.
    Absent values are the largest, as in CVAT's PostgreSQL.
    """
    terms: dict[str, bool] = {}
    for text in sort.split(","):
        name = text.strip().removeprefix("-")
        if name in collection.ordering:
            terms.setdefault(name, text.strip().startswith("-"))
    if not terms:
        for text in collection.default_sort.split(","):
            terms[text.removeprefix("-")] = text.startswith("-")
    terms.setdefault(collection.tie_break, False)
    return ", ".join(term(collection, name, down) for name, down in terms.items())


def term(collection: Collection, name: str, down: bool) -> str:
    """One term of an ORDER BY."""
    expression = collection.fields[name].comparable
    if name == collection.tie_break:
        # Never absent; said without a place for nulls, an index can give the order.
        return f"{expression} {'DESC' if down else 'ASC'}"
    return f"{expression} {'DESC NULLS FIRST' if down else 'ASC NULLS LAST'}"


def page_number(text: str | None) -> int:
    """The page asked for, from 1; NotFoundError for what can be none."""
    try:
        page = int(text or 1)
    except ValueError as error:
        raise NotFoundError("Invalid page.") from error
    if page < 1:
        raise NotFoundError("Invalid page.")
    return page


def size_of_page(text: str | None) -> int:
    """Rows a page; what is no positive number asks for the default, as in CVAT."""
    if text == "all":
        return ALL
    try:
        size = int(text or PAGE_SIZE)
    except ValueError:
        return PAGE_SIZE
    return min(size, ALL) if size > 0 else PAGE_SIZE
