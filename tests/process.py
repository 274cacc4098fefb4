"""A server as a process of its own, as a person would start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.client import ADMIN_PASSWORD

CHECKOUT = Path(__file__).resolve().parent.parent
#: Far longer than anything here takes: what is still running then hangs.
PATIENCE = 30


def environment(**more: str) -> dict[str, str]:
    """The environment of the tests without settings that were meant for another server."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("CVAT_LITE_")}
    path = os.pathsep.join(part for part in (str(CHECKOUT), found.get("PYTHONPATH")) if part)
    return {**found, "PYTHONPATH": path, **more}


def command(*words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``cvat-lite`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cvat_lite", *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )


class ServerProcess:
    """A running server; ``url`` is the address it printed, ``greeting`` all of its first words.

    ``settings`` are variables of its environment.
    """

    def __init__(
        self,
        *words: str | Path,
        program: tuple[str, ...] = ("-m", "cvat_lite"),
        password: str = ADMIN_PASSWORD,
        **settings: str,
    ) -> None:
        more = {"CVAT_LITE_ADMIN_PASSWORD": password} if password else {}
        self.process = subprocess.Popen(
            [sys.executable, *program, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**more, **settings),
        )
        self.greeting = self._read_greeting()
        found = re.search(r"http://\S+:(\d+)", self.greeting)
        assert found, f"no address: {self.greeting!r} {self.process.communicate()}"
        self.url = found[0].rstrip("/")
        self.port = int(found[1])

    def _read_greeting(self) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        return "".join(lines)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for the end; the exit status and what was said on the standard error."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Tell the process to stop and wait for it."""
        self.send(number)
        return self.end()
