"""Exports that go to a bucket, and imports and backups that come from one."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from cvat_lite.config import Config
from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_cloud_tasks import NAMES, attached, connected, frame, meta_of, pictures
from tests.client import Api
from tests.images import png
from tests.s3 import S3

CVAT = "format=CVAT%20for%20images%201.1"
READ = "format=CVAT%201.1"
NOT_THERE = ["CloudStorage matching query does not exist."]


@pytest.fixture
def config(config: Config) -> Config:
    """Buckets may be on this machine."""
    return replace(config, allow_private_addresses=True)


@pytest.fixture
def bucket(s3: S3) -> str:
    """A bucket with images."""
    return s3.new_bucket(pictures())


@pytest.fixture
async def storage(api: Api, s3: S3, bucket: str) -> int:
    """A cloud storage for it."""
    return await connected(api, s3, bucket)


async def annotated(api: Api, storage: int, **more: Any) -> dict[str, Any]:
    """A task of two images in the bucket with a rectangle; its first job is in ``job``."""
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["cats/"], **more})
    label = (await api.get(f"/labels?task_id={task['id']}"))["results"][0]["id"]
    shape = {"type": "rectangle", "label_id": label, "frame": 1, "points": [1, 2, 3, 4]}
    await api.put(f"/tasks/{task['id']}/annotations/", {"shapes": [shape]})
    jobs = await api.get(f"/jobs?task_id={task['id']}")
    return {**task, "job": jobs["results"][0]["id"]}


async def asked(api: Api, where: str, status: str = "finished") -> dict[str, Any]:
    """The ended request that a POST begins."""
    return await api.finished((await api.post(where, expect=202))["rq_id"], status=status)


def to(storage: int, name: str) -> str:
    """The part of a query that names a place in a storage."""
    return f"location=cloud_storage&cloud_storage_id={storage}&filename={name}"


def content(s3: S3, bucket: str, key: str) -> dict[str, bytes]:
    """What an archive in a bucket holds."""
    with zipfile.ZipFile(io.BytesIO(s3.read(bucket, key))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# Exports


@pytest.mark.parametrize("kind", ["tasks", "jobs"])
async def test_annotations_go_to_a_bucket_and_come_back_from_it(
    api: Api, s3: S3, bucket: str, storage: int, config: Config, kind: str
):
    task = await annotated(api, storage)
    number = task["job"] if kind == "jobs" else task["id"]
    place = to(storage, "out/one.zip")
    request = await asked(api, f"/{kind}/{number}/dataset/export?{CVAT}&{place}")
    assert (request["result_url"], request["result_id"]) == (None, None)
    assert b'label="cat"' in content(s3, bucket, "out/one.zip")["annotations.xml"]
    assert list(config.exports.glob("*")) == []
    await api.put(f"/{kind}/{number}/annotations/", {"shapes": []})
    await asked(api, f"/{kind}/{number}/annotations/?{READ}&{place}")
    (shape,) = (await api.get(f"/{kind}/{number}/annotations/"))["shapes"]
    assert shape["points"] == [1.0, 2.0, 3.0, 4.0]
    assert not [path for path in config.uploads.rglob("*") if path.is_file()]


async def test_a_file_without_a_name_is_called_as_it_would_be_saved(
    api: Api, s3: S3, bucket: str, storage: int
):
    task = await annotated(api, storage)
    place = f"location=cloud_storage&cloud_storage_id={storage}"
    await asked(api, f"/tasks/{task['id']}/dataset/export?{CVAT}&save_images=true&{place}")
    (name,) = set(s3.keys(bucket)) - set(NAMES)
    assert name.startswith(f"task_{task['id']}_t_dataset_cvat")
    assert content(s3, bucket, name)[f"images/{NAMES[0]}"] == pictures()[NAMES[0]]


async def test_a_storage_with_a_prefix_gets_and_gives_files_below_it(
    api: Api, s3: S3, bucket: str, storage: int
):
    attributes = f"endpoint_url={s3.url}&prefix=mine/"
    part = await connected(api, s3, bucket, specific_attributes=attributes)
    task = await annotated(api, storage)
    await asked(api, f"/tasks/{task['id']}/dataset/export?{CVAT}&{to(part, 'a.zip')}")
    assert "mine/a.zip" in s3.keys(bucket)
    await asked(api, f"/tasks/{task['id']}/annotations/?{READ}&{to(part, 'a.zip')}")


async def test_a_project_goes_to_a_bucket_and_its_dataset_comes_from_one(
    api: Api, s3: S3, bucket: str, storage: int
):
    project = await api.post("/projects", {"name": "p", "labels": [{"name": "cat"}]})
    task = await api.post("/tasks", {"name": "t", "project_id": project["id"]})
    body = {"image_quality": 70, "cloud_storage_id": storage, "server_files": ["dogs/"]}
    sent = await api.post(f"/tasks/{task['id']}/data/", body, expect=202)
    await api.finished(sent["rq_id"])
    where = f"/projects/{project['id']}/dataset"
    place = to(storage, "p.zip")
    await asked(api, f"{where}/export?format=COCO%201.0&save_images=true&{place}")
    assert f"images/default/{NAMES[2]}" in content(s3, bucket, "p.zip")
    await asked(api, f"{where}/?format=COCO%201.0&{place}")
    assert (await api.get(f"/projects/{project['id']}"))["tasks"]["count"] == 2


async def test_the_targets_own_storages_are_used_where_no_place_is_named(
    api: Api, s3: S3, bucket: str, storage: int
):
    task = await annotated(api, storage)
    own = {"location": "cloud_storage", "cloud_storage_id": storage}
    await api.patch(f"/tasks/{task['id']}", {"target_storage": own, "source_storage": own})
    where = f"/jobs/{task['job']}"
    request = await asked(api, f"{where}/dataset/export?{CVAT}&filename=own.zip")
    assert request["result_url"] is None
    assert "own.zip" in s3.keys(bucket)
    await api.put(f"{where}/annotations/", {"shapes": []})
    await asked(api, f"{where}/annotations/?{READ}&filename=own.zip")
    assert len((await api.get(f"{where}/annotations/"))["shapes"]) == 1
    local = await asked(api, f"{where}/dataset/export?{CVAT}&location=local")
    assert local["result_url"] is not None
    # What a client sends counts, whatever the task has as its source.
    form = aiohttp.FormData()
    form.add_field("annotation_file", s3.read(bucket, "own.zip"), filename="own.zip")
    response = await api.call(
        "POST", f"{where}/annotations/?{READ}&filename=own.zip", data=form, expect=202
    )
    await api.finished((await response.json())["rq_id"])


# Backups


async def test_a_backup_goes_to_a_bucket_and_is_restored_from_it(
    api: Api, s3: S3, bucket: str, storage: int, config: Config
):
    task = await annotated(api, storage)
    place = to(storage, "backup.zip")
    await asked(api, f"/tasks/{task['id']}/backup/export?{place}")
    found = content(s3, bucket, "backup.zip")
    assert found[f"data/{NAMES[0]}"] == pictures()[NAMES[0]]
    assert list(config.exports.glob("*")) == []
    made = (await asked(api, f"/tasks/backup/?{place}"))["result_id"]
    meta = await meta_of(api, {"id": made})
    assert (meta["storage"], meta["cloud_storage_id"]) == ("local", None)
    assert await frame(api, {"id": made}, 1) == pictures()[NAMES[1]]
    assert len((await api.get(f"/tasks/{made}/annotations/"))["shapes"]) == 1


async def test_a_lightweight_backup_has_no_frames_and_is_connected_when_it_is_restored(
    api: Api, s3: S3, bucket: str, storage: int
):
    task = await annotated(api, storage)
    place = to(storage, "light.zip")
    await asked(api, f"/tasks/{task['id']}/backup/export?lightweight=true&{place}")
    found = content(s3, bucket, "light.zip")
    assert [name for name in found if name.endswith(".png")] == []
    made = (await asked(api, f"/tasks/backup/?{place}"))["result_id"]
    meta = await meta_of(api, {"id": made})
    assert (meta["storage"], meta["cloud_storage_id"]) == ("cloud_storage", None)
    where = f"/tasks/{made}/data?type=frame&number=0&quality=original"
    await api.call("GET", where, expect=400)
    await api.patch(f"/tasks/{made}/data/meta", {"cloud_storage_id": storage})
    assert await frame(api, {"id": made}, 1) == pictures()[NAMES[1]]
    assert len((await api.get(f"/tasks/{made}/annotations/"))["shapes"]) == 1


async def test_a_project_with_media_in_a_bucket_is_backed_up_and_restored(
    api: Api, s3: S3, bucket: str, storage: int
):
    project = await api.post("/projects", {"name": "p", "labels": [{"name": "cat"}]})
    task = await api.post("/tasks", {"name": "t", "project_id": project["id"]})
    body = {"image_quality": 70, "cloud_storage_id": storage, "server_files": ["dogs/"]}
    sent = await api.post(f"/tasks/{task['id']}/data/", body, expect=202)
    await api.finished(sent["rq_id"])
    place = to(storage, "project.zip")
    await asked(api, f"/projects/{project['id']}/backup/export?{place}")
    assert content(s3, bucket, "project.zip")[f"task_0/data/{NAMES[3]}"] == pictures()[NAMES[3]]
    made = (await asked(api, f"/projects/backup/?{place}"))["result_id"]
    assert (await api.get(f"/projects/{made}"))["tasks"]["count"] == 1


async def test_a_backup_whose_files_are_gone_fails_and_leaves_nothing(
    api: Api, s3: S3, bucket: str, storage: int, config: Config
):
    task = await annotated(api, storage)
    s3.client.delete_object(Bucket=bucket, Key=NAMES[1])
    request = await asked(api, f"/tasks/{task['id']}/backup/export", "failed")
    assert f"'{NAMES[1]}' in the bucket" in request["message"]
    assert list(config.exports.glob("*")) == []


# What goes wrong


@pytest.mark.parametrize(
    "where",
    [
        "/tasks/{id}/dataset/export?" + CVAT,
        "/tasks/{id}/backup/export?",
        "/tasks/{id}/annotations/?" + READ,
        "/tasks/backup/?",
    ],
)
async def test_a_place_that_cannot_be_is_refused(api: Api, storage: int, where: str):
    task = await annotated(api, storage)
    where = where.format(id=task["id"])
    assert await api.post(f"{where}&{to(999, 'a.zip')}", expect=400) == NOT_THERE
    refused = await api.post(f"{where}&location=moon", expect=400)
    assert refused == {"location": ['"moon" is not a valid choice.']}
    refused = await api.post(f"{where}&location=cloud_storage", expect=400)
    assert refused == ["Cloud storage id was not specified"]


async def test_an_import_from_a_storage_needs_the_name_of_a_file(api: Api, storage: int):
    task = await annotated(api, storage)
    place = f"location=cloud_storage&cloud_storage_id={storage}"
    where = f"/tasks/{task['id']}/annotations/?{READ}&{place}"
    assert await api.post(where, expect=400) == ["The filename was not specified"]


async def test_who_may_not_see_a_storage_cannot_export_to_it(
    api: Api, server: Server, url: str, storage: int
):
    await add_user(server, "bob")
    async with acting_as(url, "bob") as bob:
        task = await bob.post("/tasks", {"name": "t", "labels": [{"name": "cat"}]})
        where = f"/tasks/{task['id']}/backup/export?{to(storage, 'a.zip')}"
        await bob.post(where, expect=403)
        await bob.post(f"/tasks/backup/?{to(storage, 'a.zip')}", expect=403)


async def test_a_file_that_is_not_there_or_no_archive_gives_a_failed_request(
    api: Api, storage: int, config: Config
):
    task = await annotated(api, storage)
    for name, why in (("none.zip", "'none.zip' in the bucket"), (NAMES[0], "")):
        where = f"/tasks/{task['id']}/annotations/?{READ}&{to(storage, name)}"
        request = await asked(api, where, "failed")
        assert why in request["message"]
    assert len((await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"]) == 1
    assert not [path for path in config.uploads.rglob("*") if path.is_file()]


async def test_a_bucket_that_has_gone_gives_a_failed_export_that_leaves_nothing(
    api: Api, s3: S3, storage: int, config: Config
):
    task = await annotated(api, storage)
    empty = s3.new_bucket()
    other = await connected(api, s3, empty)
    s3.client.delete_bucket(Bucket=empty)
    where = f"/tasks/{task['id']}/dataset/export?{CVAT}&{to(other, 'a.zip')}"
    request = await asked(api, where, "failed")
    assert empty in request["message"]
    assert list(config.exports.glob("*")) == []


# Events


async def test_events_go_to_a_bucket(api: Api, s3: S3, bucket: str, storage: int, config: Config):
    await api.post("/projects", {"name": "zoo"})
    done = await asked(api, f"/events/export?{to(storage, 'logs/all.csv')}")
    assert done["result_url"] is None
    head, *lines = s3.read(bucket, "logs/all.csv").decode().splitlines()
    assert head.startswith("scope,")
    assert any(line.startswith("create:project,") for line in lines)
    assert list(config.exports.glob("*")) == []


async def test_events_do_not_go_to_a_storage_that_is_not_there(api: Api, bucket: str):
    wrong = await api.post(f"/events/export?{to(99, 'a.csv')}", expect=400)
    assert wrong == NOT_THERE
    wrong = await api.post("/events/export?location=cloud_storage", expect=400)
    assert wrong == ["Cloud storage id was not specified"]


# A bucket that stops answering


class Dying:
    """Passes calls on to an S3 server, and after so many of them closes each connection."""

    def __init__(self, url: str) -> None:
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port = int(port)
        self.left = 1 << 30
        self.seen = 0

    async def __aenter__(self) -> Dying:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        address = self.server.sockets[0].getsockname()
        self.url = f"http://{address[0]}:{address[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one call, one answer."""
        there: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.seen += 1
            if self.seen > self.left:
                return
            answers, there = await asyncio.open_connection(self.host, self.port)
            there.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            if length:
                there.write(await reader.readexactly(length))
            while piece := await answers.read(65536):
                writer.write(piece)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for one in (writer, there):
                if one is not None:
                    one.close()


@pytest.mark.parametrize("copy", [False, True])
async def test_a_bucket_that_dies_half_way_leaves_no_half_task(
    api: Api, s3: S3, config: Config, copy: bool
):
    names = [f"{number:02}.png" for number in range(30)]
    bucket = s3.new_bucket({name: png(20, 10, number) for number, name in enumerate(names)})
    async with Dying(s3.url) as dying:
        storage = await connected(api, s3, bucket, specific_attributes=f"endpoint_url={dying.url}")
        dying.left = dying.seen + 15
        body = {"cloud_storage_id": storage, "server_files": ["/"], "copy_data": copy}
        task = await attached(api, body, "failed")
        assert bucket in task["request"]["message"]
        assert task["size"] == 0
        assert (await api.get(f"/jobs?task_id={task['id']}"))["count"] == 0
        assert list(config.media.glob("*")) == []
        # It answers again: the same data can be sent again, and frames come.
        dying.left = 1 << 30
        sent = await api.post(
            f"/tasks/{task['id']}/data/", {"image_quality": 80, **body}, expect=202
        )
        await api.finished(sent["rq_id"])
        if not copy:
            dying.left = 0
            where = f"/tasks/{task['id']}/data?type=frame&number=7&quality=original"
            (message,) = await (await api.call("GET", where, expect=400)).json()
            assert bucket in message
            dying.left = 1 << 30
        assert await frame(api, task, 7) == png(20, 10, 7)
