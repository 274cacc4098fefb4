"""What can be typed after ``cvat-lite``."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvat_lite import __version__
from cvat_lite.cli import main
from cvat_lite.cli.arguments import parse


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], "serve"),
        (["--port", "81"], "serve"),
        (["serve", "--port", "81"], "serve"),
        (["open", "pictures"], "open"),
        (["user", "list"], "user"),
        (["snapshot", "list"], "snapshot"),
        (["seed", "world.yaml"], "seed"),
    ],
)
def test_it_serves_unless_another_command_is_named(words, command) -> None:
    assert parse(words).command == command


def test_hosts_and_origins_may_be_named_more_than_once() -> None:
    options = parse(["--allowed-host", "a.example", "--allowed-host", "b.example"])
    assert options.allowed_hosts == ["a.example", "b.example"]


def test_opening_a_directory_needs_no_login() -> None:
    options = parse(["open", "pictures", "--labels", "car,person", "--no-browser"])
    assert options.no_login
    assert options.directory == Path("pictures")
    assert options.labels == "car,person"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["sevre"], "invalid choice: 'sevre'"),
        (["user"], "ACTION"),
        (["user", "add", "bob", "--group", "kings"], "invalid choice: 'kings'"),
        (["--prot", "80"], "unrecognized arguments: --prot 80"),
        (["open"], "DIR"),
    ],
)
def test_words_it_does_not_know_are_answered_with_one_line(words, complaint, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert complaint in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "mentioned"),
    [
        ([], ("serve", "open", "user")),
        (["serve"], ("--port", "--data-dir", "--share", "--ui", "CVAT_LITE_CACHE_BYTES")),
        (["open"], ("DIR", "--labels", "--no-browser")),
        (["user"], ("add", "passwd", "list")),
        (["user", "add"], ("--email", "--group", "--admin", "--password-stdin")),
        (["user", "passwd"], ("username", "--password-stdin")),
        (["user", "list"], ("--data-dir",)),
    ],
)
def test_every_command_explains_itself(words, mentioned, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert not [word for word in mentioned if word not in said]


def test_the_version_can_be_asked_for(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"cvat-lite {__version__} ")
