"""What a worker reads of a job and its ground truth, and what it sends back."""

from __future__ import annotations

import json
import pickle

from cvat_lite.config import Config
from cvat_lite.domain.quality.parameters import Label, Parameters, Requirement, Scene
from cvat_lite.services.quality.work import Comparing, compare_job
from tests.client import Api
from tests.validation import send, shape


async def test_a_job_is_compared_as_it_stands_in_the_store(api: Api, config: Config) -> None:
    task = await send(
        api, {"mode": "gt", "frame_selection_method": "manual", "frames": ["im1.png"]}
    )
    found = await api.get("/jobs", params={"task_id": task["id"], "sort": "id"})
    jobs = {job["type"]: job["id"] for job in reversed(found["results"])}
    labels = (await api.get("/labels", params={"task_id": task["id"]}))["results"]
    put = {"shapes": [shape(labels[0]["id"], 1)]}
    for job in jobs.values():
        await api.call("PUT", f"/jobs/{job}/annotations/", put)
    (database,) = config.data_dir.glob("*.sqlite3")
    scene = Scene({1: 1}, 4, tuple(Label(one["id"], one["name"]) for one in labels), {1: (41, 30)})
    requirements = (Requirement(1, "all", parameters=Parameters()),)
    work = Comparing(
        database, jobs["annotation"], jobs["ground_truth"], 3, 7, scene, Parameters(), requirements
    )
    answer = json.loads(compare_job(pickle.loads(pickle.dumps(work))))
    summary = answer["comparison_summary"]
    assert summary["annotations"]["accuracy"] == 1
    assert (summary["frames"], summary["frame_share"]) == ([1], 0.25)
    assert answer["conflicts"] == []
    assert answer["requirements"][0]["score"] == 1
