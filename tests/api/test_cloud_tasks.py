"""Tasks of files that lie in a bucket: made, looked at, annotated and exported."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from cvat_lite.config import Config
from cvat_lite.services import cloud_files, datasets
from cvat_lite.services.backups import exporting
from cvat_lite.services.backups.writing import Backup, write_backup
from cvat_lite.services.context import Server
from cvat_lite.services.dataset_parts import gather
from cvat_lite.services.dataset_work import Export, write_archive
from tests.api.people import acting_as, add_user
from tests.client import Api
from tests.images import encoded, picture, png, write_video
from tests.media.clouds import ascii_pcd
from tests.s3 import S3

NAMES = ["cats/a.png", "cats/b.png", "dogs/c.png", "dogs/d.png"]


@pytest.fixture
def config(config: Config) -> Config:
    """Buckets may be on this machine."""
    return replace(config, allow_private_addresses=True)


def pictures() -> dict[str, bytes]:
    """Four images in two directories, all of another size."""
    return {name: png(40 + number, 30, number) for number, name in enumerate(NAMES)}


def manifest(names: list[str], **more: Any) -> bytes:
    """A manifest of images of 40 by 30 pixels and upward."""
    lines: list[dict[str, Any]] = [{"version": "1.1"}, {"type": "images"}]
    for number, name in enumerate(names):
        stem, _, ending = name.rpartition(".")
        line = {"name": stem, "extension": f".{ending}", "width": 40 + number, "height": 30}
        lines.append({**line, **more})
    return b"\n".join(orjson.dumps(line) for line in lines)


@pytest.fixture
def bucket(s3: S3) -> str:
    """A bucket with images."""
    return s3.new_bucket(pictures())


async def connected(api: Api, s3: S3, bucket: str, **more: Any) -> int:
    """The id of a cloud storage for a bucket."""
    made = await api.post("/cloudstorages", s3.storage(bucket, **more))
    return int(made["id"])


async def attached(api: Api, body: dict[str, Any], status: str = "finished") -> dict[str, Any]:
    """A task of that data; its request is in ``request``."""
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "cat"}]})
    sent = await api.post(f"/tasks/{task['id']}/data/", {"image_quality": 80, **body}, expect=202)
    request = await api.finished(sent["rq_id"], status=status)
    return {**await api.get(f"/tasks/{task['id']}"), "request": request}


async def meta_of(api: Api, task: dict[str, Any]) -> dict[str, Any]:
    """What is known of the frames."""
    found: dict[str, Any] = await api.get(f"/tasks/{task['id']}/data/meta")
    return found


def names_in(meta: dict[str, Any]) -> list[str]:
    """The names of the frames."""
    return [frame["name"] for frame in meta["frames"]]


async def frame(api: Api, task: dict[str, Any], number: int, quality: str = "original") -> bytes:
    """A frame as it is sent."""
    where = f"/tasks/{task['id']}/data?type=frame&number={number}&quality={quality}"
    response = await api.call("GET", where)
    return await response.read()


# Which files


async def test_images_named_one_by_one_become_frames_that_stay_in_the_bucket(
    api: Api, s3: S3, bucket: str, config: Config
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": NAMES[1:3]})
    assert task["data_cloud_storage_id"] == storage
    meta = await meta_of(api, task)
    assert (meta["storage"], meta["cloud_storage_id"]) == ("cloud_storage", storage)
    assert names_in(meta) == NAMES[1:3]
    assert [(one["width"], one["height"]) for one in meta["frames"]] == [(41, 30), (42, 30)]
    assert not [path for path in config.media.rglob("*") if path.is_file()]
    assert await frame(api, task, 1) == pictures()[NAMES[2]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"server_files": ["cats/"]}, NAMES[:2]),
        ({"server_files": ["dogs"]}, NAMES[2:]),
        ({"server_files": ["/"]}, NAMES),
        ({"server_files": ["/"], "server_files_exclude": ["cats/"]}, NAMES[2:]),
        ({"server_files": ["/"], "server_files_exclude": ["cats/a.png"]}, NAMES[1:]),
        ({"server_files": ["cats/", "dogs/"], "filename_pattern": "*/[bc].png"}, NAMES[1:3]),
        ({"server_files": [], "filename_pattern": "dogs/*"}, NAMES[2:]),
        (
            {
                "server_files": NAMES[:2],
                "sorting_method": "predefined",
                "upload_file_order": NAMES[1::-1],
            },
            NAMES[1::-1],
        ),
        ({"server_files": ["/"], "start_frame": 1, "frame_filter": "step=2"}, NAMES[1::2]),
        (
            {"server_files": NAMES, "job_file_mapping": [NAMES[2:], NAMES[:2]]},
            NAMES[2:] + NAMES[:2],
        ),
    ],
)
async def test_files_are_chosen_as_those_of_the_share(
    api: Api, s3: S3, bucket: str, asked: dict[str, Any], expected: list[str]
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, **asked})
    assert names_in(await meta_of(api, task)) == expected


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"server_files": ["birds/"]}, "nothing below 'birds/'"),
        ({"server_files": ["cats/x.png"]}, "'cats/x.png' in the bucket"),
        ({"server_files": ["/"], "filename_pattern": "*.jpg"}, "No media data found"),
        ({"server_files": ["a.jsonl", "b.jsonl"]}, "Only one manifest"),
        ({"server_files": ["a.jsonl"]}, "'a.jsonl' in the bucket"),
        (
            {
                "server_files": NAMES[:2],
                "sorting_method": "predefined",
                "upload_file_order": NAMES[:1],
            },
            "does not name 'cats/b.png'",
        ),
    ],
)
async def test_what_cannot_be_is_told_and_leaves_a_task_without_data(
    api: Api, s3: S3, bucket: str, config: Config, asked: dict[str, Any], why: str
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, **asked}, "failed")
    assert why in task["request"]["message"]
    assert task["size"] == 0
    assert list(config.media.glob("*")) == []
    # The data can be sent again.
    sent = await api.post(
        f"/tasks/{task['id']}/data/",
        {"image_quality": 80, "cloud_storage_id": storage, "server_files": ["cats/"]},
        expect=202,
    )
    await api.finished(sent["rq_id"])


async def test_a_file_that_is_no_image_is_refused(api: Api, s3: S3):
    storage = await connected(api, s3, s3.new_bucket({"a.png": b"no image" * 100_000}))
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["a.png"]}, "failed")
    assert "cannot identify image file 'a.png'" in task["request"]["message"]


async def test_a_size_that_stands_far_behind_in_the_file_is_found(api: Api, s3: S3):
    noise = bytes(range(256)) * 2600
    turned = Image.Exif()
    turned[0x0112] = 6
    image = encoded(picture(50, 20), "JPEG", icc_profile=noise, exif=turned)
    assert len(image) > max(16 << 10, 512 << 10)
    storage = await connected(api, s3, s3.new_bucket({"a.jpg": image}))
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["a.jpg"]})
    (only,) = (await meta_of(api, task))["frames"]
    assert (only["width"], only["height"]) == (20, 50)


async def test_only_what_the_prefix_of_the_storage_lets_see_can_be_used(
    api: Api, s3: S3, bucket: str
):
    attributes = f"endpoint_url={s3.url}&prefix=dogs/"
    storage = await connected(api, s3, bucket, specific_attributes=attributes)
    whole = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]})
    assert names_in(await meta_of(api, whole)) == NAMES[2:]
    other = await attached(
        api, {"cloud_storage_id": storage, "server_files": ["cats/a.png"]}, "failed"
    )
    assert "No media data found" in other["request"]["message"]


# Manifests


async def test_with_a_manifest_nothing_is_downloaded_until_somebody_looks(api: Api, s3: S3):
    names = [f"{number:05}.png" for number in range(10_000)]
    bucket = s3.new_bucket({"m/manifest.jsonl": manifest(names)})
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["m/manifest.jsonl"]})
    assert task["size"] == 10_000
    meta = await meta_of(api, task)
    assert names_in(meta) == [f"m/{name}" for name in names]
    assert meta["frames"][3]["width"] == 43


async def test_of_a_manifest_only_what_is_named_is_taken(api: Api, s3: S3):
    content = {**pictures(), "manifest.jsonl": manifest(NAMES)}
    storage = await connected(api, s3, s3.new_bucket(content))
    body = {"cloud_storage_id": storage, "server_files": ["manifest.jsonl", "dogs/", NAMES[0]]}
    task = await attached(api, body)
    assert names_in(await meta_of(api, task)) == [NAMES[0], *NAMES[2:]]
    body = {"cloud_storage_id": storage, "server_files": ["manifest.jsonl", "birds/"]}
    task = await attached(api, body, "failed")
    assert task["request"]["message"] == "The manifest does not name 'birds/'"


async def test_related_images_come_from_the_bucket_as_well(api: Api, s3: S3):
    content = {
        "a.png": png(),
        "b.png": png(),
        "related_images/a_png/left.png": png(20, 10),
        "side.png": png(30, 10),
    }
    lines = manifest(["a.png", "b.png"]).split(b"\n")
    lines[-1] = orjson.dumps(
        {
            "name": "b",
            "extension": ".png",
            "width": 64,
            "height": 48,
            "meta": {"related_images": ["side.png"]},
        }
    )
    storage = await connected(api, s3, s3.new_bucket({**content, "m.jsonl": b"\n".join(lines)}))
    folders = await attached(
        api,
        {"cloud_storage_id": storage, "server_files": ["a.png", "b.png", "related_images/"]},
    )
    told = await attached(api, {"cloud_storage_id": storage, "server_files": ["m.jsonl"]})
    for task, number, size in ((folders, 0, (20, 10)), (told, 1, (30, 10))):
        where = f"/tasks/{task['id']}/data?type=context_image&number={number}"
        response = await api.call("GET", where)
        with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
            (name,) = archive.namelist()
            assert Image.open(io.BytesIO(archive.read(name))).size == size


# Copied


async def test_images_are_copied_if_that_is_asked_for(
    api: Api, s3: S3, bucket: str, config: Config
):
    storage = await connected(api, s3, bucket)
    body = {"cloud_storage_id": storage, "server_files": ["cats/"], "copy_data": True}
    task = await attached(api, body)
    meta = await meta_of(api, task)
    assert (meta["storage"], meta["cloud_storage_id"]) == ("local", None)
    assert names_in(meta) == NAMES[:2]
    s3.client.delete_object(Bucket=bucket, Key=NAMES[0])
    assert await frame(api, task, 0) == pictures()[NAMES[0]]


async def test_a_video_and_an_archive_in_a_bucket_are_copied(api: Api, s3: S3, tmp_path: Path):
    write_video(tmp_path / "v.mp4", 5)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.png", png())
    content = {"v.mp4": (tmp_path / "v.mp4").read_bytes(), "z/a.zip": packed.getvalue()}
    storage = await connected(api, s3, s3.new_bucket(content))
    for name, size in (("v.mp4", 5), ("z/a.zip", 1)):
        task = await attached(api, {"cloud_storage_id": storage, "server_files": [name]})
        assert task["size"] == size
        assert (await meta_of(api, task))["storage"] == "local"
        assert await frame(api, task, size - 1)


async def test_point_clouds_are_copied_with_their_related_images(api: Api, s3: S3):
    content = {
        "pointcloud/one.pcd": ascii_pcd(),
        "related_images/one_pcd/left.png": png(20, 10),
    }
    storage = await connected(api, s3, s3.new_bucket(content))
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]})
    assert (task["dimension"], task["size"]) == ("3d", 1)
    (only,) = (await meta_of(api, task))["frames"]
    assert (only["name"], only["related_files"]) == ("pointcloud/one.pcd", 1)
    assert (await meta_of(api, task))["storage"] == "local"


# Looked at


async def test_chunks_and_previews_are_made_of_files_in_the_bucket(api: Api, s3: S3, bucket: str):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]})
    for quality in ("original", "compressed"):
        where = f"/tasks/{task['id']}/data?type=chunk&number=0&quality={quality}"
        response = await api.call("GET", where)
        with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
            assert len(archive.namelist()) == 4
    assert Image.open(io.BytesIO(await frame(api, task, 2, "compressed"))).size == (42, 30)
    assert (await api.call("GET", f"/tasks/{task['id']}/preview")).status == 200


async def test_a_file_is_fetched_once_however_often_it_is_looked_at(api: Api, s3: S3, bucket: str):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["cats/"]})
    before = await frame(api, task, 0)
    s3.client.delete_object(Bucket=bucket, Key=NAMES[0])
    assert await frame(api, task, 0) == before


async def test_while_a_bucket_is_away_frames_are_refused_and_later_they_come(
    api: Api, s3: S3, bucket: str
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["cats/"]})
    away = {"specific_attributes": "endpoint_url=http://127.0.0.1:1"}
    await api.call("PATCH", f"/cloudstorages/{storage}", away, expect=400)
    s3.client.delete_object(Bucket=bucket, Key=NAMES[1])
    for kind in ("frame&number=1", "chunk&number=0"):
        where = f"/tasks/{task['id']}/data?quality=original&type={kind}"
        (message,) = await (await api.call("GET", where, expect=400)).json()
        assert f"'{NAMES[1]}' in the bucket '{bucket}' does not exist" in message
    s3.client.put_object(Bucket=bucket, Key=NAMES[1], Body=pictures()[NAMES[1]])
    assert await frame(api, task, 1) == pictures()[NAMES[1]]


async def test_an_export_with_images_fetches_them_and_leaves_nothing_behind(
    api: Api, s3: S3, bucket: str, config: Config
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]})
    where = f"/tasks/{task['id']}/dataset/export?format=COCO%201.0&save_images=true"
    request = await api.finished((await api.post(where, expect=202))["rq_id"])
    response = await api.call("GET", request["result_url"].split("/api", 1)[1])
    with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found[f"images/default/{NAMES[3]}"] == pictures()[NAMES[3]]
    assert len(list(config.exports.glob("*"))) == 1


# Whose


async def test_a_storage_that_is_not_there_is_refused_as_cvat_does(api: Api):
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "cat"}]})
    body = {"image_quality": 70, "cloud_storage_id": 999, "server_files": ["a.png"]}
    refused = await api.post(f"/tasks/{task['id']}/data/", body, expect=400)
    assert refused == ["CloudStorage matching query does not exist."]


async def test_the_storage_of_somebody_else_cannot_be_used(
    api: Api, server: Server, url: str, s3: S3, bucket: str
):
    storage = await connected(api, s3, bucket)
    await add_user(server, "bob")
    async with acting_as(url, "bob") as bob:
        task = await bob.post("/tasks", {"name": "t", "labels": [{"name": "cat"}]})
        body = {"image_quality": 70, "cloud_storage_id": storage, "server_files": ["/"]}
        await bob.post(f"/tasks/{task['id']}/data/", body, expect=403)
        target = {"location": "cloud_storage", "cloud_storage_id": storage}
        await bob.patch(f"/tasks/{task['id']}", {"target_storage": target}, expect=403)


async def test_a_task_can_be_connected_with_another_storage(
    api: Api, server: Server, url: str, s3: S3, bucket: str
):
    first = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": first, "server_files": ["cats/"]})
    where = f"/tasks/{task['id']}/data/meta"
    before = await api.get(where)
    assert await api.patch(where, {"cloud_storage_id": first}) == before
    await frame(api, task, 0)
    copy = s3.new_bucket({NAMES[0]: png(7, 7), NAMES[1]: png(8, 8)})
    second = await connected(api, s3, copy)
    changed = await api.patch(where, {"cloud_storage_id": second})
    assert changed["cloud_storage_id"] == second
    assert await frame(api, task, 0) == png(7, 7)
    assert await api.patch(where, {"cloud_storage_id": 999}, expect=400) == [
        "CloudStorage matching query does not exist."
    ]
    await api.delete(f"/cloudstorages/{second}")
    detached = await api.get(where)
    assert detached["cloud_storage_id"] is None
    missing = f"/tasks/{task['id']}/data?type=frame&number=1&quality=original"
    (message,) = await (await api.call("GET", missing, expect=400)).json()
    assert message == f"'{NAMES[1]}' cannot be read. {cloud_files.DETACHED}"


async def test_a_task_of_uploaded_files_has_no_storage_to_be_connected_with(
    api: Api, s3: S3, bucket: str
):
    storage = await connected(api, s3, bucket)
    body = {"cloud_storage_id": storage, "server_files": ["cats/"], "copy_data": True}
    task = await attached(api, body)
    refused = await api.patch(
        f"/tasks/{task['id']}/data/meta", {"cloud_storage_id": storage}, expect=400
    )
    assert list(refused) == ["cloud_storage_id"]


# In a worker process


async def test_a_worker_fetches_for_itself_and_clears_up(
    api: Api, server: Server, s3: S3, bucket: str, config: Config, tmp_path: Path
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]})
    gathered = await gather(server, "tasks", task["id"], "")
    export = Export(
        database=config.database,
        out=tmp_path / "out.zip",
        format="CVAT for images 1.1",
        save_images=True,
        labels=gathered.labels,
        parts=tuple(datasets.apart(part, tmp_path / "out.zip.files") for part in gathered.parts),
    )
    await asyncio.to_thread(write_archive, export)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read(f"images/{NAMES[1]}") == pictures()[NAMES[1]]
    backup = Backup(
        database=config.database,
        out=tmp_path / "backup.zip",
        media=config.media,
        assets=config.assets,
        kind="tasks",
        number=task["id"],
        lightweight=False,
        max_pixels=config.max_image_pixels,
        buckets=await exporting.buckets_of(server, "tasks", task["id"]),
    )
    await asyncio.to_thread(write_backup, backup)
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert archive.read(f"data/{NAMES[1]}") == pictures()[NAMES[1]]
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) == ["backup.zip", "out.zip"]


async def test_a_storage_whose_credentials_are_lost_is_told_in_words(
    api: Api, server: Server, s3: S3, bucket: str
):
    storage = await connected(api, s3, bucket)
    task = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]})
    async with server.database.writing() as db:
        await db.execute("UPDATE cloud_storages SET credentials = 'sealed:lost'")
    where = f"/tasks/{task['id']}/data?type=frame&number=0&quality=original"
    (message,) = await (await api.call("GET", where, expect=400)).json()
    assert "Enter them again" in message
    export = f"/tasks/{task['id']}/backup/export"
    request = await api.finished((await api.post(export, expect=202))["rq_id"], status="failed")
    assert "Enter them again" in request["message"]
    again = await attached(api, {"cloud_storage_id": storage, "server_files": ["/"]}, "failed")
    assert "Enter them again" in again["request"]["message"]


async def test_files_of_a_storage_do_not_go_together_with_others(api: Api, s3: S3, bucket: str):
    storage = await connected(api, s3, bucket)
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "cat"}]})
    body = {"image_quality": 70, "cloud_storage_id": storage, "server_files": ["/"]}
    body["remote_files"] = ["http://example.org/a.png"]
    refused = await api.post(f"/tasks/{task['id']}/data/", body, expect=400)
    assert refused == ["Files of a cloud storage cannot be used together with others"]
    nothing = await attached(api, {"cloud_storage_id": storage}, "failed")
    assert nothing["request"]["message"] == "No media data found"


async def test_keys_and_sizes_that_cannot_be_are_refused(api: Api, s3: S3):
    lines = manifest(["a.png"]).replace(b'"width":40', b'"width":400000')
    lines = lines.replace(b'"height":30', b'"height":300000')
    bucket = s3.new_bucket({"m.jsonl": lines, "c:name.png": png()})
    storage = await connected(api, s3, bucket)
    for files, why in (
        (["m.jsonl"], "'a.png' is too large: 400000x300000"),
        (["c:name.png"], "the name 'c:name.png' is absolute"),
    ):
        task = await attached(api, {"cloud_storage_id": storage, "server_files": files}, "failed")
        assert why in task["request"]["message"]
