"""One page of a list: its rows and the number of all rows, and the links to its neighbours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from urllib.parse import urlencode

from cvat_lite.errors import NotFoundError
from cvat_lite.store.database import Connection
from cvat_lite.store.filters.collection import Selection

TOTAL = "page_total"


async def fetch_page(
    db: Connection, select_sql: str, from_sql: str, selection: Selection
) -> tuple[int, list[sqlite3.Row]]:
    """The number of all rows selected, and the rows of the page; one statement.

    ``select_sql`` are the columns and ``from_sql`` the tables with their joins, both without their
    keywords; joins must not multiply rows. NotFoundError for a page past the last; the first page
    of nothing is empty. Each row has ``page_total`` as an additional last column.
    """
    rows = await db.execute_fetchall(
        page_statement(select_sql, from_sql, selection),
        (*selection.parameters, *selection.parameters, selection.limit, selection.offset),
    )
    found = list(rows)
    if found:
        return found[0][TOTAL], found
    if selection.page > 1:
        raise NotFoundError("Invalid page.")
    return 0, []


def page_statement(select_sql: str, from_sql: str, selection: Selection) -> str:
    """The statement of a page; its parameters are the selection's, once more, limit and offset.

    Which rows are on the page is found first, by their keys, and what is shown is read of those
    alone: sorting would otherwise gather every column of every row.
    """
    where = f"FROM {from_sql} WHERE {selection.where}"
    # With the LIMIT, the inner query stays one of its own, in which SQLite leaves out the LEFT
    # JOINs that no condition needs; merged into the count they would all be done, ten times slower.
    count = f"SELECT count(*) FROM (SELECT 1 {where} LIMIT -1)"
    keys = f"SELECT {selection.key} {where} ORDER BY {selection.order} LIMIT ? OFFSET ?"
    return (
        f"SELECT {select_sql}, ({count}) AS {TOTAL} FROM {from_sql} "
        f"WHERE {selection.key} IN ({keys}) ORDER BY {selection.order}"
    )


def links(
    base: str, items: Iterable[tuple[str, str]], page: int, page_size: int, count: int
) -> tuple[str | None, str | None]:
    """The links to the next and the previous page, None where there is none.

    ``base`` is the URL without its query, ``items`` the decoded query. As in CVAT the parameters
    are sorted by name, a repeated one keeps its order, and the first page has no number.
    """
    others = [(name, value) for name, value in items if name != "page"]

    def link(number: int) -> str:
        numbered = [*others, ("page", str(number))] if number > 1 else others
        query = urlencode(sorted(numbered, key=lambda item: item[0]))
        return f"{base}?{query}" if query else base

    following = link(page + 1) if page * page_size < count else None
    previous = link(page - 1) if page > 1 else None
    return following, previous
