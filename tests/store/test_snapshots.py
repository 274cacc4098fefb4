"""Copies of a store: whole whatever happens, and put back as a whole or not at all."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cvat_lite.errors import StoreError
from cvat_lite.store import snapshots
from cvat_lite.store.database import connect, prepare
from tests.process import environment

ROWS = 20_000
ROUNDS = 8
SWAPPING = """
import itertools, sys
from pathlib import Path
from cvat_lite.store import snapshots
place = Path(sys.argv[1])
print("begun", flush=True)
for name in itertools.cycle("ab"):
    snapshots.ready(place / f"{name}.snapshot", place / "copy")
    snapshots.put_back(place / "copy", place / "live")
"""


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A store that is empty."""
    prepare(tmp_path / "live")
    return tmp_path / "live"


def fill(path: Path, value: str, rows: int = 1) -> None:
    """Make the store say one thing in many rows."""
    with connect(path) as db:
        db.execute("BEGIN")
        db.execute("DELETE FROM settings")
        db.executemany(
            "INSERT INTO settings (key, value) VALUES (?, ?)",
            [(f"key {number}", value) for number in range(rows)],
        )
        db.execute("COMMIT")


def said(path: Path) -> set[tuple[str, int]]:
    """What the store says, and how often."""
    with connect(path, read_only=True) as db:
        return {tuple(row) for row in db.execute("SELECT value, count(*) FROM settings GROUP BY 1")}


def add_data(path: Path, size: int) -> int:
    with connect(path) as db:
        number = db.execute("INSERT INTO data (size) VALUES (?)", (size,)).lastrowid
    assert number is not None
    return number


def test_a_copy_is_one_file_and_does_not_follow_the_store(live: Path, tmp_path: Path) -> None:
    fill(live, "a")
    snapshots.save(live, tmp_path / "kept" / "one")
    fill(live, "b")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["one"]
    assert said(tmp_path / "kept" / "one") == {("a", 1)}


def test_a_reader_sees_the_old_state_to_the_end_of_its_transaction(
    live: Path, tmp_path: Path
) -> None:
    fill(live, "a")
    snapshots.save(live, tmp_path / "one")
    fill(live, "b")
    with connect(live) as reader:
        reader.execute("BEGIN")
        query = "SELECT value FROM settings"
        assert reader.execute(query).fetchone()[0] == "b"
        snapshots.ready(tmp_path / "one", tmp_path / "copy")
        snapshots.put_back(tmp_path / "copy", live)
        assert reader.execute(query).fetchone()[0] == "b"
        reader.execute("COMMIT")
        assert reader.execute(query).fetchone()[0] == "a"


def test_ids_of_data_are_never_given_out_twice(live: Path, tmp_path: Path) -> None:
    snapshots.save(live, tmp_path / "empty")
    first = add_data(live, 1)
    for _ in range(2):
        snapshots.ready(tmp_path / "empty", tmp_path / "copy")
        assert snapshots.put_back(tmp_path / "copy", live) == {first}
        following = add_data(live, 1)
        assert following > first
        first = following


def test_data_without_frames_and_work_under_way_are_left_out(live: Path, tmp_path: Path) -> None:
    whole, begun = add_data(live, 3), add_data(live, 0)
    with connect(live) as db:
        for data_id in (whole, begun):
            db.execute(
                "INSERT INTO tasks (name, data_id, created_date, updated_date) "
                "VALUES ('t', ?, '', '')",
                (data_id,),
            )
    found = snapshots.save(live, tmp_path / "one")
    assert found == snapshots.content(tmp_path / "one")
    assert found.data_ids == {whole}
    with connect(tmp_path / "one", read_only=True) as db:
        tasks = [row[0] for row in db.execute("SELECT data_id FROM tasks ORDER BY id")]
    assert tasks == [whole, None]


def test_what_cannot_be_written_leaves_nothing(live: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((StoreError, OSError)):
        snapshots.save(live, tmp_path / "file" / "one")
    with pytest.raises(StoreError):
        snapshots.save(tmp_path / "no store", tmp_path / "one")
    assert not (tmp_path / "one").exists()
    assert list(tmp_path.glob(".*.part")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_process_killed_while_it_puts_back_leaves_one_state_or_the_other(
    live: Path, tmp_path: Path
) -> None:
    chance = random.Random(7)
    for name, rows in (("a", ROWS), ("b", ROWS // 2)):
        fill(live, name, rows)
        snapshots.save(live, tmp_path / f"{name}.snapshot")
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-c", SWAPPING, str(tmp_path)],
            env=environment(),
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(chance.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert said(live) in ({("a", ROWS)}, {("b", ROWS // 2)})
        with sqlite3.connect(live) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.close()
