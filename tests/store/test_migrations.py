"""A store of an older version is brought to the newest schema, and keeps its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.store import database
from tests.client import Api

DATE = "2026-01-01T00:00:00.000000Z"
OLD = 5
#: What an older store holds: a table, and one row of it.
ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    (
        "projects",
        {"id": 3, "name": "animals", "created_date": DATE, "updated_date": DATE},
    ),
    (
        "tasks",
        {"id": 5, "name": "cats", "project_id": 3, "created_date": DATE, "updated_date": DATE},
    ),
    (
        "segments",
        {"id": 6, "task_id": 5, "start_frame": 0, "stop_frame": 1, "chunks_updated_date": DATE},
    ),
    ("jobs", {"id": 7, "segment_id": 6, "created_date": DATE, "updated_date": DATE}),
    (
        "issues",
        {
            "id": 8,
            "job_id": 7,
            "frame": 0,
            "position": "[1,2]",
            "created_date": DATE,
            "updated_date": DATE,
        },
    ),
    (
        "webhooks",
        {
            "id": 9,
            "target_url": "http://example.org/hook",
            "type": "project",
            "secret": "s3",
            "events": '["update:task"]',
            "project_id": 3,
            "created_date": DATE,
            "updated_date": DATE,
        },
    ),
    (
        "webhook_deliveries",
        {
            "id": 10,
            "webhook_id": 9,
            "event": "update:task",
            "status_code": 200,
            "attempt": 1,
            "request": '{"event":"update:task"}',
            "response": "ok",
            "created_date": DATE,
            "updated_date": DATE,
        },
    ),
)


def make_old(path: Path) -> None:
    """A store of that older schema, with a row of each kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number, name, sql in database.migrations():
            if number <= OLD:
                database.migrate(connection, number, name, sql)
        connection.execute("PRAGMA foreign_keys = ON")
        for table, values in ROWS:
            places = ", ".join("?" for _ in values)
            connection.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})",
                tuple(values.values()),
            )


@pytest.fixture
def old(config: Config) -> Iterator[Path]:
    """The file of an older store, where the server of these tests looks for it."""
    make_old(config.database)
    yield config.database


def held(path: Path) -> list[tuple[str, dict[str, object]]]:
    """What is in the store of all that the older one held."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        for table, values in ROWS:
            (row,) = connection.execute(f"SELECT {', '.join(values)} FROM {table}").fetchall()
            found.append((table, dict(row)))
    return found


def test_an_older_store_keeps_its_rows(old: Path) -> None:
    assert not database.is_current(old)
    database.prepare(old)
    assert database.is_current(old)
    assert held(old) == list(ROWS)
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_older_store_gets_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite3"
    database.prepare(new)
    database.prepare(old)

    def schema(path: Path) -> list[tuple[str, str]]:
        query = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(query).fetchall()

    assert schema(old) == schema(new)


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (OLD + 1, "0006_broken.sql", "DELETE FROM tasks; SELECT * FROM nothing;")
    monkeypatch.setattr(database, "migrations", lambda: [broken])
    with pytest.raises(StoreError, match=r"0006_broken\.sql"):
        database.prepare(old)
    assert held(old) == list(ROWS)


async def test_a_server_answers_from_an_older_store(old: Path, api: Api) -> None:
    assert (await api.get("/tasks/5"))["name"] == "cats"
    hook = await api.get("/webhooks/9")
    assert (hook["project_id"], hook["events"]) == (3, ["update:task"])
    (delivery,) = (await api.get("/webhooks/9/deliveries"))["results"]
    assert (delivery["id"], delivery["status_code"], delivery["response"]) == (10, 200, "ok")
    await api.delete("/webhooks/9")
