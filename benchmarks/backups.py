"""Backups of two gigabytes: how long they take both ways, and in how much memory.

``backups`` of ``python -m benchmarks``. The files hold random bytes behind a picture's header, so
that nothing in between can make them smaller.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.server import Client, children, peak, reset_peak, running

FILES = 100
SENT = 10 << 20


def pictures(directory: Path) -> None:
    """Pictures whose bytes cannot be packed any further: BMP files of noise."""
    side = 2581  # of three bytes a pixel: twenty million
    chance = np.random.default_rng(0)
    for number in range(FILES):
        noise = chance.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(noise).save(directory / f"{number:03d}.bmp")


def backups(share: Path, say: Any) -> None:
    """Make a backup, fetch it, send it by TUS, and restore it."""
    pictures(share)
    with running(share) as (client, pid, _):
        task, _ = client.task_in_place(["/"])
        reset_peak(pid)
        with watching(pid) as most:
            begun = time.perf_counter()
            answer = client.call("POST", f"/tasks/{task}/backup/export")
            client.finish(answer["rq_id"])
            request = client.call("GET", f"/requests/{answer['rq_id']}")
            where = request["result_url"].split("/api", 1)[1]
            archive = share / "backup.zip"
            download(client, where, archive)
            say("backup of 2 GB made and fetched", time.perf_counter() - begun, "s", "")
            begun = time.perf_counter()
            rq_id = upload(client, archive)
            client.finish(rq_id)
            say("it sent and restored", time.perf_counter() - begun, "s", "")
        say("memory of the server at the most", peak(pid), "MB", "< 300 MB")
        say("memory of a worker at the most", max(most.values(), default=0.0), "MB", "< 300 MB")


def download(client: Client, where: str, path: Path) -> None:
    """An answer's body to a file."""
    connection = http.client.HTTPConnection("127.0.0.1", client.connection.port, timeout=600)
    connection.request("GET", f"/api{where}", headers=client.headers)
    response = connection.getresponse()
    if response.status != 200:
        raise RuntimeError(f"{where}: {response.status}")
    with path.open("wb") as file:
        while piece := response.read(1 << 20):
            file.write(piece)
    connection.close()


def upload(client: Client, path: Path) -> str:
    """Send an archive in pieces; the id of the request that restores it."""
    connection = client.connection
    size = path.stat().st_size
    tus = {**client.headers, "Tus-Resumable": "1.0.0"}
    announced = {"Upload-Length": str(size), "Upload-Metadata": "filename YS56aXA="}
    connection.request("POST", "/api/tasks/backup/", headers={**tus, **announced})
    made = connection.getresponse()
    made.read()
    where = made.headers["Location"].split("/api", 1)[1]
    with path.open("rb") as file:
        while piece := file.read(SENT):
            headers = {
                "Tus-Resumable": "1.0.0",
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": str(file.tell() - len(piece)),
            }
            status, data = client.send("PATCH", where, piece, headers)
            if status != 204:
                raise RuntimeError(f"{status} {data!r}")
    finish = f"/tasks/backup/?filename={made.headers['Upload-Filename']}"
    _, answer = client.send("POST", finish, None, {"Upload-Finish": "true"})
    return str(json.loads(answer)["rq_id"])


@contextmanager
def watching(pid: int) -> Iterator[dict[int, float]]:
    """The most megabytes that each worker of a server has held, as far as it is seen."""
    most: dict[int, float] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            for worker in children(pid):
                most[worker] = max(most.get(worker, 0.0), held(worker))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def held(pid: int) -> float:
    """The most that a process has held; nothing if it has ended."""
    try:
        return peak(pid)
    except OSError:
        return 0.0
