"""Backups as a worker process writes and reads them: what they hold, and what is wrong with them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cvat_lite.config import Config
from cvat_lite.domain.enums import LabelType, Storage
from cvat_lite.errors import DatasetError, MediaError, NotFoundError, ValidationError
from cvat_lite.services import asset_files
from cvat_lite.services.backups import reading
from cvat_lite.services.backups.labeled import read_payload
from cvat_lite.services.backups.reading import Ready, Restore, read_backup
from cvat_lite.services.backups.writing import Backup, write_backup
from cvat_lite.services.context import Server
from cvat_lite.store import rows
from tests.api.test_backups import (
    DEEP,
    WRONG,
    Members,
    changed,
    drop,
    guide_with_asset,
    honeypots,
    put,
    recorded,
    truths,
)
from tests.api.test_project_labels import labels_of
from tests.api.test_projects import make_project
from tests.api.test_tasks import form, make_task
from tests.client import Api
from tests.images import png, write_video
from tests.media.clouds import ascii_pcd
from tests.media.sounds import write_wav
from tests.services.archives import pack

RECORDED = ("boxes", "cloud", "images", "skeletons", "tags", "video")
LARGEST_JSON = 1 << 20


def restored(
    place: Path, members: Members, kind: str = "tasks", *, largest: int = LARGEST_JSON
) -> Ready:
    """What a worker makes of a backup of these members."""
    archive = pack(place / "backup.zip", members)
    return read_backup(Restore(archive, place / "home", kind, 1_000_000, largest))


@pytest.fixture
def backup(config: Config, tmp_path: Path) -> Callable[..., Members]:
    """Write a backup as a worker does; its members."""

    def write(kind: str, number: int, *, lightweight: bool = False) -> Members:
        out = tmp_path / "out.zip"
        write_backup(
            Backup(
                database=config.database,
                out=out,
                media=config.media,
                assets=config.assets,
                kind=kind,
                number=number,
                lightweight=lightweight,
                max_pixels=config.max_image_pixels,
            )
        )
        assert not out.with_suffix(".part").exists()
        with zipfile.ZipFile(out) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    return write


async def with_media(api: Api, files: dict[str, bytes], **more: Any) -> int:
    """A task made of these files."""
    fields = {key: more.pop(key) for key in ("start_frame", "stop_frame") if key in more}
    body = {"name": "t", **more}
    if "project_id" not in more:
        body.setdefault("labels", [{"name": "a"}])
    task = await api.post("/tasks", body)
    sent = form(files, image_quality=70, **fields)
    answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=sent)
    await api.finished(answer["rq_id"])
    number: int = task["id"]
    return number


# Reading


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_cvat_has_backed_up_is_read_in_full(name: str, tmp_path: Path) -> None:
    members = recorded(name)
    (task,) = restored(tmp_path, members).tasks
    told = json.loads(members["task.json"])
    listed = json.loads(members["annotations.json"])
    assert task.entry.name == told["name"]
    assert [label.name for label in task.labels.found] == [one["name"] for one in told["labels"]]
    assert len(task.payloads) == len(told["jobs"]) == len(listed)
    assert task.plan.size == told["jobs"][-1]["stop_frame"] + 1
    ids = {number: number for number in range(1, 1000)}
    for path, entry in zip(task.payloads, listed, strict=True):
        data = read_payload(path, ids)
        for kind in ("tags", "shapes", "tracks"):
            assert len(getattr(data, kind)) == len(entry[kind])
    assert (task.home / "raw").is_dir()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_file_and_key(name: str, tmp_path: Path) -> None:
    file, change, why = WRONG[name]
    with pytest.raises(DatasetError) as raised:
        restored(tmp_path, changed(recorded(), file, change))
    assert str(raised.value).startswith(why)


def jobs_with(**more: Any) -> Callable[[Any], None]:
    """A change of the only job of a task."""
    return lambda value: value["jobs"][0].update(more)


MORE_WRONG: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "a frame beyond a job's own": (
        "task.json",
        jobs_with(frames=[7]),
        "task.json, $.jobs[0].frames: a frame is beyond the job's",
    ),
    "a check frame beyond": (
        "task.json",
        put({"mode": "gt", "frames": [9]}, "data", "validation_layout"),
        "task.json, $.data.validation_layout: a frame is beyond the task's",
    ),
    "a disabled frame beyond": (
        "task.json",
        put({"mode": "gt", "disabled_frames": [9]}, "data", "validation_layout"),
        "task.json, $.data.validation_layout: a frame is beyond the task's",
    ),
    "a job that ends before it begins": (
        "task.json",
        jobs_with(start_frame=2, stop_frame=1),
        "task.json, $.jobs[0].stop_frame: frames 2 to 1 of 3",
    ),
    "a number that no job can have": (
        "task.json",
        jobs_with(stop_frame=2**40),
        "task.json, $.jobs[0].stop_frame: Expected `int` <= 2147483647",
    ),
    "an attribute twice": (
        "task.json",
        put([{"name": "a", "mutable": False, "input_type": "text"}] * 2, "labels", 0, "attributes"),
        "task.json, $.labels[0].attributes: 'a' comes twice",
    ),
    "a sublabel twice": (
        "task.json",
        put([{"name": "a"}] * 2, "labels", 0, "sublabels"),
        "task.json, $.labels[0].sublabels: 'a' comes twice",
    ),
    "a type of a shape that there is not": (
        "annotations.json",
        put("blob", 0, "shapes", 0, "type"),
        "annotations.json, $[0].shapes[0].type: Invalid enum value 'blob'",
    ),
    "an element of a label that the skeleton has not": (
        "annotations.json",
        lambda value: value[0]["shapes"][0].update(
            type="skeleton",
            points=[],
            elements=[{"type": "points", "frame": 0, "label": "nose", "points": [1, 2]}],
        ),
        "annotations.json, $[0].shapes[0]: label 'nose' is not described",
    ),
    "a tag beyond the frames": (
        "annotations.json",
        lambda value: value[0]["tags"].append({"frame": 3, "label": "face"}),
        "annotations.json, $[0].tags[0].frame: frame 3 is not one of its job's",
    ),
    "an object for a list of jobs": (
        "annotations.json",
        lambda value: value.insert(0, 5),
        "annotations.json, $[0]: Expected `object`, got `int`",
    ),
}


@pytest.mark.parametrize("name", MORE_WRONG)
def test_what_else_is_wrong_is_told_with_file_and_key(name: str, tmp_path: Path) -> None:
    file, change, why = MORE_WRONG[name]
    with pytest.raises(DatasetError) as raised:
        restored(tmp_path, changed(recorded(), file, change))
    assert str(raised.value).startswith(why)


def line(name: str, extension: str = ".jpg", **more: Any) -> bytes:
    """A line of a manifest."""
    return json.dumps({"name": name, "extension": extension, **more}).encode() + b"\n"


BROKEN: dict[str, tuple[Members, str]] = {
    "no description": ({"task.json": b""}, "task.json: this is no JSON"),
    "a description in another encoding": (
        {"task.json": b'{"name": "\xe9"}'},
        "task.json",
    ),
    "a description that nests without end": ({"task.json": DEEP}, "task.json"),
    "annotations that nest without end": (
        {"annotations.json": b'[{"shapes": [' + DEEP + b"]}]"},
        "annotations.json",
    ),
    "a picture that is none": ({"data/b1.jpg": b"no"}, "cannot identify image file 'b1.jpg'"),
    "a manifest that leads out": ({"data/manifest.jsonl": line("../x")}, "leads out"),
    "a manifest of an absent file": (
        {"data/manifest.jsonl": line("x")},
        "data/manifest.jsonl: the backup has no file 'x.jpg'",
    ),
    "a manifest with a broken line": (
        {"data/manifest.jsonl": b'{"version":"1.1"}\n\n{'},
        "data/manifest.jsonl, line 3: this is no JSON",
    ),
    "a manifest with a number for a name": (
        {"data/manifest.jsonl": b'{"name": 5}'},
        "data/manifest.jsonl, line 1: Expected `str | null`, got `int`",
    ),
    "a manifest whose line has no end": (
        {"data/manifest.jsonl": b'{"name": "' + b"x" * (1 << 20)},
        "data/manifest.jsonl, line 1: the line is too long",
    ),
    "a guide in another encoding": (
        {"annotation_guide.md": b"\xff\xfe"},
        "annotation_guide.md: the text is not UTF-8",
    ),
    "an asset of an unknown type": (
        {"annotation_guide.md": b"x", "assets/a/b.exe": b"MZ"},
        "assets/a/b.exe: a file of this type is no asset",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_members_that_are_broken_are_named(name: str, tmp_path: Path) -> None:
    members, why = BROKEN[name]
    with pytest.raises((DatasetError, MediaError)) as raised:
        restored(tmp_path, {**recorded(), **members})
    assert why in str(raised.value)


@pytest.mark.parametrize("file", ["task.json", "annotations.json"])
def test_a_member_that_is_not_there_is_named(file: str, tmp_path: Path) -> None:
    members = recorded()
    del members[file]
    with pytest.raises(DatasetError, match=rf"^{file}: there is no such file in the backup"):
        restored(tmp_path, members)


def test_no_more_annotations_are_read_than_a_request_may_have(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"^annotations\.json: the file has more than 10 bytes"):
        restored(tmp_path, recorded(), largest=10)


def test_a_guide_has_as_many_and_as_large_assets_as_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = {**recorded(), "annotation_guide.md": b"# How"}
    for number in range(2):
        members[f"assets/UUID-{number}/a.png"] = png()
    guide = restored(tmp_path, members).tasks[0].guide
    assert guide is not None
    assert [(uuid, kind) for uuid, _, kind in guide.assets] == [
        ("uuid-0", "image/png"),
        ("uuid-1", "image/png"),
    ]
    monkeypatch.setattr(asset_files, "MOST_PER_GUIDE", 1)
    with pytest.raises(DatasetError, match="too many assets"):
        restored(tmp_path, members)
    monkeypatch.setattr(asset_files, "MOST_PER_GUIDE", 2)
    monkeypatch.setattr(asset_files, "LARGEST", 100)
    with pytest.raises(DatasetError, match="an asset has at most 100 bytes"):
        restored(tmp_path, members)


def test_what_an_earlier_try_has_left_is_gone(tmp_path: Path) -> None:
    left = tmp_path / "home" / "media" / "0" / "raw" / "old.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"old")
    restored(tmp_path, recorded())
    assert not left.exists()


def test_many_files_are_synchronised_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[bool] = []
    monkeypatch.setattr(reading, "MANY", 2)
    monkeypatch.setattr("os.sync", lambda: done.append(True))
    restored(tmp_path, recorded())
    assert done == [True]


def test_without_a_manifest_frames_are_ordered_by_their_names(tmp_path: Path) -> None:
    members = recorded()
    del members["data/manifest.jsonl"]
    members = changed(members, "task.json", put("natural", "data", "sorting_method"))
    (task,) = restored(tmp_path, members).tasks
    assert [name for name, *_ in task.plan.images] == ["b0.jpg", "b1.jpg", "b2.jpg"]


def test_the_manifest_tells_the_order_of_frames(tmp_path: Path) -> None:
    lines = b"".join(line(name) for name in ("b2", "b0", "b1"))
    (task,) = restored(tmp_path, {**recorded(), "data/manifest.jsonl": lines}).tasks
    assert [name for name, *_ in task.plan.images] == ["b2.jpg", "b0.jpg", "b1.jpg"]


# Media in a cloud storage


def referring(*lines: bytes, **more: Any) -> Members:
    """A backup whose media lie in a cloud storage."""

    def change(value: Any) -> None:
        value["data"].update(storage="cloud_storage", **more)

    members = {name: content for name, content in recorded().items() if "data/" not in name}
    return changed({**members, "data/manifest.jsonl": b"".join(lines)}, "task.json", change)


def test_frames_in_a_cloud_storage_are_what_the_manifest_tells(tmp_path: Path) -> None:
    lines = [line(f"dir/{number}", width=60 + number, height=40) for number in range(7)]
    members = referring(*lines, start_frame=1, stop_frame=5, frame_filter="step=2")
    (task,) = restored(tmp_path, members).tasks
    assert task.plan.images == [(f"dir/{n}.jpg", 60 + n, 40) for n in (1, 3, 5)]
    assert (task.plan.start, task.plan.stop, task.plan.size) == (1, 5, 3)
    assert task.entry.data.storage == Storage.CLOUD_STORAGE
    assert task.home.is_dir()
    assert not any(task.home.iterdir())


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (referring(), "task.json, $.data.storage: the media are in a cloud storage"),
        (referring(line("../a")), "leads out of its directory"),
        (referring(line("a", width=-5)), "data/manifest.jsonl, line 1: Expected `int` >= 0"),
        (referring(line("a", width=2**40)), "line 1: Expected `int` <= 2147483647"),
        (referring(line("a"), start_frame=5), "No frames are left"),
    ],
)
def test_references_that_cannot_be_are_told(members: Members, why: str, tmp_path: Path) -> None:
    with pytest.raises((DatasetError, MediaError, ValidationError)) as raised:
        restored(tmp_path, members)
    assert why in str(raised.value)


# Jobs that are lists of files


def test_replicas_and_ground_truth_are_read_with_their_frames(tmp_path: Path) -> None:
    members = changed(recorded(), "task.json", truths)
    members = changed(members, "annotations.json", lambda value: value.extend([{}, {}]))
    (task,) = restored(tmp_path, members).tasks
    kinds = [(job.type.value, job.frames or None) for job in task.entry.jobs]
    assert kinds[1:] == [("consensus_replica", None), ("ground_truth", [0])]
    assert task.placeholders == []


def test_frames_that_stand_for_others_are_told(tmp_path: Path) -> None:
    members = changed(recorded(), "task.json", honeypots)
    members = changed(members, "annotations.json", lambda value: value.append({}))
    (task,) = restored(tmp_path, members).tasks
    names = [name for name, *_ in task.plan.images]
    assert names == ["b0.jpg", "b2.jpg", "b1.jpg", "b2.jpg"]
    assert task.placeholders == [(1, 3)]
    assert (task.plan.size, task.plan.stop) == (4, 3)


def file_list(change: Callable[[list[Any]], None]) -> Callable[[Any], None]:
    """A change of the jobs of a task with honeypots."""

    def changed_jobs(value: Any) -> None:
        honeypots(value)
        change(value["jobs"])

    return changed_jobs


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda jobs: jobs[0]["files"].append("b0.jpg"),
            "task.json, $.jobs[0].files: 4 files for 3 frames",
        ),
        (
            lambda jobs: jobs[0]["files"].__setitem__(0, "x.jpg"),
            "task.json, $.jobs[0].files: 'x.jpg' is no frame",
        ),
        (
            lambda jobs: jobs[0].update(start_frame=1, files=["b2.jpg", "b1.jpg"]),
            "task.json, $.jobs: the jobs do not have all frames",
        ),
    ],
)
def test_lists_of_files_that_do_not_fit_are_told(
    change: Callable[[list[Any]], None], why: str, tmp_path: Path
) -> None:
    members = changed(recorded(), "task.json", file_list(change))
    members = changed(members, "annotations.json", lambda value: value.append({}))
    with pytest.raises(DatasetError) as raised:
        restored(tmp_path, members)
    assert str(raised.value) == why


# Projects


def of_project(**more: bytes) -> Members:
    """A backup of a project of the recorded task, twice."""
    task = recorded()
    labels = json.loads(task["task.json"])["labels"]
    described = {"name": "zoo", "labels": labels, "version": "1.0"}
    members = {"project.json": json.dumps(described).encode(), "notes/a.txt": b"x"}
    for folder in ("task_0/", "task_10/", "task_2/"):
        members |= {folder + name: content for name, content in task.items()}
    return {**members, **{name.replace("__", "."): content for name, content in more.items()}}


def test_tasks_of_a_project_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    members = of_project()
    for folder in ("task_0", "task_2", "task_10"):
        members = changed(members, f"{folder}/task.json", put(folder, "name"))
    ready = restored(tmp_path, members, "projects")
    assert [task.entry.name for task in ready.tasks] == ["task_0", "task_2", "task_10"]
    assert ready.project is not None
    assert ready.project.name == "zoo"
    labels = {id(task.labels) for task in ready.tasks}
    assert len(labels) == 1, "the labels are the project's"


@pytest.mark.parametrize(
    ("file", "change", "why"),
    [
        ("project.json", put("2.0", "version"), "project.json, $.version: backups of version 2.0"),
        ("project.json", drop("name"), "project.json: Object missing required field `name`"),
        ("project.json", put([], "labels"), "task_0/annotations.json, $[0].shapes[0]: label"),
        ("task_10/task.json", drop("data"), "task_10/task.json: Object missing"),
    ],
)
def test_what_is_wrong_in_a_project_is_told_with_its_task(
    file: str, change: Callable[[Any], None], why: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError) as raised:
        restored(tmp_path, changed(of_project(), file, change), "projects")
    assert str(raised.value).startswith(why)


# Writing


SVG = "".join(
    f'<circle r="1" cx="{place}" cy="{place}" data-type="element node" '
    f'data-element-id="{number}" data-node-id="{number}" data-label-name="{name}"></circle>'
    for number, (name, place) in enumerate((("head", 20), ("foot", 80)), 1)
)
SKELETON = {
    "name": "body",
    "type": "skeleton",
    "svg": SVG,
    "sublabels": [{"name": "head", "type": "points"}, {"name": "foot", "type": "points"}],
    "attributes": [],
}


async def test_everything_that_can_be_annotated_goes_there_and_back(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    spec = {"name": "age", "mutable": True, "input_type": "number", "default_value": "1"}
    cat = {"name": "cat", "attributes": [{**spec, "values": ["0", "9", "1"]}]}
    files = {f"{number}.png": png() for number in range(3)}
    number = await with_media(api, files, labels=[cat, SKELETON])
    labels = await labels_of(api, task_id=number)
    one, body = labels["cat"]["id"], labels["body"]["id"]
    head, foot = (part["id"] for part in labels["body"]["sublabels"])
    age = {"spec_id": labels["cat"]["attributes"][0]["id"], "value": "7"}
    elements = [
        {"type": "points", "frame": 0, "label_id": part, "points": [1.0, 2.0]}
        for part in (head, foot)
    ]
    keyframes = [
        {"type": "rectangle", "frame": at, "points": [1.0, 2.0, 3.0 + at, 4.0], "attributes": [age]}
        for at in (0, 2)
    ]
    parts = [
        {
            "label_id": part,
            "frame": 1,
            "shapes": [{"type": "points", "frame": 1, "points": [5.0, 6.0]}],
        }
        for part in (head, foot)
    ]
    written = {
        "tags": [{"label_id": one, "frame": 1, "attributes": [age]}],
        "shapes": [
            {"type": "polygon", "label_id": one, "frame": 0, "points": [0, 0, 9, 0, 9, 9.5]},
            {"type": "skeleton", "label_id": body, "frame": 0, "elements": elements},
        ],
        "tracks": [
            {"label_id": one, "frame": 0, "shapes": keyframes},
            {
                "label_id": body,
                "frame": 1,
                "elements": parts,
                "shapes": [{"type": "skeleton", "frame": 1, "points": []}],
            },
        ],
    }
    await api.put(f"/tasks/{number}/annotations/", written)
    before = await api.get(f"/tasks/{number}/annotations/")
    (task,) = restored(tmp_path, backup("tasks", number)).tasks
    names = {label.id: label.name for label in task.labels.found}
    ids = {name: name for label in task.labels.found for name in _ids(label)}
    found = read_payload(task.payloads[0], ids)
    assert [names[tag.label_id] for tag in found.tags] == ["cat"]
    assert [value.value for value in found.tags[0].attributes] == ["7"]
    polygon, skeleton = found.shapes
    assert polygon.points == before["shapes"][0]["points"]
    assert [element.points for element in skeleton.elements] == [[1.0, 2.0], [1.0, 2.0]]
    box, moving = found.tracks
    assert [(one.frame, one.points) for one in box.shapes] == [
        (one["frame"], one["points"]) for one in before["tracks"][0]["shapes"]
    ]
    assert [value.value for value in box.shapes[1].attributes] == ["7"]
    assert [part.shapes[0].points for part in moving.elements] == [[5.0, 6.0], [5.0, 6.0]]
    (drawn,) = (one for one in task.entry.labels if one.type is LabelType.SKELETON)
    assert 'data-label-name="head"' in str(drawn.svg)


def _ids(label: Any) -> list[int]:
    """All ids of a label, its attributes and its sublabels."""
    own = [label.id, *(spec.id for spec in label.attributes)]
    return own + [one for part in label.sublabels for one in _ids(part)]


async def test_chosen_frames_are_told_with_all_that_they_were_chosen_from(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    task = await make_task(api, 7, start_frame=1, stop_frame=5, frame_filter="step=2")
    members = backup("tasks", task["id"])
    lines = [json.loads(one) for one in members["data/manifest.jsonl"].splitlines()]
    assert lines[:2] == [{"version": "1.1"}, {"type": "images"}]
    assert [one["name"] for one in lines[2:]] == [f"im{number}" for number in range(7)]
    assert lines[8] == {"name": "im6", "extension": ".png", "width": 70, "height": 48}
    (again,) = restored(tmp_path, members).tasks
    assert [name for name, *_ in again.plan.images] == ["im1.png", "im3.png", "im5.png"]


async def test_where_nobody_knows_what_frames_were_chosen_from_they_are_all_there_is(
    api: Api, config: Config, backup: Callable[..., Members], tmp_path: Path
) -> None:
    task = await make_task(api, 7, start_frame=1, stop_frame=5, frame_filter="step=2")
    (config.media / str(task["data"]) / "raw" / "im0.png").unlink()
    members = backup("tasks", task["id"])
    told = json.loads(members["task.json"])["data"]
    assert (told["start_frame"], told["stop_frame"]) == (0, 2)
    assert "frame_filter" not in told
    (again,) = restored(tmp_path, members).tasks
    assert [name for name, *_ in again.plan.images] == ["im1.png", "im3.png", "im5.png"]


async def test_related_images_and_clouds_lie_beside_their_frames(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    files = {"1.pcd": ascii_pcd(), "related_images/1_pcd/front.png": png()}
    archive = pack(tmp_path / "a.zip", files).read_bytes()
    members = backup("tasks", await with_media(api, {"a.zip": archive}))
    assert {name for name in members if name.startswith("data/")} == {
        "data/manifest.jsonl",
        "data/1.pcd",
        "data/related_images/1_pcd/front.png",
    }
    (task,) = restored(tmp_path, members).tasks
    assert task.plan.kind == "point_cloud"
    assert dict(task.plan.related) == {0: ["related_images/1_pcd/front.png"]}


async def test_a_video_comes_with_a_manifest_of_its_key_frames(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    write_video(tmp_path / "v.mp4", 12)
    content = (tmp_path / "v.mp4").read_bytes()
    members = backup("tasks", await with_media(api, {"v.mp4": content}))
    assert members["data/v.mp4"] == content
    lines = [json.loads(one) for one in members["data/manifest.jsonl"].splitlines()]
    assert lines[1] == {"type": "video"}
    told = lines[2]["properties"]
    assert (told["name"], told["resolution"], told["length"]) == ("v.mp4", [96, 64], 12)
    assert lines[3].keys() == {"number", "pts", "checksum"}
    (task,) = restored(tmp_path, members).tasks
    assert (task.plan.kind, task.plan.size, task.plan.file) == ("video", 12, "v.mp4")


async def test_a_sound_comes_with_its_intervals(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    write_wav(tmp_path / "s.wav", 0.5)
    content = (tmp_path / "s.wav").read_bytes()
    number = await with_media(api, {"s.wav": content})
    label = (await labels_of(api, task_id=number))["a"]["id"]
    interval = {"label_id": label, "start": 10, "stop": 200}
    await api.put(f"/tasks/{number}/annotations/", {"intervals": [interval]})
    members = backup("tasks", number)
    assert "data/manifest.jsonl" not in members
    (task,) = restored(tmp_path, members).tasks
    assert (task.plan.kind, task.plan.size) == ("audio", 500)
    ids = {number: number for number in range(10)}
    (found,) = read_payload(task.payloads[0], ids).intervals
    assert (found.start, found.stop) == (10, 200)


async def test_a_project_is_written_with_its_guide_and_those_tasks_that_have_media(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    project = await make_project(api, name="zoo")
    await guide_with_asset(api, "project_id", project["id"])
    await with_media(api, {"a.png": png()}, project_id=project["id"], subset="train")
    await api.post("/tasks", {"name": "empty", "project_id": project["id"]})
    members = backup("projects", project["id"])
    assert {name.partition("/")[0] for name in members} == {
        "task_0",
        "project.json",
        "annotation_guide.md",
        "assets",
    }
    ready = restored(tmp_path, members, "projects")
    assert [task.entry.subset for task in ready.tasks] == ["train"]
    assert ready.guide is not None
    (asset,) = ready.guide.assets
    assert asset[1].read_bytes() == png()
    assert asset[0] in ready.guide.markdown


async def test_texts_are_packed_and_media_are_not(
    api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    task = await make_task(api, 1)
    backup("tasks", task["id"])
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        methods = {info.filename: info.compress_type for info in archive.infolist()}
    assert methods.pop("data/im0.png") == zipfile.ZIP_STORED
    assert set(methods.values()) == {zipfile.ZIP_DEFLATED}


@pytest.mark.parametrize("kind", ["tasks", "projects"])
async def test_what_has_gone_is_told_and_nothing_is_left(
    kind: str, api: Api, backup: Callable[..., Members], tmp_path: Path
) -> None:
    with pytest.raises(NotFoundError):
        backup(kind, 77)
    assert list(tmp_path.glob("out*")) == []


async def test_a_file_that_has_gone_is_told_and_nothing_is_left(
    api: Api, config: Config, backup: Callable[..., Members], tmp_path: Path
) -> None:
    task = await make_task(api, 2)
    (config.media / str(task["data"]) / "raw" / "im1.png").unlink()
    with pytest.raises(MediaError, match=r"'data/im1\.png' is not there any more"):
        backup("tasks", task["id"])
    assert list(tmp_path.glob("out*")) == []


async def test_a_backup_that_fails_leaves_the_one_before_it(
    api: Api, config: Config, backup: Callable[..., Members], tmp_path: Path
) -> None:
    task = await make_task(api, 1)
    backup("tasks", task["id"])
    content = (tmp_path / "out.zip").read_bytes()
    with pytest.raises(NotFoundError):
        backup("tasks", 77)
    assert (tmp_path / "out.zip").read_bytes() == content


async def test_media_in_a_cloud_storage_are_only_referred_to(
    api: Api, server: Server, config: Config, backup: Callable[..., Members]
) -> None:
    task = await make_task(api, 2)
    async with server.database.writing() as db:
        await rows.update(db, "data", task["data"], {"storage": "cloud_storage"})
    shutil.rmtree(config.media / str(task["data"]))
    with pytest.raises(MediaError, match="are in a cloud storage"):
        backup("tasks", task["id"])
    members = backup("tasks", task["id"], lightweight=True)
    assert set(members) == {"data/manifest.jsonl", "task.json", "annotations.json"}
    assert json.loads(members["task.json"])["data"]["storage"] == "cloud_storage"


def test_a_restore_is_told_by_what_it_is_given(tmp_path: Path) -> None:
    work = Restore(tmp_path / "a.zip", tmp_path / "home", "tasks", 1, 1)
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(MediaError, match=r"Archive 'a\.zip'"):
        read_backup(replace(work, kind="projects"))
