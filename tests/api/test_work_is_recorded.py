"""What happens to tasks and jobs is recorded as events."""

from __future__ import annotations

import csv
import io

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
