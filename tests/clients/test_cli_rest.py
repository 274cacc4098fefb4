"""What people do with the published command line client besides the life of a task.

Profiles and settings of the client are its own; here they have to lead to this server.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import ResourceType, Task

from tests.clients.conftest import Running
from tests.clients.test_cli import OFTEN, PATIENCE, Cli
from tests.images import png

LABELS = [models.PatchedLabelRequest(name="cat", color="#112233")]


@pytest.fixture
def cli(running: Running, tmp_path: Path) -> Cli:
    return Cli(running, tmp_path)


def make_task(client: Client, directory: Path, **more: object) -> Task:
    """Two pictures, with a rectangle on the first."""
    files = [directory / f"{number}.png" for number in range(2)]
    for number, path in enumerate(files):
        path.write_bytes(png(32, 24, number))
    task = client.tasks.create_from_data(
        models.TaskWriteRequest("by hand", **(more or {"labels": LABELS})),
        resources=files,
        resource_type=ResourceType.LOCAL,
    )
    shape = models.LabeledShapeRequest(
        type="rectangle", frame=0, label_id=task.get_labels()[0].id, points=[1, 2, 9, 8]
    )
    task.set_annotations(models.LabeledDataRequest(shapes=[shape]))
    return task


def points(task: Task) -> list[list[float]]:
    return [shape.points for shape in task.get_annotations().shapes]


def test_the_old_names_of_the_commands_still_work(cli: Cli, client: Client, tmp_path: Path) -> None:
    task = make_task(client, tmp_path)
    assert str(task.id) in cli.run("ls").split()
    cli.run("dump", *OFTEN, task.id, "dataset.zip")
    task.remove_annotations()
    cli.run("upload", task.id, "dataset.zip")
    assert points(task) == [[1, 2, 9, 8]]
    cli.run("frames", task.id, 1)
    assert (tmp_path / f"task_{task.id}_frame_000001.png").is_file()
    cli.run("export", *OFTEN, task.id, "backup.zip")
    again = client.tasks.retrieve(int(cli.run("import", *OFTEN, "backup.zip").split()[-1]))
    assert points(again) == [[1, 2, 9, 8]]
    made = cli.run("create", "old", "local", "0.png", "--labels", '[{"name": "a"}]', *OFTEN)
    cli.run("delete", task.id, again.id, made.split()[-1])
    assert not {task.id, again.id} & {one.id for one in client.tasks.list()}


def test_a_project_is_exported_as_a_dataset(cli: Cli, client: Client, tmp_path: Path) -> None:
    project = client.projects.create(models.ProjectWriteRequest("p", labels=LABELS))
    make_task(client, tmp_path, project_id=project.id)
    words = ["--format", "COCO 1.0", "--with-images", "yes", *OFTEN]
    cli.run("project", "export-dataset", *words, project.id, "dataset.zip")
    with zipfile.ZipFile(tmp_path / "dataset.zip") as archive:
        names = archive.namelist()
        found = json.loads(archive.read("annotations/instances_default.json"))
    assert {Path(name).name for name in names} >= {"0.png", "1.png"}
    assert [one["bbox"] for one in found["annotations"]] == [[1, 2, 8, 6]]
    listed = json.loads(cli.run("project", "ls", "--json"))
    assert [one["name"] for one in listed if one["id"] == project.id] == ["p"]


def test_an_organization_is_chosen_by_its_short_name(
    cli: Cli, client: Client, tmp_path: Path
) -> None:
    client.organizations.create(models.OrganizationWriteRequest("cliorg"))
    (tmp_path / "a.png").write_bytes(png())
    words = ["task", "create", "ours", "local", "a.png", "--labels", '[{"name": "a"}]', *OFTEN]
    number = cli.run("--organization", "cliorg", *words).split()[-1]
    assert cli.run("--org", "cliorg", "task", "ls").split() == [number]
    assert number not in cli.run("--org", "", "task", "ls").split()
    assert "no-such" in cli.run("--org", "no-such", "task", "ls", expect=1)


def run_with(cli: Cli, environment: Mapping[str, str], *words: object) -> str:
    """What a command prints that was given neither the server nor a password."""
    home = str(cli.home)
    done = subprocess.run(
        [*cli.words[:3], *map(str, words)],
        cwd=cli.home,
        env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def access_token(client: Client) -> str:
    """A personal access token of the administrator."""
    made, _ = client.api_client.auth_api.create_access_tokens(
        models.AccessTokenWriteRequest(name="for the command line")
    )
    value: str = made.value
    return value


def test_an_access_token_in_the_environment_takes_the_place_of_a_password(
    cli: Cli, client: Client, running: Running
) -> None:
    environment = {"CVAT_ACCESS_TOKEN": access_token(client)}
    listed = run_with(cli, environment, "--server-host", running.url, "project", "ls", "--json")
    assert isinstance(json.loads(listed), list)


def test_a_profile_keeps_the_server_and_a_token(cli: Cli, client: Client, running: Running) -> None:
    token = access_token(client)
    words = ["profile", "create", "--name", "here", "--set-default", token]
    run_with(cli, {}, "--server-host", running.url, *words)
    assert "here" in run_with(cli, {}, "profile", "list")
    assert isinstance(json.loads(run_with(cli, {}, "task", "ls", "--json")), list)
    assert isinstance(
        json.loads(run_with(cli, {}, "--profile", "here", "task", "ls", "--json")), list
    )


def test_a_command_for_functions_of_agents_ends_with_a_clear_error(cli: Cli) -> None:
    (cli.home / "nothing.py").write_text(
        "import cvat_sdk.auto_annotation as aa\n"
        "spec = aa.DetectionFunctionSpec(labels=[aa.label_spec('a', 0)])\n"
        "def detect(context, image):\n    return []\n"
    )
    told = cli.run(
        *("function", "create-native", "mine", "--function-file", "nothing.py"), expect=1
    )
    assert "404" in told or "Not Found" in told
