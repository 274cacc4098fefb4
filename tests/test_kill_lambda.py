"""A server that is killed while a function is at work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from cvat_sdk import Client, make_client, models

from tests.client import ADMIN_PASSWORD
from tests.clients.test_sdk_auto_annotation import sky
from tests.process import PATIENCE, ServerProcess

SLOW = """
import os, time
from pathlib import Path
import cvat_sdk.auto_annotation as cvataa

HERE = Path(__file__).parent
spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("spot", 0)])

def detect(context, image):
    (HERE / "pid").write_text(str(os.getpid()))
    while not (HERE / "go on").exists():
        time.sleep(0.02)
    return [cvataa.rectangle(0, [1, 2, 3, 4])]
"""


def until(done: Callable[[], bool]) -> None:
    """Wait for something that has to happen."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_batch_is_taken_up_again_and_its_process_does_not_outlive_the_server(
    tmp_path: Path,
) -> None:
    function = tmp_path / "slow.py"
    function.write_text(SLOW)
    words = ("--data-dir", tmp_path / "data", "--port", "0", "--function", f"slow={function}")
    with ServerProcess(*words) as server, client_of(server) as client:
        task = sky(client, tmp_path)
        request = models.FunctionCallRequest(function="slow", task=task.id)
        call, _ = client.api_client.lambda_api.create_requests(request)
        until((tmp_path / "pid").exists)
        server.send(signal.SIGKILL)
        server.end()
    pid = int((tmp_path / "pid").read_text() or 0)
    until(lambda: not runs(pid))
    (tmp_path / "go on").touch()
    with ServerProcess(*words) as server, client_of(server) as client:
        client.wait_for_completion(call.id, status_check_period=0.02)
        shapes = client.tasks.retrieve(task.id).get_annotations().shapes
        assert sorted(one.frame for one in shapes) == [0, 1]


def client_of(server: ServerProcess) -> Client:
    """The SDK's client of a server."""
    client = make_client(server.url, credentials=("admin", ADMIN_PASSWORD))
    client.config.status_check_period = 0.02
    return client
