"""``cvat-lite snapshot``: of a store whose server does not run, and through one that does."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cvat_lite import testing
from cvat_lite.cli import main


@pytest.fixture(scope="module")
def server():
    """One running server for the questions of this module."""
    with testing.server() as server:
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a project and without a server."""
    with testing.server(data_dir=tmp_path / "data") as server:
        server.call("POST", "/api/projects", {"name": "first"})
    return tmp_path / "data"


def projects(data: Path) -> list[str]:
    connection = sqlite3.connect(data / "cvat_lite.sqlite3")
    found = [name for (name,) in connection.execute("SELECT name FROM projects")]
    connection.close()
    return found


def rename(data: Path, name: str) -> None:
    connection = sqlite3.connect(data / "cvat_lite.sqlite3")
    connection.execute("UPDATE projects SET name = ?", (name,))
    connection.commit()
    connection.close()


def snapshot(*words: str | Path) -> int:
    return main(["snapshot", *map(str, words)])


class TestOfAStoreAtRest:
    def test_it_is_saved_listed_restored_and_deleted(self, data, capsys) -> None:
        assert snapshot("save", "base", "--data-dir", data) == 0
        rename(data, "second")
        assert snapshot("restore", "base", "--data-dir", data) == 0
        assert projects(data) == ["first"]
        assert snapshot("list", "--data-dir", data) == 0
        heading, row = capsys.readouterr().out.splitlines()[-2:]
        assert heading.split() == ["NAME", "SAVED", "SIZE"]
        assert row.split()[0] == "base"
        assert snapshot("delete", "base", "--data-dir", data) == 0
        assert list((data / "snapshots").iterdir()) == []

    def test_a_server_started_on_it_knows_its_snapshots(self, data) -> None:
        assert snapshot("save", "base", "--data-dir", data) == 0
        with testing.server(data_dir=data) as server:
            server.call("DELETE", "/api/projects/1")
            server.restore("base")
            assert server.call("GET", "/api/projects/1")["name"] == "first"

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["restore", "none"], "There is no snapshot none."),
            (["delete", "none"], "There is no snapshot none."),
            (["save", "../escape"], "letters, digits"),
        ],
    )
    def test_what_cannot_be_done_is_said_in_one_line(self, data, capsys, words, complaint) -> None:
        assert snapshot(*words, "--data-dir", data) == 1
        said = capsys.readouterr().err
        assert complaint in said
        assert said.count("\n") == 1

    def test_a_snapshot_is_not_replaced_unasked(self, data, capsys) -> None:
        assert snapshot("save", "base", "--data-dir", data) == 0
        rename(data, "second")
        assert snapshot("save", "base", "--data-dir", data) == 1
        assert "already" in capsys.readouterr().err
        assert snapshot("save", "base", "--replace", "--data-dir", data) == 0
        rename(data, "third")
        assert snapshot("restore", "base", "--data-dir", data) == 0
        assert projects(data) == ["second"]

    def test_a_broken_snapshot_leaves_the_store_as_it_is(self, data, capsys) -> None:
        (data / "snapshots").mkdir(exist_ok=True)
        (data / "snapshots" / "bad.sqlite3").write_bytes(b"nothing" * 1000)
        assert snapshot("restore", "bad", "--data-dir", data) == 1
        assert "cannot be used" in capsys.readouterr().err
        assert projects(data) == ["first"]
        assert [path.name for path in data.glob("dropped-*")] == []

    def test_where_there_is_no_store_none_is_made(self, tmp_path, capsys) -> None:
        assert snapshot("save", "base", "--data-dir", tmp_path / "nowhere") == 1
        assert "no store" in capsys.readouterr().err
        assert not (tmp_path / "nowhere").exists()


class TestThroughAServer:
    def test_it_is_saved_listed_restored_and_deleted(self, server, capsys) -> None:
        who = ("--url", server.url, "--username", server.username, "--password", server.password)
        assert snapshot("save", "mine", *who) == 0
        made = server.call("POST", "/api/projects", {"name": "later"})
        assert snapshot("restore", "mine", "--url", server.url, "--token", server.token) == 0
        with pytest.raises(testing.ServerError, match="404"):
            server.call("GET", f"/api/projects/{made['id']}")
        assert snapshot("list", *who) == 0
        assert "mine" in capsys.readouterr().out
        assert snapshot("delete", "mine", *who) == 0
        assert server.call("GET", "/api/snapshots")["count"] == 0

    def test_the_servers_own_store_is_not_touched_behind_its_back(self, tmp_path, capsys) -> None:
        with testing.server(data_dir=tmp_path) as server:
            assert snapshot("save", "base", "--data-dir", tmp_path) == 1
            said = capsys.readouterr().err
            assert server.url in said
            assert "--url" in said

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            ([], "--token"),
            (["--token", "wrong"], "Invalid token."),
            (["--username", "admin", "--password", "wrong"], "Invalid username/password."),
        ],
    )
    def test_who_is_nobody_is_told_so(self, server, capsys, words, complaint) -> None:
        assert snapshot("save", "base", "--url", server.url, *words) == 1
        assert complaint in capsys.readouterr().err

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1", "127.0.0.1:8080"])
    def test_an_address_without_a_server_is_named(self, capsys, url) -> None:
        assert snapshot("list", "--url", url, "--token", "x") == 1
        assert url in capsys.readouterr().err
