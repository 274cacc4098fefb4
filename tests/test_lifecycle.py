"""The life of the process: its start, its end, and what it leaves behind."""

from __future__ import annotations

import asyncio
import base64
import http.client
import os
import re
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvat_lite.config import Config
from cvat_lite.services import bootstrap
from cvat_lite.store import requests as store
from cvat_lite.store.database import Database
from tests.busy_server import OPERATION
from tests.client import ADMIN_PASSWORD
from tests.process import PATIENCE, ServerProcess, command

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
BUSY = (str(Path(__file__).with_name("busy_server.py")),)
GAVE_UP = "without waiting"


def get(server: ServerProcess, path: str, login: tuple[str, str] | None = None, **more: str) -> int:
    """The status that a path of the API answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    headers = dict(more)
    if login:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    connection.request("GET", f"/api{path}", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


class TestAServerThatRuns:
    """One server for the questions that leave it as it is."""

    @pytest.fixture(scope="class")
    def data(self, tmp_path_factory) -> Path:
        return tmp_path_factory.mktemp("life") / "data"

    @pytest.fixture(scope="class")
    def server(self, data) -> Iterator[ServerProcess]:
        with ServerProcess("--port", "0", "--data-dir", data, password="") as server:
            yield server

    def test_its_first_start_prints_a_password_that_works(self, server) -> None:
        found = re.search(r"password: (\S+)", server.greeting)
        assert found
        assert get(server, "/server/plugins", ("admin", found[1])) == 200
        assert get(server, "/server/plugins", ("admin", "another")) == 401

    def test_no_second_server_may_use_its_data(self, server, data) -> None:
        ended = command("--port", "0", "--data-dir", data)
        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1
        assert server.url in ended.stderr
        assert ended.stdout == ""

    def test_a_start_on_its_port_makes_no_store(self, server, tmp_path) -> None:
        ended = command("--port", str(server.port), "--data-dir", tmp_path / "other")
        assert ended.returncode == 1
        assert f"port {server.port} on 127.0.0.1 is in use" in ended.stderr
        assert ended.stderr.count("\n") == 1
        assert not (tmp_path / "other").exists()

    def test_it_knows_a_user_who_is_added_meanwhile(self, server, data) -> None:
        words = ("--data-dir", data, "--password-stdin")
        added = command("user", "add", "bob", *words, stdin="purple otter 9\n")
        assert (added.returncode, added.stderr) == (0, "")
        assert get(server, "/server/plugins", ("bob", "purple otter 9")) == 200
        changed = command("user", "passwd", "bob", *words, stdin="green heron 4\n")
        assert (changed.returncode, changed.stderr) == (0, "")
        assert get(server, "/server/plugins", ("bob", "green heron 4")) == 200


@posix
def test_a_signal_ends_it_though_connections_are_open_and_an_upload_is_under_way(tmp_path) -> None:
    with ServerProcess("--port", "0", "--data-dir", tmp_path / "data") as server:
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        idle.request("GET", "/api/server/about")
        assert idle.getresponse().read()
        with begin_upload(server):
            status, errors = server.stop(signal.SIGINT)
        assert (status, errors) == (0, "")
        idle.close()
    assert database_is_closed(tmp_path / "data")


@posix
def test_a_server_that_was_killed_can_be_started_again(tmp_path) -> None:
    data = tmp_path / "data"
    with ServerProcess("--port", "0", "--data-dir", data, password="") as server:
        server.send(signal.SIGKILL)
        server.end()
    with ServerProcess("--port", "0", "--data-dir", data, "--no-login", password="") as server:
        assert "password" not in server.greeting
        assert get(server, "/server/plugins") == 200
        assert get(server, "/server/plugins", **{"Sec-Fetch-Site": "cross-site"}) == 403
        assert get(server, "/server/plugins", Origin="https://evil.example") == 403
        assert get(server, "/server/plugins", Host="evil.example") == 400
        assert server.stop() == (0, "")
    assert database_is_closed(data)


class TestAWorkerProcessIsBusy:
    @pytest.fixture
    def server(self, tmp_path) -> Iterator[ServerProcess]:
        asyncio.run(order_sleep(tmp_path / "data", tmp_path / "worker"))
        with ServerProcess("--port", "0", "--data-dir", tmp_path / "data", program=BUSY) as server:
            yield server

    @pytest.fixture
    def worker(self, server, tmp_path) -> int:
        """The worker process, once it is at work."""
        place = tmp_path / "worker"
        assert until(lambda: place.exists() and place.read_text() != "")
        return int(place.read_text())

    @posix
    def test_its_work_is_put_back_when_the_server_is_told_to_stop(
        self, server, worker, tmp_path
    ) -> None:
        # A terminal or a service manager sends the signal to every process of the group.
        os.kill(worker, signal.SIGTERM)
        status, errors = server.stop()
        assert status == 0
        assert GAVE_UP not in errors
        assert until(lambda: not is_alive(worker))
        assert record(tmp_path / "data") == ("queued", 0)
        assert database_is_closed(tmp_path / "data")

    @posix
    def test_the_second_signal_ends_it_at_once(self, server, worker, tmp_path) -> None:
        server.send(signal.SIGTERM)
        assert until(lambda: not accepts(server.port))
        status, _ = server.stop()
        assert status == 128 + signal.SIGTERM
        assert until(lambda: not is_alive(worker))
        assert record(tmp_path / "data") == ("started", 1)

    @posix
    def test_it_ends_too_when_the_server_is_killed(self, server, worker) -> None:
        server.send(signal.SIGKILL)
        server.end()
        assert until(lambda: not is_alive(worker))


class TestAStartThatCannotBe:
    def test_a_store_of_a_newer_version_is_left_alone(self, tmp_path) -> None:
        with sqlite3.connect(tmp_path / "cvat_lite.sqlite3") as connection:
            connection.execute("PRAGMA user_version = 9999")
        connection.close()
        ended = command("--port", "0", "--data-dir", tmp_path)
        assert ended.returncode == 1
        assert "newer version" in ended.stderr
        assert ended.stderr.count("\n") == 1

    def test_a_data_directory_that_cannot_be_made_is_named(self, tmp_path) -> None:
        (tmp_path / "file").write_text("")
        ended = command("--port", "0", "--data-dir", tmp_path / "file" / "data")
        assert ended.returncode == 1
        assert str(tmp_path / "file" / "data") in ended.stderr
        assert ended.stderr.count("\n") == 1


def begin_upload(server: ServerProcess) -> socket.socket:
    """A connection on which a request has been taken and its body does not come to an end."""
    proof = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(
        b"POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Expect: 100-continue\r\nContent-Length: 1000000\r\n"
        b"Authorization: Basic " + proof.encode() + b"\r\n\r\n"
    )
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.sendall(b'{"name": "')
    return connection


def until(happened) -> bool:
    """Wait for something that other processes do; whether it happened at all."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.01)
    return False


def is_alive(process: int) -> bool:
    """Whether a process that is not ours is still there and no zombie."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return Path("/proc").is_dir() is False
    return state != "Z"


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def database_is_closed(data: Path) -> bool:
    """Whether the write-ahead log was folded into the store, which is whole."""
    path = data / "cvat_lite.sqlite3"
    if path.with_name(f"{path.name}-wal").exists():
        return False
    connection = sqlite3.connect(path)
    answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return answer == "ok"


def record(data: Path) -> tuple[str, int]:
    """The status and the number of attempts of the only request."""
    connection = sqlite3.connect(data / "cvat_lite.sqlite3")
    found = connection.execute("SELECT status, attempts FROM background_requests").fetchone()
    connection.close()
    return found


async def order_sleep(data: Path, place: Path) -> None:
    """Make a store in which a request waits that keeps a worker busy."""
    data.mkdir()
    config = Config(data_dir=data, admin_password=ADMIN_PASSWORD)
    database = await Database.open(config.database, readers=1)
    await bootstrap.ensure_administrator(database, config)
    async with database.writing() as db:
        await store.replace(
            db,
            {
                "id": "sleep",
                "operation": OPERATION,
                "target": "task",
                "payload": {"place": str(place)},
                "owner_id": 1,
            },
        )
    await database.close()
