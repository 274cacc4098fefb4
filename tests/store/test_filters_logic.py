"""JSON logic against a real SQLite, beside a plain evaluator of the same rules."""

from __future__ import annotations

import json
import math
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvat_lite.errors import RuleError
from cvat_lite.store.filters import Collection, Field, Kind, ListQuery, select

KINDS = {
    "id": Kind.INTEGER,
    "name": Kind.TEXT,
    "size": Kind.INTEGER,
    "done": Kind.BOOLEAN,
    "date": Kind.DATE,
    "score": Kind.REAL,
}
THINGS = Collection(
    fields={name: Field(f"t.{name}", kind) for name, kind in KINDS.items()}
    | {"secret": Field("1")},
    filter=tuple(KINDS),
    search=("name",),
    ordering=tuple(KINDS),
)
TABLE = """CREATE TABLE things (
    id INTEGER PRIMARY KEY, name TEXT, size INTEGER, done INTEGER, date TEXT, score REAL
) STRICT"""
ROWS = [
    (1, "Straße 50%", 10, 1, "2024-05-06T07:08:09.100000Z", 0.5),
    (2, "ЖУК_один", None, 0, "2024-05-06T07:08:09Z", None),
    (3, "a*b[c]?d", 30, None, None, 1.5),
    (4, None, -5, 1, "2024-05-06T00:00:00Z", 2.0),
    (5, "back\\slash", 2**62, 0, "1999-12-31T23:59:59.999999Z", -1.0),
]


@pytest.fixture(scope="module")
def db():
    connection = sqlite3.connect(":memory:")
    connection.execute(TABLE)
    connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    yield connection
    connection.close()


def found(db, rule):
    text = rule if isinstance(rule, str) else json.dumps(rule)
    selection = select(THINGS, ListQuery(filter=text))
    rows = db.execute(
        f"SELECT t.id FROM things AS t WHERE {selection.where} ORDER BY t.id", selection.parameters
    )
    return [row[0] for row in rows]


def var(name):
    return {"var": name}


@pytest.mark.parametrize(
    ("rule", "ids"),
    [
        ({"==": [var("size"), "10"]}, [1]),
        ({"==": [var("size"), 10.0]}, [1]),
        ({"==": [10, var("size")]}, [1]),
        ({"<": [var("size"), 10**30]}, [1, 3, 4, 5]),
        ({">": [var("size"), -(10**30)]}, [1, 3, 4, 5]),
        ({"<": [0, var("size")]}, [1, 3, 5]),
        ({"<": [-5, var("size"), 30]}, [1]),
        ({"<=": ["-5", var("size"), "30"]}, [1, 3, 4]),
        ({"==": [var("size"), None]}, [2]),
        ({"!": {"==": [var("size"), 10]}}, [2, 3, 4, 5]),
        ({"!": [{">": [var("size"), 0]}]}, [2, 4]),
        ({"!": {"!": {"==": [var("size"), 10]}}}, [1]),
        ({"!!": var("name")}, [1, 2, 3, 5]),
        ({"!": var("name")}, [4]),
        ({"in": [var("size"), [10, "30", None, 10**30]]}, [1, 3]),
        ({"in": [var("size"), []]}, []),
        ({"!": {"in": [var("size"), [10]]}}, [2, 3, 4, 5]),
        ({"==": [var("done"), False]}, [2, 5]),
        ({"==": [var("done"), "true"]}, [1, 4]),
        ({"in": [var("done"), [True]]}, [1, 4]),
        ({"in": [50, var("name")]}, [1]),
        ({"in": ["STRASSE", var("name")]}, []),
        ({"in": ["aße", var("name")]}, [1]),
        ({"in": ["жук", var("name")]}, [2]),
        ({"in": ["Жук_ОДИ", var("name")]}, [2]),
        ({"in": ["B[C]?D", var("name")]}, [3]),
        ({"in": ["*", var("name")]}, [3]),
        ({"in": ["ß*", var("name")]}, []),
        ({"in": ["%", var("name")]}, [1]),
        ({"in": ["_", var("name")]}, [2]),
        ({"in": ["\\", var("name")]}, [5]),
        ({"in": ["", var("name")]}, [1, 2, 3, 5]),
        ({"in": [var("name"), ["a*b[c]?d", "it's \"quoted\" -- ' OR 1=1"]]}, [3]),
        ({"==": [var("name"), "x' OR '1'='1"]}, []),
        ({"==": [var("name"), 5]}, []),
        ({"==": [var("score"), "1.5"]}, [3]),
    ],
)
def test_a_rule_finds_its_rows(db, rule, ids):
    assert found(db, rule) == ids


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-06T07:08:09.100000Z",
        "2024-05-06T07:08:09.1Z",
        "2024-05-06T09:08:09.1+02:00",
        "2024-05-06 07:08:09.100",
        "20240506T070809.1Z",
    ],
)
def test_a_date_is_the_same_however_it_is_written(db, text):
    assert found(db, {"==": [var("date"), text]}) == [1]
    assert found(db, {"<": [var("date"), text]}) == [2, 4, 5]
    assert found(db, {"in": [var("date"), [text]]}) == [1]


def test_a_day_is_its_midnight(db):
    assert found(db, {"==": [var("date"), "2024-05-06"]}) == [4]
    assert found(db, {">": [var("date"), "2024-05-06"]}) == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"==": [{"var": "bad"}, 5]}', "filter: term 'bad' is not supported"),
        ('{"var": "secret"}', "filter: term 'secret' is not supported"),
        ('{"in": [{"var": "bad"}, [5]]}', "filter: term 'bad' is not supported"),
        ("{}", "filter shouldn't be empty"),
        ("[]", "filter shouldn't be empty"),
        ("null", "filter shouldn't be empty"),
        (
            '{"foo": [1, 2]}',
            "filter: operation 'foo' with arguments '[1, 2]' is not supported",
        ),
        (
            "{not json",
            (
                "filter: can't parse filter expression: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
            ),
        ),
        ('{"and": []}', "filter: operation 'and' with arguments '[]' is not supported"),
        ('{"or": {}}', "filter: operation 'or' with arguments '{}' is not supported"),
        ('{"!": 5}', "filter: operation '!' with arguments '5' is not supported"),
        ('{"var": 5}', "filter: operation 'var' with arguments '5' is not supported"),
        (
            '{"in": ["a", "b"]}',
            "filter: operation 'in' with arguments '['a', 'b']' is not supported",
        ),
        ('{"==": 5}', "filter: operation '==' with arguments '5' is not supported"),
        ('{"==": [1, 2]}', "filter: operation '==' with arguments '[1, 2]' is not supported"),
        (
            '{"<": [{"var": "size"}, null]}',
            "filter: operation '<' with arguments '[{'var': 'size'}, None]' is not supported",
        ),
        (
            '{">": [1, {"var": "size"}, 3]}',
            "filter: operation '>' with arguments '[1, {'var': 'size'}, 3]' is not supported",
        ),
        ('{"==": [{"var": "size"}, "x"]}', "filter: term 'size' cannot have the value 'x'"),
        ('{"==": [{"var": "size"}, NaN]}', "filter: term 'size' cannot have the value 'nan'"),
        ('{"==": [{"var": "done"}, 2]}', "filter: term 'done' cannot have the value '2'"),
        ('{"==": [{"var": "date"}, 5]}', "filter: term 'date' cannot have the value '5'"),
        ('{"<": [{"var": "date"}, "soon"]}', "filter: term 'date' cannot have the value 'soon'"),
        ('{"in": [{"var": "size"}, [[1]]]}', "filter: term 'size' cannot have the value '[1]'"),
        (
            '{"==": [{"var": "name"}, "\\ud800"]}',
            "filter: term 'name' cannot have the value '\\ud800'",
        ),
        ('{"\\ud800": []}', "filter: operation '\\ud800' with arguments '[]' is not supported"),
        ("5", "filter: expression '5' is not supported"),
        ('[{"var": "id"}]', "filter: expression '[{'var': 'id'}]' is not supported"),
    ],
)
def test_a_wrong_filter_is_refused(text, message):
    with pytest.raises(RuleError) as refused:
        select(THINGS, ListQuery(filter=text))
    assert refused.value.status == 400
    assert refused.value.body == [message]
    json.dumps(refused.value.body, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"!":' * 200_000 + "1" + "}" * 200_000,
        '{"!":' * 15_000 + '{"var":"id"}' + "}" * 15_000,
        '{"foo":' * 300 + "1" + "}" * 300,
        "[" * 40_000,
        '{"and":[' * 17 + '{"var":"id"}' + "]}" * 17,
        json.dumps({"or": [{"var": "id"}] * 501}),
        json.dumps({"in": ["é" * 1001, {"var": "name"}]}),
        json.dumps({"==": [{"var": "size"}, "9" * 5000]})[:-1],
        '{"==": [{"var": "size"}, ' + "9" * 5000 + "]}",
        json.dumps({"==": [{"var": "date"}, "0001-01-01T00:00:00+14:00"]}),
    ],
    ids=range(10),
)
def test_a_hostile_filter_is_refused_with_a_short_message(text):
    with pytest.raises(RuleError) as refused:
        select(THINGS, ListQuery(filter=text))
    assert len(refused.value.body[0]) < 1500


def test_no_depth_of_nesting_is_an_error_of_its_own():
    for depth in range(17, 1100):
        with pytest.raises(RuleError):
            select(THINGS, ListQuery(filter='{"foo":' * depth + "1" + "}" * depth))


def test_the_largest_filter_is_one_that_sqlite_bears(db):
    rule = {"or": [{"==": [var("size"), number]} for number in range(485)]}
    for operation in ("and", "or") * 6:
        rule = {operation: [{"in": [var("id"), [4]]}, rule]}
    selection = select(THINGS, ListQuery(filter=json.dumps({"!": {"and": [var("id"), rule]}})))
    inner = f"SELECT 1 FROM things AS t WHERE {selection.where} LIMIT -1"
    (row,) = db.execute(f"SELECT (SELECT count(*) FROM ({inner}))", selection.parameters)
    assert row[0] == 4


def test_a_long_list_of_members_is_one_parameter(db):
    rule = {"in": [var("id"), list(range(3, 15_000))]}
    assert len(select(THINGS, ListQuery(filter=json.dumps(rule))).parameters) == 1
    assert found(db, rule) == [3, 4, 5]


# Generated rows and rules.

LETTERS = st.text("aAbBжЖéÉß%_*?[]^-\\'\" ", max_size=4)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 3)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 100_000 * 100_000, tzinfo=UTC)
)
NUMBERS = st.integers(-3, 3)
VALUES = {
    "name": LETTERS,
    "size": NUMBERS,
    "done": st.booleans(),
    "date": MOMENTS,
    "score": NUMBERS.map(lambda number: number / 2),
}
THING = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})


def stored(value):
    if isinstance(value, datetime):
        form = "%Y-%m-%dT%H:%M:%S.%fZ" if value.microsecond else "%Y-%m-%dT%H:%M:%SZ"
        return value.strftime(form)
    return value


def written(draw, value):
    """The value in one of the ways in which a client may write it."""
    if isinstance(value, datetime):
        zone = timezone(timedelta(hours=draw(st.integers(-12, 12))))
        return value.astimezone(zone).isoformat()
    if isinstance(value, bool):
        return draw(st.sampled_from([value, str(value), str(value).lower()]))
    if isinstance(value, int | float) and draw(st.booleans()):
        return str(value)
    return value


@st.composite
def comparisons(draw):
    """A rule as the wire has it, and as a test of a row."""
    name = draw(st.sampled_from(sorted(VALUES)))
    operation = draw(st.sampled_from(["==", "<", "<=", ">", ">=", "between", "in", "var", "null"]))
    one, other = draw(VALUES[name]), draw(VALUES[name])
    wire = written(draw, one)
    match operation:
        case "var":
            return var(name), lambda row: row[name] is not None
        case "null":
            return {"==": [var(name), None]}, lambda row: row[name] is None
        case "in":
            rule = {"in": [var(name), [wire, None, written(draw, other)]]}
            return rule, lambda row: row[name] is not None and row[name] in (one, other)
        case "between":
            rule = {"<=": [wire, var(name), written(draw, other)]}
            return rule, lambda row: row[name] is not None and one <= row[name] <= other
    compare = {
        "==": lambda left, right: left == right,
        "<": lambda left, right: left < right,
        "<=": lambda left, right: left <= right,
        ">": lambda left, right: left > right,
        ">=": lambda left, right: left >= right,
    }[operation]
    if draw(st.booleans()):
        rule = {operation: [wire, var(name)]}
        return rule, lambda row: row[name] is not None and compare(one, row[name])
    rule = {operation: [var(name), wire]}
    return rule, lambda row: row[name] is not None and compare(row[name], one)


@st.composite
def substrings(draw):
    needle = draw(LETTERS)
    return {
        "in": [needle, var("name")]
    }, lambda row: row["name"] is not None and needle.lower() in row["name"].lower()


def negated(inner):
    return st.one_of(
        inner.map(lambda one: ({"!": one[0]}, lambda row: not one[1](row))),
        inner.map(lambda one: ({"!!": one[0]}, one[1])),
    )


def joined(inner):
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        parts.map(
            lambda many: (
                {"and": [one[0] for one in many]},
                lambda row: all(one[1](row) for one in many),
            )
        ),
        parts.map(
            lambda many: (
                {"or": [one[0] for one in many]},
                lambda row: any(one[1](row) for one in many),
            )
        ),
    )


RULES = st.recursive(
    comparisons() | substrings(), lambda inner: negated(inner) | joined(inner), max_leaves=6
)


@settings(max_examples=400, deadline=None)
@given(rows=st.lists(THING, min_size=1, max_size=8), generated=RULES)
def test_sqlite_finds_what_the_rule_says_of_each_row(rows, generated):
    rule, holds = generated
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(TABLE)
        connection.executemany(
            "INSERT INTO things VALUES (:id, :name, :size, :done, :date, :score)",
            [
                {"id": number} | {name: stored(value) for name, value in row.items()}
                for number, row in enumerate(rows)
            ],
        )
        expected = [number for number, row in enumerate(rows) if holds(row)]
        assert found(connection, rule) == expected
    finally:
        connection.close()


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["and", "or", "!", "!!", "==", "<=", "in", "var", "id", "name"]),
                inner,
                max_size=2,
            )
            | st.sampled_from([{"var": name} for name in KINDS])
        ),
        max_leaves=12,
    )
)
def test_any_json_either_selects_or_is_refused(rule):
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(TABLE)
        assert found(connection, rule) == []
    except RuleError as refused:
        assert refused.body[0].startswith("filter")
    finally:
        connection.close()


def test_infinity_is_beyond_every_number(db):
    assert found(db, {"<": [var("score"), math.inf]}) == [1, 3, 4, 5]
    assert found(db, {"in": [var("score"), [math.inf, 0.5]]}) == [1]
