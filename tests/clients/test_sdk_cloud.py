"""Media in a bucket, and exports that go to one, by the published SDK and command line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cvat_sdk import Client, make_client, models
from cvat_sdk.core.proxies.tasks import ResourceType, Task
from cvat_sdk.core.proxies.types import Location
from PIL import Image

from tests.client import ADMIN_PASSWORD
from tests.images import png
from tests.s3 import S3
from tests.test_kill import Victim

NAMES = [f"cats/{number}.png" for number in range(3)]
FORMAT = "CVAT for images 1.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """A server of its own, for which a bucket may be on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CVAT_LITE_ALLOW_PRIVATE_ADDRESSES", "true")
        server = Victim(tmp_path_factory.mktemp("cloud"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def client(server: Victim) -> Iterator[Client]:
    """The SDK's client, logged in as the administrator."""
    url = server.url.removesuffix("/api")
    with make_client(url, credentials=("admin", ADMIN_PASSWORD)) as client:
        client.config.status_check_period = 0.02
        yield client


@pytest.fixture
def bucket(s3: S3) -> str:
    """A bucket with images."""
    return s3.new_bucket({name: png(40 + at, 30, at) for at, name in enumerate(NAMES)})


@pytest.fixture
def storage(client: Client, s3: S3, bucket: str) -> int:
    """A cloud storage for it."""
    spec = models.CloudStorageWriteRequest(**s3.storage(bucket))
    made, _ = client.api_client.cloudstorages_api.create(spec)
    return int(made.id)


def create(client: Client, storage: int) -> Task:
    """A task of the images in the bucket."""
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="t", labels=[{"name": "cat"}]),
        NAMES,
        resource_type=ResourceType.SHARE,
        data_params={"cloud_storage_id": storage, "use_cache": True},
    )


def test_a_task_of_files_in_a_bucket_is_made_and_looked_at(client: Client, storage: int) -> None:
    task = create(client, storage)
    assert [frame.name for frame in task.get_frames_info()] == NAMES
    assert task.get_meta().cloud_storage_id == storage
    for number, name in enumerate(NAMES):
        assert Image.open(task.get_frame(number, quality="original")).size == (40 + number, 30)
        assert name


def test_exports_go_to_the_bucket_and_imports_come_from_it(
    client: Client, s3: S3, bucket: str, storage: int
) -> None:
    task = create(client, storage)
    (label,) = task.get_labels()
    shape = models.LabeledShapeRequest(type="rectangle", frame=1, label_id=label.id)
    shape.points = [1.0, 2.0, 3.0, 4.0]
    task.set_annotations(models.LabeledDataRequest(shapes=[shape]))
    task.export_dataset(
        FORMAT,
        "dataset.zip",
        include_images=True,
        location=Location.CLOUD_STORAGE,
        cloud_storage_id=storage,
    )
    with zipfile.ZipFile(io.BytesIO(s3.read(bucket, "dataset.zip"))) as archive:
        assert f"images/{NAMES[2]}" in archive.namelist()
    task.download_backup("b.zip", location=Location.CLOUD_STORAGE, cloud_storage_id=storage)
    with zipfile.ZipFile(io.BytesIO(s3.read(bucket, "b.zip"))) as archive:
        assert f"data/{NAMES[2]}" in archive.namelist()


def test_the_command_line_makes_a_task_of_files_in_a_bucket(
    server: Victim, client: Client, storage: int
) -> None:
    made = subprocess.run(
        [
            str(Path(sys.executable).with_name("cvat-cli")),
            *("--server-host", server.url.removesuffix("/api"), "--auth", "admin"),
            *("task", "create", "t", "share", *NAMES, "--labels", '[{"name": "cat"}]'),
            *("--cloud_storage_id", str(storage), "--use_cache"),
            *("--completion_verification_period", "0.1"),
        ],
        env={**os.environ, "PASS": ADMIN_PASSWORD},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    task = client.tasks.retrieve(int(made.stdout.split()[-1]))
    assert [frame.name for frame in task.get_frames_info()] == NAMES
    assert task.get_meta().storage == "cloud_storage"
