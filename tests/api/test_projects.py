"""Projects: made, found, shared out and removed with their tasks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvat_lite.services.context import Server
from tests.api.people import acting_as, add_user, recorded
from tests.api.test_tasks import form
from tests.client import Api
from tests.images import png

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
    projects = [one for one in found if str(one["scope"]).endswith(":project")]
    scopes = [one["scope"] for one in projects]
    assert scopes == ["create:project", "update:project", "delete:project"]
    assert (projects[1]["obj_name"], projects[1]["obj_val"]) == ("name", "q")


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
    wanted = {"names_only": "true", "search": "p"}
    # Without the fields that all other projects have; CVAT's document does not tell either.
    page = await api.get("/projects", params=wanted, documented=False)
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
