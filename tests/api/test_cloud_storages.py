"""Cloud storages: told of, changed, forgotten; what opens them is kept sealed."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cvat_lite.clients import buckets
from cvat_lite.config import Config
from cvat_lite.domain.buckets import Credentials
from cvat_lite.errors import BucketError, NotFoundError, StoreError
from cvat_lite.services.cloud_storages import access, sealing
from cvat_lite.services.context import Server
from cvat_lite.store import cloud_storages, rows
from cvat_lite.store.database import Database
from tests.api.people import acting_as, add_user
from tests.client import Api
from tests.s3 import KEY, S3, SECRET


@pytest.fixture
def config(config: Config) -> Config:
    """Buckets may be on this machine."""
    return replace(config, allow_private_addresses=True)


async def refused(api: Api, method: str, path: str, body: Any = None, **more: Any) -> str:
    """What is wrong with a body, in the plain words of CVAT."""
    response = await api.call(method, path, body, expect=400, **more)
    assert response.content_type == "text/html"
    return await response.text()


async def stored(server: Server, storage_id: int) -> str:
    """The credentials as they lie in the store."""
    async with server.database.reading() as db:
        row = await rows.fetch_one(
            db, "SELECT credentials FROM cloud_storages WHERE id = ?", (storage_id,)
        )
    assert row is not None
    return str(row[0])


# Telling of a bucket


async def test_a_bucket_is_told_of_and_read_back(api: Api, s3: S3):
    name = s3.new_bucket({"cats/manifest.jsonl": b"{}"})
    body = s3.storage(name, description="cats", manifests=["cats/manifest.jsonl"])
    made = await api.post("/cloudstorages", body)
    assert made == {
        "id": 1,
        "owner": made["owner"],
        "manifests": ["cats/manifest.jsonl"],
        "created_date": made["created_date"],
        "updated_date": made["created_date"],
        "provider_type": "AWS_S3_BUCKET",
        "resource": name,
        "display_name": f"My {name}",
        "credentials_type": "KEY_SECRET_KEY_PAIR",
        "specific_attributes": f"endpoint_url={s3.url}",
        "description": "cats",
        "organization": None,
    }
    assert made["owner"]["username"] == "admin"
    assert await api.get("/cloudstorages/1") == made
    assert (await api.get("/cloudstorages"))["results"] == [made]


async def test_what_opens_a_bucket_lies_sealed_in_the_store(
    api: Api, server: Server, config: Config, s3: S3
):
    made = await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    kept = await stored(server, made["id"])
    assert kept.startswith("sealed:")
    assert KEY not in kept
    assert SECRET not in kept
    assert sealing.unseal(config, kept, "KEY_SECRET_KEY_PAIR") == Credentials(
        key=KEY, secret_key=SECRET
    )
    if os.name == "posix":
        assert stat.S_IMODE(config.credentials_file.stat().st_mode) == 0o600
    for file in config.data_dir.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"provider_type": None, "resource": None, "display_name": None},
            (
                "provider_type: This field may not be null.\nresource: This field may not be null.\n"
                "display_name: This field may not be null.\n"
            ),
        ),
        ({"provider_type": "MOON"}, "provider_type: &quot;MOON&quot; is not a valid choice.\n"),
        ({"display_name": "x" * 64}, "display_name: Ensure this field has no more than 63 cha"),
        ({"key": ""}, "key: This field is required.\n"),
        ({"secret_key": "s" * 65}, "secret_key: Ensure this field has no more than 64 cha"),
        ({"credentials_type": "KEY_FILE_PATH"}, "credentials_type: KEY_FILE_PATH is not for"),
        ({"specific_attributes": "endpoint"}, "specific_attributes: "),
        ({"specific_attributes": "endpoint_url=x://y"}, "endpoint_url must be an http"),
        ({"specific_attributes": "endpoint_url=http://y:port"}, "specific_attributes: Must be"),
        ({"key_file": "{}"}, "key_file: The submitted data was not a file."),
        ({"manifests": "cats"}, "manifests: Expected a list"),
        ({"manifests": ["m.jsonl"] * 101}, "manifests: There may be at most 100"),
        ({"manifests": ["m.jsonl"]}, "manifests: &#x27;m.jsonl&#x27; in the bucket"),
        (
            {"provider_type": "AZURE_CONTAINER", "credentials_type": "ANONYMOUS_ACCESS"},
            "account_name: This field is required.\n",
        ),
        (
            {"provider_type": "GOOGLE_CLOUD_STORAGE", "credentials_type": "KEY_FILE_PATH"},
            "key_file: This field is required.\n",
        ),
        ({"resource": "nosuch"}, "resource: The resource nosuch not found. It may have been del"),
        ({"specific_attributes": "endpoint_url=http://127.0.0.1:9"}, "cannot be reached"),
    ],
)
async def test_what_cannot_be_is_refused_in_plain_words(
    api: Api, s3: S3, wrong: dict[str, Any], words: str
):
    body = s3.storage(s3.new_bucket(), **wrong)
    assert words in await refused(api, "POST", "/cloudstorages", body)
    assert (await api.get("/cloudstorages"))["count"] == 0


async def test_all_that_is_missing_is_told(api: Api):
    assert await refused(api, "POST", "/cloudstorages", {}) == (
        "provider_type: This field is required.\nresource: This field is required.\n"
        "display_name: This field is required.\ncredentials_type: This field is required.\n"
    )
    await api.post("/cloudstorages", ["no object"], expect=400)


async def test_a_bucket_that_is_closed_to_who_asks_is_refused(
    api: Api, s3: S3, monkeypatch: pytest.MonkeyPatch
):
    async def forbidden(_: buckets.Bucket) -> str:
        return "FORBIDDEN"

    monkeypatch.setattr(buckets.Bucket, "check", forbidden)
    words = await refused(api, "POST", "/cloudstorages", s3.storage(s3.new_bucket()))
    assert words.endswith("is denied.\n")


class TestOnlyPublicAddresses:
    """Where private addresses are not allowed, a bucket may not be on this machine."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return replace(config, allow_private_addresses=False)

    async def test_a_bucket_on_this_machine_is_refused(self, api: Api, s3: S3):
        body = s3.storage(s3.new_bucket())
        words = await refused(api, "POST", "/cloudstorages", body)
        assert words.startswith("specific_attributes: ")
        assert "public" in words


async def test_a_form_brings_the_key_file_of_google(
    api: Api, server: Server, config: Config, s3: S3
):
    """The key must not be anybody's: what is wrong with it is told, and a good one is sealed."""
    name = s3.new_bucket({"m.jsonl": b"{}"})
    fields = {
        "provider_type": "GOOGLE_CLOUD_STORAGE",
        "resource": name,
        "display_name": "Google's",
        "credentials_type": "KEY_FILE_PATH",
        "specific_attributes": f"endpoint_url={s3.url}",
        "manifests[0]": "m.jsonl",
    }

    def form(content: bytes) -> aiohttp.FormData:
        made = aiohttp.FormData(fields, quote_fields=False)
        made.add_field("key_file", content, filename="key.json")
        return made

    words = await refused(api, "POST", "/cloudstorages", data=form(b"{"))
    assert "The key file is not JSON" in words
    await api.call("POST", "/cloudstorages", data=form(b"x" * 70_000), expect=413)
    from tests.clients.test_buckets_elsewhere import service_account_key

    key = service_account_key()
    made = await api.post("/cloudstorages", data=form(key.encode()))
    assert made["manifests"] == ["m.jsonl"]
    kept = sealing.unseal(config, await stored(server, made["id"]), "KEY_FILE_PATH")
    assert kept == Credentials(key_file=key)


# Changing it


async def test_names_and_descriptions_change_without_a_word_to_the_bucket(api: Api, s3: S3):
    name = s3.new_bucket({"m.jsonl": b"{}"})
    made = await api.post("/cloudstorages", s3.storage(name, manifests=["m.jsonl"]))
    s3.client.delete_object(Bucket=name, Key="m.jsonl")
    s3.client.delete_bucket(Bucket=name)
    changed = await api.patch("/cloudstorages/1", {"display_name": "cats", "description": "d"})
    assert changed["updated_date"] > made["updated_date"]
    assert changed == {
        **made,
        "display_name": "cats",
        "description": "d",
        "updated_date": changed["updated_date"],
    }


async def test_manifests_that_are_added_have_to_be_there(api: Api, s3: S3):
    name = s3.new_bucket({"a.jsonl": b"{}", "b.jsonl": b"{}"})
    await api.post("/cloudstorages", s3.storage(name, manifests=["a.jsonl"]))
    words = await refused(api, "PATCH", "/cloudstorages/1", {"manifests": ["c.jsonl"]})
    assert words.startswith("manifests: ")
    changed = await api.patch("/cloudstorages/1", {"manifests": ["b.jsonl", "a.jsonl", "b.jsonl"]})
    assert changed["manifests"] == ["b.jsonl", "a.jsonl"]
    assert (await api.patch("/cloudstorages/1", {"manifests": []}))["manifests"] == []


async def test_credentials_that_are_left_out_stay(api: Api, server: Server, config: Config, s3: S3):
    await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    await api.patch("/cloudstorages/1", {"secret_key": "another", "session_token": "token"})
    kept = sealing.unseal(config, await stored(server, 1), "KEY_SECRET_KEY_PAIR")
    assert kept == Credentials(key=KEY, secret_key="another", session_token="token")
    await api.patch("/cloudstorages/1", {"credentials_type": "ANONYMOUS_ACCESS"}, expect=200)
    assert await stored(server, 1) == ""
    words = await refused(
        api, "PATCH", "/cloudstorages/1", {"credentials_type": "KEY_SECRET_KEY_PAIR"}
    )
    assert words == "key: This field is required.\n"


async def test_another_bucket_has_to_be_there(api: Api, s3: S3):
    await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    words = await refused(api, "PATCH", "/cloudstorages/1", {"resource": "nosuch"})
    assert words == "resource: The resource nosuch not found. It may have been deleted.\n"
    other = s3.new_bucket()
    assert (await api.patch("/cloudstorages/1", {"resource": other}))["resource"] == other


# Forgetting it


async def test_a_bucket_that_is_forgotten_stays_as_it_is(api: Api, s3: S3):
    name = s3.new_bucket({"a": b"x"})
    await api.post("/cloudstorages", s3.storage(name))
    await api.delete("/cloudstorages/1")
    await api.get("/cloudstorages/1", expect=404)
    await api.delete("/cloudstorages/1", expect=404)
    assert s3.keys(name) == ["a"]


async def test_tasks_stay_when_the_bucket_of_their_images_is_forgotten(
    api: Api, server: Server, s3: S3
):
    await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    async with server.database.writing() as db:
        await db.execute(
            "INSERT INTO data (id, storage, cloud_storage_id, size, kind, chunks_updated_date)"
            " VALUES (1, 'cloud_storage', 1, 1, 'images', '2026-01-01T00:00:00.000000Z')"
        )
    await api.delete("/cloudstorages/1")
    async with server.database.reading() as db:
        row = await rows.fetch_one(db, "SELECT storage, cloud_storage_id FROM data WHERE id = 1")
    assert tuple(row or ()) == ("cloud_storage", None)


# Whose it is


@pytest.fixture
async def people(server: Server, url: str) -> AsyncIterator[dict[str, Api]]:
    """An owner, somebody else, and a worker, each logged in."""
    groups = {"owner": "user", "other": "user", "worker": "worker"}
    clients = {}
    for name, group in groups.items():
        await add_user(server, name, group)
        clients[name] = await acting_as(url, name).__aenter__()
    yield clients
    for client in clients.values():
        await client.__aexit__(None, None, None)


async def test_a_bucket_is_seen_by_its_owner_alone(api: Api, people: dict[str, Api], s3: S3):
    owner, other, worker = people.values()
    await owner.post("/cloudstorages", s3.storage(s3.new_bucket()))
    await owner.get("/cloudstorages/1")
    await api.get("/cloudstorages/1")
    assert (await other.get("/cloudstorages"))["count"] == 0
    for path in ("", "/status", "/actions", "/content-v2", "/preview"):
        await other.get(f"/cloudstorages/1{path}", expect=403)
    await other.patch("/cloudstorages/1", {"display_name": "mine"}, expect=403)
    await other.delete("/cloudstorages/1", expect=403)
    await worker.post("/cloudstorages", s3.storage(s3.new_bucket()), expect=403)
    assert (await owner.get("/cloudstorages/1"))["display_name"] != "mine"


async def test_a_bucket_of_an_organization_is_its_supervisors_to_see(
    api: Api, server: Server, people: dict[str, Api], s3: S3
):
    organization = await api.post("/organizations", {"slug": "zoo"})
    for user_id, role in ((2, "supervisor"), (3, "worker")):
        async with server.database.writing() as db:
            await rows.insert(
                db,
                "memberships",
                {
                    "organization_id": organization["id"],
                    "user_id": user_id,
                    "role": role,
                    "is_active": 1,
                    "joined_date": "2026-01-01T00:00:00.000000Z",
                },
            )
    server.identities.forget()
    made = await api.post("/cloudstorages?org=zoo", s3.storage(s3.new_bucket()))
    assert made["organization"] == organization["id"]
    supervisor, worker, _ = people.values()
    assert (await supervisor.get("/cloudstorages?org=zoo"))["count"] == 1
    await supervisor.get("/cloudstorages/1/content-v2")
    await supervisor.patch("/cloudstorages/1", {"display_name": "x"}, expect=403)
    await worker.get("/cloudstorages/1", expect=403)
    # It outlives the organization, as projects do.
    await api.delete(f"/organizations/{organization['id']}")
    assert (await api.get("/cloudstorages/1"))["organization"] is None


async def test_buckets_are_found_by_what_they_are(api: Api, s3: S3):
    cats, dogs = s3.new_bucket(), s3.new_bucket()
    await api.post("/cloudstorages", s3.storage(cats, display_name="cats", description="soft"))
    body = s3.storage(dogs, display_name="dogs", credentials_type="ANONYMOUS_ACCESS")
    s3.client.put_bucket_acl(Bucket=dogs, ACL="public-read")
    await api.post("/cloudstorages", body)

    async def found(**query: str) -> list[str]:
        page = await api.get("/cloudstorages", params=query)
        return [one["display_name"] for one in page["results"]]

    assert await found(sort="name") == ["cats", "dogs"]
    assert await found(sort="-name") == ["dogs", "cats"]
    assert await found(name="cats") == ["cats"]
    assert await found(resource=dogs) == ["dogs"]
    assert await found(credentials_type="ANONYMOUS_ACCESS") == ["dogs"]
    assert await found(provider_type="AZURE_CONTAINER") == []
    assert await found(owner="admin", sort="id") == ["cats", "dogs"]
    assert await found(search="soft") == ["cats"]
    assert await found(filter='{"==": [{"var": "name"}, "dogs"]}') == ["dogs"]


async def test_what_happens_to_a_bucket_is_recorded(api: Api, server: Server, s3: S3):
    await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    await api.patch("/cloudstorages/1", {"display_name": "cats"})
    await api.delete("/cloudstorages/1")
    async with server.database.reading() as db:
        found = await rows.fetch_all(
            db, "SELECT scope FROM events WHERE scope LIKE '%cloudstorage' ORDER BY id"
        )
    assert [row[0] for row in found] == [
        "create:cloudstorage",
        "update:cloudstorage",
        "delete:cloudstorage",
    ]


# The key


async def test_a_lost_key_is_told_and_credentials_can_be_entered_anew(
    api: Api, config: Config, s3: S3
):
    await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    config.credentials_file.unlink()
    for path in ("/status", "/actions", "/content-v2", "/preview"):
        [words] = await api.get(f"/cloudstorages/1{path}", expect=400)
        assert "Enter them again" in words
    config.credentials_file.write_text("no key")
    [words] = await api.get("/cloudstorages/1/status", expect=400)
    assert "Enter them again" in words
    config.credentials_file.unlink()
    assert "key: " in await refused(api, "PATCH", "/cloudstorages/1", {"secret_key": SECRET})
    await api.patch("/cloudstorages/1", {"key": KEY, "secret_key": SECRET})
    assert await api.get("/cloudstorages/1/status") == "AVAILABLE"


def test_a_key_can_be_a_setting(tmp_path: Path):
    config = Config(data_dir=tmp_path, credentials_key="k" * 32)
    sealed = sealing.seal(config, Credentials(key="a"))
    assert sealing.unseal(config, sealed, "KEY_SECRET_KEY_PAIR") == Credentials(key="a")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BucketError, match="Enter them again"):
        sealing.unseal(replace(config, credentials_key="l" * 32), sealed, "KEY_SECRET_KEY_PAIR")


def test_a_key_that_cannot_be_written_is_told(tmp_path: Path):
    config = Config(data_dir=tmp_path / "nowhere")
    with pytest.raises(StoreError, match="cannot be written"):
        sealing.seal(config, Credentials(key="a"))


def test_a_key_that_somebody_else_has_just_made_stays(tmp_path: Path):
    path = tmp_path / "key"
    sealing.make_key(path)
    before = path.read_bytes()
    sealing.make_key(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("a b", "KEY_SECRET_KEY_PAIR", Credentials(key="a", secret_key="b")),
        ("a b", "ACCOUNT_NAME_TOKEN_PAIR", Credentials(account_name="a", session_token="b")),
        ("a", "ANONYMOUS_ACCESS", Credentials(account_name="a")),
        ("A=b c;D=e", "CONNECTION_STRING", Credentials(connection_string="A=b c;D=e")),
        ("/home/key.json", "KEY_FILE_PATH", Credentials()),
    ],
)
def test_credentials_of_cvats_database_are_understood(
    tmp_path: Path, text: str, kind: str, found: Credentials
):
    assert sealing.unseal(Config(data_dir=tmp_path), text, kind) == found


async def test_what_lies_open_in_the_store_is_sealed_when_the_server_starts(
    api: Api, server: Server, config: Config, s3: S3
):
    await api.post("/cloudstorages", s3.storage(s3.new_bucket()))
    async with server.database.writing() as db:
        await db.execute("UPDATE cloud_storages SET credentials = ?", (f"{KEY} {SECRET}",))
    assert await api.get("/cloudstorages/1/status") == "AVAILABLE"
    await sealing.seal_store(config, server.database)
    kept = await stored(server, 1)
    assert kept.startswith("sealed:")
    assert await api.get("/cloudstorages/1/status") == "AVAILABLE"
    await sealing.seal_store(config, server.database)
    assert await stored(server, 1) == kept


async def test_what_an_import_writes_is_sealed_and_not_left_in_the_file(tmp_path: Path):
    config = Config(data_dir=tmp_path)
    database = await Database.open(config.database)
    async with database.writing() as db:
        values = {
            "provider_type": "AWS_S3_BUCKET",
            "resource": "x",
            "display_name": "x",
            "credentials_type": "KEY_SECRET_KEY_PAIR",
            "credentials": f"{KEY} {SECRET}",
        }
        await cloud_storages.insert(db, values, ())
    await database.close()
    sealing.seal_imported(config)
    assert SECRET.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    database = await Database.open(config.database)
    async with database.reading() as db:
        spec = await access.spec_of(config, db, 1)
    await database.close()
    assert spec.credentials == Credentials(key=KEY, secret_key=SECRET)


async def test_background_work_opens_what_it_was_granted(
    api: Api, server: Server, config: Config, s3: S3
):
    name = s3.new_bucket({"a": b"x"})
    await api.post("/cloudstorages", s3.storage(name))
    async with server.database.reading() as db:
        spec = await access.spec_of(config, db, 1)
        with pytest.raises(NotFoundError):
            await access.spec_of(config, db, 2)
    assert await buckets.open_bucket(spec).read_bytes("a", 1) == b"x"
