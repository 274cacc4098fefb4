"""CVAT's stored reports, computed again from the annotations that they were made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.quality.comparison import compare
from cvat_lite.domain.quality.parameters import Annotated, Label, Parameters, Scene
from cvat_lite.domain.quality.reports import JobCounts, TaskCounts, merge_jobs, merge_tasks

RECORDED = json.loads((Path(__file__).parents[2] / "data" / "quality_reports.json").read_text())
DUMP = Path(__file__).parents[4] / "shared" / "cvat_dump" / "data.json"
#: Task, job, ground truth, frames and what they are held against, frames of the job in all.
JOBS: dict[int, tuple[int, int, int, dict[int, int], int]] = {
    12: (22, 27, 28, {0: 0, 1: 1, 2: 2}, 11),
    14: (32, 54, 55, {1: 1, 3: 3}, 4),
    16: (33, 56, 58, {0: 8, 2: 9}, 5),
    17: (33, 57, 58, {5: 9, 6: 8}, 3),
}
#: The same of reports that versions before 2.25 made, which did not know all of today's figures.
OLDER: dict[int, tuple[int, int, int, dict[int, int], int]] = {
    4: (22, 27, 28, {0: 0, 1: 1, 2: 2}, 11),
    6: (22, 27, 28, {0: 0, 1: 1, 2: 2}, 11),
    8: (23, 31, 32, {}, 1),
    9: (23, 30, 32, {5: 5, 7: 7}, 5),
    10: (23, 29, 32, {4: 4}, 5),
}
#: Means of what was merged are 0 in stored reports, whatever the jobs have.
TASKS: dict[int, tuple[dict[int, int], int]] = {
    11: ({27: 12}, 11),
    13: ({54: 14}, 4),
    15: ({56: 16, 57: 17}, 8),
}


def stored(number: int) -> Any:
    return RECORDED["reports"][str(number)]["data"]


def parameters(number: int) -> Parameters:
    given = stored(number)["parameters"]
    return Parameters(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})


def computed(number: int) -> dict[str, Any]:
    task, job, truth, frames, total = {**JOBS, **OLDER}[number]
    sides = [
        Annotated(one, msgspec.convert(RECORDED["jobs"][str(one)], LabeledData), 20)
        for one in (job, truth)
    ]
    sizes = {int(frame): tuple(size) for frame, size in RECORDED["sizes"][str(task)].items()}
    labels = tuple(Label(**label) for label in RECORDED["labels"][str(task)])
    return compare(*sides, Scene(frames, total, labels, sizes), parameters(number))


def plain(report: dict[str, Any], *, mean: bool) -> Any:
    """A report without the order of what has none, and without what is new in it."""
    found = json.loads(json.dumps(report))
    for new in ("requirements", "requirement_count"):
        found.pop(new, None)
    parts = [found["comparison_summary"], *(found["frame_results"] or {}).values()]
    for part in parts:
        shape = part["annotation_components"]["shape"]
        shape["mean_iou"] = round(shape["mean_iou"], 9) if mean else None
        for conflict in part.get("conflicts", []):
            conflict.pop("attribute_names", None)
        part.get("conflicts", []).sort(key=json.dumps)
        part["frames"] = sorted(part.get("frames") or [])
        for counts in ("jobs", "tasks"):
            if part.get(counts):
                part[counts].pop("completed_count", None)
                for ids in part[counts].values():
                    if isinstance(ids, list):
                        ids.sort()
    for conflict in found["conflicts"]:
        conflict.pop("attribute_names", None)
    found["conflicts"].sort(key=lambda one: json.dumps(one, sort_keys=True))
    return sort_keys(found)


def sort_keys(tree: Any) -> Any:
    """Conflicts by what they say, not by the order of their keys."""
    if isinstance(tree, dict):
        return {key: sort_keys(tree[key]) for key in sorted(tree)}
    if isinstance(tree, list):
        found = [sort_keys(one) for one in tree]
        return sorted(found, key=json.dumps) if found and isinstance(found[0], dict) else found
    return tree


@pytest.mark.parametrize("number", JOBS)
def test_a_stored_report_of_a_job_comes_out_again(number: int) -> None:
    assert plain(computed(number), mean=True) == plain(stored(number), mean=True)


ACCURACY = "accuracy"


def part(ours: Any, theirs: Any) -> Any:
    """What is in ours of what is in theirs."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        # The accuracy of each label was worked out in other ways.
        known = {
            key: one for key, one in theirs.items() if type(one) is not list or key != ACCURACY
        }
        return {key: part(ours[key], value) for key, value in known.items()} | {
            key: value for key, value in theirs.items() if key not in known
        }
    if isinstance(theirs, list) and theirs and isinstance(theirs[0], dict):
        return sort_keys([part(one, theirs[0]) for one in ours])
    # Means of nothing were null once.
    return pytest.approx(ours) if isinstance(theirs, float) else ours or theirs


@pytest.mark.parametrize("number", OLDER)
def test_a_stored_report_of_an_older_version_comes_out_again(number: int) -> None:
    theirs = sort_keys(stored(number))
    ours = computed(number)
    for name in ("comparison_summary", "frame_results"):
        assert part(ours[name], theirs[name]) == theirs[name]


@pytest.mark.parametrize("number", TASKS)
def test_a_stored_report_of_a_task_is_that_of_its_jobs(number: int) -> None:
    jobs, total = TASKS[number]
    reports = {job: computed(report) for job, report in jobs.items()}
    found = merge_jobs(reports, parameters(number), total, JobCounts(tuple(jobs)))
    assert plain(found, mean=False) == plain(stored(number), mean=False)


def doubled(tree: Any) -> Any:
    """Counts twice, shares as they are."""
    if isinstance(tree, dict):
        return {key: doubled(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [doubled(one) for one in tree]
    return 2 * tree if isinstance(tree, int) else tree


def test_a_stored_report_of_a_project_is_that_of_its_tasks() -> None:
    tasks = {32: stored(13), 33: stored(15)}
    found = plain(merge_tasks(tasks, parameters(18), TaskCounts((32, 33))), mean=False)
    # CVAT counted the annotations of every task twice here, though not the conflicts.
    summary = found["comparison_summary"]
    for part in ("annotations", "annotation_components"):
        summary[part] = doubled(summary[part])
    assert found == plain(stored(18), mean=False)


@pytest.mark.skipif(not DUMP.exists(), reason="the dump is not there")
def test_the_recording_is_what_the_dump_has() -> None:
    dump = json.loads(DUMP.read_text())
    reports = {
        str(row["pk"]): json.loads(row["fields"]["data"])
        for row in dump
        if row["model"] == "quality_control.qualityreport" and str(row["pk"]) in RECORDED["reports"]
    }
    assert {number: report["data"] for number, report in RECORDED["reports"].items()} == reports
    shapes = {
        row["pk"]: row["fields"]["label"]
        for row in dump
        if row["model"] == "engine.labeledshape" and str(row["fields"]["job"]) in RECORDED["jobs"]
    }
    ours = {
        one["id"]: one["label_id"]
        for job in RECORDED["jobs"].values()
        for shape in job["shapes"]
        for one in (shape, *shape.get("elements", []))
    }
    assert ours == shapes
