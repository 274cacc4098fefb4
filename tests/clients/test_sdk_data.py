"""Tasks of every source of media by the SDK: share, archives, PDF, and how frames are chosen."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cvat_sdk import Client, models
from cvat_sdk.api_client import exceptions
from cvat_sdk.core.exceptions import BackgroundRequestException
from cvat_sdk.core.proxies.tasks import ResourceType, Task
from PIL import Image

from tests.clients.conftest import Running
from tests.images import picture, png

COUNT = 12
NAMES = [f"im{number}.png" for number in range(COUNT)]
NATURAL = NAMES
LEXICOGRAPHICAL = sorted(NAMES)


def pictures(directory: Path) -> list[Path]:
    """Twelve pictures whose natural order is not that of the alphabet."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES):
        (directory / name).write_bytes(png(40 + number, 30, number))
    return [directory / name for name in NAMES]


def create(
    client: Client, files: list[Path] | list[str], where=ResourceType.LOCAL, spec=None, **params
) -> Task:
    """A task of these files; what ``params`` say goes with the data, ``spec`` with the task."""
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="task", labels=[{"name": "car"}], **(spec or {})),
        files,
        resource_type=where,
        data_params=params,
    )


def names(task: Task) -> list[str]:
    return [frame.name for frame in task.get_frames_info()]


def stored(running: Running, task: Task) -> list[str]:
    """The files of the task's data that the server keeps itself."""
    home = running.config.media / str(task.data)
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("sorting", "order"), [("lexicographical", LEXICOGRAPHICAL), ("natural", NATURAL)]
)
def test_frames_are_sorted_by_name(client: Client, tmp_path: Path, sorting, order) -> None:
    task = create(client, pictures(tmp_path), sorting_method=sorting)
    assert names(task) == order


def test_frames_can_keep_the_order_in_which_files_were_given(
    client: Client, tmp_path: Path
) -> None:
    files = pictures(tmp_path)
    given = files[6:] + files[5::-1]
    task = create(client, given, sorting_method="predefined")
    assert names(task) == [path.name for path in given]


def test_frames_can_be_shuffled(client: Client, tmp_path: Path) -> None:
    files = pictures(tmp_path)
    tasks = [create(client, files, sorting_method="random") for _ in range(2)]
    for task in tasks:
        assert sorted(names(task)) == LEXICOGRAPHICAL
        assert names(task) not in (LEXICOGRAPHICAL, NATURAL)
        for number, name in enumerate(names(task)):
            content = task.get_frame(number, quality="original").read()
            assert content == (tmp_path / name).read_bytes()
    assert names(tasks[0]) != names(tasks[1])


def test_frames_are_chosen_by_start_stop_and_step(client: Client, tmp_path: Path) -> None:
    task = create(
        client,
        pictures(tmp_path),
        sorting_method="natural",
        start_frame=1,
        stop_frame=9,
        frame_step=3,
    )
    meta = task.get_meta()
    assert names(task) == ["im1.png", "im4.png", "im7.png"]
    assert (meta.size, meta.start_frame, meta.stop_frame) == (3, 1, 7)
    assert meta.frame_filter == "step=3"
    assert task.get_frame(2, quality="original").read() == (tmp_path / "im7.png").read_bytes()


def test_jobs_can_be_given_their_files(client: Client, tmp_path: Path) -> None:
    mapping = [["im3.png", "im1.png"], ["im11.png"], ["im0.png", "im2.png", "im4.png"]]
    used = [name for job in mapping for name in job]
    files = [path for path in pictures(tmp_path) if path.name in used]
    task = create(client, files, job_file_mapping=mapping)
    assert names(task) == used
    jobs = sorted(task.get_jobs(), key=lambda job: job.start_frame)
    assert [[frame.name for frame in job.get_frames_info()] for job in jobs] == mapping
    assert task.segment_size == 0


def test_segments_overlap_as_asked(client: Client, tmp_path: Path) -> None:
    spec = {"segment_size": 5, "overlap": 2}
    task = create(client, pictures(tmp_path), spec=spec, chunk_size=4)
    spans = sorted((job.start_frame, job.stop_frame) for job in task.get_jobs())
    assert spans == [(0, 4), (3, 7), (6, 10), (9, 11)]


def test_chunks_have_the_size_asked_for(client: Client, tmp_path: Path) -> None:
    task = create(client, pictures(tmp_path), chunk_size=5)
    counts = []
    for number in range(3):
        target = io.BytesIO()
        task.download_chunk(number, target)
        counts.append(len(zipfile.ZipFile(target).namelist()))
    assert counts == [5, 5, 2]
    with pytest.raises(exceptions.ApiException) as refused:
        task.download_chunk(3, io.BytesIO())
    assert refused.value.status == 400


def test_files_of_the_share_are_used_where_they_lie(
    client: Client, running: Running, share: Path
) -> None:
    pictures(share)
    wanted = [f"{share.name}/{name}" for name in LEXICOGRAPHICAL]
    task = create(client, wanted, ResourceType.SHARE, copy_data=False)
    assert names(task) == wanted
    assert task.get_meta().storage == "share"
    assert task.get_frame(1, quality="original").read() == (share / "im1.png").read_bytes()
    assert stored(running, task) == []
    task.remove()
    assert len(list(share.iterdir())) == COUNT


def test_files_of_the_share_are_copied_if_asked(
    client: Client, running: Running, share: Path
) -> None:
    pictures(share)
    task = create(client, [f"{share.name}/"], ResourceType.SHARE, copy_data=True)
    kept = [f"raw/{share.name}/{name}" for name in LEXICOGRAPHICAL]
    assert stored(running, task) == kept
    assert task.get_meta().storage == "local"
    for path in share.iterdir():
        path.unlink()
    assert Image.open(task.get_frame(0, quality="original")).size == (40, 30)


def test_a_directory_of_the_share_is_used_without_what_is_excluded(
    client: Client, share: Path
) -> None:
    pictures(share / "kept")
    pictures(share / "left")
    task = create(
        client,
        [share.name],
        ResourceType.SHARE,
        server_files_exclude=[f"{share.name}/left", f"{share.name}/kept/im3.png"],
        sorting_method="natural",
    )
    wanted = [name for name in NATURAL if name != "im3.png"]
    assert names(task) == [f"{share.name}/kept/{name}" for name in wanted]


def test_a_zip_archive_holds_the_frames(client: Client, running: Running, tmp_path: Path) -> None:
    archive = tmp_path / "pack.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in pictures(tmp_path / "source"):
            target.write(path, f"in/{path.name}")
        target.writestr("in/notes.txt", "not a picture")
    task = create(client, [archive])
    assert names(task) == [f"in/{name}" for name in LEXICOGRAPHICAL]
    content = task.get_frame(1, quality="original").read()
    assert content == (tmp_path / "source" / "im1.png").read_bytes()
    assert all(name.endswith(".png") for name in stored(running, task))


def test_a_packed_tar_archive_holds_the_frames(client: Client, tmp_path: Path) -> None:
    archive = tmp_path / "pack.tar.gz"
    with tarfile.open(archive, "w:gz") as target:
        for path in pictures(tmp_path / "source"):
            target.add(path, path.name)
    task = create(client, [archive], sorting_method="natural")
    assert names(task) == NATURAL
    assert (
        task.get_frame(11, quality="original").read()
        == (tmp_path / "source" / "im11.png").read_bytes()
    )


def test_the_pages_of_a_pdf_are_frames(client: Client, tmp_path: Path) -> None:
    pages = [picture(120, 80, number) for number in range(3)]
    document = tmp_path / "book.pdf"
    pages[0].save(document, save_all=True, append_images=pages[1:], resolution=72.0)
    task = create(client, [document], image_quality=90)
    assert task.size == 3
    for number, page in enumerate(pages):
        frame = Image.open(task.get_frame(number, quality="compressed"))
        info = task.get_frames_info()[number]
        assert frame.size == (info.width, info.height)
        shown = np.asarray(frame.resize(page.size)).astype(int)
        assert np.abs(shown - np.asarray(page)).mean() < 8


def test_a_deleted_task_leaves_nothing(client: Client, running: Running, tmp_path: Path) -> None:
    task = create(client, pictures(tmp_path))
    task.get_preview()
    task.download_chunk(0, io.BytesIO())
    assert stored(running, task)
    task.remove()
    assert not (running.config.media / str(task.data)).exists()
    assert not (running.config.cache / str(task.data)).exists()
    with pytest.raises(exceptions.NotFoundException):
        client.tasks.retrieve(task.id)


def test_a_list_of_tasks_is_removed_and_strangers_are_ignored(client: Client) -> None:
    tasks = [client.tasks.create(models.TaskWriteRequest(name=f"t{n}", labels=[])) for n in "ab"]
    client.tasks.remove_by_ids([tasks[0].id, 999_999, tasks[1].id])
    left = {task.id for task in client.tasks.list()}
    assert not left & {task.id for task in tasks}


def test_a_broken_picture_ends_in_a_clear_message(client: Client, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(BackgroundRequestException, match=r"cannot identify .*broken\.png"):
        create(client, [tmp_path / "broken.png"])
