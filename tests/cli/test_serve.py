"""The commands that serve, from their words to their end: in this process, stopped by signals."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cvat_lite.cli import main, process, sockets
from cvat_lite.cli.arguments import parse
from cvat_lite.cli.ephemeral import NEW_PREFIX, NEW_SECONDS, PREFIX, Ephemeral, sweep
from cvat_lite.cli.serve import listen
from cvat_lite.cli.settings import SettingError
from cvat_lite.config import Config
from cvat_lite.store.lock import DirectoryLock
from tests.client import ADMIN_PASSWORD
from tests.images import png
from tests.process import PATIENCE

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class LeftError(BaseException):
    """The process would have ended."""

    def __init__(self, code: int) -> None:
        self.code = code


@pytest.fixture(autouse=True)
def life(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process does not end, and is as it was afterwards."""

    def leave(code: int) -> None:
        raise LeftError(code)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(process, "BEFORE_LEAVING", [])
    # A busy machine takes its time to stop.
    monkeypatch.setattr(process, "LAST_SECONDS", 10.0 * PATIENCE)
    for name in list(os.environ):
        if name.startswith("CVAT_LITE_"):
            monkeypatch.delenv(name)
    handlers = {number: signal.getsignal(number) for number in process.SIGNALS}
    level = logging.getLogger("asyncio").level
    yield
    logging.getLogger("asyncio").setLevel(level)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
            thread.join(PATIENCE)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place for temporary files."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


class Lines(io.StringIO):
    """A standard output that tells when it is flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = threading.Event()

    def flush(self) -> None:
        self.flushed.set()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run a command to its end; once it has spoken, ``then`` is called with its words.

    Answers the exit status and all that was printed. After that it is told to stop, unless it
    ``ends`` by itself.
    """

    def run(
        *words: Any, then: Callable[[str], None] | None = None, ends: bool = False
    ) -> tuple[int, str]:
        out = Lines()
        ended = threading.Event()
        monkeypatch.setattr(sys, "stdout", out)
        failed: list[BaseException] = []

        def act() -> None:
            if not out.flushed.wait(PATIENCE) or ends or ended.is_set():
                return
            try:
                if then is not None:
                    then(out.getvalue())
            except BaseException as error:  # noqa: BLE001  # told in the test's own thread
                failed.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

        actor = threading.Thread(target=act, daemon=True)
        actor.start()
        try:
            status = main([str(word) for word in words])
        except LeftError as left:
            status = left.code
        finally:
            ended.set()
            out.flushed.set()
            actor.join(PATIENCE)
        if failed:
            raise failed[0]
        return status, out.getvalue()

    return run


def address(words: str) -> str:
    """The address that a greeting tells."""
    return next(word for word in words.split() if word.startswith("http://")).rstrip("/")


def ask(url: str, proof: str | None = None) -> int:
    """The status of a question that only users are answered."""
    request = urllib.request.Request(f"{url}/api/users/self")
    if proof:
        request.add_header("Authorization", proof)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


# serve


@posix
def test_the_first_start_shows_a_password_and_later_ones_do_not(
    serve: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    shown: list[str] = []

    def log_in(words: str) -> None:
        password = words.split("password: ")[1].split(maxsplit=1)[0]
        assert ask(address(words)) == 401
        assert ask(address(words), basic("admin", password)) == 200
        shown.append(password)

    status, told = serve("serve", "--port", 0, "--data-dir", tmp_path / "data", then=log_in)
    assert status == 0
    assert "(shown only this once)" in told
    status, told = serve("serve", "--port", 0, "--data-dir", tmp_path / "data")
    assert (status, "password" in told, shown[0] in told) == (0, False, False)


@posix
def test_a_password_from_the_environment_is_not_shown(
    serve: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CVAT_LITE_ADMIN_PASSWORD", ADMIN_PASSWORD)
    status, told = serve("--port", 0, "--data-dir", tmp_path / "data")
    assert status == 0
    assert ADMIN_PASSWORD not in told
    assert "the one in CVAT_LITE_ADMIN_PASSWORD" in told


@posix
def test_whoever_serves_other_machines_is_told_so(
    serve: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    _, told = serve("--port", 0, "--host", "0.0.0.0", "--data-dir", tmp_path / "data")
    assert "It listens on 0.0.0.0: other machines can reach it." in told
    assert address(told).startswith("http://127.0.0.1:")


@posix
def test_without_a_login_this_machine_is_the_administrator(
    serve: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    def look(words: str) -> None:
        assert "is the administrator" in words
        assert ask(address(words)) == 200

    assert serve("--port", 0, "--no-login", "--data-dir", tmp_path / "d", then=look)[0] == 0


@posix
def test_an_ephemeral_server_tells_programs_how_to_use_it_and_leaves_nothing(
    serve: Callable[..., tuple[int, str]], temporary: Path
) -> None:
    def use(words: str) -> None:
        about = json.loads(words)
        assert about.keys() == {"url", "username", "password", "token", "pid"}
        assert about["pid"] == os.getpid()
        assert ask(about["url"], f"Token {about['token']}") == 200
        assert ask(about["url"], basic(about["username"], about["password"])) == 200
        (place,) = temporary.glob(f"{PREFIX}*")
        assert (place / "data" / "cvat_lite.sqlite3").is_file()

    assert serve("serve", "--ephemeral", "--print-json", "--port", 0, then=use)[0] == 0
    assert list(temporary.iterdir()) == []


@posix
def test_a_store_with_its_own_users_tells_programs_no_password(
    serve: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    words = ("serve", "--print-json", "--port", 0, "--data-dir", tmp_path / "data")
    serve(*words)
    told: list[dict[str, Any]] = []

    def use(line: str) -> None:
        told.append(json.loads(line))
        assert ask(told[0]["url"], f"Token {told[0]['token']}") == 200

    assert serve(*words, then=use)[0] == 0
    assert told[0]["password"] is None


def test_an_ephemeral_server_takes_no_other_directory(
    serve: Callable[..., tuple[int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve("serve", "--ephemeral", "--port", 0, "--data-dir", tmp_path / "data")[0] == 1
    assert "leave out --data-dir" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@posix
def test_it_stops_when_the_program_that_started_it_is_gone(
    serve: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)

        def go(words: str) -> None:
            port = int(json.loads(words)["url"].rpartition(":")[2])
            os.close(write)
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                try:
                    socket.create_connection(("127.0.0.1", port), PATIENCE).close()
                except OSError:
                    return
                time.sleep(0.01)
            raise AssertionError("it is still there")

        words = ("serve", "--print-json", "--follow-stdin", "--port", 0)
        assert serve(*words, "--data-dir", tmp_path / "data", then=go)[0] == 0


def test_a_seed_file_with_a_mistake_starts_nothing(
    serve: Callable[..., tuple[int, str]], temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = temporary.parent / "world.yaml"
    seed.write_text("tasks: [{nome: street}]\n")
    status, told = serve("serve", "--ephemeral", "--port", 0, "--seed", seed)
    assert (status, told) == (1, "")
    assert "world.yaml, tasks[0]" in capsys.readouterr().err
    assert list(temporary.iterdir()) == []


@posix
def test_a_seed_file_is_there_before_anybody_comes(
    serve: Callable[..., tuple[int, str]], temporary: Path
) -> None:
    seed = temporary.parent / "world.yaml"
    seed.write_text("users: [{username: alice, password: purple otter 9}]\n")

    def look(words: str) -> None:
        assert ask(json.loads(words)["url"], basic("alice", "purple otter 9")) == 200

    words = ("serve", "--ephemeral", "--print-json", "--port", 0, "--seed", seed)
    assert serve(*words, then=look)[0] == 0


def test_a_directory_that_a_server_uses_is_refused(
    serve: Callable[..., tuple[int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    lock = DirectoryLock(tmp_path / "data" / "lock")
    lock.note("http://localhost:9")
    assert serve("--port", 0, "--data-dir", tmp_path / "data")[0] == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "in use by another server" in told
    assert "http://localhost:9" in told
    lock.release()


# open


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    (place / "a.png").write_bytes(png())
    return place


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program uses."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@posix
def test_the_task_of_a_directory_is_told_and_shown(
    serve: Callable[..., tuple[int, str]],
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda page: shown.append(page) or True)
    words = ("open", pictures, "--data-dir", tmp_path / "data", "--port", 0)

    def wait(_: str) -> None:
        end = time.monotonic() + PATIENCE
        while not shown and time.monotonic() < end:
            time.sleep(0.01)

    status, told = serve(*words, then=wait)
    assert status == 0
    assert "Task 1 is at http://127.0.0.1:" in told
    assert shown == [f"{address(told)}/"]


@posix
def test_with_a_web_client_the_browser_goes_to_the_task(
    serve: Callable[..., tuple[int, str]],
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda page: shown.append(page) or True)
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "index.html").write_text("<html>")
    words = ("open", pictures, "--data-dir", tmp_path / "data", "--port", 0)

    def wait(_: str) -> None:
        end = time.monotonic() + PATIENCE
        while not shown and time.monotonic() < end:
            time.sleep(0.01)

    status, told = serve(*words, "--ui", tmp_path / "ui", then=wait)
    assert status == 0
    assert shown == [f"{address(told)}/tasks/1"]


def test_a_directory_is_opened_on_another_port_if_the_usual_one_is_taken(
    pictures: Path, taken: int, tmp_path: Path
) -> None:
    config = Config(data_dir=tmp_path / "data", port=taken)
    opened = listen(config, parse(["open", str(pictures)]))
    assert sockets.port_of(opened[0]) != taken
    sockets.close(opened)
    with pytest.raises(SettingError, match="is in use"):
        listen(config, parse(["serve"]))


def test_a_port_that_was_named_is_not_exchanged_for_another(
    serve: Callable[..., tuple[int, str]],
    pictures: Path,
    taken: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("open", pictures, "--data-dir", tmp_path / "data", "--port", taken)
    assert serve(*words)[0] == 1
    assert f"The port {taken} on 127.0.0.1 is in use" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_directory_without_media_ends_in_one_line(
    serve: Callable[..., tuple[int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    words = ("open", tmp_path / "empty", "--no-browser", "--data-dir", tmp_path / "data")
    assert serve(*words, "--port", 0, ends=True)[0] == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert serve("open", tmp_path / "nowhere", "--data-dir", tmp_path / "data")[0] == 1
    assert "nowhere is not a directory" in capsys.readouterr().err


# The life of a process


@posix
async def test_the_first_signal_stops_and_the_second_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop = process.Stop()
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait_for(stop.wait(), PATIENCE)
    with pytest.raises(LeftError) as left:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
    assert left.value.code == 128 + signal.SIGTERM


@posix
def test_a_signal_that_comes_at_the_very_end_does_no_harm() -> None:
    async def live() -> None:
        process.Stop()

    asyncio.run(live())
    os.kill(os.getpid(), signal.SIGTERM)
    assert any(isinstance(thread, threading.Timer) for thread in threading.enumerate())


async def test_what_is_not_done_in_time_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []
    process.BEFORE_LEAVING.append(lambda: called.append("removed"))
    with pytest.raises(LeftError) as left:
        process.give_up()
    assert left.value.code == 0
    assert called == ["removed"]
    assert "without waiting any longer" in caplog.text


@posix
async def test_work_is_given_up_when_the_process_is_told_to_stop() -> None:
    stop = process.Stop()
    begun = asyncio.Event()
    ended: list[str] = []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append("cancelled")

    waiting = asyncio.ensure_future(stop.unless_done(work()))
    await begun.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(waiting, PATIENCE)
    assert ended == ["cancelled"]


async def test_work_that_fails_says_so() -> None:
    async def work() -> None:
        raise ValueError("no idea")

    with pytest.raises(ValueError, match="no idea"):
        await process.Stop().unless_done(work())


async def test_a_thread_that_is_still_at_work_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "THREAD_SECONDS", 0.05)
    threads = process.use_threads()
    done = threading.Event()
    working = asyncio.get_running_loop().run_in_executor(None, done.wait)
    with pytest.raises(LeftError) as left:
        process.leave_if_busy(threads)
    assert left.value.code == 0
    done.set()
    await working


def test_each_request_is_logged_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(logging, "basicConfig", lambda **more: given.append(more["level"]))
    process.set_up_logging(verbose=True)
    process.set_up_logging(verbose=False)
    assert given == [logging.INFO, logging.WARNING]


# Directories that go with their process


def test_a_directory_is_locked_while_it_is_used_and_then_gone(temporary: Path) -> None:
    place = Ephemeral()
    assert place.path.parent == temporary
    assert place.path.name.startswith(PREFIX)
    assert place.data_dir == place.path / "data"
    sweep(temporary)
    assert place.path.is_dir()
    place.remove()
    place.remove()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_has_left_is_removed_by_the_next(temporary: Path) -> None:
    left, old, new = (
        temporary / name for name in (f"{PREFIX}a", f"{NEW_PREFIX}b", f"{NEW_PREFIX}c")
    )
    for place in (left, old, new):
        (place / "data").mkdir(parents=True)
    before = time.time() - NEW_SECONDS - 1
    os.utime(old, (before, before))
    (temporary / "somebody's").mkdir()
    place = Ephemeral()
    assert sorted(one.name for one in temporary.iterdir()) == sorted(
        [new.name, place.path.name, "somebody's"]
    )
    place.remove()


@posix
def test_a_link_leads_to_nothing_that_is_touched(temporary: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "lock").write_text("mine")
    (temporary / f"{PREFIX}link").symlink_to(mine)
    (temporary / f"{PREFIX}file").write_text("no directory")
    sweep(temporary)
    assert (mine / "lock").read_text() == "mine"
    assert (temporary / f"{PREFIX}link").is_symlink()


def test_where_an_open_directory_cannot_be_renamed_it_keeps_its_name(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Path:
        raise PermissionError("a file in it is open")

    monkeypatch.setattr(Path, "rename", refuse)
    place = Ephemeral()
    assert place.path.name.startswith(NEW_PREFIX)
    place.remove()
    assert list(temporary.iterdir()) == []
