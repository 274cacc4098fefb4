"""The server is killed while it judges a task: there is one whole report when it is up again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.images import png
from tests.test_kill import Victim
from tests.test_kill_backups import finished

FRAMES, JOBS, ROUNDS = 40, 4, 3


@pytest.mark.slow
def test_a_task_whose_judging_is_killed_is_judged_once_and_whole(tmp_path: Path) -> None:
    victim = Victim(tmp_path)
    labels = [{"name": "cat"}]
    size = FRAMES // JOBS
    task = victim.call(
        "POST", "/tasks", json={"name": "t", "labels": labels, "segment_size": size}
    )["id"]
    files = {f"client_files[{n}]": (f"{n:02}.png", png(40, 30, n)) for n in range(FRAMES)}
    sent = victim.call("POST", f"/tasks/{task}/data/", fields={"image_quality": "70", **files})
    finished(victim, sent["rq_id"])
    label = victim.call("GET", f"/labels?task_id={task}")["results"][0]["id"]
    frames = list(range(0, FRAMES, 2))
    choice = {"frame_selection_method": "manual", "frames": frames}
    truth = victim.call("POST", "/jobs", json={"type": "ground_truth", "task_id": task, **choice})[
        "id"
    ]
    shapes = [
        {"type": "rectangle", "label_id": label, "frame": frame, "points": [1, 2, 20, 25]}
        for frame in frames
    ]
    victim.call("PUT", f"/jobs/{truth}/annotations/", json={"shapes": shapes})
    done = {"stage": "acceptance", "state": "completed"}
    victim.call("PATCH", f"/jobs/{truth}", json=done)

    for number in range(ROUNDS):
        # Another annotation, or the reports of the jobs would hold.
        victim.call("PUT", f"/tasks/{task}/annotations/", json={"shapes": shapes[: JOBS * number]})
        body = json.dumps({"task_id": task})
        headers = {"Content-Type": "application/json"}
        asked = victim.call("POST", "/quality/reports", body=body, headers=headers)["rq_id"]
        time.sleep(0.15 * number)
        victim.kill()
        victim = Victim(tmp_path)
        made = finished(victim, asked)["result_id"]
        found = victim.call("GET", "/quality/reports?target=task&page_size=100")
        assert [one["id"] for one in found["results"]].count(made) == 1
        assert found["count"] == number + 1
        below = victim.call("GET", f"/quality/reports?parent_id={made}")["results"]
        assert len(below) == JOBS
        missed = len(frames) - min(JOBS * number, len(frames))
        report = victim.call("GET", f"/quality/reports/{made}")
        assert report["summary"]["conflict_count"] == missed
        assert sum(one["summary"]["conflict_count"] for one in below) == missed
    victim.kill()
