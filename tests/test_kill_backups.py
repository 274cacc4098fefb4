"""The server is killed while it makes and restores backups: nothing is half, and nothing twice.

Each round asks for a restore and a backup, kills the server with SIGKILL at another moment of the
work, and starts it again on what is left. The work that was accepted is then done once.
"""

from __future__ import annotations

import io
import sqlite3
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.images import png
from tests.test_kill import Victim

ROUNDS = 6
FRAMES = 40
SHAPES = 1000


def make(victim: Victim) -> int:
    """A task with frames and shapes."""
    task: int = victim.call("POST", "/tasks", json={"name": "t", "labels": [{"name": "a"}]})["id"]
    files = {f"client_files[{n}]": (f"{n}.png", png(40, 30, n)) for n in range(FRAMES)}
    fields = {"image_quality": "70", **files}
    rq_id = victim.call("POST", f"/tasks/{task}/data/", fields=fields)["rq_id"]
    finished(victim, rq_id)
    label = victim.call("GET", f"/labels?task_id={task}")["results"][0]["id"]
    shape = {"type": "rectangle", "label_id": label, "frame": 3, "points": [1, 2, 3, 4]}
    victim.call("PUT", f"/tasks/{task}/annotations/", json={"shapes": [shape] * SHAPES})
    return task


def finished(victim: Victim, rq_id: str) -> dict[str, Any]:
    """The request, when it has ended well."""
    for _ in range(2000):
        (request,) = [
            one
            for one in victim.call("GET", "/requests?page_size=all")["results"]
            if one["id"] == rq_id
        ]
        assert request["status"] != "failed", request
        if request["status"] == "finished":
            found: dict[str, Any] = request
            return found
        time.sleep(0.02)
    raise AssertionError(request)


def export(victim: Victim, task: int) -> str:
    """Ask for a backup; the id of the request."""
    where = f"/tasks/{task}/backup/export"
    rq_id: str = victim.call("POST", where, accept=(202, 409))["rq_id"]
    return rq_id


def archive(victim: Victim, request: dict[str, Any]) -> bytes:
    """The archive of a backup, which must be whole."""
    response = victim.call("GET", request["result_url"].split("/api", 1)[1])
    content: bytes = response.data
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        assert "task.json" in opened.namelist()
    return content


def check(victim: Victim, data: Path, copies: int) -> None:
    """There are so many tasks, all of them whole, and no file that belongs to none."""
    tasks = victim.call("GET", "/tasks?page_size=all")["results"]
    assert len(tasks) == copies
    for task in tasks:
        meta = victim.call("GET", f"/tasks/{task['id']}/data/meta")
        assert len(meta["frames"]) == FRAMES
        frame = victim.call("GET", f"/tasks/{task['id']}/data?type=frame&number={FRAMES - 1}")
        assert frame.data
        found = victim.call("GET", f"/tasks/{task['id']}/annotations/")["shapes"]
        assert len(found) == SHAPES
    places = [path for path in (data / "media").iterdir() if path.name.isdigit()]
    assert len(places) == copies
    left = [path for path in (data / "uploads").rglob("*") if path.is_file()]
    assert left == []


@pytest.mark.slow
def test_a_restore_that_is_killed_is_done_once_and_whole(tmp_path: Path) -> None:
    victim = Victim(tmp_path)
    task = make(victim)
    content = archive(victim, finished(victim, export(victim, task)))
    form = {"task_file": ("b.zip", content)}
    began = time.monotonic()
    finished(victim, victim.call("POST", "/tasks/backup/", fields=form)["rq_id"])
    seconds = time.monotonic() - began
    copies = 2
    for number in range(ROUNDS):
        restoring = victim.call("POST", "/tasks/backup/", fields=form)["rq_id"]
        exporting = export(victim, task)
        time.sleep(seconds * number / (ROUNDS - 2))
        victim.kill()
        with sqlite3.connect(tmp_path / "cvat_lite.sqlite3") as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        victim = Victim(tmp_path)
        made = finished(victim, restoring)["result_id"]
        assert victim.call("GET", f"/tasks/{made}")["name"] == "t"
        archive(victim, finished(victim, exporting))
        copies += 1
        check(victim, tmp_path, copies)
    victim.kill()
