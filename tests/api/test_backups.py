"""Backups over HTTP: what they hold, what comes back of it, and what is refused."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import pytest

from cvat_lite.config import Config
from cvat_lite.services import requests as request_service
from cvat_lite.services.backups import restoring, saving
from cvat_lite.services.context import Server
from cvat_lite.store import rows
from tests.api.held import counts, files, packed
from tests.api.people import acting_as, add_user
from tests.api.test_projects import make_project
from tests.api.test_tasks import form, make_task
from tests.client import Api
from tests.formats.recordings import ROOT
from tests.images import png

Members = dict[str, bytes]


def recorded(name: str = "boxes") -> Members:
    """The members of a recorded backup."""
    with zipfile.ZipFile(ROOT / name / "backup.zip") as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def changed(members: Members, file: str, change: Callable[[Any], None]) -> Members:
    """The members with a change in the JSON of one of them."""
    value = json.loads(members[file])
    change(value)
    return {**members, file: json.dumps(value).encode()}


async def exported(api: Api, kind: str, number: int, **params: str) -> Members:
    """The members of a backup."""
    asked = await api.post(f"/{kind}/{number}/backup/export", expect=202, params=params)
    request = await api.finished(asked["rq_id"])
    assert request["operation"]["type"] == "export:backup"
    content = await api.get(request["result_url"].removeprefix(f"{api.url}/api"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def sent(api: Api, kind: str, content: bytes, **params: str) -> str:
    """The id of the request that restores an archive."""
    single = kind.removesuffix("s")
    body = aiohttp.FormData()
    body.add_field(f"{single}_file", content, filename="backup.zip")
    answer = await api.post(f"/{kind}/backup", expect=202, data=body, params=params)
    rq_id: str = answer["rq_id"]
    return rq_id


async def restored(api: Api, kind: str, members: Mapping[str, bytes], **params: str) -> int:
    """The id of what was made of a backup."""
    request = await api.finished(await sent(api, kind, packed(members), **params))
    assert request["operation"]["type"] == "import:backup"
    number: int = request["result_id"]
    return number


async def jobs_of(api: Api, task_id: int) -> list[dict[str, Any]]:
    found = await api.get("/jobs", params={"task_id": str(task_id), "sort": "id"})
    keys = ("start_frame", "stop_frame", "stage", "state", "status", "type")
    return [{key: job[key] for key in keys} for job in found["results"]]


async def test_jobs_come_back_with_their_frames_stages_and_states(api: Api) -> None:
    task = await make_task(api, 7, segment_size=4, overlap=1)
    found = (await api.get("/jobs", params={"task_id": str(task["id"]), "sort": "id"}))["results"]
    await api.patch(f"/jobs/{found[0]['id']}", {"stage": "validation", "state": "in progress"})
    await api.patch(f"/jobs/{found[1]['id']}", {"stage": "acceptance", "state": "completed"})
    number = await restored(api, "tasks", await exported(api, "tasks", task["id"]))
    assert number != task["id"]
    again = await api.get(f"/tasks/{number}")
    same = ("name", "segment_size", "overlap", "size", "status", "mode", "dimension", "media_type")
    assert {key: again[key] for key in same} == {
        **{key: task[key] for key in same},
        "status": "validation",
    }
    assert await jobs_of(api, number) == await jobs_of(api, task["id"])


async def test_every_frame_comes_back_as_the_file_that_was_sent(api: Api) -> None:
    task = await make_task(api, 3)
    members = await exported(api, "tasks", task["id"])
    assert {name: members[f"data/{name}"] for name in ("im0.png", "im1.png", "im2.png")} == {
        f"im{n}.png": png(64 + n, 48, n) for n in range(3)
    }
    number = await restored(api, "tasks", members)
    for frame in range(3):
        params = {"type": "frame", "number": str(frame), "quality": "original"}
        content = await api.get(f"/tasks/{number}/data", params=params)
        assert content == png(64 + frame, 48, frame)


async def test_frames_that_were_chosen_are_chosen_again(api: Api) -> None:
    task = await make_task(api, 7, start_frame=1, stop_frame=5, frame_filter="step=2")
    await api.patch(f"/tasks/{task['id']}/data/meta", {"deleted_frames": [1]})
    members = await exported(api, "tasks", task["id"])
    assert len(members["data/manifest.jsonl"].splitlines()) == 2 + 7
    number = await restored(api, "tasks", members)
    before, after = [await api.get(f"/tasks/{n}/data/meta") for n in (task["id"], number)]
    assert [frame["name"] for frame in after["frames"]] == ["im1.png", "im3.png", "im5.png"]
    assert {**before, "chunks_updated_date": 0} == {**after, "chunks_updated_date": 0}


async def test_related_images_come_back_with_their_frame(api: Api) -> None:
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "a"}]})
    archive = packed(
        {
            "a.png": png(),
            "b.png": png(64, 48, 1),
            "related_images/b_png/more.png": png(32, 32, 2),
        }
    )
    body = form({"all.zip": archive}, image_quality=70)
    answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=body)
    await api.finished(answer["rq_id"])
    members = await exported(api, "tasks", task["id"])
    line = json.loads(members["data/manifest.jsonl"].splitlines()[3])
    assert line["meta"] == {"related_images": ["related_images/b_png/more.png"]}
    number = await restored(api, "tasks", members)
    meta = await api.get(f"/tasks/{number}/data/meta")
    assert [frame["related_files"] for frame in meta["frames"]] == [0, 1]


async def guide_with_asset(api: Api, column: str, number: int) -> None:
    guide = await api.post("/guides", {column: number, "markdown": "x"})
    body = aiohttp.FormData({"guide_id": str(guide["id"])}, quote_fields=False)
    body.add_field("file", png(), filename="a.png", content_type="image/png")
    asset = await api.post("/assets", data=body)
    text = f"# How\n![a](/api/assets/{asset['uuid']})"
    await api.patch(f"/guides/{guide['id']}", {"markdown": text})


async def test_a_guide_comes_back_with_assets_of_its_own(api: Api) -> None:
    task = await make_task(api, 1)
    await guide_with_asset(api, "task_id", task["id"])
    members = await exported(api, "tasks", task["id"])
    number = await restored(api, "tasks", members)
    await api.delete(f"/tasks/{task['id']}")
    guide = await api.get(f"/guides/{(await api.get(f'/tasks/{number}'))['guide_id']}")
    assert guide["markdown"].encode() != members["annotation_guide.md"]
    uuid = guide["markdown"].rpartition("/")[2].removesuffix(")")
    assert await api.get(f"/assets/{uuid}") == png()


async def test_a_project_comes_back_with_its_tasks_labels_and_guide(api: Api) -> None:
    project = await make_project(api, name="zoo")
    await guide_with_asset(api, "project_id", project["id"])
    for name in ("one", "two"):
        task = await api.post("/tasks", {"name": name, "project_id": project["id"], "subset": name})
        body = form({f"{name}.png": png()}, image_quality=70)
        answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=body)
        await api.finished(answer["rq_id"])
        labels = await api.get("/labels", params={"project_id": str(project["id"])})
        shape = {"type": "rectangle", "label_id": labels["results"][0]["id"], "frame": 0}
        points = {"points": [1.5, 2, 3, 4]}
        await api.put(f"/tasks/{task['id']}/annotations/", {"shapes": [{**shape, **points}]})
    members = await exported(api, "projects", project["id"])
    assert {name for name in members if not name.startswith("assets/")} == {
        "project.json",
        "annotation_guide.md",
        *(
            f"task_{n}/{file}"
            for n, name in enumerate(("one", "two"))
            for file in ("task.json", "annotations.json", "data/manifest.jsonl", f"data/{name}.png")
        ),
    }
    number = await restored(api, "projects", members)
    again = await api.get(f"/projects/{number}")
    assert (again["name"], again["task_subsets"]) == ("zoo", ["one", "two"])
    assert again["guide_id"] is not None
    tasks = await api.get("/tasks", params={"project_id": str(number), "sort": "id"})
    assert [task["name"] for task in tasks["results"]] == ["one", "two"]
    labels = await api.get("/labels", params={"project_id": str(number)})
    ids = {label["id"] for label in labels["results"]}
    for task in tasks["results"]:
        found = await api.get(f"/tasks/{task['id']}/annotations/")
        assert [shape["points"] for shape in found["shapes"]] == [[1.5, 2.0, 3.0, 4.0]]
        assert {shape["label_id"] for shape in found["shapes"]} <= ids


async def test_what_is_restored_belongs_to_the_asker_in_the_organization_asked_for(
    api: Api, server: Server
) -> None:
    organization = await api.post("/organizations", {"slug": "zoo"})
    number = await restored(api, "tasks", recorded(), org="zoo")
    task = await api.get(f"/tasks/{number}")
    assert (task["organization_id"], task["owner"]["username"]) == (organization["id"], "admin")
    events = [row["scope"] for row in await all_rows(server, "SELECT scope FROM events")]
    assert "create:task" in events


async def all_rows(server: Server, sql: str) -> list[Any]:
    async with server.database.reading() as db:
        return await rows.fetch_all(db, sql)


async def test_only_who_may_see_a_task_may_back_it_up(api: Api, server: Server, url: str) -> None:
    task = await make_task(api, 1)
    await add_user(server, "stranger")
    async with acting_as(url, "stranger") as stranger:
        await stranger.post(f"/tasks/{task['id']}/backup/export", expect=403)
        asked = await api.post(f"/tasks/{task['id']}/backup/export", expect=202)
        await api.finished(asked["rq_id"])
        where = f"/tasks/{task['id']}/backup/download"
        await stranger.get(where, expect=403, params={"rq_id": asked["rq_id"]})


async def test_a_task_without_media_cannot_be_backed_up(api: Api) -> None:
    task = await api.post("/tasks", {"name": "t"})
    answer = await api.post(f"/tasks/{task['id']}/backup/export", expect=400)
    assert answer == ["Data is not uploaded for the task yet"]


async def test_a_cloud_storage_that_is_not_there_is_refused(api: Api) -> None:
    task = await make_task(api, 1)
    params = {"location": "cloud_storage", "cloud_storage_id": "7"}
    await api.post(f"/tasks/{task['id']}/backup/export", expect=400, params=params)
    await api.post("/tasks/backup", expect=400, params={**params, "filename": "a.zip"})


async def test_a_file_that_was_not_uploaded_cannot_be_restored(api: Api) -> None:
    answer = await api.post("/tasks/backup", expect=400, params={"filename": "a.zip"})
    assert answer == ["No file has been uploaded as a.zip"]


def drop(*path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return change


def put(new: Any, *path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new

    return change


WRONG: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "no name": ("task.json", drop("name"), "task.json: Object missing required field `name`"),
    "a number for a name": (
        "task.json",
        put(5, "labels", 0, "name"),
        "task.json, $.labels[0].name",
    ),
    "no jobs": ("task.json", put([], "jobs"), "task.json, $.jobs"),
    "no data": ("task.json", drop("data"), "task.json: Object missing required field `data`"),
    "a later version": ("task.json", put("2.0", "version"), "task.json, $.version"),
    "a job beyond": (
        "task.json",
        put(9, "jobs", 0, "stop_frame"),
        "task.json, $.jobs[0].stop_frame",
    ),
    "a deleted frame beyond": (
        "task.json",
        put([7], "data", "deleted_frames"),
        "task.json, $.data.deleted_frames",
    ),
    "an unknown way to check": (
        "task.json",
        put({"mode": "guess", "frames": [0]}, "data", "validation_layout"),
        "task.json, $.data.validation_layout.mode",
    ),
    "two labels of one name": (
        "task.json",
        put("face", "labels", 1, "name"),
        "task.json, $.labels",
    ),
    "a wrong filter": (
        "task.json",
        put("x", "data", "frame_filter"),
        "task.json, $.data.frame_filter",
    ),
    "an unknown label": (
        "annotations.json",
        put("dog", 0, "shapes", 1, "label"),
        "annotations.json, $[0].shapes[1]: label 'dog' is not described",
    ),
    "an unknown attribute": (
        "annotations.json",
        put([{"name": "x", "value": "y"}], 0, "shapes", 0, "attributes"),
        "annotations.json, $[0].shapes[0]: attribute 'x'",
    ),
    "text for points": (
        "annotations.json",
        put("x", 0, "shapes", 2, "points"),
        "annotations.json, $[0].shapes[2].points",
    ),
    "too few points": (
        "annotations.json",
        put([1.0], 0, "shapes", 2, "points"),
        "annotations.json, $[0]: shapes",
    ),
    "a frame beyond": (
        "annotations.json",
        put(3, 0, "shapes", 2, "frame"),
        "annotations.json, $[0].shapes[2].frame",
    ),
    "annotations of another job": (
        "annotations.json",
        lambda value: value.append({}),
        "annotations.json, $",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_with_a_backup_is_told_with_file_and_key(
    api: Api, server: Server, config: Config, name: str
) -> None:
    file, change, why = WRONG[name]
    before = await counts(server)
    members = changed(recorded(), file, change)
    request = await api.finished(await sent(api, "tasks", packed(members)), status="failed")
    assert request["message"].startswith(why)
    assert (await counts(server), files(config)) == (before, [])


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, "task.json"),
        ({"task.json": b"{"}, "task.json: this is no JSON"),
        ({"task.json": DEEP}, "task.json"),
        ({"annotations.json": DEEP}, "annotations.json"),
        ({"annotations.json": b'[{"shapes": [' + DEEP + b"]}]"}, "annotations.json"),
        ({"data/b1.jpg": b"no picture"}, "cannot identify image file 'b1.jpg'"),
        ({"data/../../b.jpg": b"x"}, "leads out of its directory"),
        ({"/etc/b.jpg": b"x"}, "is absolute"),
        ({"data/manifest.jsonl": b'{"name":"../x","extension":".jpg"}'}, "leads out"),
        ({"data/manifest.jsonl": b'{"name":"x","extension":".jpg"}'}, "has no file 'x.jpg'"),
        ({"data/manifest.jsonl": b"{}\n{"}, "data/manifest.jsonl, line 2"),
        ({"annotation_guide.md": b"\xff\xfe"}, "annotation_guide.md"),
        ({"annotation_guide.md": b"x", "assets/a/b.exe": b"MZ"}, "assets/a/b.exe"),
    ],
)
async def test_a_hostile_or_broken_archive_leaves_nothing(
    api: Api, server: Server, config: Config, members: Members, why: str
) -> None:
    before = await counts(server)
    content = packed({**recorded(), **members} if members else {"x": b""})
    request = await api.finished(await sent(api, "tasks", content), status="failed")
    assert why in request["message"]
    assert (await counts(server), files(config)) == (before, [])


async def test_a_file_that_is_no_archive_is_refused(api: Api, config: Config) -> None:
    request = await api.finished(await sent(api, "tasks", b"PK and no more"), status="failed")
    assert "backup.zip" in request["message"]
    assert files(config) == []


async def test_a_backup_of_a_project_is_none_of_a_task(api: Api) -> None:
    request = await api.finished(await sent(api, "projects", packed(recorded())), status="failed")
    assert request["message"] == "project.json: there is no such file in the backup"


async def test_one_wrong_task_keeps_the_whole_project_from_being_made(
    api: Api, server: Server, config: Config
) -> None:
    before = await counts(server)
    task = recorded()
    project = {"project.json": json.dumps({"name": "p", **labels_of(task)}).encode()}
    for number in range(2):
        project |= {f"task_{number}/{name}": content for name, content in task.items()}
    broken = changed(project, "task_1/task.json", drop("data"))
    request = await api.finished(await sent(api, "projects", packed(broken)), status="failed")
    assert request["message"].startswith("task_1/task.json")
    assert (await counts(server), files(config)) == (before, [])
    number = await restored(api, "projects", project)
    assert (await api.get(f"/projects/{number}"))["tasks"]["count"] == 2


def labels_of(members: Members) -> dict[str, Any]:
    return {"labels": json.loads(members["task.json"])["labels"]}


async def test_a_failure_while_it_is_recorded_leaves_nothing(
    api: Api, server: Server, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = await counts(server)
    monkeypatch.setattr(saving, "annotate", full)
    request = await api.finished(await sent(api, "tasks", packed(recorded())), status="failed")
    assert request["message"] == "No space left on device"
    assert (await counts(server), files(config)) == (before, [])


async def test_work_that_was_done_when_the_server_died_is_not_done_twice(
    api: Api, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = request_service.finish

    async def die(*_: object) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(request_service, "finish", die)
    rq_id = await sent(api, "tasks", packed(recorded()))
    await server.queue.join()
    before = await counts(server)
    assert before["tasks"] == 1
    monkeypatch.setattr(request_service, "finish", finish)
    await request_service.take_up(server)
    request = await api.finished(rq_id)
    assert await counts(server) == before
    assert (await api.get(f"/tasks/{request['result_id']}"))["name"] == "golden boxes"


async def test_work_that_was_under_way_when_the_server_died_begins_anew(
    api: Api, server: Server, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, reached = restoring.save, asyncio.Event()

    async def wait(*_: object) -> int:
        reached.set()
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(restoring, "save", wait)
    rq_id = await sent(api, "tasks", packed(recorded()))
    await reached.wait()
    assert (await counts(server))["tasks"] == 0
    await server.queue.stop(0)
    assert (await api.get(f"/requests/{rq_id}"))["status"] == "queued"
    monkeypatch.setattr(restoring, "save", save)
    await request_service.take_up(server)
    await api.finished(rq_id)
    assert (await counts(server))["tasks"] == 1
    assert not any(path.startswith(str(config.uploads)) for path in files(config))


def truths(value: Any) -> None:
    """Make a described task one with a ground truth job over its first frame, and a replica."""
    value["consensus_replicas"] = 1
    value["jobs"].append({**value["jobs"][0], "type": "consensus_replica"})
    value["jobs"].append({**value["jobs"][0], "type": "ground_truth", "frames": [0]})
    value["data"]["validation_params"] = {
        "mode": "gt",
        "frame_selection_method": "manual",
        "frames": ["b0.jpg"],
    }


async def test_replicas_and_ground_truth_come_back(api: Api) -> None:
    members = changed(recorded(), "task.json", truths)
    members = changed(members, "annotations.json", lambda value: value.extend([{}, {}]))
    number = await restored(api, "tasks", members)
    found = await api.get("/jobs", params={"task_id": str(number), "sort": "id"})
    first, replica, truth = found["results"]
    assert [job["type"] for job in (first, replica, truth)] == [
        "annotation",
        "consensus_replica",
        "ground_truth",
    ]
    assert replica["parent_job_id"] == first["id"]
    assert truth["frame_count"] == 1
    task = await api.get(f"/tasks/{number}")
    assert (task["validation_mode"], task["consensus_enabled"]) == ("gt", True)
    again = await exported(api, "tasks", number)
    second = await exported(api, "tasks", await restored(api, "tasks", again))
    assert second["task.json"] == again["task.json"]
    jobs = json.loads(again["task.json"])["jobs"]
    assert [job.get("frames") for job in jobs] == [None, None, [0]]


def honeypots(value: Any) -> None:
    """Make a described task of three frames one whose job shows its check frame as well."""
    job = value["jobs"][0]
    value["jobs"] = [
        {**job, "stop_frame": 2, "files": ["b0.jpg", "b2.jpg", "b1.jpg"]},
        {**job, "start_frame": 3, "stop_frame": 3, "type": "ground_truth", "files": ["b2.jpg"]},
    ]
    value["data"]["stop_frame"] = 3
    layout = {"mode": "gt_pool", "frames": ["b2.jpg"], "frames_per_job_count": 1}
    value["data"]["validation_params"] = layout


async def test_honeypots_show_the_frames_that_they_stand_for(api: Api, server: Server) -> None:
    members = changed(recorded(), "task.json", honeypots)
    members = changed(members, "annotations.json", lambda value: value.append({}))
    number = await restored(api, "tasks", members)
    task = await api.get(f"/tasks/{number}")
    assert (task["size"], task["validation_mode"]) == (4, "gt_pool")
    found = await all_rows(server, "SELECT path, is_placeholder, real_frame FROM images")
    assert [tuple(row) for row in found] == [
        ("b0.jpg", 0, 0),
        ("b2.jpg", 1, 3),
        ("b1.jpg", 0, 2),
        ("b2.jpg", 0, 3),
    ]
    again = await exported(api, "tasks", number)
    before, after = [json.loads(one["task.json"]) for one in (members, again)]
    assert after["jobs"] == before["jobs"]
    assert sorted(again) == sorted(members)


@pytest.mark.parametrize("kind", ["missing", "foreign", "too many"])
async def test_lists_of_files_that_do_not_fit_are_refused(api: Api, kind: str) -> None:
    def change(value: Any) -> None:
        honeypots(value)
        names = value["jobs"][0]["files"]
        if kind == "foreign":
            names[0] = "x.jpg"
        elif kind == "too many":
            names.append("b0.jpg")
        else:
            value["jobs"][0]["start_frame"] = 1
            del names[0]

    members = changed(recorded(), "task.json", change)
    request = await api.finished(await sent(api, "tasks", packed(members)), status="failed")
    assert request["message"].startswith("task.json, $.jobs")


async def test_a_lightweight_backup_only_leaves_out_what_lies_in_a_cloud_storage(
    api: Api, server: Server, config: Config
) -> None:
    task = await make_task(api, 2)
    plain = await exported(api, "tasks", task["id"], lightweight="true")
    assert "data/im0.png" in plain
    async with server.database.writing() as db:
        await rows.update(db, "data", task["data"], {"storage": "cloud_storage"})
    shutil.rmtree(config.media / str(task["data"]))
    asked = await api.post(f"/tasks/{task['id']}/backup/export", expect=202)
    request = await api.finished(asked["rq_id"], status="failed")
    assert "cloud storage" in request["message"]
    members = await exported(api, "tasks", task["id"], lightweight="true")
    assert set(members) == {"data/manifest.jsonl", "task.json", "annotations.json"}
    number = await restored(api, "tasks", members)
    meta = await api.get(f"/tasks/{number}/data/meta")
    assert [frame["name"] for frame in meta["frames"]] == ["im0.png", "im1.png"]
    assert meta["storage"] == "cloud_storage"
    requests = await api.get("/requests", params={"action": "export"})
    told = {one["operation"]["lightweight"] for one in requests["results"]}
    assert told == {True, None}


async def test_files_of_the_share_are_in_the_backup_and_are_local_afterwards(
    api: Api, config: Config
) -> None:
    assert config.share is not None
    (config.share / "a.png").write_bytes(png())
    (config.share / "other.png").write_bytes(png())
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "a"}]})
    body = {"image_quality": 70, "server_files": ["a.png"]}
    answer = await api.post(f"/tasks/{task['id']}/data/", body, expect=202)
    await api.finished(answer["rq_id"])
    members = await exported(api, "tasks", task["id"])
    assert sorted(name for name in members if name.startswith("data/")) == [
        "data/a.png",
        "data/manifest.jsonl",
    ]
    (config.share / "a.png").unlink()
    number = await restored(api, "tasks", members)
    params = {"type": "frame", "number": "0", "quality": "original"}
    assert await api.get(f"/tasks/{number}/data", params=params) == png()
