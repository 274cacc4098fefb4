"""Labels of projects: shared by their tasks, and taken over by tasks that move in."""

from __future__ import annotations

from typing import Any

from tests.api.test_projects import LABELS, add_member, attach, make_project
from tests.client import Api


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
