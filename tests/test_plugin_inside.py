"""The fixtures for other people's test suites, in a pytest that runs within this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from cvat_lite import pytest_plugin
from tests.process import environment
from tests.test_plugin import PLUGIN, left_in

pytest_plugins = "pytester"
QUIET = ("-p", "no:asyncio", "-p", "no:aiohttp", "-p", "no:cacheprovider", "-p", "no:cov")
Run = Callable[..., pytest.RunResult]


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
def run(pytester: pytest.Pytester, temporary: Path) -> Run:
    """Run pytest on the text of a test module."""

    def run(text: str, *words: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess(*PLUGIN, *QUIET, *words)

    return run


def test_clean_tests_begin_as_the_session_did_and_clients_are_the_administrators(
    run: Run, pytester: pytest.Pytester, temporary: Path
) -> None:
    pytester.makeini("[pytest]\ncvat_lite_seed = world.yaml")
    pytester.path.joinpath("world.yaml").write_text("projects: [{name: seeded}]\n")
    result = run(
        """
        def names(client):
            return sorted(project.name for project in client.projects.list())

        def test_first(cvat_client):
            cvat_client.projects.create({"name": "left behind"})

        def test_dirty(cvat_client):
            assert names(cvat_client) == ["left behind", "seeded"]

        def test_clean(cvat_client, cvat_clean):
            assert names(cvat_client) == ["seeded"]
            assert cvat_client.users.retrieve_current_user().username == "admin"

        def test_one_server(cvat_server, cvat_clean):
            assert cvat_server is cvat_clean
            cvat_server.call("POST", "/api/auth/logout")

        def test_who_has_logged_out_is_let_in_again(cvat_clean):
            assert cvat_clean.call("GET", "/api/projects")["count"] == 1
        """
    )
    result.assert_outcomes(passed=5)
    assert left_in(temporary) == []


def test_what_is_kept_is_told_at_the_end(run: Run) -> None:
    text = "def test_it(cvat_server): cvat_server.call('POST', '/api/projects', {'name': 'p'})"
    result = run(text, "--cvat-lite-keep")
    result.assert_outcomes(passed=1)
    (line,) = (line for line in result.outlines if "was kept" in line)
    assert Path(line.rpartition(" ")[2], "cvat_lite.sqlite3").is_file()


def test_a_dump_that_cannot_be_read_is_named_with_its_files(run: Run) -> None:
    result = run("def test_it(cvat_server): pass", "--cvat-lite-dump", "nowhere.json,files.tar")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*nowhere.json could not be imported*"])


def test_a_seed_file_with_a_mistake_starts_nothing(
    run: Run, pytester: pytest.Pytester, temporary: Path
) -> None:
    pytester.makeini("[pytest]\ncvat_lite_seed = world.yaml")
    pytester.path.joinpath("world.yaml").write_text("tasks: [{nome: street}]\n")
    result = run("def test_it(cvat_server): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*could not be started*"])
    assert left_in(temporary) == []


def test_without_the_sdk_only_the_tests_of_the_client_are_skipped(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cvat_sdk", None)
    result = run(
        """
        def test_client(cvat_client):
            raise AssertionError
        """
    )
    result.assert_outcomes(skipped=1)


def test_a_worker_tells_the_main_process_what_it_has_kept() -> None:
    worker = SimpleNamespace(stash=pytest.Stash(), workeroutput={})
    main = SimpleNamespace(stash=pytest.Stash())
    for config in (worker, main):
        pytest_plugin.pytest_configure(config)
    worker.stash[pytest_plugin.KEPT].append("/somewhere")
    pytest_plugin.pytest_sessionfinish(SimpleNamespace(config=worker))
    pytest_plugin.pytest_testnodedown(
        SimpleNamespace(config=main, workeroutput=worker.workeroutput)
    )
    # One that died has told nothing.
    pytest_plugin.pytest_testnodedown(SimpleNamespace(config=main))
    assert main.stash[pytest_plugin.KEPT] == ["/somewhere"]
