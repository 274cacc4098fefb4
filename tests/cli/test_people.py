"""``cvat-lite user``: the users of a store whose server does not run."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest

from cvat_lite.cli import main
from cvat_lite.config import Config
from cvat_lite.domain import clock, passwords
from cvat_lite.services import bootstrap
from cvat_lite.store import sessions, users
from cvat_lite.store.database import Database
from cvat_lite.store.sessions import Session
from cvat_lite.store.users import User
from tests.client import ADMIN_PASSWORD

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo terminals")


@pytest.fixture
def data(tmp_path) -> Path:
    """A data directory whose store has an administrator with a session."""
    config = Config(data_dir=tmp_path, admin_password=ADMIN_PASSWORD)

    async def make() -> None:
        database = await Database.open(config.database, readers=1)
        await bootstrap.ensure_administrator(database, config)
        async with database.writing() as db:
            await sessions.insert(db, "digest", 1, clock.later(60))
        await database.close()

    asyncio.run(make())
    return tmp_path


def read_user(data: Path, name: str) -> User | None:
    """The user as the store has it."""

    async def read() -> User | None:
        database = await Database.open(Config(data_dir=data).database, readers=1)
        async with database.reading() as db:
            user = await users.by_name(db, name)
        await database.close()
        return user

    return asyncio.run(read())


def user(data: Path, *words: str) -> int:
    """Run ``cvat-lite user`` with those words."""
    return main(["user", *words, "--data-dir", str(data)])


@pytest.fixture
def say(monkeypatch):
    """Let the standard input say something."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_user_is_added_with_the_password_from_the_standard_input(data, say, capsys) -> None:
    say("purple otter 9\nnot this line\n")
    assert user(data, "add", "bob", "--email", "bob@example.org", "--password-stdin") == 0
    bob = read_user(data, "bob")
    assert bob is not None
    assert passwords.verify_password("purple otter 9", bob.password)
    assert (bob.email, bob.groups, bob.is_superuser) == ("bob@example.org", ("user",), False)
    assert "bob" in capsys.readouterr().out


def test_an_administrator_and_members_of_groups_can_be_added(data, say) -> None:
    say("purple otter 9\n")
    assert user(data, "add", "root", "--admin", "--password-stdin") == 0
    root = read_user(data, "root")
    assert root is not None
    assert (root.is_superuser, root.is_staff, root.groups) == (True, True, ("admin",))
    say("purple otter 9\n")
    assert user(data, "add", "w", "--group", "worker", "--group", "user", "--password-stdin") == 0
    worker = read_user(data, "w")
    assert worker is not None
    assert (worker.is_superuser, worker.groups) == (False, ("user", "worker"))


def test_a_password_is_set_and_the_sessions_end(data, say) -> None:
    say("green heron 4\n")
    assert user(data, "passwd", "admin", "--password-stdin") == 0
    admin = read_user(data, "admin")
    assert admin is not None
    assert passwords.verify_password("green heron 4", admin.password)

    async def session() -> Session | None:
        database = await Database.open(Config(data_dir=data).database, readers=1)
        async with database.reading() as db:
            found = await sessions.get(db, "digest")
        await database.close()
        return found

    assert asyncio.run(session()) is None


def test_the_users_are_listed_in_columns(data, capsys) -> None:
    assert user(data, "list") == 0
    heading, admin = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["ID", "NAME", "EMAIL"]
    assert admin.split() == ["1", "admin", bootstrap.ADMIN_EMAIL, "admin", "yes", "yes", "never"]


@pytest.mark.parametrize(
    ("words", "password", "complaint"),
    [
        (["add", "admin"], "purple otter 9", "There is a user admin already"),
        (["add", "b", "--email", bootstrap.ADMIN_EMAIL.upper()], "purple otter 9", "the address"),
        (["add", "b", "--email", "nowhere"], "purple otter 9", "not an e-mail address"),
        (["add", "two words"], "purple otter 9", "cannot be a name"),
        (["add", "bob"], "x7k", "at least 8"),
        (["passwd", "nobody"], "purple otter 9", "no user nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    data, say, capsys, words, password, complaint
) -> None:
    say(f"{password}\n")
    assert user(data, *words, "--password-stdin") == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_a_store_is_not_made_by_looking_for_users(tmp_path, capsys) -> None:
    assert user(tmp_path / "data", "list") == 1
    assert "no store" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_without_a_terminal_the_password_has_to_come_by_the_standard_input(
    data, say, capsys
) -> None:
    say("")
    assert user(data, "passwd", "admin") == 1
    assert "--password-stdin" in capsys.readouterr().err


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(data) -> None:
    import pty

    process, terminal = pty.fork()
    if process == 0:
        words = [sys.executable, "-m", "cvat_lite", "user", "passwd", "admin"]
        os.execv(sys.executable, [*words, "--data-dir", str(data)])
    shown = answer_prompts(terminal, [b"stone oak 77\n", b"stone oak 77\n"])
    assert os.waitpid(process, 0)[1] == 0
    assert b"stone oak 77" not in shown
    admin = read_user(data, "admin")
    assert admin is not None
    assert passwords.verify_password("stone oak 77", admin.password)


def answer_prompts(terminal: int, answers: list[bytes]) -> bytes:
    """Type an answer after each prompt; everything that the terminal showed."""
    shown = b""
    while True:
        try:
            said = os.read(terminal, 1000)
        except OSError:  # Linux reports the end of a terminal so.
            return shown
        if not said:
            return shown
        shown += said
        if said.rstrip().endswith(b":") and answers:
            os.write(terminal, answers.pop(0))
