"""What happens to tasks and jobs is recorded as events."""

from __future__ import annotations

import csv
import io

from tests.api.people import recorded
from tests.api.test_annotations import first_job
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


async def test_changes_of_labels_are_recorded_with_what_changed(api: Api, server) -> None:
    task = await api.post("/tasks", {"name": "cats", "labels": [{"name": "cat"}]})
    found = await api.get("/labels", params={"task_id": task["id"]})
    label = found["results"][0]["id"]
    await api.patch(f"/labels/{label}", {"name": "dog", "color": found["results"][0]["color"]})
    await api.delete(f"/labels/{label}")
    told = [
        (event["scope"], event["obj_id"], event["task_id"], event["obj_name"], event["obj_val"])
        for event in await recorded(server)
        if str(event["scope"]).endswith(":label")
    ]
    assert told == [
        ("update:label", label, task["id"], "name", "dog"),
        ("delete:label", label, task["id"], "name", "dog"),
    ]
