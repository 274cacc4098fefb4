"""Exports of projects: all tasks in one archive, told apart by task and subset."""

from __future__ import annotations

import io
import json
import zipfile
from xml.etree import ElementTree as ET

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user
from tests.api.test_project_labels import labels_of, rectangle
from tests.api.test_projects import add_member, make_project
from tests.client import Api
from tests.images import png

FORMATS = (
    "CVAT for images 1.1",
    "CVAT for video 1.1",
    "COCO 1.0",
    "YOLO 1.1",
    "Ultralytics YOLO Detection 1.0",
    "PASCAL VOC 1.1",
    "Datumaro 1.0",
)


async def exported(
    api: Api, project_id: int, name: str, *, images: bool = False
) -> zipfile.ZipFile:
    """The archive that an export of a project makes."""
    asked = {"format": name, "save_images": str(images).lower()}
    path = f"/projects/{project_id}/dataset/export"
    answer = await api.post(path, params=asked, expect=202)
    request = await api.finished(answer["rq_id"])
    assert request["operation"]["target"] == "project"
    assert request["operation"]["project_id"] == project_id
    content = await api.get(request["result_url"].removeprefix(f"{api.url}/api"))
    return zipfile.ZipFile(io.BytesIO(content))


async def annotated(api: Api) -> tuple[int, list[int]]:
    """A project of two tasks in two subsets, a box on the second picture of each."""
    project_id = (await make_project(api, name="zoo"))["id"]
    person = (await labels_of(api, project_id=project_id))["person"]["id"]
    tasks = []
    for subset in ("train", "val"):
        tasks.append(await add_member(api, project_id, subset=subset))
        await api.put(f"/tasks/{tasks[-1]}/annotations/", {"shapes": [rectangle(person, 1)]})
    return project_id, tasks


async def test_a_project_is_exported_as_one_document_that_tells_its_tasks(api: Api) -> None:
    project_id, tasks = await annotated(api)
    archive = await exported(api, project_id, "CVAT for images 1.1", images=True)
    root = ET.fromstring(archive.read("annotations.xml"))
    project = root.find("meta/project")
    assert project is not None
    assert [one.tag for one in project] == [
        *("id", "name", "bugtracker", "created", "updated", "tasks", "labels", "subsets"),
        *("owner", "assignee"),
    ]
    assert project.findtext("name") == "zoo"
    assert project.findtext("subsets") == "train\nval"
    assert [one.text for one in project.findall("tasks/task/id")] == [str(one) for one in tasks]
    assert [one.text for one in project.findall("labels/label/name")] == ["car", "person"]
    assert project.findall("tasks/task/labels") == []
    images = [
        (one.get("task_id"), one.get("subset"), one.get("name")) for one in root.iter("image")
    ]
    assert images == [
        (str(task), subset, name)
        for task, subset in zip(tasks, ("train", "val"), strict=True)
        for name in ("im0.png", "im1.png")
    ]
    assert [len(one.findall("box")) for one in root.iter("image")] == [0, 1, 0, 1]
    assert archive.read("images/val/im1.png") == png(64, 48, 1)


async def test_tracks_of_a_project_tell_their_task_and_are_numbered_through(api: Api) -> None:
    project_id, tasks = await annotated(api)
    archive = await exported(api, project_id, "CVAT for video 1.1")
    root = ET.fromstring(archive.read("annotations.xml"))
    found = [(one.get("id"), one.get("task_id"), one.get("subset")) for one in root.iter("track")]
    assert found == [("0", str(tasks[0]), "train"), ("1", str(tasks[1]), "val")]


async def test_subsets_of_a_project_are_those_of_the_dataset(api: Api) -> None:
    project_id, _ = await annotated(api)
    archive = await exported(api, project_id, "COCO 1.0", images=True)
    assert sorted(archive.namelist()) == [
        "annotations/instances_train.json",
        "annotations/instances_val.json",
        *(f"images/{subset}/im{number}.png" for subset in ("train", "val") for number in (0, 1)),
    ]
    found = json.loads(archive.read("annotations/instances_val.json"))
    assert [one["file_name"] for one in found["images"]] == ["im0.png", "im1.png"]
    assert [one["bbox"] for one in found["annotations"]] == [[1.0, 2.0, 29.0, 38.0]]


async def test_every_format_takes_a_project_whose_tasks_have_images_of_one_name(api: Api) -> None:
    project_id = (await make_project(api))["id"]
    person = (await labels_of(api, project_id=project_id))["person"]["id"]
    for _ in range(2):
        task_id = await add_member(api, project_id)
        await api.put(f"/tasks/{task_id}/annotations/", {"shapes": [rectangle(person)]})
    for name in FORMATS:
        names = (await exported(api, project_id, name, images=True)).namelist()
        assert len(set(names)) == len(names), name
        pictures = sorted(one.rpartition("/")[2] for one in names if one.endswith(".png"))
        expected = {"im0.png", "im0_1.png", "im1.png", "im1_1.png"}
        assert expected <= set(pictures), name


async def test_a_project_without_tasks_is_an_empty_dataset(api: Api) -> None:
    project = await make_project(api)
    archive = await exported(api, project["id"], "CVAT for images 1.1")
    root = ET.fromstring(archive.read("annotations.xml"))
    assert [one.text for one in root.findall("meta/project/labels/label/name")] == ["car", "person"]
    assert root.findall("image") == []


async def test_exports_of_a_project_are_for_those_who_may(
    api: Api, server: Server, url: str
) -> None:
    project_id, _ = await annotated(api)
    await add_user(server, "eve")
    path = f"/projects/{project_id}/dataset/export"
    async with acting_as(url, "eve") as hers:
        await hers.post(path, params={"format": "COCO 1.0"}, expect=403)
    await api.post(path, params={"format": "no such"}, expect=400)
    await api.post("/projects/999/dataset/export", params={"format": "COCO 1.0"}, expect=404)
