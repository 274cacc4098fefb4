"""What a worker reads of a job and its ground truth, what it sends back, how reports are merged."""

from __future__ import annotations

import json
import pickle

from cvat_lite.config import Config
from cvat_lite.domain.quality.parameters import Label, Parameters, Requirement, Scene
from cvat_lite.services.quality.work import Comparing, Merging, compare_job, merge, told_of
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
    body = compare_job(pickle.loads(pickle.dumps(work)))
    answer = json.loads(body)
    summary = answer["comparison_summary"]
    assert summary["annotations"]["accuracy"] == 1
    assert (summary["frames"], summary["frame_share"]) == ([1], 0.25)
    assert answer["frame_results"]["1"]["conflicts"] == told_of(body).conflicts == []
    assert answer["requirements"][0]["score"] == 1

    both = (jobs["annotation"],), (), ()
    merging = Merging({7: body}, frozenset({7}), Parameters(), 4, both)
    merged = merge(pickle.loads(pickle.dumps(merging)))
    whole = json.loads(merged.data)
    assert whole["comparison_summary"]["annotations"] == summary["annotations"]
    assert merged.short == {name: whole[name] for name in merged.short}
    assert merged.parts == {7: told_of(body)}
