"""Media that no frames can be made of: a clear error, nothing left, and a task that goes on."""

from __future__ import annotations

import dataclasses
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cvat_lite.config import Config
from tests.api.test_tasks import form
from tests.client import Api
from tests.images import png, write_video

LABELS = [{"name": "car"}]
TOGETHER = "Only one video, audio, archive, pdf, zip or many image, directory"


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """The usual settings, and those that a test names."""
    return dataclasses.replace(config, **getattr(request, "param", {}))


def settings(**changed: Any) -> pytest.MarkDecorator:
    """Run a test with other settings of the server."""
    return pytest.mark.parametrize("config", [changed], indirect=True, ids=[""])


async def new_task(api: Api) -> int:
    task = await api.post("/tasks", {"name": "wrong", "labels": LABELS})
    number: int = task["id"]
    return number


async def send(api: Api, task: int, files: dict[str, bytes], **fields: Any) -> str:
    """Attach files; answers the id of the background request."""
    sent = form(files, **{"image_quality": 70, **fields})
    answer = await api.post(f"/tasks/{task}/data/", expect=202, data=sent)
    rq_id: str = answer["rq_id"]
    return rq_id


def left_behind(config: Config) -> list[str]:
    """All that the server keeps of media: directories of data and of the cache, files sent."""
    kept = [path for place in (config.media, config.cache) for path in place.rglob("*")]
    sent = [path for path in config.uploads.rglob("*") if path.is_file()]
    return [str(path) for path in (*kept, *sent)]


async def assert_goes_on(api: Api, config: Config, task: int) -> None:
    """Nothing is left of what was wrong, and the task takes good data."""
    assert left_behind(config) == []
    found = await api.get(f"/tasks/{task}")
    assert (found.get("size", 0), found["jobs"]["count"]) == (0, 0)
    await api.finished(await send(api, task, {"good.png": png(20, 10)}))
    found = await api.get(f"/tasks/{task}")
    assert (found["size"], found["jobs"]["count"]) == (1, 1)


async def assert_fails(
    api: Api, config: Config, files: dict[str, bytes], told: str, **fields: Any
) -> None:
    """The background request fails with these words, and the task goes on."""
    task = await new_task(api)
    failed = await api.finished(await send(api, task, files, **fields), status="failed")
    assert told in failed["message"]
    assert str(config.data_dir) not in failed["message"]
    assert failed["result_url"] is None
    await assert_goes_on(api, config, task)


def archive(members: dict[str, bytes]) -> bytes:
    """A zip with these members, whatever their names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return target.getvalue()


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as opened:
        for info, content in members:
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    return target.getvalue()


def link(name: str, to: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, to
    return info


def video(path: Path) -> bytes:
    write_video(path, 5)
    return path.read_bytes()


def sound(path: Path, codec: str = "aac") -> bytes:
    """A file of a video's format that holds a sound and no pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


async def test_no_files_at_all(api: Api, config: Config) -> None:
    await assert_fails(api, config, {}, "No media data found")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"hello", "No media data found"),
        ("a.png", b"not a png", "cannot identify image file 'a.png'"),
        ("a.png", b"", "cannot identify image file 'a.png'"),
        ("a.mp4", b"not a video", "a.mp4"),
        ("a.mp4", b"", "a.mp4"),
        ("a.pdf", b"%PDF-1.4 and no more", "a.pdf"),
        ("a.zip", b"PK\x03\x04 and no more", "a.zip"),
        ("a.tar.gz", b"\x1f\x8b\x08 and no more", "a.tar.gz"),
        ("a.zip", archive({}), "No media data found"),
        ("a.zip", archive({"notes.txt": b"hello"}), "No media data found"),
        ("a.zip", archive({"in/a.png": b"not a png"}), "in/a.png"),
    ],
)
async def test_one_file_that_is_not_what_it_says(
    api: Api, config: Config, name: str, content: bytes, told: str
) -> None:
    await assert_fails(api, config, {name: content}, told)


async def test_one_broken_picture_among_good_ones(api: Api, config: Config) -> None:
    files = {"a.png": png(), "b.png": b"not a png", "c.png": png()}
    await assert_fails(api, config, files, "cannot identify image file 'b.png'")


async def test_a_video_without_pictures(api: Api, config: Config, tmp_path: Path) -> None:
    content = sound(tmp_path / "sound.mp4")
    await assert_fails(api, config, {"a.mp4": content}, "a.mp4")


async def test_a_sound_together_with_another(api: Api, config: Config, tmp_path: Path) -> None:
    content = sound(tmp_path / "sound.m4a")
    files = {"a.m4a": content, "b.m4a": content}
    await assert_fails(api, config, files, "but 0 image(s), 0 video(s), 2 audio(s)")


async def test_two_videos(api: Api, config: Config, tmp_path: Path) -> None:
    content = video(tmp_path / "a.mp4")
    told = f"{TOGETHER} can be used simultaneously,{' ' * 13}but 0 image(s), 2 video(s)"
    await assert_fails(api, config, {"a.mp4": content, "b.mp4": content}, told)


async def test_pictures_together_with_a_video(api: Api, config: Config) -> None:
    files = {"a.png": png(), "b.mp4": b"not a video"}
    await assert_fails(api, config, files, "but 1 image(s), 1 video(s)")


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["../a.png", "in/../../a.png", "/etc/a.png", "..\\a.png"])
async def test_an_archive_whose_names_lead_outside(
    api: Api, config: Config, name: str, kind: str
) -> None:
    if kind == "zip":
        packed = archive({"good.png": png(), name: png()})
    else:
        packed = tar((tarfile.TarInfo("good.png"), png()), (tarfile.TarInfo(name), png()))
    await assert_fails(api, config, {f"pack.{kind}": packed}, f"pack.{kind}")
    assert not list(config.data_dir.parent.rglob("a.png"))


async def test_an_archive_with_a_link_to_the_servers_files(
    api: Api, config: Config, tmp_path: Path
) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    packed = tar((link("a.png", str(tmp_path / "secret.png")), b""))
    task = await new_task(api)
    await api.finished(await send(api, task, {"pack.tar": packed}), status="failed")
    await assert_goes_on(api, config, task)


async def test_a_zip_bomb_is_not_unpacked(api: Api, config: Config) -> None:
    packed = archive({"a.png": bytes(300 << 20)})
    assert len(packed) < 1 << 20
    await assert_fails(api, config, {"bomb.zip": packed}, "bomb.zip")


@settings(max_image_pixels=1000)
async def test_a_picture_of_too_many_pixels(api: Api, config: Config) -> None:
    await assert_fails(api, config, {"a.png": png(64, 48)}, "too large: 64x48")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"start_frame": 5}, "No frames are left"),
        ({"start_frame": 1, "stop_frame": 0}, "No frames are left"),
        ({"job_file_mapping[0][0]": "a.png"}, "does not name the file 'b.png'"),
        ({"sorting_method": "predefined", "upload_file_order[0]": "a.png"}, "b.png"),
    ],
)
async def test_a_choice_of_frames_that_cannot_be_met(
    api: Api, config: Config, fields: dict[str, Any], told: str
) -> None:
    files = {"a.png": png(), "b.png": png()}
    await assert_fails(api, config, files, told, **fields)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            {"image_quality": 0},
            {"image_quality": ["Ensure this value is greater than or equal to 1."]},
        ),
        (
            {"image_quality": 101},
            {"image_quality": ["Ensure this value is less than or equal to 100."]},
        ),
        ({"frame_filter": "bad"}, {"frame_filter": ["Invalid frame filter expression"]}),
        ({"frame_filter": "step=0"}, {"frame_filter": ["Invalid frame filter expression"]}),
        ({"sorting_method": "by taste"}, {"sorting_method": ['"by taste" is not a valid choice.']}),
        ({"start_frame": "one"}, {"start_frame": ["A valid integer is required."]}),
    ],
)
async def test_a_wrong_field_is_refused_at_once(
    api: Api, config: Config, fields: dict[str, Any], error: Any
) -> None:
    task = await new_task(api)
    sent = form({"a.png": png()}, **{"image_quality": 70, **fields})
    assert await api.post(f"/tasks/{task}/data/", expect=400, data=sent) == error
    await assert_goes_on(api, config, task)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            {"server_files": ["../../etc/passwd"]},
            {"server_files": [{"file": ["path contains a '..' segment"]}]},
        ),
        (
            {"server_files": ["a.png", "in/../../b.png"]},
            {"server_files": [{}, {"file": ["path contains a '..' segment"]}]},
        ),
        (
            {"cloud_storage_id": 999, "server_files": ["a.png"]},
            ["CloudStorage matching query does not exist."],
        ),
    ],
)
async def test_files_outside_the_share_are_refused(
    api: Api, config: Config, body: dict[str, Any], error: Any
) -> None:
    task = await new_task(api)
    found = await api.post(f"/tasks/{task}/data/", {"image_quality": 70, **body}, expect=400)
    assert found == error
    await assert_goes_on(api, config, task)


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize("name", ["nosuch.png", "folder", "/etc/hostname"])
async def test_a_file_that_the_share_does_not_have(
    api: Api, config: Config, name: str, copy: bool, tmp_path: Path
) -> None:
    assert config.share is not None
    (config.share / "folder").mkdir()
    task = await new_task(api)
    body = {"image_quality": 70, "server_files": [name], "copy_data": copy}
    answer = await api.post(f"/tasks/{task}/data/", body, expect=202)
    failed = await api.finished(answer["rq_id"], status="failed")
    assert failed["message"]
    assert str(tmp_path) not in failed["message"]
    await assert_goes_on(api, config, task)


@pytest.mark.parametrize("path", ["/tasks", "/tasks/{task}/data/", "/auth/login"])
async def test_malformed_json_is_refused(api: Api, config: Config, path: str) -> None:
    task = await new_task(api)
    for text in (b'{"name": ', b"\xff\xfe{}", b"[" * 100_000, b"{'a': 1}"):
        error = await api.post(
            path.format(task=task),
            expect=400,
            data=text,
            headers={"Content-Type": "application/json"},
        )
        assert error["detail"].startswith("JSON parse error - ")
    await assert_goes_on(api, config, task)


@settings(max_json_bytes=10_000)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/tasks"), ("POST", "/tasks/{task}/data/"), ("PUT", "/tasks/{task}/annotations/")],
)
async def test_json_over_the_limit_is_refused(
    api: Api, config: Config, method: str, path: str
) -> None:
    task = await new_task(api)
    body = b'{"name": "' + b"x" * 20_000 + b'"}'
    headers = {"Content-Type": "application/json"}

    async def pieces():
        yield body[:5_000]
        yield body[5_000:]

    for content in (body, pieces()):
        await api.call(method, path.format(task=task), data=content, headers=headers, expect=413)
    await assert_goes_on(api, config, task)


@settings(max_upload_bytes=10_000)
async def test_files_over_the_limit_are_refused(api: Api, config: Config) -> None:
    task = await new_task(api)
    sent = form({"a.png": bytes(20_000)}, image_quality=70)
    await api.post(f"/tasks/{task}/data/", expect=413, data=sent)
    await assert_goes_on(api, config, task)


async def test_a_second_helping_of_data_is_refused(api: Api, config: Config) -> None:
    task = await new_task(api)
    await api.finished(await send(api, task, {"a.png": png()}))
    kept = left_behind(config)
    sent = form({"b.png": png()}, image_quality=70)
    error = await api.post(f"/tasks/{task}/data/", expect=400, data=sent)
    assert error == ["Adding more data is not supported"]
    assert left_behind(config) == kept
