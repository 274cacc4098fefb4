"""Projects: made, shared out, exported and removed with their tasks."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user, recorded
from tests.api.test_tasks import form
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
LABELS: list[dict[str, Any]] = [
    {
        "name": "car",
        "attributes": [
            {
                "name": "parked",
                "mutable": True,
                "input_type": "checkbox",
                "default_value": "false",
                "values": ["false"],
            }
        ],
    },
    {"name": "person", "color": "#102030", "type": "rectangle"},
]


async def make_project(api: Api, **more: Any) -> dict[str, Any]:
    """A project with two labels."""
    made: dict[str, Any] = await api.post("/projects", {"name": "p", "labels": LABELS, **more})
    return made


async def attach(api: Api, task_id: int, count: int = 2, prefix: str = "im") -> None:
    """Give a task pictures."""
    files = {f"{prefix}{number}.png": png(64, 48, number) for number in range(count)}
    answer = await api.post(
        f"/tasks/{task_id}/data/", expect=202, data=form(files, image_quality=70)
    )
    await api.finished(answer["rq_id"])


async def add_member(api: Api, project_id: int, **more: Any) -> int:
    """A task of the project with two pictures; its id."""
    spec = {"name": "t", "project_id": project_id, **more}
    task_id: int = (await api.post("/tasks", spec))["id"]
    await attach(api, task_id)
    return task_id


async def labels_of(api: Api, **target: int) -> dict[str, dict[str, Any]]:
    """The labels of a task, job or project by name."""
    page = await api.get("/labels", params={**target, "page_size": 100})
    return {label["name"]: label for label in page["results"]}


def rectangle(label_id: int, frame: int = 0, **more: Any) -> dict[str, Any]:
    """A box on a frame."""
    return {
        "type": "rectangle",
        "label_id": label_id,
        "frame": frame,
        "points": [1.0, 2.0, 30.0, 40.0],
        **more,
    }


# Made, read, changed


async def test_a_created_project_can_be_read_back(api: Api) -> None:
    made = await make_project(api, bug_tracker="https://bugs.example.org")
    assert await api.get(f"/projects/{made['id']}") == made
    assert made["owner"]["username"] == "admin"
    assert made["tasks"]["count"] == 0
    assert (made["status"], made["dimension"], made["task_subsets"]) == ("annotation", None, [])
    assert made["tasks"]["url"].endswith(f"/api/tasks?project_id={made['id']}")
    assert made["labels"]["url"].endswith(f"/api/labels?project_id={made['id']}")


async def test_a_project_tells_of_its_tasks(api: Api) -> None:
    project = await make_project(api)
    await add_member(api, project["id"], subset="val")
    await api.post("/tasks", {"name": "e", "project_id": project["id"], "subset": "train"})
    await api.post("/tasks", {"name": "f", "project_id": project["id"], "subset": "val"})
    shown = await api.get(f"/projects/{project['id']}")
    assert (shown["tasks"]["count"], shown["dimension"]) == (3, "2d")
    assert sorted(shown["task_subsets"]) == ["train", "val"]
    assert shown["updated_date"] > project["updated_date"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, {"name": ["This field is required."]}),
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": "n" * 257}, {"name": ["Ensure this field has no more than 256 characters."]}),
        ({"name": "x", "labels": [{"name": "a"}] * 2}, ["All label names must be unique"]),
        ({"name": "x", "labels": [{}]}, {"labels": [{"name": ["This field is required."]}]}),
        (
            {"name": "x", "source_storage": {"location": "cloud_storage", "cloud_storage_id": 9}},
            ["CloudStorage matching query does not exist."],
        ),
    ],
)
async def test_wrong_projects_are_refused_and_leave_nothing(
    api: Api, body: Any, error: Any
) -> None:
    assert await api.post("/projects", body, expect=400) == error
    assert (await api.get("/projects"))["count"] == 0


async def test_storages_of_a_project_are_kept_and_replaced(api: Api) -> None:
    made = await make_project(api, source_storage={"location": "local"})
    assert made["target_storage"] is None
    assert made["source_storage"]["location"] == "local"
    changed = await api.patch(
        f"/projects/{made['id']}",
        {"source_storage": None, "target_storage": {"location": "local"}},
    )
    assert changed["source_storage"] is None
    assert changed["target_storage"]["location"] == "local"


async def test_a_project_is_renamed_and_assigned(api: Api, server: Server) -> None:
    made = await make_project(api)
    bob = await add_user(server, "bob")
    path = f"/projects/{made['id']}"
    changed = await api.patch(path, {"name": "q", "assignee_id": bob, "bug_tracker": "b"})
    assert (changed["name"], changed["bug_tracker"]) == ("q", "b")
    assert changed["assignee"]["username"] == "bob"
    assert changed["assignee_updated_date"] is not None
    assert (await api.patch(path, {"owner_id": bob}))["owner"]["username"] == "bob"
    assert (await api.patch(path, {"assignee_id": None}))["assignee"] is None
    assert (await api.patch(path))["name"] == "q"


async def test_a_field_that_is_not_of_a_project_cannot_be_changed(api: Api) -> None:
    made = await make_project(api)
    await api.patch(f"/projects/{made['id']}", {"status": "completed"}, expect=403)
    assert (await api.get(f"/projects/{made['id']}"))["status"] == "annotation"


async def test_what_happens_to_projects_is_recorded(api: Api, server: Server) -> None:
    made = await make_project(api)
    await api.patch(f"/projects/{made['id']}", {"name": "q"})
    await api.delete(f"/projects/{made['id']}")
    found = [one for one in await recorded(server) if one["project_id"] == made["id"]]
    assert [one["scope"] for one in found] == ["create:project", "update:project", "delete:project"]
    assert (found[1]["obj_name"], found[1]["obj_val"]) == ("name", "q")


# Lists


async def test_projects_are_found_by_filter_search_and_name(api: Api, server: Server) -> None:
    bob = await add_user(server, "bob")
    for name, more in (("cats", {}), ("dogs", {"assignee_id": bob}), ("catfish", {})):
        await api.post("/projects", {"name": name, **more})

    async def names(**params: str) -> list[str]:
        page = await api.get("/projects", params=params)
        return [one["name"] for one in page["results"]]

    assert await names() == ["catfish", "dogs", "cats"]
    assert await names(sort="name") == ["catfish", "cats", "dogs"]
    assert await names(search="cat", sort="id") == ["cats", "catfish"]
    assert await names(name="dogs") == ["dogs"]
    assert await names(assignee="bob") == ["dogs"]
    assert await names(filter='{"==":[{"var":"name"},"cats"]}') == ["cats"]
    error = await api.get("/projects", params={"status": "gone"}, expect=400)
    assert list(error) == ["status"]


async def test_a_selector_of_projects_gets_ids_and_names_only(api: Api) -> None:
    made = await make_project(api)
    page = await api.get("/projects", params={"names_only": "true", "search": "p"})
    assert page["results"] == [{"id": made["id"], "name": "p"}]
    assert page["count"] == 1


# Who may


async def test_projects_are_their_owners_and_assignees_own(
    api: Api, server: Server, url: str
) -> None:
    bob = await add_user(server, "bob")
    await add_user(server, "eve")
    async with acting_as(url, "bob") as his, acting_as(url, "eve") as hers:
        made = await make_project(his)
        path = f"/projects/{made['id']}"
        assert (await hers.get("/projects"))["count"] == 0
        assert (await his.get("/projects"))["count"] == 1
        for method, body in (("GET", None), ("PATCH", {"name": "no"}), ("DELETE", None)):
            await hers.call(method, path, body, expect=403)
        mine = await api.post("/projects", {"name": "for bob", "assignee_id": bob})
        assert (await his.get("/projects"))["count"] == 2
        assert (await his.patch(f"/projects/{mine['id']}", {"name": "b"}))["name"] == "b"
        await his.patch(f"/projects/{mine['id']}", {"owner_id": bob}, expect=403)
        await his.delete(f"/projects/{mine['id']}", expect=403)


async def test_nobody_is_named_whom_one_may_not_see(server: Server, url: str) -> None:
    await add_user(server, "bob")
    eve = await add_user(server, "eve")
    async with acting_as(url, "bob") as his:
        for user_id in (eve, 999999):
            await his.post("/projects", {"name": "x", "assignee_id": user_id}, expect=403)
        made = await make_project(his)
        await his.patch(f"/projects/{made['id']}", {"name": "x", "assignee_id": eve}, expect=403)
        assert (await his.get(f"/projects/{made['id']}"))["name"] == "p"


async def test_workers_make_no_projects(server: Server, url: str) -> None:
    await add_user(server, "wim", "worker")
    async with acting_as(url, "wim") as his:
        await his.post("/projects", {"name": "w"}, expect=403)


async def test_a_project_of_an_organization_is_listed_there(api: Api) -> None:
    await api.post("/organizations", {"slug": "zoo"})
    made = await api.post("/projects", {"name": "in"}, params={"org": "zoo"})
    assert made["organization"] == made["organization_id"] is not None
    await api.post("/projects", {"name": "out"}, params={"org": ""})
    inside = await api.get("/projects", params={"org": "zoo"})
    outside = await api.get("/projects", params={"org": ""})
    assert [one["name"] for one in inside["results"]] == ["in"]
    assert [one["name"] for one in outside["results"]] == ["out"]


async def test_a_project_moves_to_an_organization_with_its_tasks(
    api: Api, server: Server, url: str
) -> None:
    bob = await add_user(server, "bob")
    async with acting_as(url, "bob") as his:
        zoo = await his.post("/organizations", {"slug": "zoo"})
        other = await api.post("/organizations", {"slug": "circus"})
        made = await make_project(his)
        path = f"/projects/{made['id']}"
        task = await his.post("/tasks", {"name": "t", "project_id": made["id"]})
        await api.patch(
            f"/tasks/{task['id']}", {"assignee_id": (await api.get("/users/self"))["id"]}
        )
        assert (await his.patch(path, {"organization_id": zoo["id"]}))["organization"] == zoo["id"]
        moved = await his.get(f"/tasks/{task['id']}")
        assert (moved["organization_id"], moved["assignee"]) == (zoo["id"], None)
        await his.patch(path, {"organization_id": other["id"]}, expect=403)
        error = await his.patch(path, {"organization_id": 999999}, expect=400)
        assert error == ["Organization matching query does not exist."]
        assert (await his.patch(path, {"organization_id": None}))["organization"] is None
        assert (await his.get(path))["owner"]["id"] == bob


# Pictures and removal


async def test_the_preview_is_that_of_the_first_task(api: Api) -> None:
    project = await make_project(api)
    path = f"/projects/{project['id']}/preview"
    await api.get(path, expect=404)
    await api.get(path, headers={"Prefer": "handling=empty"}, expect=204)
    await api.post("/tasks", {"name": "empty", "project_id": project["id"]})
    await add_member(api, project["id"])
    assert Image.open(io.BytesIO(await api.get(path))).format == "JPEG"


async def test_a_deleted_project_takes_tasks_and_files_along(api: Api, server: Server) -> None:
    project = await make_project(api, target_storage={"location": "local"})
    task_id = await add_member(api, project["id"])
    media = list(Path(server.config.media).iterdir())
    assert media
    await api.delete(f"/projects/{project['id']}")
    error = await api.get(f"/tasks/{task_id}", expect=404)
    assert error == {"detail": "No Task matches the given query."}
    await api.get(f"/projects/{project['id']}", expect=404)
    assert list(Path(server.config.media).iterdir()) == []
    async with server.database.reading() as db:
        for table in ("data", "storages", "labels", "jobs", "images"):
            left = await db.execute_fetchall(f"SELECT count(*) FROM {table}")
            assert next(iter(left))[0] == 0, table


# Datasets


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
    root = ElementTree.fromstring(archive.read("annotations.xml"))
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
    root = ElementTree.fromstring(archive.read("annotations.xml"))
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


@pytest.mark.parametrize("name", FORMATS)
async def test_every_format_takes_a_project_whose_tasks_have_images_of_one_name(
    api: Api, name: str
) -> None:
    project_id = (await make_project(api))["id"]
    person = (await labels_of(api, project_id=project_id))["person"]["id"]
    for _ in range(2):
        task_id = await add_member(api, project_id)
        await api.put(f"/tasks/{task_id}/annotations/", {"shapes": [rectangle(person)]})
    archive = await exported(api, project_id, name, images=True)
    names = archive.namelist()
    assert len(set(names)) == len(names)
    pictures = sorted(one.rpartition("/")[2] for one in names if one.endswith(".png"))
    assert [one for one in pictures if one.startswith("im")][:4] == [
        "im0.png",
        "im0_1.png",
        "im1.png",
        "im1_1.png",
    ]


async def test_a_project_without_tasks_is_an_empty_dataset(api: Api) -> None:
    project = await make_project(api)
    archive = await exported(api, project["id"], "CVAT for images 1.1")
    root = ElementTree.fromstring(archive.read("annotations.xml"))
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


# Tasks that move into a project


async def test_a_task_moved_into_a_project_has_its_labels_and_keeps_its_annotations(
    api: Api,
) -> None:
    model = {
        "name": "model",
        "mutable": False,
        "input_type": "text",
        "default_value": "",
        "values": [""],
    }
    kind = {**model, "name": "kind", "default_value": "van"}
    parked = LABELS[0]["attributes"][0]
    mine = [{"name": "car", "attributes": [model, parked]}, {"name": "person"}]
    task = await api.post("/tasks", {"name": "t", "labels": mine})
    await attach(api, task["id"])
    old = await labels_of(api, task_id=task["id"])
    specs = {one["name"]: one["id"] for one in old["car"]["attributes"]}
    values = [
        {"spec_id": specs["model"], "value": "m"},
        {"spec_id": specs["parked"], "value": "true"},
    ]
    sent = {
        "tags": [{"label_id": old["person"]["id"], "frame": 0}],
        "shapes": [rectangle(old["car"]["id"], attributes=values)],
        "tracks": [
            {
                "label_id": old["car"]["id"],
                "frame": 0,
                "attributes": values[:1],
                "shapes": [
                    {
                        "type": "rectangle",
                        "frame": 0,
                        "points": [1, 2, 3, 4],
                        "attributes": values[1:],
                    }
                ],
            }
        ],
    }
    await api.put(f"/tasks/{task['id']}/annotations/", sent)
    project = await api.post(
        "/projects",
        {
            "name": "p",
            "labels": [{"name": "person"}, {"name": "car", "attributes": [kind, parked]}],
        },
    )
    moved = await api.patch(f"/tasks/{task['id']}", {"project_id": project["id"]})
    assert (moved["project_id"], moved["project_name"]) == (project["id"], "p")
    new = await labels_of(api, task_id=task["id"])
    assert new == await labels_of(api, project_id=project["id"])
    specs = {one["name"]: one["id"] for one in new["car"]["attributes"]}
    expected = [
        {"spec_id": specs["kind"], "value": "van"},
        {"spec_id": specs["parked"], "value": "true"},
    ]
    held = await api.get(f"/tasks/{task['id']}/annotations/")
    assert [one["label_id"] for one in held["tags"]] == [new["person"]["id"]]
    assert held["shapes"][0]["label_id"] == new["car"]["id"]
    assert held["shapes"][0]["attributes"] == expected
    assert held["tracks"][0]["label_id"] == new["car"]["id"]
    assert held["tracks"][0]["attributes"] == expected[:1]
    assert held["tracks"][0]["shapes"][0]["attributes"] == expected[1:]
    # What a client reads it can write back.
    await api.put(f"/tasks/{task['id']}/annotations/", held)
    await api.get(f"/labels/{old['car']['id']}", expect=404)


def skeleton(*points: str) -> dict[str, Any]:
    """A skeleton with these points."""
    circles = "".join(
        f'<circle r="1" cx="{10 * at}" cy="9" data-type="element node" data-element-id="{at}" '
        f'data-node-id="{at}" data-label-name="{name}"></circle>'
        for at, name in enumerate(points, 1)
    )
    below = [{"name": name, "type": "points", "attributes": []} for name in points]
    return {"name": "body", "type": "skeleton", "sublabels": below, "svg": circles}


async def test_a_skeleton_moves_where_the_project_has_the_same_points(api: Api) -> None:
    task = await api.post("/tasks", {"name": "t", "labels": [skeleton("head", "foot")]})
    await attach(api, task["id"])
    old = (await labels_of(api, task_id=task["id"]))["body"]
    elements = [
        {"type": "points", "label_id": one["id"], "frame": 0, "points": [at, at]}
        for at, one in enumerate(old["sublabels"])
    ]
    body = {"type": "skeleton", "label_id": old["id"], "frame": 0, "elements": elements}
    await api.put(f"/tasks/{task['id']}/annotations/", {"shapes": [body]})
    other = await api.post("/projects", {"name": "o", "labels": [skeleton("head", "hand")]})
    await api.patch(f"/tasks/{task['id']}", {"project_id": other["id"]}, expect=400)
    project = await api.post("/projects", {"name": "p", "labels": [skeleton("foot", "head")]})
    await api.patch(f"/tasks/{task['id']}", {"project_id": project["id"]})
    new = (await labels_of(api, project_id=project["id"]))["body"]
    named = {one["id"]: one["name"] for one in new["sublabels"]}
    shape = (await api.get(f"/tasks/{task['id']}/annotations/"))["shapes"][0]
    assert shape["label_id"] == new["id"]
    assert {named[one["label_id"]]: one["points"] for one in shape["elements"]} == {
        "head": [0.0, 0.0],
        "foot": [1.0, 1.0],
    }


async def test_a_task_is_moved_only_where_its_labels_are(api: Api) -> None:
    project = await make_project(api)
    task = await api.post("/tasks", {"name": "t", "labels": [{"name": "tree"}]})
    error = await api.patch(f"/tasks/{task['id']}", {"project_id": project["id"]}, expect=400)
    assert error == ["Target project does not have label with name 'tree'"]
    assert list(await labels_of(api, task_id=task["id"])) == ["tree"]


async def test_labels_of_a_project_are_those_of_its_tasks(api: Api) -> None:
    project = await make_project(api)
    task_id = await add_member(api, project["id"])
    labels = await labels_of(api, task_id=task_id)
    shapes = [rectangle(labels[name]["id"]) for name in ("car", "person")]
    await api.put(f"/tasks/{task_id}/annotations/", {"shapes": shapes})
    changes = [
        {"id": labels["car"]["id"], "name": "auto"},
        {"id": labels["person"]["id"], "deleted": True},
        {"name": "tree"},
    ]
    await api.patch(f"/projects/{project['id']}", {"labels": changes})
    changed = await labels_of(api, task_id=task_id)
    assert list(changed) == ["auto", "tree"]
    assert changed["auto"]["project_id"] == project["id"]
    held = await api.get(f"/tasks/{task_id}/annotations/")
    assert [one["label_id"] for one in held["shapes"]] == [labels["car"]["id"]]
    error = await api.patch(
        f"/projects/{project['id']}", {"labels": [{"name": "auto"}]}, expect=400
    )
    assert error == ["All label names must be unique"]
    wrong = {"labels": [{"id": 999999, "name": "no"}]}
    error = await api.patch(f"/projects/{project['id']}", wrong, expect=404)
    assert error == {"detail": "Not found label with id #999999 to change"}
