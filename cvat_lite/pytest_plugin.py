"""Fixtures for pytest: a CVAT for a test suite.

Every run of pytest where this package is installed imports this module: it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cvat_lite.testing import Server

BASE = "pytest-base"
KEPT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and the setting."""
    group = parser.getgroup("cvat-lite", "CVAT Lite")
    group.addoption(
        "--cvat-lite-dump",
        metavar="FILE[,FILES]",
        help="start cvat_server from a dump of a full CVAT; FILES is CVAT's data directory or an "
        "archive of it (default: cvat_data.tar.bz2 beside the dump)",
    )
    group.addoption(
        "--cvat-lite-keep",
        action="store_true",
        help="keep the data directory of cvat_server, and say where it is",
    )
    parser.addini(
        "cvat_lite_seed", "a file for 'cvat-lite seed' to start cvat_server from", "paths"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare to note the directories that are kept."""
    config.stash[KEPT] = []


@pytest.fixture(scope="session")
def cvat_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A real server of this session: ``url``, ``username``, ``password``, ``token``, ``client()``.

    With pytest-xdist each worker has one of its own.
    """
    from cvat_lite import testing  # noqa: PLC0415  # see the module's docstring

    config = request.config
    more: dict[str, Any] = {}
    dump = config.getoption("--cvat-lite-dump")
    if dump:
        name, _, files = dump.partition(",")
        more = {"dump": Path(name), "files": Path(files) if files else None}
    for seed in config.getini("cvat_lite_seed"):
        more["seed"] = seed
    if config.getoption("--cvat-lite-keep"):
        more["data_dir"] = tmp_path_factory.mktemp("cvat-lite") / "data"
        config.stash[KEPT].append(str(more["data_dir"]))
    with testing.server(**more) as started:
        started.save(BASE)
        yield started


@pytest.fixture
def cvat_clean(cvat_server: Server) -> Server:
    """The server as it was when the session began, whatever other tests have done to it."""
    cvat_server.restore(BASE)
    return cvat_server


@pytest.fixture
def cvat_client(request: pytest.FixtureRequest, cvat_server: Server) -> Iterator[Any]:
    """A ``cvat_sdk`` client of the administrator; the test is skipped without the SDK."""
    pytest.importorskip("cvat_sdk", reason="cvat-sdk is not installed")
    if "cvat_clean" in request.fixturenames:
        # Going back to the beginning ends sessions: first that, then the login.
        request.getfixturevalue("cvat_clean")
    with cvat_server.client() as client:
        yield client


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the main process what it has kept."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["cvat_lite_kept"] = session.config.stash[KEPT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Note what a worker of pytest-xdist has kept."""
    node.config.stash[KEPT].extend(getattr(node, "workeroutput", {}).get("cvat_lite_kept", ()))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was kept, and how to look at it."""
    for place in config.stash[KEPT]:
        terminalreporter.write_line(f"cvat_server's data was kept: cvat-lite --data-dir {place}")
