"""The annotations of the reference dump, loaded row by row, read as the reference answered."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.domain.segments import JobSpan
from cvat_lite.store import annotations as stored
from cvat_lite.store.database import Connection, Database, connect
from tests.store.annotation_world import add_labels, add_task

SHARED = Path(__file__).parents[3] / "shared"
DUMP = SHARED / "cvat_dump" / "data.json"
READS = SHARED / "golden" / "conversations" / "reads.json"

pytestmark = pytest.mark.skipif(not READS.exists(), reason="the recordings are not here")

Tables = dict[str, dict[int, dict[str, Any]]]


def dumped() -> Tables:
    tables: Tables = defaultdict(dict)
    for row in json.loads(DUMP.read_text()):
        tables[row["model"].partition(".")[2]][row["pk"]] = row["fields"]
    return tables


def labels_of(tables: Tables) -> dict[int, Label]:
    specs: dict[int, list[AttributeSpec]] = defaultdict(list)
    for number, spec in tables["attributespec"].items():
        specs[spec["label"]].append(
            AttributeSpec(
                number,
                spec["name"],
                spec["mutable"],
                InputType(spec["input_type"]),
                spec["default_value"],
                tuple(spec["values"].split("\n")),
            )
        )
    rows = tables["label"]

    def label(number: int) -> Label:
        row = rows[number]
        children = tuple(label(n) for n, child in rows.items() if child["parent"] == number)
        return Label(
            number,
            row["name"],
            type=LabelType(row["type"]),
            attributes=tuple(specs[number]),
            sublabels=children,
            parent_id=row["parent"],
        )

    return {number: label(number) for number, row in rows.items() if row["parent"] is None}


def given(tables: Tables, model: str, owner: str) -> dict[int, list[AttributeValue]]:
    values: dict[int, list[AttributeValue]] = defaultdict(list)
    for row in tables[model].values():
        values[row[owner]].append(AttributeValue(row["spec"], row["value"]))
    return values


def points(text: str) -> str:
    numbers = [float(number) for number in text.strip("[]").split(",") if number.strip()]
    return json.dumps(numbers, separators=(",", ":"))


async def load_structure(db: Connection, tables: Tables, labels: dict[int, Label]) -> None:
    for number, task in tables["task"].items():
        await add_task(db, number, [])
        mine = [
            label
            for label_id, label in labels.items()
            if tables["label"][label_id]["task"] == number
            or (
                tables["label"][label_id]["project"] is not None
                and tables["label"][label_id]["project"] == task["project"]
            )
        ]
        fresh = []
        for label in mine:
            found = await db.execute_fetchall("SELECT 1 FROM labels WHERE id = ?", (label.id,))
            fresh += [] if found else [label]
        await add_labels(db, number, fresh)
    for number, segment in tables["segment"].items():
        await db.execute(
            "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, '')",
            (
                number,
                segment["task"],
                segment["start_frame"],
                segment["stop_frame"],
                segment["type"],
                json.dumps([int(n) for n in segment["frames"].strip("[]").split(",") if n]),
            ),
        )
    for number, job in tables["job"].items():
        await db.execute(
            "INSERT INTO jobs (id, segment_id, type, created_date, updated_date)"
            " VALUES (?, ?, ?, '', '')",
            (number, job["segment"], job["type"]),
        )


async def load_annotations(db: Connection, tables: Tables, rules: LabelRules) -> None:
    by_id = rules.by_id
    values = given(tables, "labeledimageattributeval", "image")
    for number, tag in tables["labeledimage"].items():
        await db.execute(
            "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                tag["job"],
                tag["label"],
                tag["frame"],
                tag["group"] or 0,
                tag["source"],
                by_id[tag["label"]].every.filled(values[number]),
            ),
        )
    values = given(tables, "labeledshapeattributeval", "shape")
    for number, shape in sorted(tables["labeledshape"].items()):
        await db.execute(
            f"INSERT INTO shapes VALUES ({', '.join('?' * 15)})",
            (
                number,
                shape["job"],
                shape["parent"],
                shape["label"],
                shape["type"],
                shape["frame"],
                shape["group"] or 0,
                shape["source"],
                repr(float(shape["score"])),
                int(shape["occluded"]),
                int(shape["outside"]),
                shape["z_order"],
                repr(float(shape["rotation"])),
                points(shape["points"]),
                by_id[shape["label"]].every.filled(values[number]),
            ),
        )
    values = given(tables, "labeledtrackattributeval", "track")
    for number, track in sorted(tables["labeledtrack"].items()):
        await db.execute(
            "INSERT INTO tracks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                track["job"],
                track["parent"],
                track["label"],
                track["frame"],
                track["group"] or 0,
                track["source"],
                by_id[track["label"]].immutable.filled(values[number]),
            ),
        )
    values = given(tables, "trackedshapeattributeval", "shape")
    for number, shape in tables["trackedshape"].items():
        label = tables["labeledtrack"][shape["track"]]["label"]
        await db.execute(
            f"INSERT INTO tracked_shapes VALUES ({', '.join('?' * 10)})",
            (
                number,
                shape["track"],
                shape["type"],
                shape["frame"],
                int(shape["occluded"]),
                int(shape["outside"]),
                shape["z_order"],
                repr(float(shape["rotation"])),
                points(shape["points"]),
                by_id[label].mutable.filled(values[number]),
            ),
        )
    values = given(tables, "labeledintervalattributeval", "interval")
    for number, interval in tables["labeledinterval"].items():
        await db.execute(
            "INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                interval["job"],
                interval["label"],
                interval["start"],
                interval["stop"],
                interval["group"] or 0,
                interval["source"],
                repr(float(interval["score"])),
                by_id[interval["label"]].every.filled(values[number]),
            ),
        )


@pytest.fixture
async def dump(tmp_path: Path) -> Path:
    """A store with all tasks, jobs, labels and annotations of the dump."""
    database = await Database.open(tmp_path / "store.db", readers=1)
    tables = dumped()
    labels = labels_of(tables)
    async with database.writing() as db:
        await load_structure(db, tables, labels)
        await load_annotations(db, tables, LabelRules(labels.values()))
    await database.close()
    return database.path


def recorded() -> list[tuple[str, int, dict[str, Any]]]:
    """The recorded answers: of what, its id, and the body."""
    if not READS.exists():
        return []
    conversations = json.loads(READS.read_text())["conversations"]
    answers = []
    for conversation in conversations:
        for step in conversation["steps"]:
            _, _, kind, number, *rest = [*step["path"].split("/"), "", "", ""][:6]
            if rest[:1] == ["annotations"] and step["expect"]["status"] == 200:
                answers.append((kind, int(number), step["expect"]["json"]))
    return answers


def in_determinate_order(body: dict[str, Any]) -> dict[str, Any]:
    """The body with items of one frame in the order of their ids, which the reference left open."""

    def key(item: dict[str, Any]) -> tuple[int, int]:
        return item.get("frame", item.get("start", 0)), item["id"]

    return {
        name: sorted(map(with_elements_in_order, value), key=key)
        if isinstance(value, list)
        else value
        for name, value in body.items()
    }


def with_elements_in_order(item: dict[str, Any]) -> dict[str, Any]:
    if "elements" in item:
        return {**item, "elements": sorted(item["elements"], key=lambda one: one["id"])}
    return item


async def test_every_job_and_task_of_the_dump_is_answered_as_recorded(dump: Path) -> None:
    answers = recorded()
    assert len(answers) > 60
    with connect(dump, read_only=True) as connection:
        for kind, number, body in answers:
            of = stored.of_task_plainly if kind == "tasks" else stored.of_job_plainly
            text = stored.read_json(connection, of(connection, number))
            got = json.loads(text)
            assert got == in_determinate_order(body), (kind, number)
            assert list(got) == list(body)
            frames = [shape["frame"] for shape in got["shapes"]]
            assert frames == [shape["frame"] for shape in body["shapes"]], (kind, number)


async def test_the_answer_has_the_bytes_that_were_recorded(dump: Path) -> None:
    compared = 0
    with connect(dump, read_only=True) as connection:
        for kind, number, body in recorded():
            if kind == "jobs" and body == in_determinate_order(body):
                span = JobSpan(number, 0, 0)
                expected = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
                assert stored.read_json(connection, [span]).decode() == expected, number
                compared += 1
    assert compared > 30
