"""The recorded requests for CVAT's list of tasks, answered from a table of the same tasks."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import aiosqlite
import pytest

from cvat_lite.errors import ApiError
from cvat_lite.store.filters import (
    Collection,
    Field,
    Kind,
    ListQuery,
    fetch_page,
    links,
    select,
)

RECORDING = json.loads(
    (Path(__file__).parent.parent / "data" / "task_list_recording.json").read_text("utf-8")
)
BASE = "http://127.0.0.1:8188/api/tasks"
KINDS = {
    "id": Kind.INTEGER,
    "project_id": Kind.INTEGER,
    "created_date": Kind.DATE,
    "updated_date": Kind.DATE,
}
NAMES = tuple(RECORDING["tasks"][0])
FIELDS = {name: Field(f"t.{name}", KINDS.get(name, Kind.TEXT)) for name in NAMES} | {
    "project_name": Field("p.name"),
    "dimension": Field("t.dimension", choices=("1d", "2d", "3d")),
}
TASKS = Collection(
    fields=FIELDS,
    filter=NAMES,
    search=("name", "owner", "assignee", "project_name", "subset", "tracker_link"),
    ordering=NAMES,
    simple=tuple(name for name in NAMES if name not in ("id", "created_date", "updated_date")),
)
FROM = "tasks AS t LEFT JOIN projects AS p ON p.id = t.project_id"


@pytest.fixture
async def db():
    async with aiosqlite.connect(":memory:") as connection:
        connection.row_factory = sqlite3.Row
        columns = [name for name in NAMES if name != "project_name"]
        await connection.execute(f"CREATE TABLE tasks ({', '.join(columns)}, PRIMARY KEY (id))")
        await connection.execute("CREATE TABLE projects (id INTEGER PRIMARY KEY, name TEXT)")
        await connection.executemany(
            f"INSERT INTO tasks VALUES ({', '.join(f':{name}' for name in columns)})",
            RECORDING["tasks"],
        )
        await connection.executemany(
            "INSERT OR IGNORE INTO projects VALUES (:project_id, :project_name)",
            [task for task in RECORDING["tasks"] if task["project_id"]],
        )
        yield connection


async def answer(db, parameters):
    query = ListQuery.of(parameters)
    try:
        selection = select(TASKS, query)
        count, rows = await fetch_page(db, "t.id", FROM, selection)
    except ApiError as error:
        return error.status, error.body
    following, previous = links(
        BASE, parameters.items(), selection.page, selection.page_size, count
    )
    return 200, {
        "count": count,
        "next": following,
        "previous": previous,
        "ids": [row["id"] for row in rows],
    }


@pytest.mark.parametrize("step", RECORDING["steps"], ids=lambda step: json.dumps(step["query"]))
async def test_a_recorded_request_gets_the_recorded_answer(db, step):
    assert await answer(db, step["query"]) == (step["status"], step["answer"])
