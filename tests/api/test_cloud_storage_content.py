"""What is in a cloud storage: its status, its levels, what manifests name, and a picture."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import orjson
import pytest
from PIL import Image

from cvat_lite.clients import buckets
from cvat_lite.config import Config
from cvat_lite.errors import BucketError, BucketErrorKind
from cvat_lite.services.cloud_storages import content
from cvat_lite.services.context import Server
from tests.client import Api
from tests.s3 import S3


@pytest.fixture
def config(config: Config) -> Config:
    """Buckets may be on this machine."""
    return replace(config, allow_private_addresses=True)


def manifest_of(*names: str, **first: Any) -> bytes:
    """A manifest of images, whose names may lie in directories."""
    lines: list[dict[str, Any]] = [{"version": "1.1"}, {"type": "images"}]
    for name in names:
        stem, _, extension = name.rpartition(".")
        lines.append({"name": stem, "extension": f".{extension}", "width": 4, "height": 3, **first})
    return b"\n".join(orjson.dumps(one) for one in lines) + b"\n"


def red_png() -> bytes:
    """A red picture."""
    made = io.BytesIO()
    Image.new("RGB", (400, 300), (200, 10, 10)).save(made, "PNG")
    return made.getvalue()


def shown(page: dict[str, Any]) -> list[str]:
    """The names of a page, directories with a slash."""
    return [f"{one['name']}/" if one["type"] == "DIR" else one["name"] for one in page["content"]]


async def add(api: Api, s3: S3, objects: dict[str, bytes], **more: Any) -> str:
    """A storage of a new bucket with these objects; answers the bucket's name."""
    name = s3.new_bucket(objects)
    attributes = f"endpoint_url={s3.url}" + more.pop("attributes", "")
    await api.post("/cloudstorages", s3.storage(name, specific_attributes=attributes, **more))
    return name


async def test_the_status_is_whether_the_bucket_can_be_used(api: Api, s3: S3):
    name = await add(api, s3, {})
    assert await api.get("/cloudstorages/1/status") == "AVAILABLE"
    s3.client.delete_bucket(Bucket=name)
    assert await api.get("/cloudstorages/1/status") == "NOT_FOUND"
    await api.get("/cloudstorages/2/status", expect=404)


@pytest.mark.parametrize(
    ("kind", "path", "status"),
    [
        (BucketErrorKind.TIMEOUT, "status", 200),
        (BucketErrorKind.UNAVAILABLE, "status", 200),
        (BucketErrorKind.INVALID, "status", 400),
        (BucketErrorKind.TIMEOUT, "actions", 400),
        (BucketErrorKind.FORBIDDEN, "content-v2?manifest_path=m", 403),
        (BucketErrorKind.NOT_FOUND, "content-v2?manifest_path=m", 404),
        (BucketErrorKind.UNAVAILABLE, "content-v2?manifest_path=m", 400),
        (BucketErrorKind.FORBIDDEN, "preview", 403),
        (BucketErrorKind.NOT_FOUND, "preview", 404),
    ],
)
async def test_a_bucket_that_cannot_be_used_is_told(
    api: Api, s3: S3, monkeypatch: pytest.MonkeyPatch, kind: BucketErrorKind, path: str, status: int
):
    await add(api, s3, {"m": b"{}"}, manifests=["m"])

    async def fail(*_: object) -> None:
        raise BucketError(kind, "It is broken.")

    monkeypatch.setattr(buckets.Bucket, "check", fail)
    monkeypatch.setattr(buckets.Bucket, "head", fail)
    answer = await api.get(f"/cloudstorages/1/{path}", expect=status)
    if status == 200:
        assert answer == "NOT_FOUND"
    else:
        assert "It is broken." in str(answer)


async def test_who_has_credentials_may_write(api: Api, s3: S3, monkeypatch: pytest.MonkeyPatch):
    name = await add(api, s3, {})
    assert await api.get("/cloudstorages/1/actions") == "read,write"
    s3.client.put_bucket_acl(Bucket=name, ACL="public-read")
    await api.patch("/cloudstorages/1", {"credentials_type": "ANONYMOUS_ACCESS"})
    assert await api.get("/cloudstorages/1/actions") == "read"
    s3.client.delete_bucket(Bucket=name)
    await api.get("/cloudstorages/1/actions", expect=404)

    async def forbidden(_: buckets.Bucket) -> str:
        return "FORBIDDEN"

    monkeypatch.setattr(buckets.Bucket, "check", forbidden)
    await api.get("/cloudstorages/1/actions", expect=403)


OBJECTS = {
    "a.png": b"x",
    "b.mp4": b"x",
    "c.zip": b"x",
    "cats/1.png": b"x",
    "cats/young/2.png": b"x",
    "d.unknown": b"x",
}


async def test_a_level_is_told_directories_first(api: Api, s3: S3):
    await add(api, s3, OBJECTS)
    assert await api.get("/cloudstorages/1/content-v2") == {
        "next": None,
        "content": [
            {"name": "cats", "type": "DIR", "mime_type": "DIR"},
            {"name": "a.png", "type": "REG", "mime_type": "image"},
            {"name": "b.mp4", "type": "REG", "mime_type": "video"},
            {"name": "c.zip", "type": "REG", "mime_type": "zip"},
            {"name": "d.unknown", "type": "REG", "mime_type": "other"},
        ],
    }
    for prefix in ("cats/", "/cats/"):
        page = await api.get("/cloudstorages/1/content-v2", params={"prefix": prefix})
        assert shown(page) == ["young/", "1.png"]
    page = await api.get("/cloudstorages/1/content-v2", params={"prefix": "ca"})
    assert shown(page) == ["cats/"]


async def test_levels_are_told_in_pages(api: Api, s3: S3):
    await add(api, s3, OBJECTS)
    found: list[str] = []
    query = {"page_size": "2"}
    while True:
        page = await api.get("/cloudstorages/1/content-v2", params=query)
        found += shown(page)
        if page["next"] is None:
            break
        query["next_token"] = page["next"]
    assert sorted(found) == ["a.png", "b.mp4", "c.zip", "cats/", "d.unknown"]


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": "0"},
        {"page_size": "many"},
        {"page_size": "-1"},
        {"next_token": "?"},
        {"manifest_path": "m.jsonl", "next_token": "x"},
        {"manifest_path": "a.png"},
        {"manifest_path": "../m.jsonl"},
    ],
)
async def test_what_makes_no_sense_is_refused(api: Api, s3: S3, query: dict[str, str]):
    await add(api, s3, {**OBJECTS, "m.jsonl": manifest_of("a.png")})
    await api.get("/cloudstorages/1/content-v2", params=query, expect=400)


async def test_a_manifest_tells_what_it_names(api: Api, s3: S3):
    manifest = manifest_of("1.png", "young/2.png", "3.png", "young/4.png")
    await add(api, s3, {"cats/manifest.jsonl": manifest})
    path = {"manifest_path": "cats/manifest.jsonl"}

    async def page(**query: str) -> dict[str, Any]:
        return await api.get("/cloudstorages/1/content-v2", params={**path, **query})

    assert shown(await page()) == ["cats/"]
    assert shown(await page(prefix="cats/")) == ["young/", "1.png", "3.png"]
    assert shown(await page(prefix="cats/young/")) == ["2.png", "4.png"]
    assert shown(await page(prefix="dogs/")) == []
    first = await page(prefix="cats/", page_size="2")
    assert (shown(first), first["next"]) == (["young/", "1.png"], "2")
    rest = await page(prefix="cats/", page_size="2", next_token="2")
    assert (shown(rest), rest["next"]) == (["3.png"], None)


async def test_a_manifest_of_a_video_names_it(api: Api, s3: S3):
    properties = {"name": "cats.mp4", "resolution": [640, 480], "length": 10}
    lines = [{"version": "1.0"}, {"type": "video"}, {"properties": properties}]
    await add(api, s3, {"m.jsonl": b"\n".join(orjson.dumps(one) for one in lines)})
    query = {"manifest_path": "m.jsonl"}
    assert shown(await api.get("/cloudstorages/1/content-v2", params=query)) == ["cats.mp4"]


async def test_a_manifest_that_changes_is_read_anew(
    api: Api, s3: S3, monkeypatch: pytest.MonkeyPatch
):
    name = await add(api, s3, {"m.jsonl": manifest_of("1.png")})
    fetched = []
    download = buckets.Bucket.download

    async def counted(self: buckets.Bucket, key: str, *more: Any) -> int:
        fetched.append(key)
        return await download(self, key, *more)

    monkeypatch.setattr(buckets.Bucket, "download", counted)
    query = {"manifest_path": "m.jsonl"}
    for _ in range(2):
        assert shown(await api.get("/cloudstorages/1/content-v2", params=query)) == ["1.png"]
    assert fetched == ["m.jsonl"]
    s3.client.put_object(Bucket=name, Key="m.jsonl", Body=manifest_of("22.png"))
    assert shown(await api.get("/cloudstorages/1/content-v2", params=query)) == ["22.png"]
    assert fetched == ["m.jsonl"] * 2


async def test_a_manifest_that_is_too_large_is_refused(
    api: Api, s3: S3, monkeypatch: pytest.MonkeyPatch
):
    await add(api, s3, {"m.jsonl": manifest_of("1.png")})
    monkeypatch.setattr(content, "LARGEST_MANIFEST", 10)
    query = {"manifest_path": "m.jsonl"}
    [words] = await api.get("/cloudstorages/1/content-v2", params=query, expect=400)
    assert "larger than 10 bytes" in words


async def test_a_storage_with_a_prefix_is_that_part_of_its_bucket(api: Api, s3: S3):
    """Above it only the way to it is shown, and beside it nothing."""
    objects = {
        "top.png": b"x",
        "zoo/dogs.png": b"x",
        "zoo/cats/1.png": b"x",
        "zoo/m.jsonl": manifest_of("cats/1.png", "dogs.png"),
    }
    await add(api, s3, objects, attributes="&prefix=zoo/cats/")

    async def page(**query: str) -> list[str]:
        return shown(await api.get("/cloudstorages/1/content-v2", params=query))

    assert await page() == ["zoo/"]
    assert await page(prefix="zoo/") == ["cats/"]
    assert await page(prefix="zoo/cats/") == ["1.png"]
    assert await page(prefix="zoo/cats/", manifest_path="zoo/m.jsonl") == ["1.png"]
    assert await page(prefix="zoo/", manifest_path="zoo/m.jsonl") == ["cats/"]
    query = {"prefix": "top"}
    await api.get("/cloudstorages/1/content-v2", params=query, expect=400)


async def test_a_prefix_may_be_the_beginning_of_names(api: Api, s3: S3):
    await add(api, s3, {"cats-1.png": b"x", "dogs.png": b"x"}, attributes="&prefix=cats")
    assert shown(await api.get("/cloudstorages/1/content-v2")) == ["cats-1.png"]


# The picture


async def test_the_preview_is_the_first_image_of_a_manifest(api: Api, server: Server, s3: S3):
    objects = {
        "empty.jsonl": manifest_of(),
        "cats/m.jsonl": manifest_of("1.png", "2.png"),
        "cats/1.png": red_png(),
    }
    await add(api, s3, objects, manifests=["empty.jsonl", "cats/m.jsonl"])
    picture = await api.get("/cloudstorages/1/preview")
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("JPEG", (256, 192))
        red, green, _ = image.convert("RGB").getpixel((100, 100))
        assert red > 150 > green
    assert await api.get("/cloudstorages/1/preview") == picture
    await api.delete("/cloudstorages/1")
    assert not list(server.config.cache.glob("cloud_storages/1/*"))


@pytest.mark.parametrize("manifests", [[], ["empty.jsonl"]])
async def test_without_an_image_there_is_no_preview(api: Api, s3: S3, manifests: list[str]):
    await add(api, s3, {"empty.jsonl": manifest_of()}, manifests=manifests)
    await api.get("/cloudstorages/1/preview", expect=404)


async def test_a_picture_that_is_none_is_told(api: Api, s3: S3):
    objects = {"m.jsonl": manifest_of("1.png"), "1.png": b"no picture"}
    await add(api, s3, objects, manifests=["m.jsonl"])
    [words] = await api.get("/cloudstorages/1/preview", expect=400)
    assert words == "cannot identify image file '1.png'"


async def test_a_picture_that_is_gone_is_not_found(api: Api, s3: S3):
    await add(api, s3, {"m.jsonl": manifest_of("1.png")}, manifests=["m.jsonl"])
    assert "1.png" in (await api.get("/cloudstorages/1/preview", expect=404))["detail"]
