"""Video tasks by the SDK: their frames are those that PyAV decodes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import Task
from PIL import Image

from tests.images import picture

COUNT = 30
WIDTH, HEIGHT = 96, 64


def write_video(path: Path, codec: str, **options: str) -> None:
    """A video whose frames all differ."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(COUNT):
            frame = av.VideoFrame.from_image(picture(WIDTH, HEIGHT, number // 3))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def decoded(content: Path | io.BytesIO) -> list[np.ndarray]:
    """All frames of a video, as PyAV decodes it from beginning to end."""
    with av.open(content if isinstance(content, io.BytesIO) else str(content)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def kinds_of_pictures(path: Path) -> set[str]:
    with av.open(str(path)) as container:
        return {PictureType(frame.pict_type).name for frame in container.decode(video=0)}


def create(client: Client, path: Path, **params: object) -> Task:
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="video", labels=[{"name": "car"}], segment_size=10),
        [path],
        data_params=params,
    )


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 with B-frames and a key frame every twelve pictures."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_video(path, "libx264", g="12", bf="3", preset="veryfast")
    assert "B" in kinds_of_pictures(path)
    return path


@pytest.fixture(scope="module")
def task(client: Client, film: Path) -> Task:
    return create(client, film, chunk_size=8, image_quality=90)


def test_a_video_becomes_a_task_of_its_frames(task: Task) -> None:
    assert (task.size, task.mode, task.overlap) == (COUNT, "interpolation", 5)
    meta = task.get_meta()
    assert meta.size == COUNT
    assert [(f.width, f.height, f.name) for f in meta.frames] == [(WIDTH, HEIGHT, "film.mp4")]


def test_downloaded_frames_are_those_that_the_decoder_gives(
    task: Task, film: Path, tmp_path: Path
) -> None:
    wanted = [29, 0, 13, 11, 12, 7]
    task.download_frames(wanted, outdir=tmp_path)
    expected = decoded(film)
    for number in wanted:
        found = np.asarray(Image.open(tmp_path / f"frame_{number:06d}.png"))
        assert np.array_equal(found, expected[number])


def test_a_chunk_is_a_video_of_its_frames(task: Task, film: Path) -> None:
    expected = decoded(film)
    for number, frames in ((0, range(8)), (3, range(24, 30))):
        target = io.BytesIO()
        task.download_chunk(number, target, quality="compressed")
        target.seek(0)
        found = decoded(target)
        assert len(found) == len(frames)
        for frame, pixels in zip(frames, found, strict=True):
            assert np.abs(pixels.astype(int) - expected[frame]).mean() < 6


def test_a_chunk_of_pictures_is_a_zip_if_asked(client: Client, film: Path) -> None:
    task = create(client, film, use_zip_chunks=True, chunk_size=10, image_quality=95)
    target = io.BytesIO()
    task.download_chunk(1, target, quality="compressed")
    expected = decoded(film)[10:20]
    with zipfile.ZipFile(target) as archive:
        found = [np.asarray(Image.open(archive.open(name))) for name in archive.namelist()]
    assert len(found) == 10
    for pixels, frame in zip(found, expected, strict=True):
        assert np.abs(pixels.astype(int) - frame).mean() < 4


def test_frames_of_a_video_are_chosen_by_start_stop_and_step(client: Client, film: Path) -> None:
    task = create(client, film, start_frame=4, stop_frame=20, frame_step=5)
    expected = decoded(film)[4:21:5]
    assert task.size == len(expected) == 4
    for number, pixels in enumerate(expected):
        frame = Image.open(task.get_frame(number, quality="original"))
        assert np.array_equal(np.asarray(frame), pixels)


def test_a_job_reads_frames_and_preview_of_its_own_part(task: Task, film: Path) -> None:
    expected = decoded(film)
    job = next(job for job in task.get_jobs() if job.start_frame == 10)
    assert np.array_equal(
        np.asarray(Image.open(job.get_frame(12, quality="original"))), expected[12]
    )
    preview = np.asarray(Image.open(job.get_preview())).astype(int)
    assert np.abs(preview - expected[10]).mean() < 6


def test_a_webm_of_another_codec_is_read_as_well(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    write_video(path, "libvpx-vp9", g="12", deadline="realtime", **{"cpu-used": "8"})
    task = create(client, path)
    expected = decoded(path)
    assert task.size == len(expected) == COUNT
    for number in (0, 11, 17, 29):
        frame = Image.open(task.get_frame(number, quality="original"))
        assert np.array_equal(np.asarray(frame), expected[number])
