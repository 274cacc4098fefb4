"""The document says what the formats do."""

from __future__ import annotations

from tests.formats.table import DOCUMENT, END, START, table


def test_the_table_of_formats_is_what_round_trips_give() -> None:
    text = DOCUMENT.read_text()
    assert text.partition(START)[2].partition(END)[0].strip() == table().strip()
