"""What happens to tasks and jobs is recorded as events."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cvat_lite.services.context import Server
from tests.api.people import recorded
from tests.api.test_annotations import first_job
from tests.api.test_assets import add_asset
from tests.api.test_tasks import make_task
from tests.client import Api


async def test_what_happens_to_tasks_and_jobs_is_recorded(api: Api) -> None:
    task = await make_task(api)
    await api.patch(f"/tasks/{task['id']}", {"name": "dogs"})
    job = await first_job(api, task)
    await api.patch(f"/jobs/{job}", {"state": "in progress"})
    await api.delete(f"/tasks/{task['id']}")
    started = await api.post("/events/export", expect=202)
    request = await api.finished(started["rq_id"])
    data = await api.get(request["result_url"].removeprefix(f"{api.url}/api"))
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    happened = [(row["scope"], row["obj_name"], row["obj_val"]) for row in rows]
    assert ("create:task", "cats", "") in happened
    assert ("update:task", "name", "dogs") in happened
    assert ("update:job", "state", "in progress") in happened
    assert ("delete:task", "dogs", "") in happened


async def told(server: Server, thing: str) -> list[tuple[object, ...]]:
    """What was recorded of one kind of things: scope, id, task, project, name and value."""
    names = ("scope", "obj_id", "task_id", "project_id", "obj_name", "obj_val")
    return [
        tuple(event.get(name) for name in names)
        for event in await recorded(server)
        if str(event["scope"]).endswith(f":{thing}")
    ]


async def test_changes_of_labels_are_recorded_with_what_changed(api: Api, server: Server) -> None:
    task = (await api.post("/tasks", {"name": "cats", "labels": [{"name": "cat"}]}))["id"]
    found = (await api.get("/labels", params={"task_id": task}))["results"][0]
    label = found["id"]
    await api.patch(f"/labels/{label}", {"name": "dog", "color": found["color"]})
    await api.delete(f"/labels/{label}")
    assert await told(server, "label") == [
        ("create:label", label, task, None, "cat", None),
        ("update:label", label, task, None, "name", "dog"),
        ("delete:label", label, task, None, "dog", None),
    ]


@pytest.mark.parametrize("kind", ["tasks", "projects"])
async def test_labels_changed_with_what_they_belong_to_are_recorded_one_by_one(
    api: Api, server: Server, kind: str
) -> None:
    labels = [{"name": "cat"}, {"name": "dog", "color": "#000001"}]
    owner = (await api.post(f"/{kind}", {"name": "pets", "labels": labels}))["id"]
    where = {f"{kind.removesuffix('s')}_id": owner}
    cat, dog = [one["id"] for one in (await api.get("/labels", params=where))["results"]]
    wanted = [
        {"id": cat, "deleted": True},
        {"id": dog, "name": "hound", "color": "#000001"},
        {"name": "bird"},
    ]
    await api.patch(f"/{kind}/{owner}", {"labels": wanted})
    bird = (await api.get("/labels", params={**where, "name": "bird"}))["results"][0]["id"]
    place = (owner, None) if kind == "tasks" else (None, owner)
    assert await told(server, "label") == [
        ("create:label", cat, *place, "cat", None),
        ("create:label", dog, *place, "dog", None),
        ("delete:label", cat, *place, "cat", None),
        ("update:label", dog, *place, "name", "hound"),
        ("create:label", bird, *place, "bird", None),
    ]


async def test_refused_changes_of_labels_record_nothing(api: Api, server: Server) -> None:
    task = (await api.post("/tasks", {"name": "cats", "labels": [{"name": "cat"}]}))["id"]
    await api.patch(f"/tasks/{task}", {"labels": [{"name": "dog"}, {"name": "cat"}]}, expect=400)
    assert [one[0] for one in await told(server, "label")] == ["create:label"]


async def test_what_happens_to_access_tokens_is_recorded_without_their_value(
    api: Api, server: Server
) -> None:
    token = await api.post("/auth/access_tokens", {"name": "script"})
    await api.patch(f"/auth/access_tokens/{token['id']}", {"read_only": False})
    await api.delete(f"/auth/access_tokens/{token['id']}")
    number = token["id"]
    assert await told(server, "token") == [
        ("create:token", number, None, None, "script", None),
        ("update:token", number, None, None, "read_only", "false"),
        ("delete:token", number, None, None, "script", None),
    ]
    assert token["value"] not in str(await recorded(server))


async def test_what_happens_to_assets_is_recorded_where_their_guide_is(
    api: Api, server: Server
) -> None:
    task = (await api.post("/tasks", {"name": "cats", "labels": []}))["id"]
    guide = (await api.post("/guides", {"task_id": task}))["id"]
    asset = await add_asset(api, guide, filename="paw.png")
    await api.delete(f"/assets/{asset['uuid']}")
    assert await told(server, "asset") == [
        ("create:asset", None, task, None, "paw.png", None),
        ("delete:asset", None, task, None, "paw.png", None),
    ]
    payloads = [one["payload"] for one in await recorded(server) if ":asset" in str(one["scope"])]
    assert [json.loads(str(one)) for one in payloads] == [{"uuid": asset["uuid"]}] * 2
