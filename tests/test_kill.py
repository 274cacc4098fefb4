"""The server is killed at random moments of real work, fifty times, and loses nothing.

Each round starts a server on what the last one left, works on it from two threads, kills it with
SIGKILL, and notes what had been answered with success. The next start must have all of it.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.client import ADMIN_PASSWORD, basic
from tests.images import png

ROUNDS = 50
SEED = 7
LABELS = [{"name": "car"}]


@dataclass
class Promises:
    """What the server has answered with success."""

    tasks: set[int] = field(default_factory=set)
    shapes: dict[int, set[int]] = field(default_factory=dict)
    uploads: dict[str, int] = field(default_factory=dict)


class Victim:
    """A server process on a data directory."""

    def __init__(self, data_dir: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api"
        self.http = urllib3.PoolManager(retries=False, timeout=20, maxsize=4)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cvat_lite", "--port", str(port), "--data-dir", str(data_dir)],
            env={**os.environ, "CVAT_LITE_ADMIN_PASSWORD": ADMIN_PASSWORD},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for _ in range(2000):
            try:
                self.call("GET", "/server/about")
            except urllib3.exceptions.HTTPError:
                assert self.process.poll() is None, self.process.communicate()[1]
                time.sleep(0.01)
            else:
                return
        raise AssertionError("the server does not answer")

    def call(
        self, method: str, path: str, accept: Sequence[int] = (200, 201, 202, 204), **more: Any
    ) -> Any:
        """The JSON of an answer that must have one of these statuses."""
        headers = {"Authorization": basic("admin", ADMIN_PASSWORD), **more.pop("headers", {})}
        response = self.http.request(method, self.url + path, headers=headers, **more)
        assert response.status in accept, (method, path, response.status, response.data[:500])
        return response.json() if response.data[:1] in (b"{", b"[") else response

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


def annotate(victim: Victim, promises: Promises, chance: random.Random) -> None:
    """Save shapes into a task that has frames."""
    for task in victim.call("GET", "/tasks?page_size=3")["results"]:
        if not task.get("size"):
            continue
        job = victim.call("GET", f"/jobs?task_id={task['id']}")["results"][0]["id"]
        label = victim.call("GET", f"/labels?task_id={task['id']}")["results"][0]["id"]
        shape = {"type": "rectangle", "label_id": label, "frame": 0, "points": [1, 2, 3, 4]}
        body = {"shapes": [shape] * chance.choice((1, 20, 2000))}
        made = victim.call("PATCH", f"/jobs/{job}/annotations/?action=create", json=body)
        promises.shapes.setdefault(job, set()).update(shape["id"] for shape in made["shapes"])
        where = f"/tasks/{task['id']}/dataset/export?format=COCO+1.0&save_images=true"
        victim.call("POST", where, accept=(202, 409))


def create(victim: Victim, promises: Promises, chance: random.Random) -> None:
    """Make a task, its data in a form."""
    task = victim.call("POST", "/tasks", json={"name": "t", "labels": LABELS})["id"]
    promises.tasks.add(task)
    files = {
        f"client_files[{n}]": (f"{n}.png", png(40, 30, n)) for n in range(chance.randint(1, 30))
    }
    victim.call("POST", f"/tasks/{task}/data/", fields={"image_quality": "70", **files})


def upload(victim: Victim, promises: Promises, chance: random.Random) -> None:
    """Send a file piece by piece; every piece that was acknowledged must stay."""
    task = victim.call("POST", "/tasks", json={"name": "u", "labels": LABELS})["id"]
    promises.tasks.add(task)
    content = png(300, 200, 1)
    tus = {"Tus-Resumable": "1.0.0"}
    made = victim.call(
        "POST",
        f"/tasks/{task}/data/",
        headers={**tus, "Upload-Length": str(len(content)), "Upload-Metadata": "filename YS5wbmc="},
    )
    where = made.headers["Location"].split("/api", 1)[1]
    size = len(content) // 4 + 1
    for offset in range(0, len(content), size):
        headers = {
            **tus,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        answer = victim.call("PATCH", where, headers=headers, body=content[offset : offset + size])
        promises.uploads[where] = int(answer.headers["Upload-Offset"])
    del promises.uploads[where]
    headers = {"Upload-Finish": "true"}
    victim.call("POST", f"/tasks/{task}/data/", json={"image_quality": 70}, headers=headers)


def work(victim: Victim, promises: Promises, seed: int) -> None:
    """Work until the server dies."""
    chance = random.Random(seed)
    try:
        while True:
            chance.choice((annotate, annotate, create, upload))(victim, promises, chance)
    except (urllib3.exceptions.HTTPError, OSError):
        assert victim.process.wait(10) != 0


def check(victim: Victim, promises: Promises) -> None:
    """Everything that was promised is there, and nothing is under way for ever."""
    for where, offset in promises.uploads.items():
        answer = victim.call("HEAD", where, headers={"Tus-Resumable": "1.0.0"})
        assert int(answer.headers["Upload-Offset"]) >= offset
    promises.uploads.clear()
    known = {task["id"] for task in victim.call("GET", "/tasks?page_size=all")["results"]}
    assert promises.tasks <= known
    for job, promised in promises.shapes.items():
        found = victim.call("GET", f"/jobs/{job}/annotations/")["shapes"]
        assert promised <= {shape["id"] for shape in found}, f"job {job} lost shapes"
    for _ in range(1200):
        requests = victim.call("GET", "/requests?page_size=all")["results"]
        if all(request["status"] in ("finished", "failed") for request in requests):
            return
        time.sleep(0.05)
    raise AssertionError([request for request in requests if request["status"] == "started"])


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    chance, promises = random.Random(SEED), Promises()
    for round_number in range(ROUNDS):
        victim = Victim(tmp_path)
        with ThreadPoolExecutor(2) as pool:
            workers = [pool.submit(work, victim, promises, round_number * 10 + n) for n in range(2)]
            time.sleep(chance.uniform(0.05, 0.8))
            victim.kill()
        for worker in workers:
            worker.result()
        with sqlite3.connect(tmp_path / "cvat_lite.sqlite3") as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        if round_number % 10 == 9:
            victim = Victim(tmp_path)
            check(victim, promises)
            victim.kill()
    assert promises.tasks
    assert promises.shapes
