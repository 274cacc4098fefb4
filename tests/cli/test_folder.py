"""``cvat-lite open DIR``: a task of what lies in a directory, made once and found again."""

from __future__ import annotations

import io
import json
import re
import urllib.request
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from cvat_lite.cli import folder
from cvat_lite.errors import MediaError
from cvat_lite.services import tasks_in_place
from cvat_lite.services.context import Context, Server
from tests.client import Api
from tests.process import ServerProcess, command


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A directory with two images, one deeper down, and things that are no images."""
    place = tmp_path / "pictures"
    (place / "more").mkdir(parents=True)
    Image.new("RGB", (64, 48), (200, 0, 0)).save(place / "2.png")
    Image.new("RGB", (32, 16), (0, 0, 200)).save(place / "more" / "10.png")
    (place / "README.md").write_text("notes")
    (place / "labels.zip").write_bytes(b"PK")
    (place / ".hidden.png").write_text("")
    return place


def make_video(path: Path) -> None:
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(5):
            picture = np.full((48, 64, 3), shade * 40, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())


@pytest.fixture
async def context(server: Server, url: str) -> Context:
    return await folder.administrator(server, url)


async def test_its_images_become_a_task_where_they_lie(
    pictures, context: Context, api: Api
) -> None:
    task_id = await tasks_in_place.open_directory(context, pictures, ["car", "person"])
    task = await api.get(f"/tasks/{task_id}")
    assert (task["name"], task["size"]) == ("pictures", 2)
    meta = await api.get(f"/tasks/{task_id}/data/meta")
    assert [frame["name"] for frame in meta["frames"]] == ["2.png", "more/10.png"]
    labels = await api.get("/labels", params={"task_id": task_id})
    assert [label["name"] for label in labels["results"]] == ["car", "person"]
    assert [path for path in context.config.media.rglob("*") if path.is_file()] == []


async def test_its_frames_are_the_files_themselves(pictures, context: Context, api: Api) -> None:
    task_id = await tasks_in_place.open_directory(context, pictures, [])
    found = await api.get(
        f"/tasks/{task_id}/data", params={"type": "chunk", "number": 0, "quality": "original"}
    )
    with zipfile.ZipFile(io.BytesIO(found)) as chunk:
        first = chunk.read(chunk.namelist()[0])
    assert first == (pictures / "2.png").read_bytes()


async def test_the_same_directory_is_the_same_task_with_labels_added(
    pictures, context: Context, api: Api
) -> None:
    first = await tasks_in_place.open_directory(context, pictures, ["car"])
    again = await tasks_in_place.open_directory(context, pictures / "more" / "..", ["car", "cat"])
    assert again == first
    labels = await api.get("/labels", params={"task_id": first})
    assert [label["name"] for label in labels["results"]] == ["car", "cat"]
    assert (await api.get("/tasks"))["count"] == 1


async def test_a_task_that_was_deleted_is_made_anew(pictures, context: Context, api: Api) -> None:
    first = await tasks_in_place.open_directory(context, pictures, [])
    await api.delete(f"/tasks/{first}")
    again = await tasks_in_place.open_directory(context, pictures, [])
    assert again != first
    assert (await api.get(f"/tasks/{again}"))["size"] == 2


async def test_a_task_needs_a_label_to_draw_with(pictures, context: Context, api: Api) -> None:
    task_id = await tasks_in_place.open_directory(context, pictures, [])
    labels = await api.get("/labels", params={"task_id": task_id})
    assert [label["name"] for label in labels["results"]] == [tasks_in_place.DEFAULT_LABEL]


async def test_its_video_becomes_a_task_where_it_lies(tmp_path, context: Context, api: Api) -> None:
    place = tmp_path / "film"
    place.mkdir()
    make_video(place / "film.mp4")
    task_id = await tasks_in_place.open_directory(context, place, [])
    task = await api.get(f"/tasks/{task_id}")
    assert (task["size"], task["mode"]) == (5, "interpolation")
    assert not list(context.config.media.rglob("*.mp4"))


async def test_two_videos_are_refused_with_words(tmp_path, context: Context, api: Api) -> None:
    make_video(tmp_path / "a.mp4")
    make_video(tmp_path / "b.mp4")
    with pytest.raises(MediaError, match=r"2 videos .*a\.mp4, .*b\.mp4"):
        await tasks_in_place.open_directory(context, tmp_path, [])
    assert (await api.get("/tasks"))["count"] == 0


async def test_a_broken_image_leaves_no_task_behind(tmp_path, context: Context, api: Api) -> None:
    place = tmp_path / "broken"
    place.mkdir()
    (place / "a.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match=r"a\.png"):
        await tasks_in_place.open_directory(context, place, [])
    assert (await api.get("/tasks"))["count"] == 0
    Image.new("RGB", (8, 8)).save(place / "a.png")
    assert await tasks_in_place.open_directory(context, place, [])


def test_the_command_serves_the_task_without_a_login(pictures, tmp_path) -> None:
    words = ("open", pictures, "--labels", "car", "--no-browser", "--port", "0")
    with ServerProcess(*words, "--data-dir", tmp_path / "data") as server:
        assert server.process.stdout is not None
        found = re.search(r"Task \d+ is at (\S+)", server.process.stdout.readline())
        assert found
        with urllib.request.urlopen(found[1]) as answer:
            assert json.load(answer)["size"] == 2
        assert server.stop() == (0, "")


def test_what_is_no_directory_is_refused_before_anything_is_made(tmp_path) -> None:
    ended = command("open", tmp_path / "nothing", "--no-browser", "--data-dir", tmp_path / "data")
    assert ended.returncode == 1
    assert "is not a directory" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_directory_without_media_ends_in_one_line(tmp_path) -> None:
    words = ("open", tmp_path, "--no-browser", "--port", "0", "--data-dir", tmp_path / "data")
    ended = command(*words)
    assert ended.returncode == 1
    assert "no images and no video" in ended.stderr
    assert ended.stderr.count("\n") == 1
