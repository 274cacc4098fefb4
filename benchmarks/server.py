"""A real server process for measurements, and a small blocking client."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cvat_lite import testing

PASSWORD = "benchmark-password"


class Client:
    """One keep-alive connection with Basic authentication."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        login = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        self.headers = {"Authorization": f"Basic {login}"}

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and the bytes of an answer."""
        more = dict(self.headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            more["Content-Type"] = "application/json"
        self.connection.request(method, f"/api{path}", body, {**more, **(headers or {})})
        response = self.connection.getresponse()
        return response.status, response.read()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The JSON of an answer that must be a success."""
        where = f"{path}?{urlencode(query)}" if query else path
        status, data = self.send(method, where, body)
        if status >= 400:
            raise RuntimeError(f"{method} {where}: {status} {data[:500]!r}")
        return json.loads(data) if data[:1] in (b"{", b"[") else data

    def finish(self, rq_id: str) -> float:
        """Wait for a background request; the seconds it took by the server's own clock."""
        begun = time.perf_counter()
        while True:
            request = self.call("GET", f"/requests/{rq_id}")
            if request["status"] in ("finished", "failed"):
                if request["status"] == "failed":
                    raise RuntimeError(request["message"])
                return time.perf_counter() - begun
            time.sleep(0.01)

    def task_in_place(
        self, names: list[str], labels: list[dict[str, Any]] | None = None
    ) -> tuple[int, float]:
        """A task of files in the share, and the seconds until its frames were there."""
        body = {"name": "benchmark", "labels": labels or [{"name": "car"}]}
        task = self.call("POST", "/tasks", body)
        begun = time.perf_counter()
        answer = self.call(
            "POST",
            f"/tasks/{task['id']}/data/",
            {"image_quality": 70, "server_files": names},
        )
        self.finish(answer["rq_id"])
        return task["id"], time.perf_counter() - begun


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    share: Path | None = None, data: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Client, int, float]]:
    """A server: a client, the process id, the seconds to first answer.

    Its data directory is a temporary one unless ``data`` names one; ``settings`` are variables of
    its environment. RuntimeError if it ends before
    it has answered.
    """
    with tempfile.TemporaryDirectory() as temporary:
        directory = str(data or temporary)
        port = free_port()
        command = [sys.executable, "-m", "cvat_lite", "serve", "--port", str(port)]
        command += ["--data-dir", directory, *(["--share", str(share)] if share else [])]
        environment = {**testing.environment(), "CVAT_LITE_ADMIN_PASSWORD": PASSWORD}
        environment |= settings or {}
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            client = answered(port, process)
            yield client, process.pid, time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait(10)


def answered(port: int, process: subprocess.Popen[bytes]) -> Client:
    """A client that has had an answer; RuntimeError if the process ends without giving one."""
    while process.poll() is None:
        client = Client(port)
        with contextlib.suppress(OSError):
            client.call("GET", "/server/about")
            return client
        time.sleep(0.002)
    raise RuntimeError(f"The server ended with status {process.returncode}.")


def resident(pid: int) -> float:
    """The megabytes of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def peak(pid: int) -> float:
    """The most megabytes of memory that a process has held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def reset_peak(pid: int) -> None:
    """Let the most that a process has held be what it holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def processor(pid: int) -> float:
    """The seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that a process has started: its workers."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
