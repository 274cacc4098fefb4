"""Simple filters, search, order, pages and links of a list, against a real SQLite."""

from __future__ import annotations

import sqlite3

import aiosqlite
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.errors import NotFoundError, RuleError, ValidationError
from cvat_lite.store.filters import (
    Collection,
    Field,
    Kind,
    ListQuery,
    fetch_page,
    links,
    select,
)

FIELDS = {
    "id": Field("t.id", Kind.INTEGER),
    "name": Field("t.name"),
    "owner": Field("o.name"),
    "size": Field("t.size", Kind.INTEGER),
    "done": Field("t.done", Kind.BOOLEAN),
    "date": Field("t.date", Kind.DATE),
    "state": Field("t.state", choices=("new", "in progress")),
}
THINGS = Collection(
    fields=FIELDS,
    filter=tuple(FIELDS),
    search=("name", "owner"),
    ordering=("name", "owner", "size", "date", "id"),
    simple=("name", "owner", "size", "done", "date", "state"),
)
FROM = "things AS t LEFT JOIN owners AS o ON o.id = t.owner_id"
ROWS = [
    (1, "red car", 1, 5, 1, "2024-01-01T00:00:02Z", "new"),
    (2, "blue car", 2, None, 0, "2024-01-01T00:00:02.500000Z", "new"),
    (3, "Red boat", None, 5, 1, None, "in progress"),
    (4, "green, big boat", 1, 7, 0, "2024-01-01T00:00:20Z", "new"),
]


@pytest.fixture
async def db():
    async with aiosqlite.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        await connection.execute("CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT) STRICT")
        await connection.execute(
            "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, owner_id INTEGER, "
            "size INTEGER, done INTEGER, date TEXT, state TEXT) STRICT"
        )
        await connection.execute("INSERT INTO owners VALUES (1, 'ann'), (2, 'Bob')")
        await connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
        yield connection


async def listed(db, visible=("1", ()), **parameters):
    selection = select(THINGS, ListQuery.of(parameters), visible)
    count, rows = await fetch_page(db, "t.id, o.name AS owner", FROM, selection)
    return count, [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({}, [4, 3, 2, 1]),
        ({"name": "red car"}, [1]),
        ({"name": "Red car"}, []),
        ({"name": ""}, [4, 3, 2, 1]),
        ({"owner": "ann", "size": "5"}, [1]),
        ({"size": " 5.0 "}, [3, 1]),
        ({"size": "5.5"}, []),
        ({"size": "1" * 400}, []),
        ({"done": "true"}, [3, 1]),
        ({"done": "False"}, [4, 2]),
        ({"done": "perhaps"}, [4, 3, 2, 1]),
        ({"date": "2024-01-01T01:00:02+01:00"}, [1]),
        ({"state": "in progress"}, [3]),
        ({"unknown": "x"}, [4, 3, 2, 1]),
    ],
)
async def test_a_simple_filter_asks_for_a_value(db, parameters, ids):
    assert await listed(db, **parameters) == (len(ids), ids)


def test_all_wrong_simple_filters_are_named():
    with pytest.raises(ValidationError) as refused:
        select(THINGS, ListQuery.of({"size": "x", "date": "y", "state": "z", "name": "a\0b"}))
    assert refused.value.body == {
        "name": ["Null characters are not allowed."],
        "size": ["Enter a number."],
        "date": ["Enter a valid date/time."],
        "state": ["Select a valid choice. z is not one of the available choices."],
    }


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("RED", [3, 1]),
        ("red ann", [1]),
        ("red,car", [1]),
        ('"big boat"', [4]),
        ("'red car'", [1]),
        ("bob", [2]),
        ("%", []),
        (" , ", [4, 3, 2, 1]),
        ("o'neil", []),
    ],
)
async def test_every_word_of_a_search_is_in_some_field(db, search, ids):
    assert await listed(db, search=search) == (len(ids), ids)


@pytest.mark.parametrize("search", ["a\0b", "é" * 1001, " ".join(map(str, range(33)))])
def test_a_search_that_cannot_be_is_refused(search):
    with pytest.raises(RuleError):
        select(THINGS, ListQuery(search=search))


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("id", [1, 2, 3, 4]),
        ("name", [3, 2, 4, 1]),
        ("size", [1, 3, 4, 2]),
        ("-size", [2, 4, 1, 3]),
        ("-size,-id", [2, 4, 3, 1]),
        ("owner, -id", [2, 4, 1, 3]),
        ("date", [1, 2, 4, 3]),
        ("nosuch", [4, 3, 2, 1]),
        ("nosuch,id", [1, 2, 3, 4]),
        ("state", [4, 3, 2, 1]),
        ("id,-id", [1, 2, 3, 4]),
        ("--id", [4, 3, 2, 1]),
    ],
)
async def test_rows_are_sorted_with_absent_values_as_the_largest(db, sort, ids):
    assert await listed(db, sort=sort) == (4, ids)


@pytest.mark.parametrize(
    ("page", "page_size", "ids"),
    [
        ("1", "3", [4, 3, 2]),
        ("2", "3", [1]),
        (None, "0", [4, 3, 2, 1]),
        (None, "x", [4, 3, 2, 1]),
        (None, "all", [4, 3, 2, 1]),
        (None, "9" * 30, [4, 3, 2, 1]),
    ],
)
async def test_a_page_has_its_rows_and_the_number_of_all(db, page, page_size, ids):
    parameters = {"page": page} if page else {}
    assert await listed(db, **parameters, page_size=page_size) == (4, ids)


@pytest.mark.parametrize(
    ("page", "page_size"),
    [("0", "3"), ("-1", "3"), ("x", "3"), ("3", "3"), ("2", "all"), ("9" * 30, "3")],
)
async def test_a_page_that_is_not_there_is_not_found(db, page, page_size):
    with pytest.raises(NotFoundError) as refused:
        await listed(db, page=page, page_size=page_size)
    assert refused.value.body == {"detail": "Invalid page."}


async def test_the_first_page_of_nothing_is_empty(db):
    assert await listed(db, search="zzz", page="1") == (0, [])


async def test_only_visible_rows_are_counted_and_found(db):
    visible = ("t.owner_id = ? OR t.id = ?", (1, 3))
    assert await listed(db, visible, state="new", search="a") == (2, [4, 1])
    assert await listed(db, visible, page_size="1", page="2") == (3, [3])


async def test_the_count_leaves_out_joins_that_no_condition_needs(db):
    # The owner is looked up for the order and for what is shown, not for the count.
    statements = []
    await db.set_trace_callback(statements.append)
    await listed(db, sort="owner")
    (statement,) = statements
    await db.set_trace_callback(None)
    plan = [row["detail"] for row in await db.execute_fetchall(f"EXPLAIN QUERY PLAN {statement}")]
    assert len([step for step in plan if step.startswith("SEARCH o ")]) == 2


def test_a_collection_knows_all_its_names():
    with pytest.raises(ValueError, match="no fields colour, made"):
        Collection(fields=FIELDS, filter=("id", "colour"), default_sort="-made,id")


BASE = "http://127.0.0.1:8188/api/requests"


@pytest.mark.parametrize(
    ("items", "page", "following", "previous"),
    [
        ([], 1, "?page=2", None),
        (
            [("status", "finished"), ("page_size", "2")],
            1,
            "?page=2&page_size=2&status=finished",
            None,
        ),
        ([("page", "2"), ("page_size", "2")], 2, "?page=3&page_size=2", "?page_size=2"),
        ([("page", "2")], 2, "?page=3", ""),
        ([("page", "3"), ("org", "")], 3, None, "?org=&page=2"),
        ([("sort", "name,-id")], 1, "?page=2&sort=name%2C-id", None),
        ([("b", "2"), ("b", "1"), ("a", "é &")], 1, "?a=%C3%A9+%26&b=2&b=1&page=2", None),
    ],
)
def test_links_lead_to_the_neighbouring_pages(items, page, following, previous):
    expected = tuple(None if query is None else BASE + query for query in (following, previous))
    assert links(BASE, items, page, 2, 5) == expected


@given(st.integers(0, 40), st.integers(1, 12))
def test_following_the_links_visits_every_page_once(count, size):
    pages = 1
    while links(BASE, [], pages, size, count)[0]:
        pages += 1
    assert (pages - 1) * size < max(count, 1) <= pages * size
