"""How bytes come in: TUS, CVAT's start, multiple and finish, and forms with files."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from cvat_sdk import Client
from cvat_sdk.core.uploading import AnnotationUploader, DataUploader
from hypothesis import given
from hypothesis import strategies as st

from cvat_lite.api import uploads as endpoints
from cvat_lite.api.declare import CONTEXT, docs, register
from cvat_lite.api.parameters import number
from cvat_lite.app import make_app
from cvat_lite.config import Config
from cvat_lite.errors import RuleError
from cvat_lite.services import receiving, staging, uploads
from cvat_lite.services.context import Server
from cvat_lite.services.staging import Place
from cvat_lite.services.upload_sweep import STALE_SECONDS, sweep
from cvat_lite.store import uploads as store
from tests.api.people import acting_as, add_user
from tests.client import ADMIN_PASSWORD, Api
from tests.conftest import ADDRESS

DATA = Place("tasks/data", 5)
BACKUP = Place("tasks/backup", 1)
AT = "/try/tasks/data/5"
AT_BACKUP = "/try/tasks/backup/1"
APPEND = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}

routes = web.RouteTableDef()


def place_of(request: web.Request) -> Place:
    return Place(f"{request.match_info['kind']}/{request.match_info['what']}", number(request))


@routes.post("/api/try/{kind}/{what}/{id}/")
@docs(tags=["try"], summary="Upload")
async def try_create(request: web.Request) -> web.StreamResponse:
    place = place_of(request)
    received = await endpoints.handle(request, place)
    if isinstance(received, web.StreamResponse):
        return received
    names = await uploads.gathered(request[CONTEXT], place)
    shown = {"fields": received.fields, "files": received.files, "gathered": names}
    return web.json_response({**shown, "rq_id": "try"}, status=202)


@routes.post("/api/try/{kind}/{what}/{id}/take")
@docs(tags=["try"], summary="Take a file")
async def try_take(request: web.Request) -> web.StreamResponse:
    path = await uploads.take(request[CONTEXT], place_of(request), request.query.get("filename"))
    return web.json_response({"path": str(path)})


@routes.route("HEAD", "/api/try/{kind}/{what}/{id}/{file_id}")
@routes.route("PATCH", "/api/try/{kind}/{what}/{id}/{file_id}")
@docs(tags=["try"], summary="A file")
async def try_file(request: web.Request) -> web.StreamResponse:
    return await endpoints.tus_file(request, place_of(request))


@routes.options("/api/try/{kind}/{what}/{id}/")
async def try_options(request: web.Request) -> web.StreamResponse:
    return await endpoints.tus_options(request)


@pytest.fixture
async def app(config: Config) -> AsyncIterator[web.Application]:
    """The server, with places for uploads to try."""
    app = make_app(config)
    register(app, routes)
    app[ADDRESS] = address = []
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield app
    await runner.cleanup()


def announcing(name: str, length: int, **more: str) -> dict[str, str]:
    """The headers that begin a file."""
    encoded = base64.b64encode(name.encode()).decode()
    return {
        "Upload-Length": str(length),
        "Upload-Metadata": f"filename {encoded}",
        "Tus-Resumable": "1.0.0",
        **more,
    }


async def begin(api: Api, name: str, length: int, at: str = AT) -> str:
    """Begin a file; its path below ``/api``."""
    created = await api.call("POST", f"{at}/", headers=announcing(name, length), expect=201)
    return urlsplit(created.headers["Location"]).path.removeprefix("/api")


async def append(api: Api, file: str, offset: int, data: Any, expect: int = 204) -> int | None:
    """Send bytes of a file; the offset that the server answers."""
    headers = {**APPEND, "Upload-Offset": str(offset)}
    answer = await api.call("PATCH", file, data=data, headers=headers, expect=expect)
    found = answer.headers.get("Upload-Offset")
    return int(found) if found is not None else None


async def append_or_none(api: Api, file: str, offset: int, content: bytes) -> int | None:
    """Send bytes of a file; None where another request was in the way."""
    headers = {**APPEND, "Upload-Offset": str(offset)}
    answer = await api.session.patch(f"{api.url}/api{file}", data=content, headers=headers)
    assert answer.status in (204, 409), await answer.text()
    return int(answer.headers["Upload-Offset"]) if answer.status == 204 else None


async def arrived(api: Api, file: str) -> int:
    """How many bytes the server has."""
    return int((await api.call("HEAD", file)).headers["Upload-Offset"])


async def upload(api: Api, name: str, content: bytes, at: str = AT) -> str:
    """Send a whole file by TUS; its path below ``/api``."""
    file = await begin(api, name, len(content), at)
    if content:
        await append(api, file, 0, content)
    return file


async def finish(api: Api, at: str = AT) -> Any:
    """End the upload; what the place has gathered."""
    ended = await api.post(f"{at}/", {}, headers={"Upload-Finish": ""}, expect=202)
    return ended["gathered"]


def form_of(*files: tuple[str, str, bytes], **fields: str) -> aiohttp.FormData:
    """A form of fields and of files, each a field, a name and its content."""
    form = aiohttp.FormData(quote_fields=False)
    for name, value in fields.items():
        form.add_field(name, value)
    for field, name, content in files:
        form.add_field(field, content, filename=name)
    return form


def stored(config: Config, place: Place = DATA) -> dict[str, bytes]:
    """What lies at a place, parts of files included."""
    root = staging.root(config, place)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def count(config: Config) -> int:
    """How many files lie where data is uploaded to, parts included."""
    return sum(path.is_file() for path in staging.root(config, DATA).rglob("*"))


async def eventually(true: Callable[[], bool]) -> None:
    """Wait until something is the case."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


async def hang_up_midway(
    url: str,
    path: str,
    offset: int,
    announced: int,
    sent: bytes,
    when: Callable[[], bool] = lambda: True,
) -> None:
    """Send some of the bytes that were announced, and hang up when the moment has come."""
    address = urlsplit(url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    writer.write(
        f"PATCH /api{path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {login}\r\n"
        f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\n"
        f"Content-Length: {announced}\r\n\r\n".encode()
        + sent
    )
    with suppress(ConnectionError):
        await writer.drain()
    await eventually(when)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_the_recorded_conversation_has_the_recorded_statuses(
    api: Api, url: str, server: Server, config: Config
) -> None:
    content = random.randbytes(179)
    await add_user(server, "user2")
    await api.call("POST", f"{AT}/", {}, headers={"Upload-Start": "true"}, expect=202)
    evil = await api.call("POST", f"{AT}/", headers=announcing("../evil.png", 179), expect=400)
    assert evil.content_type == "text/plain"
    nameless = await api.post(f"{AT}/", headers={"Upload-Length": "0"}, expect=400)
    assert nameless == "Metadata is expected to contain 'filename' key"
    file = await begin(api, "a.png", 179)
    assert await arrived(api, file) == 0
    assert await append(api, file, 0, content[:89]) == 89
    assert await arrived(api, file) == 89
    assert await append(api, file, 0, content[:89], expect=409) == 89
    async with acting_as(url, "user2") as other:
        headers = {**APPEND, "Upload-Offset": "89"}
        refused = await other.patch(file, data=content[89:], headers=headers, expect=403)
        assert refused["detail"] == "You do not have permission to perform this action."
        await other.call("HEAD", file, expect=403)
    await append(api, file, 89, content[89:] + b"too much", expect=413)
    assert await append(api, file, 89, content[89:]) == 179
    await append(api, file, 179, b"x", expect=404)
    await api.call("HEAD", f"{AT}/1_00000000-0000-0000-0000-000000000000", expect=404)
    assert await finish(api) == ["a.png"]
    assert stored(config) == {"files/a.png": content}


async def test_a_client_that_lost_the_last_answer_learns_that_its_file_is_whole(api: Api) -> None:
    file = await upload(api, "a.png", b"abc")
    answer = await api.call("HEAD", file)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("3", "3")
    assert answer.headers["Upload-Metadata"] == "filename YS5wbmc="
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("seed", range(5))
async def test_an_upload_survives_any_number_of_dropped_connections(
    api: Api, url: str, config: Config, seed: int
) -> None:
    chance = random.Random(seed)
    content = chance.randbytes(chance.randrange(1, 3 * receiving.PIECE))
    file = await begin(api, "dir/video.mp4", len(content))
    while (offset := await arrived(api, file)) < len(content):
        announced = chance.randint(1, len(content) - offset)
        sent = content[offset : offset + announced]
        if chance.random() < 0.5:
            # The request that was hung up may still be read: then the offset is another one.
            await append_or_none(api, file, offset, sent)
        else:
            cut = chance.randrange(announced)
            await hang_up_midway(url, file, offset, announced, sent[:cut])
            assert await arrived(api, file) >= offset
    assert await finish(api) == ["dir/video.mp4"]
    assert stored(config) == {"files/dir/video.mp4": content}


async def test_what_came_before_the_connection_broke_is_kept(
    api: Api, url: str, config: Config
) -> None:
    content = random.randbytes(3 * receiving.PIECE)
    file = await begin(api, "a.bin", len(content))
    part = staging.part(config, DATA, file.rpartition("/")[2])
    sent = content[: receiving.PIECE + 1000]
    some_was_stored = lambda: part.stat().st_size > 0  # noqa: E731
    await hang_up_midway(url, file, 0, len(content), sent, some_was_stored)
    await eventually(lambda: not receiving.WRITERS)
    offset = await arrived(api, file)
    assert receiving.PIECE <= offset <= len(sent)
    await append(api, file, offset, content[offset:])
    assert stored(config) == {"files/a.bin": content}


async def slowly(begun: asyncio.Event, go_on: asyncio.Event) -> AsyncIterator[bytes]:
    """A body that stops in its middle until it is told to go on."""
    yield b"12345"
    begun.set()
    await go_on.wait()
    yield b"67890"


async def test_a_second_request_for_a_file_that_is_being_written_is_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "GRACE_SECONDS", 0.01)
    file = await begin(api, "a.bin", 10)
    begun, go_on = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(append(api, file, 0, slowly(begun, go_on)))
    await begun.wait()
    await eventually(lambda: bool(receiving.WRITERS))
    await append(api, file, 0, b"1234567890", expect=409)
    go_on.set()
    assert await first == 10


async def test_a_silent_request_gives_way_to_the_one_that_resumes(
    api: Api, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "SILENCE_SECONDS", 0.0)
    file = await begin(api, "a.bin", 10)
    begun, never = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(append(api, file, 0, slowly(begun, never), expect=503))
    await begun.wait()
    await eventually(lambda: bool(receiving.WRITERS))
    async with asyncio.timeout(20):
        while (offset := await arrived(api, file)) < 10:
            await append_or_none(api, file, offset, b"1234567890"[offset:])
    assert stored(config) == {"files/a.bin": b"1234567890"}
    never.set()
    with suppress(aiohttp.ClientError):
        await first


async def test_a_body_of_unknown_length_that_is_too_long_leaves_the_offset(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * receiving.PIECE

    file = await begin(api, "a.bin", 3 * receiving.PIECE)
    await append(api, file, 0, b"abc")
    with suppress(aiohttp.ClientConnectionError):
        await append(api, file, 3, endless(), expect=413)
    await eventually(lambda: not receiving.WRITERS)
    assert await arrived(api, file) == 3


async def test_an_empty_file_is_whole_from_the_beginning(api: Api, config: Config) -> None:
    file = await begin(api, "empty.txt", 0)
    assert await arrived(api, file) == 0
    assert await append(api, file, 0, b"") == 0  # the SDK sends this all the same
    assert await finish(api) == ["empty.txt"]
    assert stored(config) == {"files/empty.txt": b""}


async def test_the_location_survives_a_proxy_that_speaks_https_outside(api: Api, url: str) -> None:
    headers = announcing("a.png", 3, **{"X-Forwarded-Proto": "https"})
    created = await api.call(
        "POST", f"{AT}/", headers=headers, params={"org": ""}, expect=201, data=b""
    )
    location = created.headers["Location"]
    assert location.startswith(f"{url.replace('http:', 'https:')}/api{AT}/1_")
    assert created.headers["Upload-Filename"] == "a.png"
    assert created.headers["Tus-Resumable"] == "1.0.0"


async def test_anybody_may_ask_what_the_server_can_do(nobody: Api, config: Config) -> None:
    answer = await nobody.call("OPTIONS", f"{AT}/")
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation"
    assert answer.headers["Tus-Max-Size"] == str(config.max_upload_bytes)


async def test_another_version_of_the_protocol_is_refused(api: Api) -> None:
    headers = announcing("a.png", 3) | {"Tus-Resumable": "0.2.2"}
    answer = await api.call("POST", f"{AT}/", headers=headers, expect=412)
    assert answer.headers["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    ("headers", "expect"),
    [
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename !!!"}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename /w=="}, 400),
        ({"Upload-Length": "1", "Upload-Metadata": "filename"}, 400),
    ],
)
async def test_a_malformed_beginning_is_refused(
    api: Api, config: Config, headers: dict[str, str], expect: int
) -> None:
    await api.call("POST", f"{AT}/", headers=headers, expect=expect)
    assert stored(config) == {}


async def test_bytes_are_taken_only_in_their_own_type_and_at_an_offset(api: Api) -> None:
    file = await begin(api, "a.png", 3)
    wrong = {"Content-Type": "image/png", "Upload-Offset": "0"}
    await api.call("PATCH", file, data=b"abc", headers=wrong, expect=415)
    await api.call("PATCH", file, data=b"abc", headers=APPEND, expect=400)


async def test_a_file_that_the_disk_has_no_room_for_is_refused_at_once(
    api: Api, config: Config
) -> None:
    free = shutil.disk_usage(config.uploads).free
    headers = announcing("a.bin", free + 1)
    error = await api.post(f"{AT}/", headers=headers, expect=507)
    assert "disk" in error["detail"]
    assert stored(config) == {}


class TestWithASmallLimit:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return replace(config, max_upload_bytes=1000)

    async def test_a_larger_file_is_refused_at_once(self, api: Api, config: Config) -> None:
        error = await api.post(f"{AT}/", headers=announcing("a.bin", 1001), expect=413)
        assert "1000" in error["detail"]
        await upload(api, "b.bin", bytes(1000))
        assert list(stored(config)) == ["files/b.bin"]

    async def test_a_larger_form_is_refused_at_once(self, api: Api, config: Config) -> None:
        form = form_of(("client_files[0]", "a.bin", bytes(1001)))
        await api.post(f"{AT}/", data=form, expect=413)
        assert stored(config) == {}

    async def test_a_larger_form_of_unknown_length_is_refused_and_leaves_nothing(
        self, api: Api, config: Config
    ) -> None:
        form = form_of(*[(f"client_files[{n}]", f"{n}.bin", bytes(300)) for n in range(5)])
        body = form()
        answer = await api.session.post(
            f"{api.url}/api{AT}/",
            data=in_bits(await body.as_bytes()),
            headers={"Content-Type": body.content_type},
        )
        assert answer.status == 413
        assert stored(config) == {}


async def in_bits(data: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not announced."""
    for at in range(0, len(data), 1000):
        yield data[at : at + 1000]


async def test_a_form_brings_fields_and_files_in_their_order(api: Api, config: Config) -> None:
    form = form_of(
        ("client_files[0]", "b.png", b"B"),
        ("client_files[1]", "sub/dir/a.png", b"A" * 3_000_000),
        ("something_else", "c.png", b"C"),
        ("client_files[2]", "c.png", b""),
        **{"image_quality": "70", "server_files[0]": "x", "server_files[1]": "y"},
    )
    received = await api.post(f"{AT}/", data=form, expect=202)
    assert received["fields"] == {"image_quality": "70", "server_files": ["x", "y"]}
    assert received["files"] == ["b.png", "sub/dir/a.png", "c.png"]
    assert received["gathered"] == received["files"]
    assert stored(config) == {
        "files/b.png": b"B",
        "files/sub/dir/a.png": b"A" * 3_000_000,
        "files/c.png": b"",
    }


async def test_a_form_that_is_sent_again_replaces_what_it_sent(api: Api, config: Config) -> None:
    several = {"Upload-Multiple": "true"}
    for content in (b"1", b"22"):
        form = form_of(("client_files[0]", "a.png", content), ("client_files[1]", "b.png", content))
        answer = await api.call("POST", f"{AT}/", data=form, headers=several)
        assert await answer.read() == b""
    assert await finish(api) == ["a.png", "b.png"]
    assert stored(config) == {"files/a.png": b"22", "files/b.png": b"22"}


async def test_the_media_of_a_task_keep_their_names_and_the_later_one_counts(
    api: Api, config: Config
) -> None:
    for content in (b"1", b"22"):
        await upload(api, "a.png", content)
    assert await finish(api) == ["a.png"]
    assert stored(config) == {"files/a.png": b"22"}


async def test_files_that_come_in_different_ways_are_in_the_order_in_which_they_came(
    api: Api,
) -> None:
    await api.call("POST", f"{AT}/", headers={"Upload-Start": ""}, expect=202)
    waiting = await begin(api, "3.png", 1)
    await upload(api, "1.png", b"1")
    form = form_of(("client_files[0]", "2.png", b"2"))
    await api.call("POST", f"{AT}/", data=form, headers={"Upload-Multiple": ""})
    await append(api, waiting, 0, b"3")
    assert await finish(api) == ["1.png", "2.png", "3.png"]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("/home/me/cat.jpg", "cat.jpg"),
        ("C:\\me\\cat.jpg", "cat.jpg"),
        ("a/b/cat.jpg", "a/b/cat.jpg"),
        ("a\\b\\cat.jpg", "a/b/cat.jpg"),
        ("./cat.jpg", "cat.jpg"),
        ("Käse, 猫.jpg", "Käse, 猫.jpg"),
    ],
)
async def test_names_stay_relative_and_those_of_the_clients_disk_become_their_last_part(
    api: Api, config: Config, sent: str, name: str
) -> None:
    await upload(api, sent, b"TUS")
    assert await finish(api) == [name]
    assert stored(config) == {f"files/{name}": b"TUS"}
    await api.call("POST", f"{AT}/", headers={"Upload-Start": ""}, expect=202)
    received = await api.post(f"{AT}/", data=form_of(("client_files[0]", sent, b"")), expect=202)
    assert received["files"] == [name]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('form-data; name="a"', ("a", None)),
        ('form-data; name="a"; filename=""', ("a", "")),
        ("form-data; name=a; filename=b.png", ("a", "b.png")),
        ('form-data; name="a"; filename="b; c; d.png"', ("a", "b; c; d.png")),
        ('form-data; filename="C:\\b\\c.png"; name="a"', ("a", "C:\\b\\c.png")),
        ('form-data; name="a"; filename="b \\"c\\".png"', ("a", 'b "c".png')),
        ("form-data; name=\"a\"; filename*=UTF-8''%C3%BC.png", ("a", "ü.png")),
        ("", ("", None)),
    ],
)
def test_the_names_of_a_part_are_read_as_they_were_sent(
    header: str, names: tuple[str, str | None]
) -> None:
    assert endpoints.disposition(header) == names


@pytest.mark.parametrize("name", ["../evil.png", "a/../../evil.png", "..", "/", "x" * 300])
async def test_names_that_lead_out_of_their_directory_are_refused(
    api: Api, config: Config, name: str
) -> None:
    await api.call("POST", f"{AT}/", headers=announcing(name, 1), expect=400)
    form = form_of(("client_files[0]", "good.png", b"x"), ("client_files[1]", name, b"x"))
    await api.call("POST", f"{AT}/", data=form, expect=400)
    assert stored(config) == {}


@given(st.text())
def test_no_name_leads_out_of_its_directory(raw: str) -> None:
    base = Path("/srv/uploads")
    with suppress(RuleError):
        path = Path(os.path.normpath(base / staging.accepted(raw)))
        assert base in path.parents


async def test_two_files_of_one_name_in_one_form_are_not_taken_for_one(
    api: Api, config: Config
) -> None:
    form = form_of(("client_files[0]", "/a/1.png", b"a"), ("client_files[1]", "/b/1.png", b"b"))
    error = await api.post(f"{AT}/", data=form, expect=400)
    assert error == ["Two files are called 1.png"]
    assert stored(config) == {}


async def test_a_name_cannot_be_a_file_and_a_directory(api: Api) -> None:
    await upload(api, "a/b.png", b"x")
    file = await begin(api, "a", 1)
    error = await api.patch(file, data=b"x", headers={**APPEND, "Upload-Offset": "0"}, expect=400)
    assert error == ["a: a file and a directory have the same name"]
    assert await finish(api) == ["a/b.png"]


async def test_a_form_that_breaks_off_leaves_nothing(
    api: Api, url: str, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(url)
    login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    part = b'--X\r\nContent-Disposition: form-data; name="client_files[%d]"; filename="%d"\r\n\r\n'
    writer.write(
        f"POST /api{AT}/ HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {login}\r\n"
        f"Content-Type: multipart/form-data; boundary=X\r\n"
        f"Content-Length: 9000000\r\n\r\n".encode()
        + part % (0, 0)
        + b"whole\r\n"
        + part % (1, 1)
        + bytes(2_000_000)
    )
    await writer.drain()
    # Files come and go meanwhile: they are counted, not read.
    await eventually(lambda: count(config) == 2)
    writer.close()
    await eventually(lambda: count(config) == 0)
    assert await finish(api) == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"--X\r\n\r\nno name",
        b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\nb',
    ],
)
async def test_a_malformed_form_is_refused(api: Api, config: Config, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=X"}
    error = await api.post(f"{AT}/", data=body, headers=headers, expect=400)
    assert error["detail"].startswith("Multipart form parse error - ")
    assert stored(config) == {}


async def test_an_upload_may_end_without_a_body_or_with_fields_of_any_kind(api: Api) -> None:
    finishing = {"Upload-Finish": "true"}
    for more, fields in (
        ({}, {}),
        ({"json": {"image_quality": 70}}, {"image_quality": 70}),
        ({"data": {"image_quality": "70"}}, {"image_quality": "70"}),
    ):
        ended = await api.post(f"{AT}/", headers=finishing, expect=202, **more)
        assert ended["fields"] == fields
    await api.post(f"{AT}/", [1], headers=finishing, expect=400)
    headers = finishing | {"Content-Type": "text/plain"}
    await api.post(f"{AT}/", data=b"x", headers=headers, expect=415)


async def test_starting_an_upload_of_media_forgets_the_one_before(api: Api, config: Config) -> None:
    await upload(api, "old.png", b"old")
    unfinished = await begin(api, "half.png", 10)
    await api.call("POST", f"{AT}/", headers={"Upload-Start": "true"}, expect=202)
    assert stored(config) == {}
    await api.call("HEAD", unfinished, expect=404)
    await append(api, unfinished, 0, b"x", expect=404)
    assert await finish(api) == []


async def test_backups_on_their_way_do_not_meet(api: Api, config: Config) -> None:
    first = await begin(api, "backup.zip", 1, AT_BACKUP)
    await api.call("POST", f"{AT_BACKUP}/", headers={"Upload-Start": "true"}, expect=202)
    created = await api.call(
        "POST", f"{AT_BACKUP}/", headers=announcing("backup.zip", 1), expect=201
    )
    name = created.headers["Upload-Filename"]
    assert name != "backup.zip"
    assert name.endswith("backup.zip")
    second = urlsplit(created.headers["Location"]).path.removeprefix("/api")
    await append(api, second, 0, b"2")
    await append(api, first, 0, b"1")
    path = Path((await api.post(f"{AT_BACKUP}/take?filename={name}", expect=200))["path"])
    assert path.read_bytes() == b"2"
    assert stored(config, BACKUP) == {"files/backup.zip": b"1"}


async def test_a_file_that_was_taken_is_out_of_the_way_of_later_uploads(
    api: Api, server: Server, config: Config
) -> None:
    error = await api.post(f"{AT_BACKUP}/take", expect=400)
    assert error == ["No file has been uploaded"]
    paths = []
    for content in (b"1", b"2"):
        form = form_of(("task_file", "Übung.tar.gz", content))
        received = await api.post(f"{AT_BACKUP}/", data=form, expect=202)
        assert received["files"] == ["_bung.tar.gz"]
        paths.append(Path((await api.post(f"{AT_BACKUP}/take", expect=200))["path"]))
    assert [path.read_bytes() for path in paths] == [b"1", b"2"]
    for path in paths:
        await uploads.release(server, path)
    assert not list((config.uploads / staging.TAKEN).iterdir())


async def test_a_crash_before_the_whole_part_was_renamed_loses_nothing(
    api: Api, config: Config
) -> None:
    for name, ask in (("a.png", arrived), ("b.png", None)):
        file = await begin(api, name, 3)
        staging.part(config, DATA, file.rpartition("/")[2]).write_bytes(b"abc")
        if ask is not None:
            assert await ask(api, file) == 3
            assert stored(config) == {"files/a.png": b"abc"}
    assert await finish(api) == ["a.png", "b.png"]


async def test_a_crash_after_the_name_was_recorded_and_before_the_rename_is_harmless(
    api: Api, server: Server, config: Config
) -> None:
    file = await begin(api, "a.png", 3)
    async with server.database.writing() as db:
        await store.add_files(db, DATA.target, DATA.number, ["a.png", "never came.png"])
    assert await finish(api) == []
    await append(api, file, 0, b"abc")
    assert await finish(api) == ["a.png"]


async def test_the_offset_after_a_crash_is_what_the_disk_has(api: Api, config: Config) -> None:
    file = await begin(api, "a.png", 10)
    await append(api, file, 0, b"12345")
    with staging.part(config, DATA, file.rpartition("/")[2]).open("ab") as part:
        part.write(b"67")  # was written, but not answered
    assert await arrived(api, file) == 7
    assert await append(api, file, 7, b"890") == 10
    assert stored(config) == {"files/a.png": b"1234567890"}


def grow_old(config: Config, place: Place) -> None:
    """Let everything at a place have been written two days ago."""
    root = staging.root(config, place)
    long_ago = root.stat().st_mtime - 2 * STALE_SECONDS
    for path in (root, *root.rglob("*")):
        os.utime(path, (long_ago, long_ago))


async def test_uploads_that_nobody_goes_on_with_are_swept(
    api: Api, server: Server, config: Config
) -> None:
    other = Place("tasks/data", 6)
    await upload(api, "old.png", b"x")
    await begin(api, "half.png", 10)
    await upload(api, "new.png", b"x", "/try/tasks/data/6")
    await upload(api, "old.zip", b"x", AT_BACKUP)
    grow_old(config, DATA)
    grow_old(config, BACKUP)
    await begin(api, "new.zip", 1, AT_BACKUP)
    await sweep(server)
    assert stored(config) == {}
    assert stored(config, other) == {"files/new.png": b"x"}
    assert [name.partition("/")[0] for name in stored(config, BACKUP)] == ["parts"]
    async with server.database.reading() as db:
        assert set(await store.places(db)) == {(other.target, 6), (BACKUP.target, 1)}
        assert await store.gathered(db, BACKUP.target, 1) == []


async def test_what_background_work_still_waits_for_is_not_swept(
    api: Api, server: Server, config: Config
) -> None:
    await upload(api, "old.png", b"x")
    await upload(api, "old.zip", b"x", AT_BACKUP)
    path = Path((await api.post(f"{AT_BACKUP}/take", expect=200))["path"])
    grow_old(config, DATA)
    await add_waiting(server, "action=create&target=task&target_id=5", 5, "{}")
    await add_waiting(server, "action=import", None, f'{{"file": "{path.as_posix()}"}}')
    await sweep(server, -1)
    assert stored(config) == {"files/old.png": b"x"}
    assert path.read_bytes() == b"x"
    async with server.database.writing() as db:
        await db.execute("DELETE FROM background_requests")
    await sweep(server, -1)
    assert stored(config) == {}
    assert not path.parent.exists()


async def add_waiting(server: Server, rq_id: str, task_id: int | None, payload: str) -> None:
    """Record background work that has not begun."""
    async with server.database.writing() as db:
        await db.execute(
            "INSERT INTO background_requests (id, number, operation, target, task_id, status,"
            " payload, created_date) VALUES (?, 1, 'x:y', 'task', ?, 'queued', ?, '')",
            (rq_id, task_id, payload),
        )


async def test_the_sdk_sends_media_in_groups_and_large_files_by_themselves(
    url: str, api: Api, config: Config, tmp_path: Path
) -> None:
    contents = {f"{n}.png": random.Random(n).randbytes(n * 1000) for n in range(1, 8)}
    paths = []
    for name, content in contents.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)

    def send() -> None:
        with sdk_client(url, api) as client:
            uploader = DataUploader(client, max_request_size=4500)
            uploader.upload_files(f"{url}/api{AT}/", paths, image_quality=70)

    await asyncio.to_thread(send)
    assert stored(config) == {f"files/{name}": content for name, content in contents.items()}


async def test_the_sdk_sends_a_file_of_annotations(
    url: str, api: Api, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "annotations.zip"
    path.write_bytes(random.randbytes(3_000_000))

    def send() -> bytes:
        with sdk_client(url, api) as client:
            address = f"{url}/api/try/jobs/annotations/7"
            query = {"format": "COCO 1.0", "filename": path.name}
            meta = {"filename": path.name}
            uploader = AnnotationUploader(client)
            return uploader.upload_file(address, path, meta=meta, query_params=query).data

    assert b'"gathered": ["annotations.zip"]' in await asyncio.to_thread(send)
    place = Place("jobs/annotations", 7)
    assert stored(config, place) == {"files/annotations.zip": path.read_bytes()}


def sdk_client(url: str, api: Api) -> Client:
    """The real SDK, logged in."""
    client = Client(url, check_server_version=False)
    client.api_client.set_default_header("Authorization", api.headers["Authorization"])
    return client


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("way", ["form", "TUS"])
async def test_a_large_upload_does_not_lie_in_memory(api: Api, config: Config, way: str) -> None:
    size, most = 200 * 1024 * 1024, 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal most
        piece = bytes(1024 * 1024)
        for _ in range(size // len(piece)):
            yield piece
            most = max(most, resident())

    before = resident()
    if way == "TUS":
        await append(api, await begin(api, "large.bin", size), 0, body())
    else:
        form = aiohttp.FormData()
        form.add_field("client_files[0]", body(), filename="large.bin")
        await api.post(f"{AT}/", data=form, expect=202)
    assert (staging.directory(config, DATA) / "large.bin").stat().st_size == size
    assert most - before < 64 * 1024 * 1024


def resident() -> int:
    """The bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
