"""Buckets of a real S3 server, and what a bucket may do to whoever asks it."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cvat_lite.clients import bucket_listing, bucket_relay, bucket_stores, buckets
from cvat_lite.clients.buckets import Bucket, open_bucket
from cvat_lite.domain.buckets import BucketSpec, Credentials, Page
from cvat_lite.errors import BucketError, BucketErrorKind
from tests.s3 import KEY, S3, SECRET


def spec_of(s3: S3 | str, name: str, **more: Any) -> BucketSpec:
    """The bucket of that name, on the S3 server or at an address."""
    url = s3 if isinstance(s3, str) else s3.url
    values = {
        "provider_type": "AWS_S3_BUCKET",
        "credentials_type": "KEY_SECRET_KEY_PAIR",
        "credentials": Credentials(key=KEY, secret_key=SECRET),
        "attributes": {"endpoint_url": url},
        "allow_private": True,
        **more,
    }
    return BucketSpec(resource=name, **values)


def names(page: Page) -> list[str]:
    """The entries of a page, directories with a slash."""
    return [f"{one.name}/" if one.is_directory else one.name for one in page.entries]


async def all_names(bucket: Bucket, prefix: str, size: int) -> list[str]:
    """The entries of all pages of a level."""
    found: list[str] = []
    token = None
    for _ in range(1000):
        page = await bucket.list_page(prefix, token, size)
        assert len(page.entries) <= size
        found += names(page)
        token = page.next_token
        if token is None:
            return found
    raise AssertionError("the listing does not end")


@contextmanager
def fails(kind: BucketErrorKind, words: str = "") -> Iterator[None]:
    """The block fails in that way, and says so."""
    with pytest.raises(BucketError) as found:
        yield
    assert found.value.kind == kind, found.value
    assert words in str(found.value)
    assert SECRET not in str(found.value)


# What a bucket holds


async def test_a_bucket_is_available_and_one_that_is_not_there_is_not_found(s3: S3):
    assert await open_bucket(spec_of(s3, s3.new_bucket())).check() == "AVAILABLE"
    assert await open_bucket(spec_of(s3, "no-such-bucket")).check() == "NOT_FOUND"


async def test_a_private_bucket_is_forbidden_to_who_has_no_credentials(s3: S3):
    name = s3.new_bucket({"a.txt": b"a"})
    s3.client.put_bucket_acl(Bucket=name, ACL="private")
    bucket = open_bucket(
        spec_of(s3, name, credentials_type="ANONYMOUS_ACCESS", credentials=Credentials())
    )
    with fails(BucketErrorKind.FORBIDDEN, "'a.txt' in the bucket"):
        await bucket.read_bytes("a.txt", 10)


async def test_a_public_object_is_read_without_credentials(s3: S3):
    name = s3.new_bucket()
    s3.client.put_object(Bucket=name, Key="a.txt", Body=b"open", ACL="public-read")
    bucket = open_bucket(
        spec_of(s3, name, credentials_type="ANONYMOUS_ACCESS", credentials=Credentials())
    )
    assert await bucket.read_bytes("a.txt", 10) == b"open"


LEVEL = {
    "a b.txt": b"x",
    "b.txt": b"",
    "dir-a": b"x",
    "dir/": b"",
    "dir/sub/y.png": b"x",
    "dir/x.png": b"x",
    "empty-a": b"x",
    "empty/": b"",
    "p%20q#?&+~[]{}.txt": b"x",
    "v1.0/": b"",
    "v1.0/x": b"x",
    "z": b"x",
    "ü/é.png": b"x",
}
SHOWN = [
    "a b.txt",
    "b.txt",
    "dir-a",
    "dir/",
    "empty-a",
    "empty/",
    "p%20q#?&+~[]{}.txt",
    "v1.0/",
    "z",
    "ü/",
]


async def test_a_level_has_its_files_and_directories_and_nothing_below(s3: S3):
    bucket = open_bucket(spec_of(s3, s3.new_bucket(LEVEL)))
    assert names(await bucket.list_page()) == SHOWN
    assert names(await bucket.list_page("dir/")) == ["sub/", "x.png"]
    assert names(await bucket.list_page("ü/")) == ["é.png"]
    assert await bucket.list_page("nothing/") == Page((), None)


@pytest.mark.parametrize("size", [1, 2, 3, 9, 10, 1000])
async def test_pages_of_any_size_come_to_the_same(s3: S3, size: int):
    bucket = open_bucket(spec_of(s3, s3.new_bucket(LEVEL)))
    found = await all_names(bucket, "", size)
    # The marker of a directory with a dot in its name may end a page as if it were a file.
    assert [one for one in found if one != "v1.0"] == SHOWN


async def test_a_prefix_may_be_the_beginning_of_a_name(s3: S3):
    bucket = open_bucket(spec_of(s3, s3.new_bucket({**LEVEL, "0/x": b"", "dir/0x": b"x"})))
    assert names(await bucket.list_page("di")) == ["dir-a", "dir/"]
    assert names(await bucket.list_page("dir/s")) == ["sub/"]
    assert names(await bucket.list_page("0")) == ["0/"]
    assert names(await bucket.list_page("dir/0")) == ["0x"]
    assert names(await bucket.list_page("zz")) == []
    assert await all_names(bucket, "di", 1) == ["dir-a", "dir/"]


async def test_directories_of_many_objects_are_passed_over(s3: S3, monkeypatch: pytest.MonkeyPatch):
    """A batch is what a provider gives at once: here three keys instead of a thousand."""
    monkeypatch.setattr(bucket_listing, "BATCH", 3)
    objects = {f"{letter}/{number:02}": b"x" for letter in "abc" for number in range(20)}
    bucket = open_bucket(spec_of(s3, s3.new_bucket({**objects, "aa": b"x", "d": b"x"})))
    assert await all_names(bucket, "", 2) == ["a/", "aa", "b/", "c/", "d"]
    bucket._skips = False
    assert await all_names(bucket, "", 2) == ["a/", "aa", "b/", "c/", "d"]


async def test_a_page_that_takes_too_long_is_given_short(s3: S3, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bucket_listing, "BATCH", 1)
    monkeypatch.setattr(bucket_listing, "PAGE_TIME", 0.0001)
    bucket = open_bucket(spec_of(s3, s3.new_bucket({"a": b"x", "b": b"x", "c": b"x"})))
    page = await bucket.list_page()
    assert names(page) == ["a"]
    assert page.next_token is not None


@pytest.mark.parametrize("token", ["?", "YQ", "//", "AA", "gA"])
async def test_a_token_of_another_place_is_refused(s3: S3, token: str):
    bucket = open_bucket(spec_of(s3, s3.new_bucket()))
    with fails(BucketErrorKind.INVALID, "token"):
        await bucket.list_page("dir/", token)


async def test_all_keys_below_a_directory_are_told(s3: S3):
    bucket = open_bucket(spec_of(s3, s3.new_bucket(LEVEL)))
    found = [one.key async for one in bucket.keys("dir/")]
    assert found == ["dir/sub/y.png", "dir/x.png"]


async def test_an_object_tells_its_size_and_when_it_was_changed(s3: S3):
    head = await open_bucket(spec_of(s3, s3.new_bucket({"a.txt": b"abc"}))).head("a.txt")
    assert (head.key, head.size) == ("a.txt", 3)
    assert head.etag
    assert head.last_modified.tzinfo is not None


async def test_what_is_not_there_is_not_found(s3: S3):
    bucket = open_bucket(spec_of(s3, s3.new_bucket()))
    with fails(BucketErrorKind.NOT_FOUND, "'a.txt' in the bucket"):
        await bucket.head("a.txt")
    with fails(BucketErrorKind.NOT_FOUND, "'a.txt' in the bucket"):
        await bucket.read_bytes("a.txt", 10)


@pytest.mark.parametrize("key", ["x//y", "../x", "./x", "a/../b"])
async def test_a_key_with_an_empty_part_or_dots_is_refused(s3: S3, key: str):
    bucket = open_bucket(spec_of(s3, s3.new_bucket()))
    with fails(BucketErrorKind.INVALID, "not supported"):
        await bucket.head(key)


async def test_a_bucket_with_a_key_that_cannot_be_told_is_there_but_not_listed(s3: S3):
    bucket = open_bucket(spec_of(s3, s3.new_bucket({"x//y": b"x", "fine/z": b"x"})))
    assert await bucket.check() == "AVAILABLE"
    with fails(BucketErrorKind.INVALID, "not supported"):
        await bucket.list_page()
    assert names(await bucket.list_page("fine/")) == ["z"]


# Reading and writing


async def test_a_large_object_is_read_in_pieces_and_as_a_part(s3: S3):
    content = os.urandom(buckets.PIECE + 12345)
    bucket = open_bucket(spec_of(s3, s3.new_bucket({"big": content, "none": b""})))
    assert await bucket.read_bytes("big", len(content)) == content
    assert b"".join([one async for one in bucket.read("big", 5, 9)]) == content[5:9]
    assert b"".join([one async for one in bucket.read("big", len(content) - 3)]) == content[-3:]
    assert [one async for one in bucket.read("big", len(content))] == []
    assert await bucket.read_bytes("none", 0) == b""


async def test_an_object_that_is_too_large_is_refused(s3: S3, tmp_path: Path):
    bucket = open_bucket(spec_of(s3, s3.new_bucket({"a": b"12345"})))
    with fails(BucketErrorKind.INVALID, "larger than 4 bytes"):
        await bucket.read_bytes("a", 4)
    with fails(BucketErrorKind.INVALID, "larger than 4 bytes"):
        await bucket.download("a", tmp_path / "a", 4)
    assert list(tmp_path.iterdir()) == []


async def test_an_object_becomes_a_file(s3: S3, tmp_path: Path):
    bucket = open_bucket(spec_of(s3, s3.new_bucket({"a": b"12345"})))
    assert await bucket.download("a", tmp_path / "a") == 5
    assert (tmp_path / "a").read_bytes() == b"12345"


async def test_an_object_that_changes_while_it_is_read_is_not_mixed(s3: S3):
    name = s3.new_bucket({"a": b"1" * (buckets.PIECE + 10)})
    reading = open_bucket(spec_of(s3, name)).read("a")
    await anext(reading)
    s3.client.put_object(Bucket=name, Key="a", Body=b"2" * (buckets.PIECE + 10))
    with fails(BucketErrorKind.UNAVAILABLE, "changed"):
        await anext(reading)


async def test_a_file_and_a_stream_are_written(s3: S3, tmp_path: Path):
    name = s3.new_bucket()
    bucket = open_bucket(spec_of(s3, name))
    content = os.urandom(2 * buckets.PART + 7)
    (tmp_path / "big").write_bytes(content)
    await bucket.write("out/big", tmp_path / "big")
    assert s3.read(name, "out/big") == content

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"abc"

    await bucket.write("out/stream", pieces())
    assert s3.read(name, "out/stream") == b"abcabcabc"
    await bucket.delete("out/stream")
    assert s3.keys(name) == ["out/big"]


async def test_a_stream_that_breaks_leaves_nothing_at_its_key(s3: S3):
    name = s3.new_bucket()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * buckets.UNKNOWN_PART
        raise OSError("the disk is gone")

    with pytest.raises((BucketError, OSError)):
        await open_bucket(spec_of(s3, name)).write("a", pieces())
    assert s3.keys(name) == []


async def test_a_bucket_that_is_not_there_takes_no_files(s3: S3, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"x")
    with fails(BucketErrorKind.NOT_FOUND):
        await open_bucket(spec_of(s3, "no-such-bucket")).write("a", tmp_path / "a")


def test_a_bucket_can_be_used_in_other_threads_and_sent_to_other_processes(s3: S3):
    spec = pickle.loads(pickle.dumps(spec_of(s3, s3.new_bucket({"a": b"12345"}))))
    bucket = open_bucket(spec)
    with ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda _: asyncio.run(bucket.read_bytes("a", 10)), range(8))
        assert list(found) == [b"12345"] * 8


def test_what_opens_a_bucket_is_never_printed():
    assert SECRET not in repr(spec_of("http://127.0.0.1", "a"))


# Settings


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"provider_type": "MOON"}, "no provider"),
        ({"credentials_type": "KEY_FILE_PATH"}, "not opened by KEY_FILE_PATH"),
        ({"attributes": {"endpoint_url": "ftp://example.org"}}, "endpoint_url"),
        ({"attributes": {"endpoint_url": "http://127.0.0.1:9"}, "allow_private": False}, "public"),
        ({"attributes": {"endpoint_url": "http://localhost"}, "allow_private": False}, "public"),
        (
            {"provider_type": "GOOGLE_CLOUD_STORAGE", "credentials_type": "KEY_SECRET_KEY_PAIR"},
            "not opened by",
        ),
        (
            {
                "provider_type": "GOOGLE_CLOUD_STORAGE",
                "credentials_type": "KEY_FILE_PATH",
                "credentials": Credentials(key_file="{"),
            },
            "not JSON",
        ),
        (
            {
                "provider_type": "GOOGLE_CLOUD_STORAGE",
                "credentials_type": "KEY_FILE_PATH",
                "credentials": Credentials(key_file='{"type": "external_account"}'),
            },
            "not the key of a service account",
        ),
        (
            {
                "provider_type": "GOOGLE_CLOUD_STORAGE",
                "credentials_type": "KEY_FILE_PATH",
                "credentials": Credentials(key_file='{"client_email": "a@b"}'),
            },
            "no private_key",
        ),
        (
            {
                "provider_type": "GOOGLE_CLOUD_STORAGE",
                "credentials_type": "KEY_FILE_PATH",
                "credentials": Credentials(
                    key_file='{"client_email":"a","private_key":"b","private_key_id":"c"}'
                ),
            },
            "cannot be used",
        ),
        (
            {"provider_type": "AZURE_CONTAINER", "credentials_type": "KEY_SECRET_KEY_PAIR"},
            "not opened by",
        ),
        (
            {"provider_type": "AZURE_CONTAINER", "credentials_type": "ANONYMOUS_ACCESS"},
            "account is missing",
        ),
        (
            {
                "provider_type": "AZURE_CONTAINER",
                "credentials_type": "CONNECTION_STRING",
                "credentials": Credentials(connection_string="UseDevelopmentStorage=true"),
            },
            "no AccountName",
        ),
    ],
)
def test_settings_that_cannot_be_right_are_refused(more: dict[str, Any], words: str):
    with fails(BucketErrorKind.INVALID, words):
        open_bucket(spec_of("http://127.0.0.1:9", "a", **more))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "DefaultEndpointsProtocol=https;AccountName=me;AccountKey=a2V5PT0=;EndpointSuffix=x.net",
            ("me", {"access_key": "a2V5PT0="}, "https://me.blob.x.net"),
        ),
        (
            "BlobEndpoint=https://me.blob.x.net/;SharedAccessSignature=?sv=1&sig=a%3D",
            ("me", {"sas_token": "sv=1&sig=a%3D"}, "https://me.blob.x.net"),
        ),
        ("AccountName=me", ("me", None, "https://me.blob.core.windows.net")),
    ],
)
def test_a_connection_string_tells_the_account_and_what_opens_it(text: str, found: Any):
    assert bucket_stores.connection(text) == found


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1"])
def test_without_an_address_the_bucket_is_amazons_own(region: str):
    store = bucket_stores.make_store(
        spec_of("", "a", attributes={"region": region}, allow_private=False)
    )
    suffix = ".cn" if region.startswith("cn") else ""
    assert store.config["endpoint"] == f"https://s3.{region}.amazonaws.com{suffix}"


ENVIRONMENT = """
import asyncio, sys
from cvat_lite.clients.buckets import open_bucket
from cvat_lite.domain.buckets import BucketSpec, Credentials
spec = BucketSpec("AWS_S3_BUCKET", sys.argv[2], "KEY_SECRET_KEY_PAIR",
                  Credentials(key="a", secret_key="b"), {"endpoint_url": sys.argv[1]}, True)
print(asyncio.run(open_bucket(spec).read_bytes("a", 10)).decode())
"""


def test_nothing_is_taken_from_the_environment(s3: S3):
    nowhere = "http://127.0.0.1:9"
    evil = {
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "AWS_PROXY_URL"), nowhere),
        **dict.fromkeys(("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AWS_ENDPOINT_URL"), nowhere),
        "NO_PROXY": "*",
        "AWS_SESSION_TOKEN": "evil",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", ENVIRONMENT, s3.url, s3.new_bucket({"a": b"private"})],
        env={**os.environ, **evil},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "private\n", done.stderr


# Buckets that mean harm


class Hostile:
    """A server that does with every connection what it was made for; it notes what was asked."""

    def __init__(self, behave: Callable[[socket.socket, bytes], None]) -> None:
        self.asked: list[bytes] = []
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head += piece
                self.asked.append(head)
                self._behave(connection, head)
            except OSError:
                pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def hostile() -> Iterator[Callable[[Callable[[socket.socket, bytes], None]], Hostile]]:
    """Makes servers that behave badly, as long as the test lasts."""
    made: list[Hostile] = []

    def make(behave: Callable[[socket.socket, bytes], None]) -> Hostile:
        made.append(Hostile(behave))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is waited for is waited for a moment."""
    monkeypatch.setattr(bucket_stores, "READ", 0.3)
    monkeypatch.setattr(bucket_stores, "REQUEST", 0.5)
    monkeypatch.setattr(bucket_stores, "TRIES", 1)
    monkeypatch.setattr(buckets, "SOON", 5.0)
    monkeypatch.setattr(buckets, "PIECE_TIME", 5.0)


def answers(status: str, body: bytes = b"", *head: str) -> Callable[[socket.socket, bytes], None]:
    """The behaviour of who always gives one answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *head]

    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return behave


async def test_a_bucket_that_says_nothing_is_given_up(hostile: Any, impatient: None):
    silence = threading.Event()
    server = hostile(lambda *_: silence.wait(30))
    bucket = open_bucket(spec_of(server.url, "a"))
    with fails(BucketErrorKind.TIMEOUT, "in time"):
        await bucket.check()
    with fails(BucketErrorKind.TIMEOUT):
        await bucket.list_page()
    with fails(BucketErrorKind.TIMEOUT):
        await bucket.read_bytes("x", 10)
    silence.set()


async def test_whoever_waits_can_be_cancelled(hostile: Any):
    silence = threading.Event()
    server = hostile(lambda *_: silence.wait(30))
    waiting = asyncio.create_task(open_bucket(spec_of(server.url, "a")).check())
    while not server.asked:
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    silence.set()


async def test_a_bucket_that_closes_half_way_leaves_no_half_file(
    hostile: Any, impatient: None, tmp_path: Path
):
    def half(connection: socket.socket, _: bytes) -> None:
        connection.sendall(
            b'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-99/100\r\nETag: "a"\r\n'
            b"Last-Modified: Tue, 24 Nov 2026 00:00:00 GMT\r\nContent-Length: 100\r\n\r\nhalf"
        )

    bucket = open_bucket(spec_of(hostile(half).url, "a"))
    with pytest.raises(BucketError) as found:
        await bucket.download("x.png", tmp_path / "x.png")
    assert found.value.kind in (BucketErrorKind.UNAVAILABLE, BucketErrorKind.TIMEOUT)
    assert list(tmp_path.iterdir()) == []


async def test_an_answer_without_an_end_is_cut_off(
    hostile: Any, impatient: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bucket_relay, "MOST_ANSWERED", 1 << 20)
    sent = []

    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n")
        while True:
            connection.sendall(b"<a>" * 50_000)
            sent.append(150_000)

    bucket = open_bucket(spec_of(hostile(endless).url, "a"))
    with pytest.raises(BucketError) as found:
        await bucket.list_page()
    assert found.value.kind in (BucketErrorKind.UNAVAILABLE, BucketErrorKind.TIMEOUT)
    # What lay in buffers on the way is not counted.
    assert sum(sent) < 64 << 20


def listing(keys: list[str], token: str) -> bytes:
    """A page of keys as S3 gives it."""
    items = "".join(
        f"<Contents><Key>{key}</Key><Size>1</Size><ETag>a</ETag>"
        "<LastModified>2026-11-24T00:00:00.000Z</LastModified></Contents>"
        for key in keys
    )
    return (
        f"<ListBucketResult><IsTruncated>true</IsTruncated>{items}"
        f"<NextContinuationToken>{token}</NextContinuationToken></ListBucketResult>"
    ).encode()


async def test_a_listing_without_an_end_ends(
    hostile: Any, impatient: None, monkeypatch: pytest.MonkeyPatch
):
    """One that gives the same directory for ever, and always says that there is more."""
    monkeypatch.setattr(bucket_listing, "PAGE_TIME", 0.5)
    server = hostile(answers("200 OK", listing([f"d/{one}" for one in range(1000)], "more")))
    page = await open_bucket(spec_of(server.url, "a")).list_page()
    assert names(page) == ["d/"]
    bucket = open_bucket(spec_of(server.url, "a"))
    with fails(BucketErrorKind.TIMEOUT, "too much to list"):
        await bucket.list_page("nothing/")


async def test_a_redirect_into_the_servers_own_network_is_not_followed(
    hostile: Any, impatient: None, monkeypatch: pytest.MonkeyPatch
):
    """Addresses of this machine are private; the first of two is let through for the test."""
    inside = hostile(answers("200 OK", listing([], "")))
    outside = hostile(
        answers("302 Found", b"", f"Location: {inside.url.replace('.0.0.1', '.0.0.2')}")
    )
    monkeypatch.setattr(bucket_relay, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(bucket_stores, "check_url", lambda *_, **__: None)
    bucket = open_bucket(spec_of(outside.url, "a", allow_private=False))
    with pytest.raises(BucketError):
        await bucket.check()
    assert len(outside.asked) == 1
    assert inside.asked == []


async def test_a_name_that_means_a_private_address_is_not_reached(hostile: Any, impatient: None):
    server = hostile(answers("200 OK"))
    port = server.url.rpartition(":")[2]
    name = "localhost.localdomain" if resolves("localhost.localdomain") else socket.gethostname()
    bucket = open_bucket(spec_of(f"http://{name}:{port}", "a", allow_private=False))
    with pytest.raises(BucketError):
        await bucket.check()
    assert server.asked == []


def resolves(name: str) -> bool:
    """Whether this machine knows that name."""
    try:
        socket.getaddrinfo(name, 80)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]"])
async def test_where_machines_get_their_secrets_is_never_reached(address: str, impatient: None):
    bucket = open_bucket(spec_of(f"http://{address}", "a"))
    with fails(BucketErrorKind.INVALID, "not on a public host"):
        await bucket.check()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("403 Forbidden", "FORBIDDEN"),
        ("401 Unauthorized", "FORBIDDEN"),
        ("404 Not Found", "NOT_FOUND"),
    ],
)
async def test_what_a_bucket_answers_is_its_status(hostile: Any, status: str, kind: str):
    assert await open_bucket(spec_of(hostile(answers(status)).url, "a")).check() == kind


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("500 Oh", BucketErrorKind.UNAVAILABLE, "status 500 (SlowDown)"),
        ("400 Bad", BucketErrorKind.INVALID, "status 400 (SlowDown)"),
        ("504 Late", BucketErrorKind.TIMEOUT, "in time"),
    ],
)
async def test_errors_are_told_with_their_code_and_without_their_text(
    hostile: Any, impatient: None, status: str, kind: BucketErrorKind, words: str
):
    body = b"<Error><Code>SlowDown</Code><Message>the secret is 42</Message></Error>"
    bucket = open_bucket(spec_of(hostile(answers(status, body)).url, "a"))
    with pytest.raises(BucketError) as found:
        await bucket.list_page()
    assert found.value.kind == kind
    assert words in str(found.value)
    assert "42" not in str(found.value)


async def test_nobody_there_is_told(impatient: None):
    with fails(BucketErrorKind.UNAVAILABLE, "cannot be reached"):
        await open_bucket(spec_of("http://127.0.0.1:9", "a")).check()
    with fails(BucketErrorKind.UNAVAILABLE, "cannot be reached"):
        await open_bucket(spec_of("http://no-such-host.invalid", "a")).check()
    with fails(BucketErrorKind.UNAVAILABLE, "cannot be reached"):
        await open_bucket(spec_of("https://127.0.0.1:9", "a")).check()


# The relay


def ask(raw: bytes, *, allow_private: bool = True, proof: bool = True) -> bytes:
    """What the relay answers to this."""
    url = bucket_relay.relay_url(allow_private=allow_private)
    relay = next(one for one in bucket_relay._relays.values() if one.url == url)
    port = int(url.rpartition(":")[2])
    if proof:
        raw = raw.replace(b"\r\n\r\n", b"\r\nProxy-Authorization: " + relay._proof + b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_relay_serves_only_who_knows_its_password():
    raw = b"GET http://127.0.0.1:9/ HTTP/1.1\r\nHost: a\r\n\r\n"
    assert b" 407 " in ask(raw, proof=False)
    assert b" 502 " in ask(raw)


def test_the_relay_reaches_private_addresses_only_where_it_may(hostile: Any):
    server = hostile(answers("200 OK", b"inside"))
    raw = f"GET {server.url}/a?b=c HTTP/1.1\r\nX-A: b\r\nConnection: keep-alive\r\n\r\n".encode()
    assert b"is not a public host" in ask(raw, allow_private=False)
    assert server.asked == []
    assert ask(raw).endswith(b"inside")
    # What is for the relay alone goes no further.
    assert server.asked == [b"GET /a?b=c HTTP/1.1\r\nX-A: b\r\nConnection: close\r\n\r\n"]


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET http://a:99999999/ HTTP/1.1\r\n\r\n",
        b"GET ftp://a/ HTTP/1.1\r\n\r\n",
        b"CONNECT :443 HTTP/1.1\r\n\r\n",
    ],
)
def test_the_relay_refuses_what_is_no_request_to_a_proxy(raw: bytes):
    assert b" 400 " in ask(raw)


def test_the_relay_makes_a_tunnel_for_tls(hostile: Any):
    server = hostile(answers("200 OK", b"through the tunnel"))
    port = server.url.rpartition(":")[2].encode()
    head = b"CONNECT 127.0.0.1:" + port + b" HTTP/1.1\r\n\r\n"
    url = bucket_relay.relay_url(allow_private=True)
    relay = next(one for one in bucket_relay._relays.values() if one.url == url)
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 10) as connection:
        proof = b"\r\nProxy-Authorization: " + relay._proof + b"\r\n\r\n"
        connection.sendall(head.replace(b"\r\n\r\n", proof))
        assert connection.recv(100) == b"HTTP/1.1 200 OK\r\n\r\n"
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b"through the tunnel")


def test_the_relay_ends_connections_on_which_nobody_speaks(
    hostile: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bucket_relay, "IDLE", 0.2)
    silence = threading.Event()
    server = hostile(lambda *_: silence.wait(30))
    assert ask(f"GET {server.url}/ HTTP/1.1\r\n\r\n".encode()) == b""
    silence.set()


def test_the_relay_does_not_wait_for_half_a_request(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bucket_relay, "CONNECT", 0.2)
    assert ask(b"GET http://127.0.0.1:9/ HTTP/1.1\r\n") == b""
