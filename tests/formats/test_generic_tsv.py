"""Generic TSV: intervals of sounds as a table, there and back without loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvat_lite.domain.annotations import Interval, LabeledData
from cvat_lite.errors import DatasetError
from tests.formats import spaces
from tests.formats.spaces import SOUND, read, round_trip, talk, written

NAME = "Generic TSV 1.0"
HEAD = "file\tstart\tstop\tlabel\tgroup\tscore"
ATTRIBUTES = "attribute:kind\tattribute:sure\tattribute:age\tattribute:note"


def sorted_by_value(intervals: list[Interval]) -> list[Interval]:
    for one in intervals:
        one.attributes.sort(key=lambda value: value.spec_id)
    return sorted(intervals, key=lambda one: (one.start, repr(one)))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(spaces.intervals(), max_size=5))
def test_intervals_come_back_without_loss(intervals) -> None:
    back = round_trip(NAME, talk(LabeledData(intervals=intervals)), SOUND)
    assert sorted_by_value(back.intervals) == sorted_by_value(intervals)


def test_the_file_is_a_table_that_other_software_reads(tmp_path: Path) -> None:
    intervals = [
        Interval(label_id=2, start=2000, stop=None),
        Interval(label_id=1, start=1, stop=1500, group=2, score=0.25),
    ]
    intervals[1].attributes = spaces.with_attributes()
    intervals[1].attributes[3].value = "a\tb\\"
    written(NAME, talk(LabeledData(intervals=intervals)), tmp_path / "a.tsv")
    assert (tmp_path / "a.tsv").read_text().splitlines() == [
        f"{HEAD}\t{ATTRIBUTES}",
        'a talk.wav\t0.001\t1.500\tcat "Tom" <1>\t2\t0.25\tb & c\ttrue\t7\ta\\tb\\\\',
        "a talk.wav\t2.000\t\ttree house\t0\t1.0\t\t\t\t",
    ]


def test_a_table_of_others_needs_a_label_and_a_start(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(
        b"\xef\xbb\xbfspeaker\tlabel\tstart\tattribute:note\r\n"
        b"Ann\ttree house\t0.5\t\r\n"
        b'\r\nBob\tcat "Tom" <1>\t1.2345\thello'
    )
    first, second = read(NAME, tmp_path / "a.tsv", SOUND).intervals
    assert (first.label_id, first.start, first.stop, first.attributes) == (2, 500, None, [])
    assert (second.label_id, second.start) == (1, 1234)
    assert [(one.spec_id, one.value) for one in second.attributes] == [(4, "hello")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "a.tsv, line 1: the column 'label' is missing"),
        (b"label\tstop\n", "line 1: the column 'start' is missing"),
        (b"label\tstart\tlabel\n", "line 1: a column is there twice"),
        (b"label\tstart\ntree house\n", "line 2: there are not 2 values"),
        (b"label\tstart\nbird\t1\n", "line 2: Label 'bird' is not registered"),
        (b"label\tstart\n\ntree house\tsoon\n", "line 3, start: could not convert"),
        (b"label\tstart\ntree house\tnan\n", "line 2, start: 'nan' is no time"),
        (b"label\tstart\ntree house\t-1\n", "line 2, start: '-1' is no time"),
        (b"label\tstart\ntree house\t5\n", "line 2: it does not start between 0.000 and 5.000"),
        (b"label\tstart\tstop\ntree house\t2\t1\n", "line 2: it stops before it starts"),
        (b"label\tstart\tscore\ntree house\t2\t1.5\n", "line 2, score: '1.5' is not"),
        (b"label\tstart\tgroup\ntree house\t2\t-1\n", "line 2, group: '-1' is no group"),
        (b"label\tstart\tfile\ntree house\t2\tb.wav\n", "line 2: the task's sound is not 'b.wav'"),
        (b'label\tstart\tattribute:kind\ncat "Tom" <1>\t2\tz\n', "line 2: attribute 'kind'"),
        (b"label\tstart\ntree\xff", "line .*: the text is not UTF-8"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(text: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(text)
    with pytest.raises(DatasetError, match=message):
        read(NAME, tmp_path / "a.tsv", SOUND)
