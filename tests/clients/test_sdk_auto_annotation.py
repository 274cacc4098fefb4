"""Functions that annotate on the client's own machine, by the SDK and the command line client."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import cvat_sdk.auto_annotation as cvataa
import pytest
from cvat_sdk import Client, make_client, models
from cvat_sdk.core.proxies.tasks import ResourceType, Task
from PIL import Image

from tests.client import ADMIN_PASSWORD
from tests.clients.conftest import Running
from tests.clients.test_cli import Cli
from tests.process import ServerProcess

SPOTS = Path(__file__).parents[2] / "examples" / "bright_spots.py"
LABELS: list[Any] = [
    {
        "name": "spot",
        "attributes": [
            {
                "name": "pixels",
                "mutable": False,
                "input_type": "text",
                "default_value": "",
                "values": [],
            }
        ],
    }
]


@pytest.fixture
def cli(running: Running, tmp_path: Path) -> Cli:
    return Cli(running, tmp_path)


@pytest.fixture
def task(client: Client, tmp_path: Path) -> Task:
    return sky(client, tmp_path)


def sky(client: Client, tmp_path: Path) -> Task:
    """Two dark pictures with a spot each."""
    files = []
    for number in range(2):
        image = Image.new("RGB", (40, 30), (10, 10, 10))
        image.paste((250, 250, 250), (5 + number, 6, 15, 16))
        files.append(tmp_path / f"im{number}.png")
        image.save(files[-1])
    return client.tasks.create_from_data(
        models.TaskWriteRequest("sky", labels=LABELS),
        resources=files,
        resource_type=ResourceType.LOCAL,
    )


def found(task: Task) -> list[tuple[float, ...]]:
    """The frames, the points and the attributes of what there is."""
    shapes = task.get_annotations().shapes
    return sorted((one.frame, *one.points, one.attributes[0].value) for one in shapes)


BOTH = [(0, 5.0, 6.0, 15.0, 16.0, "100"), (1, 6.0, 6.0, 15.0, 16.0, "90")]


def test_annotate_task_works_as_it_does_with_cvat(client: Client, task: Task) -> None:
    spec = importlib.util.spec_from_file_location("bright_spots", SPOTS)
    assert spec is not None
    assert spec.loader is not None
    function: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(function)
    cvataa.annotate_task(client, task.id, function)
    assert found(task) == BOTH
    cvataa.annotate_task(client, task.id, function, conf_threshold=1.0, clear_existing=True)
    assert found(task) == []


def test_auto_annotate_of_the_command_line_client_works(cli: Cli, task: Task) -> None:
    cli.run("task", "auto-annotate", task.id, "--function-file", SPOTS)
    assert found(task) == BOTH
    cli.run("task", "auto-annotate", task.id, "--function-file", SPOTS, "--clear-existing")
    assert found(task) == BOTH


def test_the_functions_of_a_server_are_called_by_the_sdk(tmp_path: Path) -> None:
    words = ("--data-dir", tmp_path / "data", "--port", "0", "--function", f"spots={SPOTS}")
    with (
        ServerProcess(*words) as server,
        make_client(server.url, credentials=("admin", ADMIN_PASSWORD)) as client,
    ):
        client.config.status_check_period = 0.02
        task = sky(client, tmp_path)
        api = client.api_client.lambda_api
        _, response = api.list_functions()
        assert [one["id"] for one in json.loads(response.data)] == ["spots"]
        described, _ = api.retrieve_functions("spots")
        assert described["kind"] == "detector"
        request = models.FunctionCallRequest(
            function="spots",
            task=task.id,
            mapping={"spot": models.LabelMappingEntryRequest(name="spot")},
        )
        call, _ = api.create_requests(request)
        client.wait_for_completion(call.id, status_check_period=0.02)
        assert found(task) == BOTH
        assert api.retrieve_requests(call.id)[0].progress == 100
        assert [one.id for one in api.list_requests()[0]] == [call.id]
        api.delete_requests(call.id)
        assert api.list_requests()[0] == []
