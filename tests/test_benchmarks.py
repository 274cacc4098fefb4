"""The benchmark programs are run by hand; what they stand on has to tell of what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.server import running


@pytest.mark.parametrize("wrong", ["data", "share"])
def test_a_server_that_ends_at_its_start_is_not_waited_for(tmp_path: Path, wrong: str) -> None:
    # It finds the first fault after it has begun to listen, and the second before.
    file = tmp_path / "file"
    file.write_text("no directory")
    with pytest.raises(RuntimeError, match="ended with status 1"), running(**{wrong: file}):
        pass
