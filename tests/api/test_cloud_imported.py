"""Tasks of a full CVAT whose images lie in a bucket: brought in, they find them there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from cvat_lite.config import Config
from cvat_lite.services.context import Server
from tests.api.people import HASH, acting_as
from tests.api.test_cloud_storages import stored
from tests.api.test_cloud_tasks import frame, names_in
from tests.dumps import Objects, bring_in, one, write_dump, write_files
from tests.images import png
from tests.s3 import KEY, S3, SECRET

IMAGES = {"cats/a.png": png(4, 3, 1), "cats/b.png": png(5, 3, 2)}


@pytest.fixture
def config(config: Config, tmp_path: Path, s3: S3) -> Config:
    """A store with the small dump, whose images are in a bucket."""
    config = replace(config, allow_private_addresses=True)
    bucket = s3.new_bucket(IMAGES)

    def change(found: Objects) -> None:
        one(found, "engine.data", 9).update(storage="cloud_storage", cloud_storage=3)
        one(found, "auth.user", 4)["password"] = HASH
        fields = {
            "provider_type": "AWS_S3_BUCKET",
            "resource": bucket,
            "display_name": "Cats",
            "owner": ["ada"],
            "organization": 2,
            "credentials_type": "KEY_SECRET_KEY_PAIR",
            "credentials": f"{KEY} {SECRET}",
            "specific_attributes": f"endpoint_url={quote(s3.url, safe='')}",
            "description": "",
            "created_date": "2026-03-01T10:00:00.123Z",
            "updated_date": "2026-03-01T10:00:00.123Z",
        }
        found.append({"model": "engine.cloudstorage", "pk": 3, "fields": fields})

    files = write_files(tmp_path, without="data/9/raw/cats/a.png")
    (files / "data" / "9" / "raw" / "cats" / "b.png").unlink()
    bring_in(config, write_dump(tmp_path, change), files)
    return config


async def test_images_of_an_imported_task_are_read_from_its_bucket(
    server: Server, url: str
) -> None:
    async with acting_as(url, "ada") as ada:
        task = await ada.get("/tasks/7")
        assert task["data_cloud_storage_id"] == 3
        assert names_in(await ada.get("/tasks/7/data/meta")) == list(IMAGES)
        for number, content in enumerate(IMAGES.values()):
            assert await frame(ada, task, number) == content
        chunk = await ada.get("/tasks/7/data?type=chunk&number=0&quality=compressed")
        assert chunk.startswith(b"PK")
    # What CVAT writes down in plain text is sealed here.
    assert SECRET not in await stored(server, 3)


async def test_the_credentials_of_an_imported_bucket_are_not_shown(url: str) -> None:
    async with acting_as(url, "ada") as ada:
        found = await ada.get("/cloudstorages/3")
        assert SECRET not in str(found)
        assert await ada.get("/cloudstorages/3/status") == "AVAILABLE"
