"""From a request for a list (filter, search, sort, page) to SQL with bound parameters.

Names of a collection's fields and the SQL behind them are constants of the store modules; what
comes with a request is only ever a bound parameter.
"""

from __future__ import annotations

from cvat_lite.store.filters.collection import Collection, Field, Kind, ListQuery, Selection
from cvat_lite.store.filters.page import fetch_page, links
from cvat_lite.store.filters.selecting import select

__all__ = [
    "Collection",
    "Field",
    "Kind",
    "ListQuery",
    "Selection",
    "fetch_page",
    "links",
    "select",
]
