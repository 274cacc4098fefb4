"""``cvat-lite push`` and ``pull``: two servers, of which one plays the full CVAT."""

from __future__ import annotations

import http.client
import io
import json
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cvat_lite import testing
from cvat_lite.cli import main
from cvat_lite.clients import cvat_backups, cvat_server
from tests.process import environment

SEED = """
organizations:
  - {slug: acme, owner: admin}
projects:
  - name: zoo
    labels:
      - cat
      - {name: car, attributes: [{name: color, values: [red, blue]}]}
tasks:
  - name: first
    project: zoo
    images: {count: 5, width: 40, height: 30}
    segment_size: 3
    annotations:
      tags: [{frame: 1, label: cat}]
      shapes:
        - {frame: 0, label: car, type: rectangle, points: [1, 2, 30, 20], attributes: {color: red}}
        - {frame: 4, label: cat, type: polygon, points: [5, 5, 9, 6, 7, 12]}
      tracks:
        - frame: 0
          label: car
          shapes:
            - {frame: 0, type: rectangle, points: [0, 0, 20, 20]}
            - {frame: 2, type: rectangle, points: [4, 2, 24, 22], outside: true}
  - {name: second, project: zoo, images: {count: 2, width: 40, height: 30}}
  - {name: alone, labels: [dog], images: {count: 3, width: 40, height: 30}}
"""
PROJECT, FIRST, ALONE = 1, 1, 3


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Iterator[testing.Server]:
    """A running server with something in it."""
    place = tmp_path_factory.mktemp("here")
    (place / "seed.yaml").write_text(SEED)
    with testing.server(data_dir=place / "data", seed=place / "seed.yaml") as server:
        job = server.call("GET", f"/api/jobs?task_id={FIRST}&sort=id")["results"][0]
        state = {"stage": "validation", "state": "in progress"}
        server.call("PATCH", f"/api/jobs/{job['id']}", state)
        server.save("base")
        yield server


@pytest.fixture(scope="module")
def empty() -> Iterator[testing.Server]:
    """The server that plays the full CVAT."""
    with testing.server() as server:
        server.call("POST", "/api/organizations", {"slug": "away", "name": "Away"})
        server.save("base")
        yield server


@pytest.fixture
def full(empty: testing.Server) -> testing.Server:
    """It, with nothing in it."""
    empty.restore("base")
    return empty


@pytest.fixture(autouse=True)
def _hurry(monkeypatch) -> None:
    """Nobody waits long for what is cut off on purpose."""
    monkeypatch.setattr(cvat_server, "PAUSE", 0.005)
    monkeypatch.setattr(cvat_backups, "SOONEST", 0.005)


def push(here: testing.Server, to: str, token: str, data: Path, *words: str | int) -> int:
    known = ["--from", here.url, "--from-token", here.token, "--data-dir", str(data)]
    return main(["push", "--to", to, "--token", token, *known, *map(str, words)])


def names(server: testing.Server, kind: str) -> list[str]:
    return [one["name"] for one in server.call("GET", f"/api/{kind}?page_size=all")["results"]]


def held(server: testing.Server) -> Any:
    """All that a server has which must arrive: tasks with labels, jobs, frames, annotations."""
    found = []
    for task in server.call("GET", "/api/tasks?sort=name")["results"]:
        number = task["id"]
        labels = server.call("GET", f"/api/labels?task_id={number}&sort=id")["results"]
        known = {label["id"]: label["name"] for label in labels}
        jobs = server.call("GET", f"/api/jobs?task_id={number}&sort=id")["results"]
        keys = ("start_frame", "stop_frame", "stage", "state", "type")
        meta = server.call("GET", f"/api/tasks/{number}/data/meta")
        annotations = server.call("GET", f"/api/tasks/{number}/annotations/")
        found.append(
            {
                "name": task["name"],
                "in a project": task["project_id"] is not None,
                "labels": [(one["name"], one["color"], len(one["attributes"])) for one in labels],
                "jobs": [[job[key] for key in keys] for job in jobs],
                "frames": meta["frames"],
                "annotations": plain(annotations, known),
            }
        )
    return found


def plain(value: Any, labels: dict[int, str]) -> Any:
    """Annotations without ids, with the names of labels."""
    if isinstance(value, list):
        return [plain(one, labels) for one in value]
    if isinstance(value, dict):
        return {
            key: labels[item] if key == "label_id" else plain(item, labels)
            for key, item in value.items()
            if key not in ("id", "spec_id", "version")
        }
    return value


def members(archive: Path) -> dict[str, Any]:
    """The members of a backup; JSON as trees."""
    with zipfile.ZipFile(archive) as opened:
        found = {name: opened.read(name) for name in opened.namelist()}
    return {n: json.loads(v) if n.endswith(".json") else v for n, v in found.items()}


class Proxy:
    """Passes calls on to a server until so many have come; the answer of the last one is lost."""

    def __init__(self, url: str, calls: int, port: int = 0) -> None:
        proxy, self.left = self, calls
        #: The connection breaks once, after so many bytes of a download.
        self.cut_after: int | None = None

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                proxy.left -= 1
                self.close_connection = True
                if proxy.left < 0:
                    return
                connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
                connection.request(self.command, self.path, body, dict(self.headers))
                response = connection.getresponse()
                content = response.read()
                connection.close()
                if proxy.left > 0:
                    self.tell(response, content)

            def tell(self, response: http.client.HTTPResponse, content: bytes) -> None:
                self.close_connection = False
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(name, value)
                size = response.headers["Content-Length"] if self.command == "HEAD" else None
                self.send_header("Content-Length", size or str(len(content)))
                self.end_headers()
                if proxy.cut_after is not None and "/download" in self.path:
                    content, proxy.cut_after = content[: proxy.cut_after], None
                    self.close_connection = True
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_HEAD = pass_on  # noqa: N815  # the library's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[str]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self.url
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


class TestAMove:
    def test_everything_arrives_once_and_comes_back_as_it_was(
        self, here, full, tmp_path, capsys
    ) -> None:
        assert push(here, full.url, full.token, tmp_path, "--all", "--keep") == 0
        said = capsys.readouterr().out
        assert 'project 1 "zoo" (2 tasks, 7 frames) is now project' in said
        assert "Backups do not hold users and assignees" in said
        assert sorted(names(full, "tasks")) == ["alone", "first", "second"]
        assert names(full, "projects") == ["zoo"]
        assert held(full) == held(here)
        back = ["pull", "--from", full.url, "--token", full.token, "--all", "--keep"]
        assert main([*back, "--data-dir", str(tmp_path / "back")]) == 0
        with testing.server(data_dir=tmp_path / "back") as server:
            assert held(server) == held(here)
        there, again = (sorted(tmp_path.glob(f"{up}moves/*/*.zip")) for up in ("", "back/"))
        assert [members(path) for path in again] == [members(path) for path in there]

    def test_what_is_chosen_is_moved_and_a_task_goes_with_its_project(
        self, here, full, tmp_path, capsys
    ) -> None:
        chosen = ("--project", PROJECT, "--task", FIRST)
        assert push(here, full.url, full.token, tmp_path, *chosen) == 0
        assert "Task 1 goes with its project." in capsys.readouterr().out
        assert sorted(names(full, "tasks")) == ["first", "second"]
        assert push(here, full.url, full.token, tmp_path, "--task", ALONE) == 0
        assert sorted(names(full, "tasks")) == ["alone", "first", "second"]

    def test_a_task_of_a_project_can_go_alone(self, here, full, tmp_path, capsys) -> None:
        assert push(here, full.url, full.token, tmp_path, "--task", FIRST) == 0
        assert "goes without its project" in capsys.readouterr().out
        (task,) = held(full)
        assert task == {**held(here)[1], "in a project": False}

    def test_it_goes_into_the_organization_that_is_named(self, here, full, tmp_path) -> None:
        words = ("--task", ALONE, "--organization", "away")
        assert push(here, full.url, full.token, tmp_path, *words) == 0
        (task,) = full.call("GET", "/api/tasks?org=away")["results"]
        assert task["name"] == "alone"

    def test_a_name_and_password_from_the_environment_will_do(
        self, here, full, tmp_path, monkeypatch
    ) -> None:
        monkeypatch.setenv("CVAT_LITE_TO_USER", f"{full.username}:{full.password}")
        monkeypatch.setenv("CVAT_LITE_FROM_TOKEN", here.token)
        words = ["--to", full.url, "--from", here.url, "--data-dir", str(tmp_path)]
        assert main(["push", *words, "--task", str(ALONE)]) == 0
        assert names(full, "tasks") == ["alone"]

    def test_an_access_token_will_do(self, here, full, tmp_path) -> None:
        made = full.call("POST", "/api/auth/access_tokens", {"name": "push", "read_only": False})
        assert push(here, full.url, made["value"], tmp_path, "--task", ALONE) == 0
        assert names(full, "tasks") == ["alone"]

    def test_a_dry_run_tells_and_touches_nothing(self, here, full, tmp_path, capsys) -> None:
        place = tmp_path / "none"
        assert push(here, full.url, full.token, place, "--all", "--dry-run") == 0
        said = capsys.readouterr().out
        assert 'Would be moved: task 3 "alone" (3 frames)' in said
        words = ["--from", here.url, "--token", here.token, "--data-dir", str(place)]
        assert main(["pull", *words, "--all", "--dry-run"]) == 0
        assert "Would be moved" in capsys.readouterr().out
        assert names(full, "tasks") == []
        assert not place.exists()


class TestADataDirectory:
    def test_it_is_moved_whether_its_server_runs_or_not(self, full, tmp_path, capsys) -> None:
        place = tmp_path / "data"
        words = ["push", "--to", full.url, "--token", full.token, "--all", "--data-dir", str(place)]
        assert main(words) == 1
        assert "There is no store" in capsys.readouterr().err
        (tmp_path / "seed.yaml").write_text(SEED)
        assert main(["seed", str(tmp_path / "seed.yaml"), "--data-dir", str(place)]) == 0
        assert main([*words, "--again"]) == 0
        with testing.server(data_dir=place):
            assert main([*words, "--again"]) == 0
        assert sorted(names(full, "projects")) == ["zoo", "zoo"]
        assert not list(place.glob("moves/*/*.zip"))


class TestWhatWasMoved:
    def test_it_is_not_moved_again_unless_asked_for(self, here, full, tmp_path, capsys) -> None:
        assert push(here, full.url, full.token, tmp_path, "--task", ALONE) == 0
        assert push(here, full.url, full.token, tmp_path, "--task", ALONE) == 0
        assert "was moved before, as task" in capsys.readouterr().out
        assert names(full, "tasks") == ["alone"]
        here.call("PATCH", f"/api/tasks/{ALONE}", {"name": "changed"})
        assert push(here, full.url, full.token, tmp_path, "--task", ALONE) == 0
        assert "it was changed since" in capsys.readouterr().out
        assert push(here, full.url, full.token, tmp_path, "--task", ALONE, "--again") == 0
        assert sorted(names(full, "tasks")) == ["alone", "changed"]
        here.restore("base")

    @pytest.mark.parametrize("calls", range(4, 11))
    def test_a_run_that_is_cut_off_is_gone_on_with(self, here, full, tmp_path, calls) -> None:
        """Whatever answer of the full CVAT is the first to be lost, there is one copy in the end.

        ``calls`` is how many calls reach it; three of them find out how it knows us.
        """
        cut = Proxy(full.url, calls)
        with cut.running() as url:
            assert push(here, url, full.token, tmp_path, "--task", ALONE) == 1
        with Proxy(full.url, 1000, cut.port).running() as url:
            assert push(here, url, full.token, tmp_path, "--task", ALONE) == 0
        assert names(full, "tasks") == ["alone"]

    def test_an_upload_is_gone_on_with_where_it_was(
        self, here, full, tmp_path, monkeypatch
    ) -> None:
        monkeypatch.setattr(cvat_backups, "SENT", 300)
        cut = Proxy(full.url, 10)
        with cut.running() as url:
            assert push(here, url, full.token, tmp_path, "--task", ALONE) == 1
        sent: list[int] = []
        append = cvat_backups.append

        async def noting(server, upload, offset, piece) -> int:
            sent.append(offset)
            return await append(server, upload, offset, piece)

        monkeypatch.setattr(cvat_backups, "append", noting)
        with Proxy(full.url, 1000, cut.port).running() as url:
            assert push(here, url, full.token, tmp_path, "--task", ALONE) == 0
        assert sent[0] >= 300
        assert names(full, "tasks") == ["alone"]

    def test_a_download_that_breaks_is_taken_up_where_it_broke(self, here, full, tmp_path) -> None:
        proxy = Proxy(here.url, 1000)
        proxy.cut_after = 700
        words = ["--to", full.url, "--token", full.token, "--data-dir", str(tmp_path)]
        with proxy.running() as url:
            known = ["--from", url, "--from-token", here.token, "--task", str(ALONE)]
            assert main(["push", *words, *known]) == 0
        assert proxy.cut_after is None
        assert names(full, "tasks") == ["alone"]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_run_that_is_stopped_says_so_and_is_gone_on_with(
        self, here, full, tmp_path, number
    ) -> None:
        def behind_a_terminal() -> None:
            """As shells start what runs in the background, deaf to Ctrl-C."""
            heard = number == signal.SIGINT
            signal.signal(signal.SIGINT, signal.default_int_handler if heard else signal.SIG_IGN)

        words = ["--to", full.url, "--token", full.token, "--data-dir", str(tmp_path), "--all"]
        words += ["--from", here.url, "--from-token", here.token]
        process = subprocess.Popen(
            [sys.executable, "-m", "cvat_lite", "push", *words],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=behind_a_terminal,  # noqa: PLW1509  # before any thread is started
        )
        journal = []
        while not journal:
            time.sleep(0.005)
            journal = list(tmp_path.glob("moves/*/journal.json"))
            assert process.poll() is None
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors.strip()) == (130, b"")
        assert main(["push", *words]) == 0
        assert sorted(names(full, "tasks")) == ["alone", "first", "second"]


class TestWhatCannotBeDone:
    def complaint(self, capsys) -> str:
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        return str(said)

    @pytest.mark.parametrize(
        ("url", "complaint"),
        [
            ("http://127.0.0.1:9", "http://127.0.0.1:9 does not answer: Connection refused."),
            ("cvat.example.org", "is not an address such as"),
            ("http://[::1", "is not an address such as"),
        ],
    )
    def test_an_address_without_a_server_is_named(
        self, here, tmp_path, capsys, url, complaint
    ) -> None:
        assert push(here, url, "token", tmp_path, "--all") == 1
        assert complaint in self.complaint(capsys)

    def test_a_wrong_token_is_told(self, here, full, tmp_path, capsys) -> None:
        assert push(here, full.url, "wrong", tmp_path, "--all") == 1
        assert "does not accept the token: Invalid token." in self.complaint(capsys)

    def test_a_wrong_password_is_told(self, here, full, tmp_path, capsys) -> None:
        words = ["--to", full.url, "--user", "admin:wrong", "--data-dir", str(tmp_path), "--all"]
        words += ["--from", here.url, "--from-token", here.token]
        assert main(["push", *words]) == 1
        assert "does not accept the name and password" in self.complaint(capsys)

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            ((), "Say what to move"),
            (("--all", "--task", 1), "--all means everything"),
            (("--task", 99), "Task 99 cannot be moved: No Task matches the given query."),
            (("--all", "--organization", "none"), "none organization does not exist"),
        ],
    )
    def test_what_is_not_there_is_told_in_one_line(
        self, here, full, tmp_path, capsys, words, complaint
    ) -> None:
        assert push(here, full.url, full.token, tmp_path, *words) == 1
        assert complaint in self.complaint(capsys)

    def test_who_asks_must_be_said_and_nobody_is_prompted_without_a_terminal(
        self, full, tmp_path, capsys, monkeypatch
    ) -> None:
        words = ["pull", "--from", full.url, "--all", "--data-dir", str(tmp_path)]
        assert main(words) == 1
        assert "CVAT_LITE_FROM_TOKEN" in self.complaint(capsys)
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert main([*words, "--user", "admin"]) == 1
        assert "The password of admin is missing" in self.complaint(capsys)

    def test_a_disk_that_takes_no_more_is_told_and_nothing_is_left_on_it(
        self, here, full, tmp_path
    ) -> None:
        words = ["--to", full.url, "--token", full.token, "--data-dir", str(tmp_path)]
        words += ["--from", here.url, "--from-token", here.token, "--task", str(ALONE)]
        done = subprocess.run(
            [sys.executable, "-m", "cvat_lite", "push", *words],
            env=environment(PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        )
        assert done.returncode == 1
        assert re.search(r"tasks-3\.zip\.part cannot be written: File too large\.$", done.stderr)
        assert not list(tmp_path.glob("moves/*/*.zip*"))
        assert names(full, "tasks") == []

    def test_one_that_fails_is_told_and_the_others_are_moved(
        self, here, full, tmp_path, capsys
    ) -> None:
        broken = here.call("POST", "/api/projects", {"name": "none", "labels": []})
        assert push(here, full.url, full.token, tmp_path, "--task", ALONE) == 0
        journal = next(tmp_path.glob("moves/*/journal.json"))
        archive = journal.with_name(f"projects-{broken['id']}.zip")
        archive.write_bytes(b"no archive")
        written = json.loads(journal.read_text())
        written["moves"] = {
            f"projects-{broken['id']}": {"stage": "fetched", "stamp": broken["updated_date"]}
        }
        journal.write_text(json.dumps(written))
        chosen = ("--project", broken["id"], "--task", ALONE)
        assert push(here, full.url, full.token, tmp_path, *chosen) == 1
        said = capsys.readouterr()
        assert "1 of 2 could not be moved." in said.err
        assert "[2/2] task 3" in said.out
        assert not archive.exists()
        assert push(here, full.url, full.token, tmp_path, *chosen) == 0
        here.restore("base")

    def test_a_server_that_is_no_cvat_is_told(self, here, tmp_path, capsys) -> None:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html>")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            assert push(here, url, "token", tmp_path, "--all") == 1
        finally:
            server.shutdown()
            server.server_close()
        assert "is no CVAT server" in self.complaint(capsys)
