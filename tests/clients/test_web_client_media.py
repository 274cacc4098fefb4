"""What CVAT's own web client decodes in the browser: chunks of every kind, with the cookie alone.

An image that cannot be decoded hangs its canvas without an error, so that what a chunk holds matters
as much as that it comes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from av.video.frame import PictureType
from PIL import Image

from tests.client import ADMIN_PASSWORD
from tests.clients.conftest import Running
from tests.clients.web_client import HERE, WebClient, begin, files_form, send
from tests.images import png, write_video
from tests.media.clouds import ascii_pcd, binary_pcd
from tests.media.sounds import write_wav

BASELINE = 66
FINISH = {"Upload-Finish": "true"}


@pytest.fixture
async def web(running: Running) -> AsyncIterator[WebClient]:
    """The client of the administrator, logged in."""
    async with WebClient(running.url) as client:
        body = {"username": "admin", "password": ADMIN_PASSWORD}
        await client.post("/auth/login", body, expect=200, params=HERE)
        yield client


async def make_task(
    web: WebClient, files: dict[str, bytes], spec: dict[str, Any] | None = None, **data: Any
) -> list[dict[str, Any]]:
    """Make a task of these files as the form does; its jobs, the first frames first."""
    wanted = {"name": "media", "labels": [], **(spec or {})}
    task = await web.post("/tasks", wanted, params=HERE)
    path = f"/tasks/{task['id']}/data"
    fields = {"image_quality": 70, "use_cache": True, "use_zip_chunks": False, **data}
    await begin(web, path)
    await send(web, path, files_form(files, fields))
    body = {**fields, "server_files": [], "remote_files": []}
    answer = await web.post(path, body, expect=202, params=HERE, headers=FINISH)
    request = await web.ended(answer["rq_id"])
    assert request["status"] == "finished", request["message"]
    jobs = await web.everything("/jobs", task_id=str(task["id"]))
    return sorted(jobs, key=lambda job: job["start_frame"])


async def chunk(web: WebClient, job: dict[str, Any], index: int) -> tuple[bytes, Any]:
    """A compressed chunk as the worker of the page fetches it, and the headers."""
    params = {**HERE, "quality": "compressed", "type": "chunk", "index": str(index)}
    async with web.session.get(f"{web.url}/api/jobs/{job['id']}/data", params=params) as found:
        assert found.status == 200, await found.text()
        return await found.read(), found.headers


def members(content: bytes) -> dict[str, bytes]:
    """The entries of an archive in its order; directories are none."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any(entry.is_dir() for entry in archive.infolist())
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_chunk_of_pictures_is_counted_from_the_beginning_of_the_job(web: WebClient) -> None:
    files = {f"{number}.png": png(64, 48 + number, number) for number in range(7)}
    spec = {"segment_size": 4}
    jobs = await make_task(web, files, spec, use_zip_chunks=True, chunk_size=2)
    assert [(job["start_frame"], job["stop_frame"]) for job in jobs] == [(0, 3), (4, 6)]
    for job in jobs:
        assert job["data_compressed_chunk_type"] == "imageset"
        heights = []
        for index in range((job["stop_frame"] - job["start_frame"]) // 2 + 1):
            content, _ = await chunk(web, job, index)
            for entry in members(content).values():
                with Image.open(io.BytesIO(entry)) as image:
                    image.load()
                    heights.append(image.height)
        assert heights == [48 + n for n in range(job["start_frame"], job["stop_frame"] + 1)]


async def test_the_meta_of_a_job_tells_frames_of_the_whole_data(web: WebClient) -> None:
    files = {f"{number}.png": png(32, 32, number) for number in range(5)}
    _, job = await make_task(web, files, {"segment_size": 3}, chunk_size=2, frame_filter="step=1")
    meta = await web.get(f"/jobs/{job['id']}/data/meta", params=HERE)
    assert (meta["start_frame"], meta["stop_frame"], meta["size"]) == (3, 4, 2)
    assert [frame["name"] for frame in meta["frames"]] == ["3.png", "4.png"]
    assert meta["frame_filter"] in ("", "step=1")
    for name in ("image_quality", "chunks_updated_date", "storage", "cloud_storage_id"):
        assert name in meta


async def test_a_chunk_of_a_video_is_what_a_decoder_in_script_can_read(
    web: WebClient, tmp_path: Path
) -> None:
    write_video(tmp_path / "film.mp4", frames=14)
    film = {"film.mp4": (tmp_path / "film.mp4").read_bytes()}
    jobs = await make_task(web, film, {"segment_size": 10, "overlap": 0}, chunk_size=6)
    counts = []
    for job in jobs:
        assert job["data_compressed_chunk_type"] == "video"
        size = job["stop_frame"] - job["start_frame"] + 1
        for index in range((size + 5) // 6):
            content, headers = await chunk(web, job, index)
            assert headers["Content-Type"].startswith("video/mp4")
            counts.append(frames_of(content))
    assert counts == [6, 4, 4]


def frames_of(content: bytes) -> int:
    """How many frames a chunk has; it is one of baseline H.264, its only track, without B."""
    assert content[4:8] == b"ftyp"
    assert b"moov" in content
    assert b"avc1" in content
    with av.open(io.BytesIO(content)) as container:
        (stream,) = container.streams
        context = stream.codec_context
        extra = context.extradata
        assert extra is not None
        assert extra[1] == BASELINE
        assert not context.has_b_frames
        kinds = [PictureType(frame.pict_type).name for frame in container.decode(video=0)]
    assert set(kinds) <= {"I", "P"}
    assert kinds[0] == "I"
    return len(kinds)


async def test_a_chunk_of_clouds_holds_their_files(web: WebClient) -> None:
    clouds = {"a.pcd": ascii_pcd(), "b.pcd": binary_pcd()}
    (job,) = await make_task(web, clouds, use_zip_chunks=True)
    assert job["dimension"] == "3d"
    content, _ = await chunk(web, job, 0)
    assert list(members(content).values()) == list(clouds.values())


async def test_a_chunk_of_a_sound_tells_where_it_begins(web: WebClient, tmp_path: Path) -> None:
    talk = {"talk.wav": write_wav(tmp_path / "talk.wav", 2.0).read_bytes()}
    spec = {"labels": [{"name": "speech", "type": "interval"}], "segment_size": 1200}
    jobs = await make_task(web, talk, spec)
    for job in jobs:
        assert job["dimension"] == "1d"
        content, headers = await chunk(web, job, 0)
        assert int(headers["X-Media-Offset"]) == job["start_frame"]
        with av.open(io.BytesIO(content)) as container:
            assert container.streams.audio
    assert [job["start_frame"] for job in jobs] == [0, 1200]


async def test_a_broken_transfer_of_a_chunk_is_resumed(web: WebClient) -> None:
    (job,) = await make_task(web, {"a.png": png()}, use_zip_chunks=True)
    whole, _ = await chunk(web, job, 0)
    params = {**HERE, "quality": "compressed", "type": "chunk", "index": "0"}
    url = f"{web.url}/api/jobs/{job['id']}/data"
    half = len(whole) // 2
    async with web.session.get(url, params=params, headers={"Range": f"bytes={half}-"}) as rest:
        assert rest.status == 206
        place = rest.headers["Content-Range"]
        assert place == f"bytes {half}-{len(whole) - 1}/{len(whole)}"
        assert whole[:half] + await rest.read() == whole


async def test_a_chunk_that_is_not_there_is_told_in_words(web: WebClient) -> None:
    (job,) = await make_task(web, {"a.png": png()}, use_zip_chunks=True)
    params = {**HERE, "quality": "compressed", "type": "chunk", "index": "9"}
    url = f"{web.url}/api/jobs/{job['id']}/data"
    async with web.session.get(url, params=params) as refused:
        assert 400 <= refused.status < 500
        assert await refused.text()


async def test_related_images_come_as_an_archive(web: WebClient, tmp_path: Path) -> None:
    path = tmp_path / "clouds.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pointcloud/a.pcd", ascii_pcd())
        archive.writestr("related_images/a_pcd/front.png", png())
    (job,) = await make_task(web, {"clouds.zip": path.read_bytes()}, use_zip_chunks=True)
    meta = await web.get(f"/jobs/{job['id']}/data/meta", params=HERE)
    assert meta["frames"][0]["related_files"] == 1
    params = {"quality": "original", "type": "context_image", "number": "0"}
    response: aiohttp.ClientResponse = await web.call(
        "GET", f"/jobs/{job['id']}/data", params={**HERE, **params}
    )
    ((_, related),) = members(await response.read()).items()
    with Image.open(io.BytesIO(related)) as image:
        assert image.size == (64, 48)
