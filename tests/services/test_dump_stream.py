"""Reading the objects of a dump one by one."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvat_lite.services.cvat_dump import stream
from cvat_lite.services.cvat_dump.errors import DumpError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab\\"', max_size=3), inner)
    ),
    max_leaves=8,
)


def read(path: Path) -> list[dict]:
    return list(stream.objects(path))


@given(
    found=st.lists(st.dictionaries(st.sampled_from("abc"), JSON), max_size=5),
    indent=st.sampled_from([None, 0, 2]),
    plain=st.booleans(),
    block=st.integers(1, 40),
)
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_json_reads_at_once_is_read_object_by_object_wherever_blocks_end(
    tmp_path, monkeypatch, found, indent, plain, block
):
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(found, indent=indent, ensure_ascii=plain), encoding="utf-8")
    monkeypatch.setattr(stream, "BLOCK", block)
    assert read(path) == found


def test_an_object_may_be_larger_than_a_block(tmp_path):
    path = tmp_path / "dump.json"
    found = [{"text": "x" * 5_000_000}, {"text": "y"}]
    path.write_text(json.dumps(found))
    assert read(path) == found


def test_a_mark_of_the_byte_order_is_no_part_of_the_dump(tmp_path):
    path = tmp_path / "dump.json"
    path.write_bytes(b"\xef\xbb\xbf[{}]")
    assert read(path) == [{}]


def test_memory_does_not_grow_with_the_dump(tmp_path):
    path = tmp_path / "dump.json"
    item = json.dumps({"model": "engine.labeledshape", "fields": {"points": "1.0, 2.0, " * 400}})
    with path.open("w") as file:
        file.write("[" + f"{item},\n" * 6000 + "{}]")
    tracemalloc.start()
    try:
        count = sum(1 for _ in stream.objects(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 6001
    assert path.stat().st_size > 20_000_000 > 2 * peak


def test_who_counts_is_told_how_much_has_been_read(tmp_path):
    path = tmp_path / "dump.json"
    path.write_text(json.dumps([{"text": "x" * 1000}] * 3000))
    told: list[int] = []
    for _ in stream.objects(path, told.append):
        pass
    assert told == sorted(told)
    assert told[-1] == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "'[' was expected and not its end"),
        (b"{}", "'[' was expected and not '{'"),
        (b"[", "object 1: Expecting value"),
        (b'[{"a": 1}', "',' was expected and not its end"),
        (b'[{"a": 1}, ', "object 2: Expecting value"),
        (b'[{"a": 1},]', "object 2: Expecting value"),
        (b'[{"a": 1} {"a": 2}]', "',' was expected and not '{'"),
        (b'[{"a": 1}] []', "something behind the end"),
        (b'[{"a": "1', "object 1: Unterminated string"),
        (b'[{"a": NaN}]', "object 1: NaN is not JSON"),
        (b"[1]", "value 1 is no object"),
        (b'[{"a": "\xff"}]', "it is not UTF-8"),
        (b"[" + b"[" * 100_000, "object 1: "),
    ],
)
def test_a_broken_dump_is_refused_with_the_place(tmp_path, content, why):
    path = tmp_path / "dump.json"
    path.write_bytes(content)
    with pytest.raises(DumpError) as error:
        read(path)
    assert str(error.value).startswith("The dump dump.json is broken at character ")
    assert why in str(error.value)


def test_a_fault_in_the_middle_is_found_without_reading_on_to_the_end(tmp_path):
    path = tmp_path / "dump.json"
    path.write_bytes(b'[{"a": 1}, {"a": oh}' + b" " * 8_000_000 + b"]")
    told: list[int] = []
    with pytest.raises(DumpError, match="object 2: Expecting value"):
        list(stream.objects(path, told.append))
    assert told == [stream.BLOCK]
