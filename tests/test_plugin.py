"""The fixtures for other people's test suites: pytest runs inside pytest, with real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cvat_lite import testing
from tests.process import CHECKOUT, PATIENCE, environment

pytest_plugins = "pytester"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
DUMP = CHECKOUT.parent / "shared" / "cvat_dump" / "data.json"
INSTALLED = any(point.name == "cvat_lite" for point in metadata.entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "cvat_lite.pytest_plugin")
QUIET = ("-p", "no:asyncio", "-p", "no:aiohttp", "-p", "no:cacheprovider")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place for temporary files, to see what is left there."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    return place


@pytest.fixture
def run(pytester: pytest.Pytester, temporary: Path):
    """Run pytest on the text of a test module."""

    def run(text: str, *words: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess(*PLUGIN, *QUIET, *words)

    return run


def left_in(temporary: Path) -> list[str]:
    """What servers have left among the temporary files."""
    return [place.name for place in temporary.iterdir() if place.name.startswith("cvat-lite")]


def accepts(url: str) -> bool:
    """Whether somebody listens at that address."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def until(happened) -> bool:
    """Wait for something that other processes do; whether it happened at all."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.02)
    return False


def test_a_session_has_one_server_with_an_administrator(run, temporary, tmp_path) -> None:
    result = run(
        f"""
        import base64, pathlib, urllib.request

        def status(server, proof):
            request = urllib.request.Request(
                server.url + "/api/users/self", headers={{"Authorization": proof}}
            )
            return urllib.request.urlopen(request).status

        def test_the_token_works(cvat_server):
            assert status(cvat_server, f"Token {{cvat_server.token}}") == 200
            pathlib.Path({str(tmp_path)!r}, "url").write_text(cvat_server.url)

        def test_the_password_works_on_the_same_server(cvat_server):
            pair = f"{{cvat_server.username}}:{{cvat_server.password}}".encode()
            assert status(cvat_server, "Basic " + base64.b64encode(pair).decode()) == 200
            assert pathlib.Path({str(tmp_path)!r}, "url").read_text() == cvat_server.url
        """
    )
    result.assert_outcomes(passed=2)
    assert not accepts((tmp_path / "url").read_text())
    assert left_in(temporary) == []


def test_clean_tests_begin_with_the_sessions_first_state_and_others_do_not(run) -> None:
    result = run(
        """
        def names(client):
            return [project.name for project in client.projects.list()]

        def test_first(cvat_client):
            cvat_client.projects.create({"name": "left behind"})

        def test_dirty(cvat_client):
            assert names(cvat_client) == ["left behind"]

        def test_clean(cvat_client, cvat_clean):
            assert names(cvat_client) == []
            cvat_client.projects.create({"name": "mine"})
            assert names(cvat_client) == ["mine"]

        def test_clean_again_although_the_token_has_gone(cvat_clean):
            cvat_clean.call("POST", "/api/auth/logout")

        def test_clean_at_last(cvat_clean, cvat_client):
            assert names(cvat_client) == []
            assert cvat_clean.call("GET", "/api/projects")["count"] == 0
        """
    )
    result.assert_outcomes(passed=5)


def test_without_the_sdk_the_tests_of_the_client_are_skipped(run) -> None:
    result = run(
        """
        import sys
        sys.modules["cvat_sdk"] = None

        def test_client(cvat_client):
            raise AssertionError

        def test_server(cvat_server):
            assert cvat_server.call("GET", "/api/tasks")["count"] == 0
        """
    )
    result.assert_outcomes(passed=1, skipped=1)


def test_each_worker_of_xdist_has_its_own_server_whose_data_can_be_kept(run, tmp_path) -> None:
    pytest.importorskip("xdist")
    result = run(
        f"""
        import pathlib, time

        def test_one(cvat_server):
            note(cvat_server)

        def test_two(cvat_server):
            note(cvat_server)

        def note(server):
            place = pathlib.Path({str(tmp_path)!r})
            (place / f"url-{{server.pid}}").write_text(server.url)
            # The other worker has its turn: one alone must not do both tests.
            while len(list(place.glob("url-*"))) < 2:
                time.sleep(0.02)
        """,
        *("-n", "2", "--cvat-lite-keep"),
    )
    result.assert_outcomes(passed=2)
    assert len({path.read_text() for path in tmp_path.glob("url-*")}) == 2
    kept = [line for line in result.outlines if "was kept" in line]
    assert len({line.rpartition(" ")[2] for line in kept}) == 2
    for line in kept:
        assert Path(line.rpartition(" ")[2], "cvat_lite.sqlite3").is_file()


def test_a_seed_file_is_the_beginning_of_each_clean_test(run, pytester) -> None:
    pytester.makeini("[pytest]\ncvat_lite_seed = world.yaml")
    pytester.path.joinpath("world.yaml").write_text(
        "users: [{username: alice, password: purple otter 9}]\n"
        "tasks: [{name: street, labels: [car], images: {count: 2, width: 32, height: 32}}]\n"
    )
    result = run(
        """
        def test_remove(cvat_client, cvat_clean):
            [task] = cvat_client.tasks.list()
            assert (task.name, task.size) == ("street", 2)
            task.remove()
            assert cvat_client.tasks.list() == []

        def test_it_is_there_again(cvat_client, cvat_clean):
            [task] = cvat_client.tasks.list()
            assert task.get_frame(1, quality="original").read()[:4] == b"\\x89PNG"
        """
    )
    result.assert_outcomes(passed=2)


def test_a_seed_file_with_a_mistake_is_named(run, pytester) -> None:
    pytester.makeini("[pytest]\ncvat_lite_seed = world.yaml")
    pytester.path.joinpath("world.yaml").write_text("tasks: [{nome: street}]\n")
    result = run("def test_it(cvat_server): pass")
    result.assert_outcomes(errors=1)
    assert "world.yaml, tasks[0]" in result.stdout.str() + result.stderr.str()


def test_a_dump_that_cannot_be_read_is_named(run) -> None:
    result = run("def test_it(cvat_server): pass", "--cvat-lite-dump", "nowhere.json")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*nowhere.json could not be imported*"])


@pytest.mark.skipif(not DUMP.is_file(), reason="no dump beside this checkout")
def test_a_dump_of_a_full_cvat_is_the_beginning_of_each_clean_test(run) -> None:
    result = run(
        """
        def test_remove(cvat_client, cvat_clean):
            tasks = cvat_client.tasks.list()
            assert len(tasks) > 5
            tasks[0].remove()
            assert len(cvat_client.tasks.list()) == len(tasks) - 1
            cvat_clean.all = len(tasks)

        def test_it_is_there_again(cvat_client, cvat_clean):
            assert len(cvat_client.tasks.list()) > 5
        """.replace("            cvat_clean.all = len(tasks)\n", ""),
        *("--cvat-lite-dump", str(DUMP)),
    )
    result.assert_outcomes(passed=2)


def test_who_does_not_use_the_plugin_pays_nothing_for_it() -> None:
    code = (
        "import pathlib, sys, typing, pytest; before = set(sys.modules)\n"
        "import cvat_lite.pytest_plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["cvat_lite", "cvat_lite.pytest_plugin"]


def test_plain_python_has_the_same_server(temporary) -> None:
    with testing.server() as server:
        assert server.call("GET", "/api/server/about")["version"] == "2.80.0"
        server.save("empty")
        server.call("POST", "/api/projects", {"name": "p"})
        server.restore("empty")
        assert server.call("GET", "/api/projects")["count"] == 0
        with pytest.raises(testing.ServerError, match="404"):
            server.call("GET", "/api/projects/1")
    assert not accepts(server.url)
    assert left_in(temporary) == []


def test_a_store_that_is_named_stays(tmp_path) -> None:
    with testing.server(data_dir=tmp_path / "data") as server:
        server.call("POST", "/api/projects", {"name": "p"})
        assert server.password is not None
    with testing.server(data_dir=tmp_path / "data") as server:
        assert server.call("GET", "/api/projects")["count"] == 1
        assert server.password is None
        with server.client() as client:
            assert [project.name for project in client.projects.list()] == ["p"]


@posix
def test_the_server_ends_when_the_program_that_started_it_is_killed(temporary) -> None:
    code = (
        "import os, signal, cvat_lite.testing\n"
        "with cvat_lite.testing.server() as s:\n"
        "    print(s.url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    url = done.stdout.decode().strip()
    assert url.startswith("http://")
    assert until(lambda: not accepts(url))
    assert until(lambda: left_in(temporary) == [])


class TestAnEphemeralServer:
    @pytest.fixture
    def start(self, temporary: Path) -> Iterator:
        """Start a server as programs in any language do."""
        started: list[subprocess.Popen] = []

        def start() -> tuple[subprocess.Popen, dict]:
            command = [sys.executable, "-m", "cvat_lite", "serve", "--ephemeral"]
            process = subprocess.Popen(
                [*command, "--port", "0", "--print-json"],
                env=environment(TMPDIR=str(temporary)),
                stdout=subprocess.PIPE,
            )
            started.append(process)
            return process, json.loads(process.stdout.readline())

        yield start
        for process in started:
            process.kill()
            process.communicate()

    @posix
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_its_store_goes_with_it(self, start, temporary, number) -> None:
        process, about = start()
        assert about.keys() == {"url", "username", "password", "token", "pid"}
        assert about["pid"] == process.pid
        assert len(left_in(temporary)) == 1
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert left_in(temporary) == []

    @posix
    def test_what_a_killed_one_has_left_goes_when_the_next_one_starts(
        self, start, temporary
    ) -> None:
        killed, _ = start()
        killed.kill()
        killed.wait()
        left = left_in(temporary)
        assert len(left) == 1
        start()
        third, _ = start()
        now = left_in(temporary)
        assert left[0] not in now
        assert len(now) == 2, "a store whose server lives stays"
        os.kill(third.pid, signal.SIGTERM)

    def test_it_takes_no_other_directory(self, temporary, tmp_path) -> None:
        command = [sys.executable, "-m", "cvat_lite", "serve", "--ephemeral"]
        done = subprocess.run(
            [*command, "--port", "0", "--data-dir", str(tmp_path / "data")],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "--data-dir" in done.stderr
        assert not (tmp_path / "data").exists()
