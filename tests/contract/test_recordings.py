"""The recorded conversations with a CVAT, spoken again with a server that holds the same state.

The recordings, the dump they began from and the program that compares are not part of the
repository; where they are not at hand, these tests are skipped.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dumps import SHARED
from tests.process import ServerProcess, command, environment

GOLDEN = SHARED / "golden"
DUMP = SHARED / "cvat_dump"
ALLOWED = Path(__file__).parent.parent / "data" / "allowed_differences.txt"
#: An administrator whom no conversation deletes, and the password of everybody in the dump.
WHO = ("--username", "admin2", "--password", "!Q@W#E$R")
PATIENCE = 300

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recordings are not at hand")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the state that the recordings began from, kept as the snapshot ``before``."""
    data = tmp_path_factory.mktemp("recorded") / "data"
    files = DUMP / "cvat_data.tar.bz2"
    for words in (
        ("import-cvat", "--dump", DUMP / "data.json", "--files", files, "--data-dir", data),
        ("snapshot", "save", "before", "--data-dir", data),
    ):
        done = command(*words)
        assert done.returncode == 0, done.stderr
    with ServerProcess(
        "serve", "--port", "0", "--allow-snapshots", "--data-dir", data, password=""
    ) as server:
        yield server.url


@pytest.mark.parametrize("recorded", ["reads", "writes"])
def test_every_recorded_conversation_agrees(url: str, recorded: str) -> None:
    restore = shlex.join(
        [sys.executable, "-m", "cvat_lite", "snapshot", "restore", "before", "--url", url, *WHO]
    )
    done = subprocess.run(
        [
            sys.executable,
            GOLDEN / "replay.py",
            *("--url", url),
            *("--restore", restore),
            *("--allow", ALLOWED),
            GOLDEN / "conversations" / f"{recorded}.json",
        ],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
