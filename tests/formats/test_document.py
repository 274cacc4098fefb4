"""The document says what the formats do."""

from __future__ import annotations

from tests.formats import table_spaces
from tests.formats.table import DOCUMENT, END, START, table


def test_the_table_of_formats_is_what_round_trips_give() -> None:
    text = DOCUMENT.read_text()
    assert text.partition(START)[2].partition(END)[0].strip() == table().strip()


def test_the_tables_of_point_clouds_and_sounds_are_what_round_trips_give() -> None:
    _, found, rest = DOCUMENT.read_text().partition(table_spaces.START)
    assert found
    assert rest.partition(table_spaces.END)[0].strip() == table_spaces.table().strip()
