"""A real server for the tests of code that talks to CVAT.

    import cvat_lite.testing

    with cvat_lite.testing.server() as s:
        print(s.url, s.username, s.password, s.token)

It is a process of its own on a free port, with a store in a temporary directory; both are gone
after the block, and also when the program that started it is killed. This module imports nothing
but the standard library; the fixtures for pytest are made from it.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: What does not answer in this time hangs.
SECONDS = 60.0
#: A server that was told to stop has ended by then, or is killed.
LAST_SECONDS = 10.0
UNAUTHORIZED = 401
ERRORS = 300


class ServerError(Exception):
    """The server could not be started, or refused what it was asked for."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and its administrator.

    ``password`` is None where the store came with its own users, as that of a dump does.
    """

    url: str
    username: str
    password: str | None
    token: str
    pid: int

    def client(self) -> Any:
        """A ``cvat_sdk`` client of the administrator; ImportError if the SDK is not installed."""
        from cvat_sdk import make_client  # noqa: PLC0415  # heavy, and not everybody has it

        if self.password is not None:
            return make_client(self.url, credentials=(self.username, self.password))
        client = make_client(self.url)
        client.api_client.set_default_header("Authorization", f"Token {self.token}")
        return client

    def save(self, name: str) -> None:
        """Save the state of the server under a name, in place of what had the name."""
        self.call("POST", "/api/snapshots", {"name": name, "replace": True})

    def restore(self, name: str) -> None:
        """Make everything as it was when the state of that name was saved."""
        self.call("POST", f"/api/snapshots/{name}/restore")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the server answers the administrator; ServerError for a refusal."""
        status, data = self._ask(method, path, body, f"Token {self.token}")
        if status == UNAUTHORIZED and self.password is not None:
            # Who logs out loses the token; a state that has it again may be the one asked for.
            pair = b64encode(f"{self.username}:{self.password}".encode()).decode()
            status, data = self._ask(method, path, body, f"Basic {pair}")
        if status >= ERRORS:
            raise ServerError(f"{method} {path}: {status} {data[:1000].decode(errors='replace')}")
        return json.loads(data) if data else None

    def _ask(self, method: str, path: str, body: Any, proof: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
        headers = {"Authorization": proof, "Content-Type": "application/json"}
        content = json.dumps(body) if body is not None else None
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@contextmanager
def server(
    *,
    dump: Path | str | None = None,
    files: Path | str | None = None,
    seed: Path | str | None = None,
    data_dir: Path | str | None = None,
) -> Iterator[Server]:
    """A server for the time of the block; snapshots are allowed.

    ``dump`` and ``files`` are the dump of a full CVAT and its data directory, to begin with;
    ``seed`` is a file for ``cvat-lite seed``. With ``data_dir`` the store is there and stays
    afterwards. ServerError if it cannot be started.
    """
    words = ["--seed", str(seed)] if seed is not None else []
    if data_dir is None and dump is None:
        with running("--ephemeral", *words) as started:
            yield started
        return
    with tempfile.TemporaryDirectory(prefix="cvat-lite-") as temporary:
        place = Path(data_dir if data_dir is not None else temporary).absolute()
        if dump is not None:
            bring_in(place, Path(dump), Path(files) if files is not None else None)
        with running("--data-dir", str(place), "--allow-snapshots", *words) as started:
            yield started


def bring_in(place: Path, dump: Path, files: Path | None) -> None:
    """Import a dump; its data directory lies beside it unless it is named."""
    command = [*program("import-cvat"), "--dump", str(dump), "--data-dir", str(place)]
    command += ["--files", str(files if files is not None else dump.parent / "cvat_data.tar.bz2")]
    done = subprocess.run(  # noqa: S603  # our own command
        command, check=False, capture_output=True, text=True, env=environment()
    )
    if done.returncode != 0:
        raise ServerError(f"{dump} could not be imported: {done.stderr.strip()}")


@contextmanager
def running(*words: str) -> Iterator[Server]:
    """A server process with those words on its command line."""
    process = subprocess.Popen(  # noqa: S603  # our own command
        [*program("serve"), "--port", "0", "--print-json", "--follow-stdin", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    try:
        line = process.stdout.readline() if process.stdout is not None else b""
        if not line:
            raise ServerError("The server could not be started; it says why on standard error.")
        yield Server(**json.loads(line))
    finally:
        process.terminate()
        try:
            process.communicate(timeout=LAST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def program(command: str) -> list[str]:
    """How a command of this very package is started."""
    return [sys.executable, "-m", "cvat_lite", command]


def environment() -> dict[str, str]:
    """The environment without settings that were meant for another server."""
    found = {name: text for name, text in os.environ.items() if not name.startswith("CVAT_LITE_")}
    package = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (found.get("PYTHONPATH"), package) if part)
    return {**found, "PYTHONPATH": path}
