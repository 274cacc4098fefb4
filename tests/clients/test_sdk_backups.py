"""Backups by the SDK and the command line: a task or project comes back as a new one."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cvat_sdk import Client
from cvat_sdk.core.exceptions import BackgroundRequestException

from tests.client import ADMIN_PASSWORD, basic
from tests.clients.annotated import Names, content, create
from tests.clients.conftest import Running
from tests.formats.recordings import ROOT
from tests.images import png

RECORDED = ("boxes", "cloud", "images", "skeletons", "tags", "video")


def recorded(name: str) -> Path:
    return ROOT / name / "backup.zip"


def told(archive: Path) -> dict[str, Any]:
    """The members of an archive: JSON as trees, without the order of attributes, media as bytes."""
    with zipfile.ZipFile(archive) as opened:
        return {name: tree(name, opened.read(name)) for name in opened.namelist()}


def tree(name: str, data: bytes) -> Any:
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in data.splitlines()]
    return typed(json.loads(data)) if name.endswith(".json") else data


def typed(value: Any) -> Any:
    """The value with the type of each number, and its keys in order.

    The order of values of attributes, and of elements, is left open by CVAT's own backups.
    """
    if isinstance(value, dict):
        return [(key, typed(item)) for key, item in value.items()]
    if isinstance(value, list):
        items = [typed(one) for one in value]
        loose = bool(value) and isinstance(value[0], dict) and not {"name", "type"} <= set(value[0])
        return sorted(items, key=repr) if loose else items
    return (type(value).__name__, value)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_backup_that_is_restored_is_exported_as_it_was(
    client: Client, tmp_path: Path, name: str
) -> None:
    task = client.tasks.create_from_backup(recorded(name))
    archive = task.download_backup(tmp_path / "again.zip")
    assert archive is not None
    before, after = told(recorded(name)), told(archive)
    assert set(after) == set(before)
    for member, value in before.items():
        assert after[member] == value, member
    assert next(iter(after)) == "data/manifest.jsonl"
    assert list(after)[-2:] == ["task.json", "annotations.json"]


def test_everything_that_can_be_annotated_comes_back(client: Client, tmp_path: Path) -> None:
    task = create(client, tmp_path, segment_size=6)
    names = Names(task)
    data = names.everything()
    task.set_annotations(data)
    archive = task.download_backup(tmp_path / "a.zip")
    assert archive is not None
    again = client.tasks.create_from_backup(archive)
    assert again.id != task.id
    assert content(again, Names(again)) == content(task, names)
    second = again.download_backup(tmp_path / "b.zip")
    assert second is not None
    assert told(second) == told(archive)


def test_a_project_comes_back(client: Client, tmp_path: Path) -> None:
    project = client.projects.create({"name": "zoo", "labels": [{"name": "cat"}]})
    (tmp_path / "a.png").write_bytes(png())
    client.tasks.create_from_data(
        {"name": "one", "project_id": project.id},
        resources=[tmp_path / "a.png"],
        data_params={"image_quality": 70},
    )
    archive = project.download_backup(tmp_path / "p.zip")
    assert archive is not None
    again = client.projects.create_from_backup(archive)
    assert again.id != project.id
    assert [label.name for label in again.get_labels()] == ["cat"]
    (task,) = again.get_tasks()
    assert (task.name, task.get_frame(0).read()) == ("one", png())


@pytest.mark.parametrize("name", ["boxes", "video"])
def test_what_a_recorded_task_held_is_restored(client: Client, name: str) -> None:
    task = client.tasks.create_from_backup(recorded(name))
    before = json.loads((ROOT / name / "task.json").read_text())
    same = ("name", "mode", "dimension", "media_type", "size", "segment_size", "overlap", "status")
    assert {key: getattr(task, key) for key in same} == {key: before["task"][key] for key in same}
    labels = [(label.name, label.color, len(label.attributes)) for label in task.get_labels()]
    assert labels == [(x["name"], x["color"], len(x["attributes"])) for x in before["labels"]]
    assert [(job.stage, job.state) for job in task.get_jobs()] == [("annotation", "new")]


def test_a_backup_that_cannot_be_restored_says_why(client: Client, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "wrong.zip", "w") as archive:
        archive.writestr("task.json", "{}")
    with pytest.raises(BackgroundRequestException, match=r"task\.json: Object missing"):
        client.tasks.create_from_backup(tmp_path / "wrong.zip")


def test_an_upload_that_is_cut_off_goes_on_where_it_ended(client: Client, running: Running) -> None:
    content = recorded("images").read_bytes()
    http = urllib3.PoolManager()
    headers = {"Authorization": basic("admin", ADMIN_PASSWORD), "Tus-Resumable": "1.0.0"}
    announced = {"Upload-Length": str(len(content)), "Upload-Metadata": "filename YS56aXA="}
    made = http.request(
        "POST", f"{running.url}/api/tasks/backup/", headers={**headers, **announced}
    )
    where, name = made.headers["Location"], made.headers["Upload-Filename"]
    typed_as = {"Content-Type": "application/offset+octet-stream"}
    piece = {**headers, **typed_as, "Upload-Offset": "0"}
    assert http.request("PATCH", where, headers=piece, body=content[:1000]).status == 204
    assert http.request("HEAD", where, headers=headers).headers["Upload-Offset"] == "1000"
    piece["Upload-Offset"] = "1000"
    assert http.request("PATCH", where, headers=piece, body=content[1000:]).status == 204
    finish = {**headers, "Upload-Finish": ""}
    started = http.request(
        "POST", f"{running.url}/api/tasks/backup?filename={name}", headers=finish
    )
    request, _ = client.wait_for_completion(started.json()["rq_id"], status_check_period=0.02)
    assert client.tasks.retrieve(request.result_id).name == "golden images"


@pytest.mark.parametrize("kind", ["task", "project"])
def test_the_command_line_makes_and_restores_backups(
    client: Client, running: Running, tmp_path: Path, kind: str
) -> None:
    if kind == "task":
        number = client.tasks.create_from_backup(recorded("tags")).id
    else:
        number = client.projects.create({"name": "p", "labels": [{"name": "a"}]}).id
    cli = [sys.executable, "-m", "cvat_cli", "--server-host", running.url]
    cli += ["--auth", f"admin:{ADMIN_PASSWORD}", kind]
    archive = tmp_path / "a.zip"
    period = ["--completion_verification_period", "0.05"]
    subprocess.run([*cli, "backup", *period, str(number), str(archive)], check=True)
    told_by = [*cli, "create-from-backup", *period, str(archive)]
    made = subprocess.run(told_by, check=True, capture_output=True, text=True)
    again = int(made.stdout.split()[-1])
    assert again != number
    repo = client.tasks if kind == "task" else client.projects
    assert repo.retrieve(again).name == repo.retrieve(number).name
