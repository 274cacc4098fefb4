"""Annotations written to a real store and read back: the life of a job's and a task's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.enums import InputType
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import AttributeSpec
from cvat_lite.domain.merging import split
from cvat_lite.domain.payload import decode, encode
from cvat_lite.domain.segments import JobSpan
from cvat_lite.store import annotations as stored
from cvat_lite.store.annotations import reading
from cvat_lite.store.annotations.rows import Ids, shape_rows
from cvat_lite.store.annotations.writing import _INSERT_SHAPES
from cvat_lite.store.database import Database, connect, prepare
from tests.store.annotation_world import LABELS, RULES, add_labels, add_task

FIRST, SECOND = JobSpan(66, 0, 4), JobSpan(67, 5, 9)
BOX = {
    "type": "rectangle",
    "label_id": 94,
    "frame": 1,
    "points": [1.5, 2, 30, 40.25],
    "rotation": 12.5,
    "occluded": True,
    "z_order": 3,
    "group": 2,
    "attributes": [{"spec_id": 21, "value": "bmw"}, {"spec_id": 22, "value": "true"}],
}
POLYGON = {"type": "polygon", "label_id": 95, "frame": 2, "points": [1, 1, 20, 1, 20, 30]}
SKELETON = {
    "type": "skeleton",
    "label_id": 96,
    "frame": 4,
    "points": [],
    "elements": [
        {"type": "points", "label_id": 97, "frame": 4, "points": [10, 10]},
        {"type": "points", "label_id": 98, "frame": 4, "points": [50, 60], "outside": True},
    ],
}
TAG = {"label_id": 95, "frame": 2}
TRACK = {
    "label_id": 94,
    "frame": 0,
    "attributes": [{"spec_id": 21, "value": "audi"}],
    "shapes": [
        {
            "type": "rectangle",
            "frame": 0,
            "points": [0, 0, 10, 10],
            "attributes": [{"spec_id": 22, "value": "true"}],
        },
        {"type": "rectangle", "frame": 3, "points": [30, 30, 40, 40], "occluded": True},
        {"type": "rectangle", "frame": 4, "points": [30, 30, 40, 40], "outside": True},
    ],
}
INTERVAL = {"label_id": 95, "start": 100, "stop": None}


def payload(**lists: Any) -> LabeledData:
    data = decode(json.dumps(lists).encode())
    RULES.check(data)
    return data


def everything() -> LabeledData:
    return payload(
        tags=[TAG], shapes=[BOX, POLYGON, SKELETON], tracks=[TRACK], intervals=[INTERVAL]
    )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A store with a task of two jobs (frames 0 to 4 and 5 to 9) and labels."""
    database = await Database.open(tmp_path / "store.db", readers=1)
    async with database.writing() as db:
        await add_task(db, 37, [FIRST, SECOND])
        await add_labels(db, 37)
    yield database
    with connect(database.path) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    await database.close()


async def replace(database: Database, data: LabeledData, job: JobSpan = FIRST) -> LabeledData:
    async with database.writing() as db:
        await stored.replace(db, job.job_id, data, RULES)
    return data


async def answer(database: Database, *spans: JobSpan) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(await stored.answer(database.path, spans or [FIRST]))
    return body


def ids(items: list[dict[str, Any]]) -> list[int]:
    return [item["id"] for item in items]


async def test_an_empty_job_answers_with_empty_lists(database: Database) -> None:
    assert await stored.answer(database.path, [FIRST]) == (
        b'{"version":0,"tags":[],"shapes":[],"tracks":[],"intervals":[]}'
    )


async def test_what_is_put_is_answered_with_all_attributes_of_its_labels(
    database: Database,
) -> None:
    await replace(database, everything())
    body = await answer(database)
    defaults = {"group": 0, "source": "manual", "attributes": []}
    assert body["tags"] == [{"id": 1, **defaults, **TAG}]
    assert body["intervals"] == [{"id": 1, **defaults, **INTERVAL, "score": 1.0}]
    box, polygon, skeleton = body["shapes"]
    assert box == {
        **BOX,
        "id": 1,
        "source": "manual",
        "score": 1.0,
        "outside": False,
        "elements": [],
        "attributes": [
            {"spec_id": 21, "value": "bmw"},
            {"spec_id": 22, "value": "true"},
            {"spec_id": 23, "value": "1"},
            {"spec_id": 24, "value": ""},
        ],
    }
    assert polygon["points"] == POLYGON["points"]
    assert (skeleton["id"], ids(skeleton["elements"])) == (3, [4, 5])
    assert [element["outside"] for element in skeleton["elements"]] == [False, True]
    assert all("elements" not in element for element in skeleton["elements"])


async def test_a_tracks_attributes_are_parted_by_their_mutability(database: Database) -> None:
    await replace(database, everything())
    track = (await answer(database))["tracks"][0]
    assert track["attributes"] == [
        {"spec_id": 21, "value": "audi"},
        {"spec_id": 24, "value": ""},
    ]
    assert [shape["attributes"] for shape in track["shapes"]] == [
        [{"spec_id": 22, "value": "true"}, {"spec_id": 23, "value": "1"}],
        [{"spec_id": 22, "value": "false"}, {"spec_id": 23, "value": "1"}],
        [{"spec_id": 22, "value": "false"}, {"spec_id": 23, "value": "1"}],
    ]


async def test_the_echo_has_the_ids_and_only_the_attributes_that_were_sent(
    database: Database,
) -> None:
    echo = json.loads(encode(await replace(database, everything())))
    assert ids(echo["shapes"]) == [1, 2, 3]
    assert echo["shapes"][0]["attributes"] == BOX["attributes"]
    assert ids(echo["tracks"]) == [1]
    assert ids(echo["tracks"][0]["shapes"]) == [1, 2, 3]


async def test_what_was_answered_can_be_put_again_and_is_the_same(database: Database) -> None:
    await replace(database, everything())
    body = await answer(database)
    await replace(database, decode(json.dumps(body).encode()))
    again = await answer(database)
    text = json.dumps(again)
    assert ids(again["shapes"]) == [6, 7, 8]

    def without_ids(value: Any) -> Any:
        if isinstance(value, list):
            return [without_ids(item) for item in value]
        if isinstance(value, dict):
            return {name: without_ids(item) for name, item in value.items() if name != "id"}
        return value

    assert without_ids(json.loads(text)) == without_ids(body)


async def test_a_replaced_annotation_never_gives_its_id_to_another(database: Database) -> None:
    await replace(database, everything())
    await replace(database, LabeledData())
    data = await replace(database, everything())
    assert [shape.id for shape in data.shapes] == [6, 7, 8]
    assert data.tags[0].id == 2


async def test_creating_adds_to_what_is_there_under_new_ids(database: Database) -> None:
    await replace(database, everything())
    added = payload(shapes=[{**POLYGON, "id": 1}])
    async with database.writing() as db:
        await stored.create(db, FIRST.job_id, added, RULES)
    assert added.shapes[0].id == 6
    assert ids((await answer(database))["shapes"]) == [1, 2, 6, 3]


async def test_an_update_keeps_the_id_and_replaces_the_rest(database: Database) -> None:
    await replace(database, everything())
    changed = payload(
        shapes=[{**POLYGON, "id": 1, "frame": 3}, {**SKELETON, "id": 3}],
        tracks=[{**TRACK, "id": 1, "shapes": [{**TRACK["shapes"][0], "id": 2}]}],
    )
    async with database.writing() as db:
        await stored.update(db, FIRST.job_id, changed, RULES)
    assert [shape.id for shape in changed.shapes] == [1, 3]
    assert changed.tracks[0].shapes[0].id == 2
    body = await answer(database)
    assert ids(body["shapes"]) == [2, 1, 3]
    assert body["shapes"][1]["type"] == "polygon"
    assert ids(body["shapes"][2]["elements"]) == [6, 7]
    assert len(body["tracks"][0]["shapes"]) == 1


async def test_an_element_that_brings_its_id_to_an_update_keeps_it(database: Database) -> None:
    await replace(database, everything())
    elements = [{**element, "id": 5 - place} for place, element in enumerate(SKELETON["elements"])]
    changed = payload(shapes=[{**SKELETON, "id": 3, "elements": elements}])
    async with database.writing() as db:
        await stored.update(db, FIRST.job_id, changed, RULES)
    assert [element.id for element in changed.shapes[0].elements] == [5, 4]


async def test_an_update_of_another_jobs_annotation_leaves_that_alone(database: Database) -> None:
    await replace(database, payload(shapes=[BOX]))
    foreign = payload(shapes=[{**POLYGON, "id": 1}, {**POLYGON, "id": 999}])
    async with database.writing() as db:
        await stored.update(db, SECOND.job_id, foreign, RULES)
    assert [shape.id for shape in foreign.shapes] == [2, 3]
    assert (await answer(database))["shapes"][0]["type"] == "rectangle"


async def test_an_id_sent_twice_is_given_once(database: Database) -> None:
    await replace(database, payload(shapes=[BOX]))
    twice = payload(shapes=[{**BOX, "id": 1}, {**BOX, "id": 1}])
    async with database.writing() as db:
        await stored.update(db, FIRST.job_id, twice, RULES)
    assert [shape.id for shape in twice.shapes] == [1, 2]


async def test_deleting_removes_by_id_and_ignores_what_is_not_of_the_job(
    database: Database,
) -> None:
    await replace(database, everything())
    await replace(database, payload(shapes=[BOX]), SECOND)
    gone = payload(
        tags=[{**TAG, "id": 1}],
        shapes=[{**POLYGON, "id": number} for number in (3, 6, 999)],
        tracks=[{**TRACK, "id": 1}],
        intervals=[{**INTERVAL, "id": 1}],
    )
    async with database.writing() as db:
        await stored.delete(db, FIRST.job_id, gone)
    body = await answer(database)
    assert ids(body["shapes"]) == [1, 2]
    assert (body["tags"], body["tracks"], body["intervals"]) == ([], [], [])
    assert ids((await answer(database, SECOND))["shapes"]) == [6]
    with connect(database.path) as connection:
        rows = connection.execute("SELECT count(*) FROM tracked_shapes").fetchone()
    assert rows[0] == 0


async def test_an_element_is_not_deleted_without_its_skeleton(database: Database) -> None:
    await replace(database, everything())
    async with database.writing() as db:
        await stored.delete(db, FIRST.job_id, payload(shapes=[{**POLYGON, "id": 4}]))
    assert len((await answer(database))["shapes"][2]["elements"]) == 2


async def test_counts_take_a_skeleton_for_one(database: Database) -> None:
    await replace(database, everything())
    await replace(database, payload(shapes=[BOX]), SECOND)
    with connect(database.path, read_only=True) as connection:
        assert stored.count(connection, [66, 67]) == {
            "tags": 1,
            "shapes": 4,
            "tracks": 1,
            "intervals": 1,
        }


async def test_clearing_jobs_leaves_the_others(database: Database) -> None:
    await replace(database, everything())
    await replace(database, payload(shapes=[BOX]), SECOND)
    async with database.writing() as db:
        await stored.delete_all(db, [FIRST.job_id])
    assert (await answer(database))["shapes"] == []
    assert len((await answer(database, SECOND))["shapes"]) == 1


async def test_annotations_go_with_their_label_and_with_their_job(database: Database) -> None:
    await replace(database, everything())
    async with database.writing() as db:
        await db.execute("DELETE FROM labels WHERE id = 96")
        await db.execute("DELETE FROM labels WHERE id = 95")
    body = await answer(database)
    assert [shape["label_id"] for shape in body["shapes"]] == [94]
    assert (body["tags"], body["intervals"]) == ([], [])
    async with database.writing() as db:
        await db.execute("DELETE FROM jobs WHERE id = 66")
    with connect(database.path) as connection:
        for table in ("tags", "shapes", "tracks", "tracked_shapes", "intervals"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


@pytest.mark.parametrize("mutable", [True, False])
async def test_a_new_attribute_comes_to_what_is_annotated_and_goes_again(
    database: Database, mutable: bool
) -> None:
    await replace(database, everything())
    before = await answer(database)
    spec = AttributeSpec(25, "new", mutable, InputType.TEXT, 'a "b"', ())
    async with database.writing() as db:
        for label in LABELS:
            await stored.add_default(db, label.id, spec)
    body = await answer(database)
    value = {"spec_id": 25, "value": 'a "b"'}
    assert all(shape["attributes"][-1] == value for shape in body["shapes"])
    assert body["shapes"][1]["attributes"] == [value]
    assert body["tags"][0]["attributes"] == [value]
    track = body["tracks"][0]
    assert (value in track["attributes"]) is not mutable
    assert all((value in shape["attributes"]) is mutable for shape in track["shapes"])
    async with database.writing() as db:
        for label in LABELS:
            await stored.remove_spec(db, label.id, 25)
    assert await answer(database) == before


async def test_pages_are_put_together_in_the_order_of_frames_and_ids(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    shapes = [{**POLYGON, "frame": frame} for frame in (4, 0, 0, 3, 0, 0, 0, 1, 4)]
    await replace(database, payload(shapes=[*shapes, SKELETON]))
    body = await answer(database)
    assert [(shape["frame"], shape["id"]) for shape in body["shapes"]] == [
        (0, 2),
        (0, 3),
        (0, 5),
        (0, 6),
        (0, 7),
        (1, 8),
        (3, 4),
        (4, 1),
        (4, 9),
        (4, 10),
    ]
    with connect(database.path, read_only=True) as connection:
        streamed = list(stored.shapes(connection, [FIRST]))
    assert [shape.id for shape in streamed] == ids(body["shapes"])


async def test_streams_give_the_same_as_the_answer(database: Database) -> None:
    await replace(database, everything())
    body = msgspec.convert(await answer(database), LabeledData)
    with connect(database.path, read_only=True) as connection:
        assert list(stored.tags(connection, [FIRST])) == body.tags
        assert list(stored.shapes(connection, [FIRST])) == body.shapes
        assert list(stored.tracks(connection, [FIRST])) == body.tracks
        assert list(stored.intervals(connection, [FIRST])) == body.intervals
        assert stored.read(connection, [FIRST]) == body


async def test_text_with_quotes_and_other_signs_comes_back_as_it_went(database: Database) -> None:
    value = 'a"b\\c\u00e9\u2028\U0001f600\n%d%s'
    given = [{"spec_id": 24, "value": value}]
    await replace(database, payload(shapes=[{**BOX, "source": value, "attributes": given}]))
    shape = (await answer(database))["shapes"][0]
    assert shape["source"] == value
    assert {"spec_id": 24, "value": value} in shape["attributes"]


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=4, max_size=4), st.floats(0, 360), st.floats(0, 1))
def test_no_number_loses_a_bit_in_the_store(tmp_path_factory, points, rotation, score) -> None:
    path = tmp_path_factory.getbasetemp() / "bits.db"
    if not path.exists():
        prepared(path)
    data = payload(shapes=[{**BOX, "points": points, "rotation": rotation, "score": score}])
    with connect(path) as connection:
        connection.execute("DELETE FROM shapes")
        connection.executemany(_INSERT_SHAPES, shape_rows(1, data.shapes, RULES, Ids(1)))
        shape = next(stored.shapes(connection, [JobSpan(1, 0, 9)]))
    assert (shape.points, shape.rotation, shape.score) == (points, rotation, score)


def prepared(path: Path) -> None:
    """A store with one job, made without an event loop."""
    prepare(path)
    with connect(path) as connection:
        connection.executescript(
            "INSERT INTO tasks (id, name, created_date, updated_date) VALUES (1, '', '', '');"
            "INSERT INTO segments VALUES (1, 1, 0, 9, 'range', '[]', '');"
            "INSERT INTO jobs (id, segment_id, created_date, updated_date) VALUES (1, 1, '', '');"
            "INSERT INTO labels (id, task_id, name) VALUES (94, 1, 'car');"
        )


async def test_a_tasks_annotations_are_its_jobs_with_tracks_ended_at_the_borders(
    database: Database,
) -> None:
    going_on = {**TRACK, "shapes": TRACK["shapes"][:2]}
    await replace(database, payload(shapes=[BOX], tracks=[going_on, TRACK]))
    later = {**POLYGON, "frame": 7}
    start = {**TRACK["shapes"][0], "frame": 6}
    await replace(
        database,
        payload(shapes=[later], tracks=[{**TRACK, "frame": 6, "shapes": [start]}]),
        SECOND,
    )
    async with database.reading() as db:
        spans = await stored.of_task(db, 37)
    assert spans == [FIRST, SECOND]
    body = await answer(database, *spans)
    assert ids(body["shapes"]) == [1, 2]
    ends = [
        (track["shapes"][-1]["frame"], track["shapes"][-1]["outside"]) for track in body["tracks"]
    ]
    assert ends == [(5, True), (4, True), (6, False)]
    closing = body["tracks"][0]["shapes"][-1]
    assert closing == {**body["tracks"][0]["shapes"][-2], "frame": 5, "outside": True}
    assert (await answer(database))["tracks"][0]["shapes"][-1]["frame"] == 3


async def test_replicas_and_ground_truth_over_other_jobs_are_not_the_tasks(
    database: Database,
) -> None:
    truth, pool = JobSpan(68, 0, 9, frozenset({1, 7})), JobSpan(69, 10, 12, frozenset({10, 12}))
    async with database.writing() as db:
        await add_task(db, 37, [truth, pool], kind="ground_truth", with_task=False)
        await add_task(db, 37, [JobSpan(70, 0, 4)], kind="consensus_replica", with_task=False)
        assert await stored.of_task(db, 37) == [FIRST, SECOND, pool]
        assert await stored.of_job(db, 68) == [truth]
        assert await stored.of_job(db, 1) == []


SHARING = [JobSpan(1, 0, 4), JobSpan(2, 3, 7)]


@pytest.fixture
async def sharing(tmp_path: Path) -> AsyncIterator[Database]:
    """A store with a task whose two jobs share the frames 3 and 4, and annotations on them."""
    database = await Database.open(tmp_path / "sharing.db", readers=1)
    data = payload(
        tags=[{**TAG, "frame": 3}],
        shapes=[{**BOX, "frame": frame} for frame in range(8)] + [SKELETON],
        tracks=[{**TRACK, "shapes": TRACK["shapes"][:2]}],
    )
    async with database.writing() as db:
        await add_task(db, 1, SHARING)
        await add_labels(db, 1)
        for span, part in zip(SHARING, split(data, SHARING), strict=True):
            await stored.create(db, span.job_id, part, RULES)
    yield database
    await database.close()


async def test_copies_in_jobs_that_share_frames_are_read_as_one(sharing: Database) -> None:
    body = await answer(sharing, *SHARING)
    assert [shape["frame"] for shape in body["shapes"]] == [0, 1, 2, 3, 4, 4, 5, 6, 7]
    assert len(body["tags"]) == 1
    assert len(body["tracks"]) == 1
    assert not body["tracks"][0]["shapes"][-1]["outside"]
    only_second = await answer(sharing, SHARING[1])
    assert len(only_second["shapes"]) == 6
    assert only_second["tracks"][0]["frame"] == 3
    with connect(sharing.path, read_only=True) as connection:
        assert len(list(stored.shapes(connection, SHARING))) == 9


async def test_deleting_from_a_task_removes_the_copies_too(sharing: Database) -> None:
    body = await answer(sharing, *SHARING)
    doomed = [shape for shape in body["shapes"] if shape["frame"] in (3, 4)]
    data = payload(tags=body["tags"], shapes=doomed, tracks=body["tracks"])
    async with sharing.writing() as db:
        await stored.delete_task(db, SHARING, data)
    left = await answer(sharing, *SHARING)
    assert [shape["frame"] for shape in left["shapes"]] == [0, 1, 2, 5, 6, 7]
    assert (left["tags"], left["tracks"]) == ([], [])


async def test_updating_a_task_changes_the_copies_too_and_keeps_the_id(sharing: Database) -> None:
    before = (await answer(sharing, *SHARING))["shapes"]
    shape = next(shape for shape in before if shape["frame"] == 3)
    changed = payload(shapes=[{**shape, "points": [500, 500, 600, 600]}])
    async with sharing.writing() as db:
        await stored.update_task(db, SHARING, split(changed, SHARING), RULES)
    after = (await answer(sharing, *SHARING))["shapes"]
    assert ids(after) == ids(before)
    assert after[3]["points"] == [500, 500, 600, 600]
    for span in SHARING:
        here = [one for one in (await answer(sharing, span))["shapes"] if one["frame"] == 3]
        assert [one["points"] for one in here] == [[500, 500, 600, 600]]


async def test_updating_a_task_may_move_a_shape_to_another_job(database: Database) -> None:
    await replace(database, payload(shapes=[BOX]))
    moved = payload(shapes=[{**BOX, "id": 1, "frame": 7}])
    spans = [FIRST, SECOND]
    async with database.writing() as db:
        await stored.update_task(db, spans, split(moved, spans), RULES)
    assert (await answer(database))["shapes"] == []
    assert ids((await answer(database, SECOND))["shapes"]) == [1]


async def test_a_rolled_back_save_leaves_everything_as_it_was(database: Database) -> None:
    await replace(database, everything())
    before = await answer(database)
    unknown = LabeledData(shapes=[*everything().shapes])
    unknown.shapes[1].label_id = 12345
    with pytest.raises(KeyError):
        async with database.writing() as db:
            await stored.replace(db, FIRST.job_id, unknown, LabelRules(LABELS))
    assert await answer(database) == before
