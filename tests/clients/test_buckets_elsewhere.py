"""Buckets of Google and Azure.

Google's buckets are spoken to by its XML API, whose requests are those of S3: moto answers them.
Azure's are answered by Azurite where it is installed (``npm install -g azurite``), and as far as
requests go by a socket that gives ready answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cvat_lite.clients.buckets import Bucket, open_bucket
from cvat_lite.domain.buckets import BucketSpec, Credentials
from cvat_lite.errors import BucketError, BucketErrorKind
from tests.clients.test_buckets import Hostile, all_names, answers, names
from tests.s3 import S3

#: Azurite's own account and its key, which everybody knows.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
AZURITE = shutil.which("azurite-blob")


@pytest.fixture(scope="session")
def key_file() -> str:
    """The key file of a service account."""
    return service_account_key()


def service_account_key() -> str:
    """A new key file; where it would send requests must not matter."""
    private = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key = {
        "type": "service_account",
        "client_email": "me@example.org",
        "private_key": private.decode(),
        "private_key_id": "1",
        "gcs_base_url": "http://127.0.0.1:9",
        "token_uri": "http://127.0.0.1:9/",
    }
    return orjson.dumps(key).decode()


def google(url: str, name: str, key_file: str = "") -> BucketSpec:
    """A bucket of Google, public or opened by a key file."""
    return BucketSpec(
        "GOOGLE_CLOUD_STORAGE",
        name,
        "KEY_FILE_PATH" if key_file else "ANONYMOUS_ACCESS",
        Credentials(key_file=key_file),
        {"endpoint_url": url},
        allow_private=True,
    )


async def goes_round(bucket: Bucket, directory: Path) -> None:
    """Whether objects can be written, listed and read."""
    large = os.urandom(9 << 20)
    for key, content in {
        "a b.txt": b"a",
        "dir-2/t": b"t",
        "dir/sub/y": b"y",
        "dir/x": b"x",
        "large": large,
    }.items():
        (directory / "file").write_bytes(content)
        await bucket.write(key, directory / "file")
    assert await bucket.check() == "AVAILABLE"
    assert names(await bucket.list_page()) == ["a b.txt", "dir-2/", "dir/", "large"]
    assert await all_names(bucket, "", 1) == ["a b.txt", "dir-2/", "dir/", "large"]
    assert names(await bucket.list_page("dir/")) == ["sub/", "x"]
    assert names(await bucket.list_page("di")) == ["dir-2/", "dir/"]
    assert [one.key async for one in bucket.keys("dir/")] == ["dir/sub/y", "dir/x"]
    assert await bucket.read_bytes("large", len(large)) == large
    assert (await bucket.head("a b.txt")).size == 1
    with pytest.raises(BucketError) as found:
        await bucket.read_bytes("none", 1)
    assert found.value.kind == BucketErrorKind.NOT_FOUND


async def test_a_bucket_of_google_opens_with_a_key_file(
    s3: S3, key_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", "/nowhere.json")
    monkeypatch.setenv("GOOGLE_BASE_URL", "http://127.0.0.1:9")
    await goes_round(open_bucket(google(s3.url, s3.new_bucket(), key_file)), tmp_path)


async def test_a_public_bucket_of_google_is_read_and_not_written(s3: S3, tmp_path: Path):
    """The library would ask the metadata service of the machine for what opens it."""
    name = s3.new_bucket()
    s3.client.put_object(Bucket=name, Key="a.txt", Body=b"open", ACL="public-read")
    bucket = open_bucket(google(s3.url, name))
    assert await bucket.read_bytes("a.txt", 10) == b"open"
    (tmp_path / "b").write_bytes(b"b")
    with pytest.raises(BucketError, match="without credentials"):
        await bucket.write("b", tmp_path / "b")
    bucket._writes = True
    with pytest.raises(BucketError):
        await bucket.write("b", tmp_path / "b")
    assert s3.keys(name) == ["a.txt"]


def azure(kind: str, url: str, **more: str) -> BucketSpec:
    """A container of Azure at an address."""
    attributes = {"endpoint_url": url} if url else {}
    return BucketSpec(
        "AZURE_CONTAINER", "box", kind, Credentials(**more), attributes, allow_private=True
    )


BLOBS = b"""<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>dir/a</Name><Properties>
<Last-Modified>Tue, 24 Nov 2026 00:00:00 GMT</Last-Modified><Content-Length>1</Content-Length>
<Content-Type>text/plain</Content-Type><Etag>1</Etag></Properties></Blob></Blobs><NextMarker/>
</EnumerationResults>"""


@pytest.mark.parametrize(
    ("kind", "secrets", "proof"),
    [
        ("ANONYMOUS_ACCESS", {"account_name": "me"}, None),
        (
            "ACCOUNT_NAME_TOKEN_PAIR",
            {"account_name": "me", "session_token": "?sv=1&sig=mine"},
            b"sig=mine",
        ),
        (
            "CONNECTION_STRING",
            {"connection_string": "AccountName=me;AccountKey=bWluZQ==;BlobEndpoint={url}"},
            b"authorization: SharedKey me:",
        ),
    ],
)
async def test_a_container_of_azure_is_asked_with_what_opens_it(
    kind: str, secrets: dict[str, str], proof: bytes | None, monkeypatch: pytest.MonkeyPatch
):
    nowhere = "http://127.0.0.1:9"
    for name, value in {
        "AZURE_STORAGE_ACCOUNT_KEY": "ZXZpbA==",
        "AZURE_STORAGE_SAS_TOKEN": "evil=1",
        "AZURE_STORAGE_TOKEN": "evil",
        "AZURE_STORAGE_USE_EMULATOR": "true",
        "AZURE_STORAGE_ENDPOINT": nowhere,
        "AZURE_CREDENTIAL_TYPE": "bearer_token",
    }.items():
        monkeypatch.setenv(name, value)
    server = Hostile(answers("200 OK", BLOBS))
    secrets = {name: value.format(url=server.url) for name, value in secrets.items()}
    address = "" if "connection_string" in secrets else server.url
    bucket = open_bucket(azure(kind, address, **secrets))
    assert names(await bucket.list_page()) == ["dir/"]
    [asked] = server.asked
    server.close()
    assert asked.startswith(b"GET /box?")
    assert b"comp=list" in asked
    assert b"evil" not in asked
    if proof is None:
        assert b"authorization" not in asked.lower()
        assert b"sig=" not in asked
    else:
        assert proof in asked


@pytest.fixture
def azurite(tmp_path: Path) -> Iterator[str]:
    """The address of an account of Azurite."""
    if AZURITE is None:
        pytest.skip("azurite-blob is not installed: it comes from npm")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            AZURITE,
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--inMemoryPersistence",
            "--skipApiVersionCheck",
            "--silent",
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/{ACCOUNT}"
    finally:
        process.terminate()
        process.wait()


async def make_container(url: str) -> None:
    """Make the container, open to readers."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {
        "x-ms-blob-public-access": "container",
        "x-ms-date": date,
        "x-ms-version": "2021-08-06",
    }
    lines = [f"{name}:{value}" for name, value in headers.items()]
    signed = "\n".join(
        ["PUT", *[""] * 11, *lines, f"/{ACCOUNT}/{ACCOUNT}/box", "restype:container"]
    )
    digest = hmac.new(base64.b64decode(ACCOUNT_KEY), signed.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.put(f"{url}/box?restype=container", headers=headers) as response,
    ):
        assert response.status == 201, await response.text()


async def test_a_container_of_azure_is_written_listed_and_read(azurite: str, tmp_path: Path):
    await make_container(azurite)
    text = f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={azurite}"
    await goes_round(open_bucket(azure("CONNECTION_STRING", "", connection_string=text)), tmp_path)
    public: Any = open_bucket(azure("ANONYMOUS_ACCESS", azurite, account_name=ACCOUNT))
    assert await public.read_bytes("a b.txt", 10) == b"a"
    with pytest.raises(BucketError, match="without credentials"):
        await public.write("b", tmp_path / "file")
