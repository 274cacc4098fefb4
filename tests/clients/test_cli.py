"""The published command line client as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cvat_sdk import Client, models
from PIL import Image

from tests.client import ADMIN_PASSWORD
from tests.clients.annotated import FRAMES, LABELS, Names, content, expected
from tests.clients.conftest import Running
from tests.images import png

PATIENCE = 60
#: How often the client asks whether the server is done; without it, every two seconds.
OFTEN = ("--completion_verification_period", 0.05)


class Cli:
    """``cvat-cli`` with the server's address and the administrator's password."""

    def __init__(self, running: Running, home: Path) -> None:
        address = urlsplit(running.url)
        self.home = home
        self.words = [
            sys.executable,
            *("-m", "cvat_cli", "--auth", f"admin:{ADMIN_PASSWORD}"),
            *("--server-host", f"http://{address.hostname}", "--server-port", str(address.port)),
        ]

    def run(self, *words: object, expect: int = 0) -> str:
        """What a command prints; it ends with the code that is expected."""
        done = subprocess.run(
            [*self.words, *map(str, words)],
            cwd=self.home,
            env={**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == expect, (words, done.stdout, done.stderr)
        return done.stdout if expect == 0 else done.stderr


@pytest.fixture
def cli(running: Running, tmp_path: Path) -> Cli:
    return Cli(running, tmp_path)


def pictures(directory: Path) -> list[Path]:
    files = [directory / f"im{number:02d}.png" for number in range(FRAMES)]
    for number, path in enumerate(files):
        path.write_bytes(png(64, 48, number))
    return files


def test_the_whole_life_of_a_task(cli: Cli, client: Client, tmp_path: Path) -> None:
    files = pictures(tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps(LABELS))
    words = ["--labels", "labels.json", "--segment_size", 5, "--image_quality", 90, *OFTEN]
    made = cli.run("task", "create", "by cli", "local", *files, *words)
    task = client.tasks.retrieve(int(made.split()[-1]))
    assert (task.name, task.size, task.segment_size) == ("by cli", FRAMES, 5)

    assert str(task.id) in cli.run("task", "ls").split()
    listed = json.loads(cli.run("task", "ls", "--json"))
    assert [one["name"] for one in listed if one["id"] == task.id] == ["by cli"]

    cli.run("task", "frames", "--outdir", "originals", task.id, 3, 11)
    found = sorted((tmp_path / "originals").iterdir())
    names = [f"task_{task.id}_frame_{number:06d}.png" for number in (3, 11)]
    assert [path.name for path in found] == names
    assert Image.open(found[1]).tobytes() == Image.open(files[11]).tobytes()
    cli.run("task", "frames", "--outdir", "small", "--quality", "compressed", task.id, 0)
    assert Image.open(tmp_path / "small" / f"task_{task.id}_frame_000000.jpg").size == (64, 48)

    labels = Names(task)
    data = without_tracks(labels)
    task.set_annotations(data)
    words = ["--format", "CVAT for images 1.1", "--with-images", "yes", *OFTEN]
    cli.run("task", "export-dataset", *words, task.id, "with_images.zip")
    with zipfile.ZipFile(tmp_path / "with_images.zip") as archive:
        contents = {archive.read(name) for name in archive.namelist()}
    assert {path.read_bytes() for path in files} <= contents
    cli.run("task", "export-dataset", *OFTEN, task.id, "dataset.zip")

    task.remove_annotations()
    cli.run("task", "import-dataset", "--format", "CVAT 1.1", task.id, "dataset.zip")
    assert content(task, labels) == expected(data, labels)

    words = ["--annotation_path", "dataset.zip", *OFTEN]
    made = cli.run("task", "create", "again", "local", *files, "--labels", "labels.json", *words)
    again = client.tasks.retrieve(int(made.split()[-1]))
    other = Names(again)
    assert content(again, other) == expected(without_tracks(other), other)

    cli.run("task", "delete", task.id, again.id)
    assert not {task.id, again.id} & {one.id for one in client.tasks.list()}


def without_tracks(names: Names) -> models.LabeledDataRequest:
    """Annotations of all types that a format of images keeps."""
    data = names.everything()
    data.tracks = []
    return data


def test_a_task_is_made_of_files_of_the_share(cli: Cli, share: Path) -> None:
    pictures(share)
    made = cli.run(
        *("task", "create", "shared", "share", share.name),
        *(
            "--labels",
            '[{"name": "car"}]',
            "--frame_step",
            3,
            "--sorting-method",
            "natural",
            *OFTEN,
        ),
    )
    number = int(made.split()[-1])
    cli.run("task", "frames", number, 3)
    frame = cli.home / f"task_{number}_frame_000003.png"
    assert Image.open(frame).tobytes() == Image.open(share / "im09.png").tobytes()
    cli.run("task", "delete", number)


def test_projects_are_made_listed_and_deleted(cli: Cli) -> None:
    number = cli.run("project", "create", "by cli", "--labels", '[{"name": "car"}]').split()[-1]
    assert number in cli.run("project", "ls").split()
    made = cli.run(
        *("task", "create", "in project", "local", *pictures(cli.home)[:1]),
        *("--project_id", number, *OFTEN),
    )
    assert made.split()[-1] in cli.run("task", "ls").split()
    cli.run("project", "delete", number)
    assert number not in cli.run("project", "ls").split()
    assert made.split()[-1] not in cli.run("task", "ls").split()


def test_errors_are_told_in_words(cli: Cli) -> None:
    (cli.home / "broken.png").write_bytes(b"not a picture")
    words = ["task", "create", "broken", "local", "broken.png", "--labels", '[{"name": "a"}]']
    told = cli.run(*words, expect=1)
    assert "cannot identify image file 'broken.png'" in told
