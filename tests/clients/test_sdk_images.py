"""A task of twenty photographs by the SDK: what is read back is what was sent."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.jobs import Job
from cvat_sdk.core.proxies.tasks import Task
from PIL import Image

from tests.clients.photographs import Photograph, assert_looks_like, photographs, write

PICTURES = photographs()
NUMBERS = range(len(PICTURES))
QUALITY = 90
CHUNK = 8


@pytest.fixture(scope="module")
def task(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Task:
    """The task of the photographs, in jobs of eight frames."""
    files = write(tmp_path_factory.mktemp("photographs"), PICTURES)
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="photographs", labels=[{"name": "car"}], segment_size=8),
        files,
        data_params={"image_quality": QUALITY, "chunk_size": CHUNK},
    )


@pytest.fixture(scope="module")
def second_job(task: Task) -> Job:
    """The job of frames 8 to 15."""
    return next(job for job in task.get_jobs() if job.start_frame == 8)


def chunk(task: Task, number: int, quality: str) -> list[tuple[str, bytes]]:
    """The names and contents of a chunk's entries, in their order."""
    target = io.BytesIO()
    task.download_chunk(number, target, quality=quality)
    with zipfile.ZipFile(target) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def test_the_task_has_a_frame_a_picture(task: Task) -> None:
    assert (task.size, task.mode, task.dimension) == (20, "annotation", "2d")
    assert (task.segment_size, task.overlap) == (8, 0)
    meta = task.get_meta()
    assert (meta.size, meta.start_frame, meta.stop_frame) == (20, 0, 19)
    assert (meta.chunk_size, meta.image_quality) == (CHUNK, QUALITY)
    assert [(f.name, (f.width, f.height)) for f in meta.frames] == [
        (one.name, one.size) for one in PICTURES
    ]


def test_a_job_has_its_own_frames(task: Task, second_job: Job) -> None:
    spans = [(job.start_frame, job.stop_frame) for job in task.get_jobs()]
    assert sorted(spans) == [(0, 7), (8, 15), (16, 19)]
    assert [frame.name for frame in second_job.get_frames_info()] == [
        one.name for one in PICTURES[8:16]
    ]


@pytest.mark.parametrize("number", NUMBERS, ids=[one.name for one in PICTURES])
def test_a_frame_as_original_is_the_file_that_was_sent(task: Task, number: int) -> None:
    assert task.get_frame(number, quality="original").read() == PICTURES[number].content


@pytest.mark.parametrize("number", NUMBERS, ids=[one.name for one in PICTURES])
def test_a_compressed_frame_is_a_jpeg_of_what_the_picture_shows(task: Task, number: int) -> None:
    frame = Image.open(task.get_frame(number, quality="compressed"))
    assert frame.format == "JPEG"
    assert_looks_like(frame, PICTURES[number].shown)


def test_a_frame_of_a_job_is_the_same_frame_of_its_task(task: Task, second_job: Job) -> None:
    for quality in ("original", "compressed"):
        assert second_job.get_frame(9, quality=quality).read() == (
            task.get_frame(9, quality=quality).read()
        )


@pytest.mark.parametrize(
    ("number", "frames"), [(0, range(8)), (1, range(8, 16)), (2, NUMBERS[16:])]
)
def test_a_compressed_chunk_holds_the_frames_in_order(
    task: Task, number: int, frames: range
) -> None:
    entries = chunk(task, number, "compressed")
    assert [name for name, _ in entries] == [f"{place:06d}.jpeg" for place in range(len(frames))]
    for frame, (_, content) in zip(frames, entries, strict=True):
        assert content == task.get_frame(frame, quality="compressed").read()


def test_an_original_chunk_holds_the_files_as_they_were_sent(task: Task) -> None:
    entries = chunk(task, 1, "original")
    assert [content for _, content in entries] == [one.content for one in PICTURES[8:16]]
    extensions = [Path(name).suffix for name, _ in entries]
    assert extensions == [Path(one.name).suffix for one in PICTURES[8:16]]


def test_downloaded_frames_show_the_pictures(task: Task, tmp_path: Path) -> None:
    lossless = [one for one in NUMBERS if PICTURES[one].name.endswith((".bmp", "plain.png"))]
    task.download_frames(lossless, outdir=tmp_path)
    found = sorted(tmp_path.iterdir())
    assert [path.name for path in found] == ["frame_000007.png", "frame_000018.bmp"]
    for number, path in zip(lossless, found, strict=True):
        assert np.array_equal(np.asarray(Image.open(path)), PICTURES[number].shown)


def test_frames_of_a_job_are_downloaded_compressed(second_job: Job, tmp_path: Path) -> None:
    second_job.download_frames([8, 15], outdir=tmp_path, quality="compressed")
    for number in (8, 15):
        frame = Image.open(tmp_path / f"frame_{number:06d}.jpg")
        assert_looks_like(frame, PICTURES[number].shown)


def test_previews_are_small_pictures_of_the_first_frame(task: Task, second_job: Job) -> None:
    for preview, first in ((task.get_preview(), PICTURES[0]), (second_job.get_preview(), deep())):
        small = Image.open(preview)
        assert max(small.size) <= 256
        assert_looks_like(small, np.asarray(Image.fromarray(first.shown).resize(small.size)))


def deep() -> Photograph:
    """The first picture of the second job."""
    return PICTURES[8]


def test_removed_frames_are_told_and_can_be_brought_back(task: Task, second_job: Job) -> None:
    task.remove_frames_by_ids([2, 9])
    assert task.get_meta().deleted_frames == [2, 9]
    assert second_job.get_meta().deleted_frames == [9]
    second_job.remove_frames_by_ids([10])
    assert task.get_meta().deleted_frames == [2, 10]
    task.remove_frames_by_ids([])
    assert second_job.get_meta().deleted_frames == []
