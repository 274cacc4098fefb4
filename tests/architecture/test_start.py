"""What a server loads at its start: everybody waits for that, and it stays in memory."""

from __future__ import annotations

import subprocess
import sys

from tests.process import PATIENCE, environment

#: What decodes, compares and draws: seconds and tens of megabytes that most calls never need.
LATER = ("av", "cryptography", "numpy", "obstore", "pypdfium2", "yaml")


def test_what_decodes_and_computes_is_loaded_when_it_is_first_needed() -> None:
    program = f"import sys, cvat_lite.app; print(*[n for n in {LATER} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.split() == []
