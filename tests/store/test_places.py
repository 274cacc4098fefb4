"""Jobs, issues, comments and reviews know the organization they are in, whatever moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvat_lite.store import places
from cvat_lite.store.database import connect, prepare

NOW = "2026-01-01T00:00:00Z"
DATES = {"created_date": NOW, "updated_date": NOW}


def add(db: sqlite3.Connection, table: str, **values: object) -> None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Two tasks of organizations 1 and 2, each with a job that is talked about."""
    prepare(tmp_path / "store")
    with connect(tmp_path / "store") as connection:
        for n in (1, 2):
            add(connection, "organizations", id=n, slug=f"org{n}", **DATES)
            add(connection, "tasks", id=n, name="task", organization_id=n, **DATES)
            about = {"start_frame": 0, "stop_frame": 9, "chunks_updated_date": NOW}
            add(connection, "segments", id=n, task_id=n, **about)
            talk(connection, n)
        yield connection


def talk(db: sqlite3.Connection, n: int) -> None:
    add(db, "jobs", id=n, segment_id=n, **DATES)
    add(db, "reviews", id=n, job_id=n, status="accepted", estimated_quality=5, **DATES)
    add(db, "issues", id=n, job_id=n, frame=0, position="[]", **DATES)
    add(db, "comments", id=n, issue_id=n, **DATES)


def homes(db: sqlite3.Connection, n: int, column: str = "organization_id") -> set[int | None]:
    """The organizations that the rows of that number say they are in."""
    return {
        db.execute(f"SELECT {column} FROM {table} WHERE id = ?", (n,)).fetchone()[0]
        for table in ("jobs", "reviews", "issues", "comments")
    }


def tasks(db: sqlite3.Connection, n: int) -> set[int | None]:
    """The tasks that the rows of that number say they are in."""
    return homes(db, n, "task_id")


def test_what_is_added_is_where_its_task_is(db):
    assert (homes(db, 1), homes(db, 2)) == ({1}, {2})
    assert (tasks(db, 1), tasks(db, 2)) == ({1}, {2})
    assert [row[0] for row in db.execute("SELECT job_id FROM comments ORDER BY id")] == [1, 2]


@pytest.mark.parametrize("organization", [2, None])
def test_what_belongs_to_a_task_moves_with_it(db, organization):
    db.execute("UPDATE tasks SET organization_id = ? WHERE id = 1", (organization,))
    assert (homes(db, 1), homes(db, 2)) == ({organization}, {2})


def test_a_job_that_gets_another_segment_is_where_that_is(db):
    db.execute("UPDATE jobs SET segment_id = 2 WHERE id = 1")
    assert (homes(db, 1), tasks(db, 1)) == ({2}, {2})


def test_a_segment_that_gets_another_task_takes_its_jobs_along(db):
    db.execute("UPDATE segments SET task_id = 2 WHERE id = 1")
    assert (homes(db, 1), tasks(db, 1)) == ({2}, {2})


def test_an_issue_that_gets_another_job_takes_its_comments_along(db):
    db.execute("UPDATE issues SET job_id = 2 WHERE id = 1")
    assert db.execute("SELECT job_id FROM comments WHERE id = 1").fetchone()[0] == 2


def test_rows_that_came_before_what_they_belong_to_are_settled_afterwards(db):
    db.execute("PRAGMA foreign_keys = OFF")
    talk(db, 3)
    assert homes(db, 3) == {None}
    about = {"start_frame": 0, "stop_frame": 9, "chunks_updated_date": NOW}
    add(db, "segments", id=3, task_id=2, **about)
    places.settle(db)
    assert (homes(db, 1), homes(db, 3), tasks(db, 3)) == ({1}, {2}, {2})
