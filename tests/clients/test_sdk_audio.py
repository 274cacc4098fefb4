"""Tasks of sound by the SDK: milliseconds, chunks with their offset, intervals."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cvat_sdk import Client, models
from cvat_sdk.core.proxies.tasks import Task
from PIL import Image

from tests.images import png
from tests.media.sounds import RATE, samples, tone, write_coded, write_wav


def create(client: Client, path: Path, segment_size: int = 0) -> Task:
    return client.tasks.create_from_data(
        models.TaskWriteRequest(
            name="talk",
            labels=[{"name": "speech", "type": "interval"}],
            segment_size=segment_size,
        ),
        [path],
    )


def told(endpoint: Any, target: int, **query: Any) -> Any:
    """The answer of an endpoint as it came."""
    return endpoint(target, _parse_response=False, **query)[1]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("talk") / "talk.wav", 4.0)


@pytest.fixture(scope="module")
def task(client: Client, talk: Path) -> Task:
    return create(client, talk, segment_size=1500)


def test_a_sound_becomes_a_task_of_milliseconds(client: Client, talk: Path) -> None:
    task = create(client, talk)
    shown = json.loads(told(client.api_client.tasks_api.retrieve, task.id).data)
    wanted = {
        "dimension": "1d",
        "media_type": "audio",
        "mode": "interpolation",
        "size": 4000,
        "segment_size": 4000,
        "overlap": 0,
        "data_chunk_size": 4000,
        "data_original_chunk_type": "audio_mp3",
        "data_compressed_chunk_type": "audio_mp3",
    }
    assert {name: shown[name] for name in wanted} == wanted
    meta = json.loads(told(client.api_client.tasks_api.retrieve_data_meta, task.id).data)
    del meta["chunks_updated_date"]
    assert meta == {
        "chapters": None,
        "chunk_size": 4000,
        "size": 4000,
        "start_frame": 0,
        "stop_frame": 3999,
        "frame_filter": "",
        "frames": [{"name": "talk.wav", "related_files": 0, "has_related_context": False}],
        "deleted_frames": [],
        "included_frames": None,
        "storage": "local",
        "cloud_storage_id": None,
    }
    assert task.get_meta().frames[0].name == "talk.wav"


def test_chunks_of_jobs_tell_where_they_begin(client: Client, task: Task) -> None:
    jobs = sorted(task.get_jobs(), key=lambda job: job.start_frame)
    assert [(job.start_frame, job.stop_frame) for job in jobs] == [
        (0, 1499),
        (1500, 2999),
        (3000, 3999),
    ]
    whole = tone(4.0) / 32768
    for job in jobs:
        for quality in ("compressed", "original"):
            response = told(
                client.api_client.jobs_api.retrieve_data,
                job.id,
                type="chunk",
                index=0,
                quality=quality,
            )
            assert response.headers["Content-Type"] == "audio/mpeg"
            assert int(response.headers["X-Media-Offset"]) == job.start_frame
            heard, _ = samples(response.data)
            first = job.start_frame * RATE // 1000
            expected = whole[first : (job.stop_frame + 1) * RATE // 1000]
            assert len(heard) == len(expected)
            assert np.corrcoef(heard, expected)[0, 1] > 0.98


def test_chunks_of_the_task_are_counted_from_its_beginning(client: Client, task: Task) -> None:
    read = client.api_client.tasks_api.retrieve_data
    offsets = [
        told(read, task.id, type="chunk", number=number, quality="compressed").headers[
            "X-Media-Offset"
        ]
        for number in range(3)
    ]
    assert offsets == ["0", "1500", "3000"]
    with pytest.raises(Exception, match="Invalid chunk number '3'"):
        told(read, task.id, type="chunk", number=3, quality="compressed")


def test_a_sound_has_no_frame_to_show(client: Client, task: Task) -> None:
    with pytest.raises(Exception, match="A sound has no frames that can be shown"):
        task.get_frame(0)


def test_intervals_go_to_the_jobs_in_which_they_begin(client: Client, task: Task) -> None:
    label = task.get_labels()[0].id
    spans = [(0, 400), (1400, 1700), (3100, None)]
    sent = [
        models.LabeledIntervalRequest(label_id=label, start=start, stop=stop)
        for start, stop in spans
    ]
    task.set_annotations(models.LabeledDataRequest(intervals=sent))
    assert [(one.start, one.stop) for one in task.get_annotations().intervals] == spans
    jobs = sorted(task.get_jobs(), key=lambda job: job.start_frame)
    held = [[one.start for one in job.get_annotations().intervals] for job in jobs]
    assert held == [[0, 1400], [], [3100]]
    # What a job has can be put back into it.
    jobs[0].set_annotations(models.LabeledDataRequest(intervals=sent[:2]))


@pytest.mark.parametrize(
    ("start", "stop", "why"), [(4000, None, "frame `4000` is invalid"), (9, 8, "before 9")]
)
def test_an_interval_outside_or_backwards_is_refused(
    start: int, stop: int | None, why: str, task: Task
) -> None:
    label = task.get_labels()[0].id
    interval = models.LabeledIntervalRequest(label_id=label, start=start, stop=stop)
    with pytest.raises(Exception, match=why):
        task.set_annotations(models.LabeledDataRequest(intervals=[interval]))


def test_the_preview_of_a_sound_is_its_cover_or_none(
    client: Client, task: Task, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="404"):
        task.get_preview()
    song = write_coded(tmp_path / "song.mp3", "libmp3lame", 0.5, cover=png(60, 40))
    preview = create(client, song).get_preview()
    content = preview.read() if hasattr(preview, "read") else preview
    assert Image.open(io.BytesIO(content)).size == (60, 40)


def test_a_file_without_sound_makes_no_task(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"nothing to hear" * 100)
    with pytest.raises(Exception, match=r"a\.mp3"):
        create(client, tmp_path / "a.mp3")
