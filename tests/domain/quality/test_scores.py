"""Matrices, requirements, filters, merged reports and their summaries."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cvat_lite.domain.quality.attributes import levenshtein
from cvat_lite.domain.quality.matrix import complete, confusion_csv, matrix
from cvat_lite.domain.quality.parameters import AttributeRule, Metric, Parameters, Requirement
from cvat_lite.domain.quality.reports import JobCounts, TaskCounts, merge_jobs, merge_tasks
from cvat_lite.domain.quality.selection import predicate
from cvat_lite.domain.quality.summary import summary
from tests.domain.quality.scenes import (
    CAR,
    PERSON,
    body,
    box,
    figures,
    report,
    tag,
    value,
)

#: Of a: two right, one taken for b; of b: one right; one a too much, two b missing.
COUNTS = np.array([[2, 0, 1], [1, 1, 0], [0, 2, 0]])
STORED = matrix(["a", "b", "unmatched"], COUNTS)


def test_the_figures_of_a_matrix_are_those_of_each_label() -> None:
    found = complete(STORED, Metric.MEAN_DICE)
    assert found["precision"] == [2 / 3, 1 / 2, 0]
    assert found["recall"] == [2 / 3, 1 / 3, 0]
    assert found["jaccard_index"] == [2 / 4, 1 / 4, 0]
    assert found["dice"] == [4 / 6, 2 / 5, 0]
    assert found["accuracy"] == [5 / 7, 4 / 7, 4 / 7]


@pytest.mark.parametrize(
    ("metric", "micro", "mean", "worst"),
    [
        ("accuracy", 3 / 7, (5 / 7 + 4 / 7) / 2, 4 / 7),
        ("mean_precision", 3 / 5, (2 / 3 + 1 / 2) / 2, 1 / 2),
        ("label_recall", 3 / 6, (2 / 3 + 1 / 3) / 2, 1 / 3),
        ("mean_jaccard_index", 3 / 8, (2 / 4 + 1 / 4) / 2, 1 / 4),
        ("label_dice", 6 / 11, (4 / 6 + 2 / 5) / 2, 2 / 5),
    ],
)
def test_a_metric_is_over_all_the_mean_of_labels_or_the_worst(
    metric: str, micro: float, mean: float, worst: float
) -> None:
    found = complete(STORED, Metric(metric))["target_metric_summary"]
    assert found["values"] == pytest.approx({"micro": micro, "mean": mean, "label": worst})
    assert found["worst_labels"] == ["b"]
    assert metric in (found["metric"], f"{found['aggregation']}_{found['metric']}")


def test_a_matrix_is_written_as_a_table_that_no_spreadsheet_computes() -> None:
    text = confusion_csv({"labels": ["=1+1", 'a "b", c'], "rows": [[1, 2], [3, 4]]})
    assert text == ',\'=1+1,"a ""b"", c"\n\'=1+1,1,2\n"a ""b"", c",3,4\n'


def test_levenshtein_counts_edits_as_a_share_of_the_longer_text() -> None:
    assert levenshtein("kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert levenshtein("", "") == 1
    assert levenshtein("", "ab") == 0


def results(*requirements: Requirement) -> list[dict[str, Any]]:
    """A car that agrees, a person that is missing, a tag too much, and a skeleton half right."""
    plate = [value(11, "A 1")]
    job = [box(0, 0, 9, 9, attributes=plate), tag(CAR), body([10, 10], [50, 50])]
    truth = [
        box(0, 0, 9, 9, attributes=plate),
        box(20, 20, 30, 30, label_id=PERSON, occluded=True),
        body([10, 10], [50, 90]),
    ]
    found: list[dict[str, Any]] = report(job, truth, requirements=requirements)["requirements"]
    return found


@pytest.mark.parametrize(
    ("annotation_type", "rule", "counts"),
    [
        (None, "", (2, 1, 1)),
        ("rectangle", "", (1, 1, 0)),
        ("tag", "", (0, 0, 1)),
        ("skeleton", "", (1, 0, 0)),
        ("skeleton_keypoint", "", (1, 1, 1)),
        ("rectangle", '{"==": [{"var": "label"}, "car"]}', (1, 0, 0)),
        (None, '{"==": [{"var": "occluded"}, true]}', (0, 1, 0)),
        (None, '{"in": [{"var": "shape"}, ["rectangle", "polygon"]]}', (1, 1, 0)),
        (None, '{"==": [{"var": "attr.car.plate"}, "A 1"]}', (1, 0, 0)),
        (None, '{"and": [{">": [{"var": "width"}, 9]}, {"!": {"var": "occluded"}}]}', (1, 0, 0)),
    ],
)
def test_a_requirement_is_about_a_kind_and_what_its_rule_is_true_of(
    annotation_type: str | None, rule: str, counts: tuple[int, int, int]
) -> None:
    requirement = Requirement(1, "some", annotation_type=annotation_type, filter=rule)
    (found,) = results(requirement)
    assert tuple(found["score_components"].values()) == counts
    assert found["calculation"] == {"status": "computed"}
    assert found["score"] == pytest.approx(counts[0] / sum(counts))


def test_a_requirement_that_nothing_is_known_of_has_no_score_but_a_reason() -> None:
    ruled = Parameters(attribute_rules={99: AttributeRule()})
    found = results(
        Requirement(1, "no masks", annotation_type="mask"),
        Requirement(2, "no trucks", filter='{"==": [{"var": "label"}, "truck"]}'),
        Requirement(3, "no such attribute", parameters=ruled),
        Requirement(4, "off", enabled=False),
    )
    assert [one["calculation"].get("reason") for one in found] == [
        "no_annotations",
        "filter_no_matches",
        "required_attributes_missing",
    ]
    assert [one["score"] for one in found] == [None, None, None]


@pytest.mark.parametrize(
    "rule",
    [
        "{",
        "[]",
        "1",
        "{}",
        '{"var": "label", "==": [1, 1]}',
        '{"reduce": [1]}',
        '{"==": [1]}',
        '{"!": ' * 60 + "1" + "}" * 60,
        "[" * 100_000,
    ],
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError):
        predicate(rule)


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ('{"or": [{"==": [{"var": "a"}, 2]}, {"==": [{"var": "a"}, "1"]}]}', True),
        ('{"<": [0, {"var": "a"}, 2]}', True),
        ('{"<=": [{"var": "a"}, 0]}', False),
        ('{">=": [{"var": "a"}, 1]}', True),
        ('{"<": [{"var": "none"}, 1]}', False),
        ('{"!=": [{"var": ["none", 5]}, 5]}', False),
        ('{"in": ["b", "abc"]}', True),
        ('{"in": [{"var": "a"}, 5]}', False),
        ('{"==": [{"var": "yes"}, "true"]}', True),
        ("", True),
    ],
)
def test_rules_are_json_logic(rule: str, answer: bool) -> None:
    assert predicate(rule)({"a": 1, "yes": True, "attr": {}}) is answer


def jobs() -> dict[int, dict[str, Any]]:
    wanted = [Requirement(1, "boxes", Metric.RECALL, 0.6, annotation_type="rectangle")]
    right = report([box(0, 0, 9, 9)], [box(0, 0, 9, 9)], requirements=wanted)
    wrong = report([], [box(0, 0, 9, 9)], requirements=wanted)
    return {1: right, 2: wrong}


def test_jobs_that_share_a_frame_add_up_in_the_report_of_their_task() -> None:
    found = merge_jobs(jobs(), Parameters(), 10, JobCounts((1, 2, 3), (3,)))
    assert figures(found) == (1, 1, 0, 2)
    assert found["comparison_summary"]["frames"] == [0]
    assert found["comparison_summary"]["frame_share"] == 0.1
    frame = found["frame_results"]["0"]
    assert frame["annotations"]["recall"] == 0.5
    assert len(frame["conflicts"]) == len(found["conflicts"]) == 1
    assert frame["annotation_components"]["shape"]["mean_iou"] == 0.5
    (requirement,) = found["requirements"]
    assert (requirement["score"], requirement["threshold"]) == (0.5, 0.6)


def test_the_summary_tells_what_both_versions_of_the_api_do() -> None:
    task = merge_jobs(jobs(), Parameters(), 10, JobCounts((1, 2, 3), (3,)))
    project = merge_tasks({5: task, 6: task}, Parameters(), TaskCounts((5, 6, 7), (6,), (7,)))
    found = summary({**project, "requirement_count": 4}, "project")
    assert found["tasks"] == {
        "total": 3,
        "custom": 1,
        "not_configured": 1,
        "excluded": 0,
        "included": 2,
        "completed": 0,
    }
    assert found["jobs"] == {
        "total": 6,
        "excluded": 2,
        "not_checkable": 0,
        "included": 4,
        "completed": 2,
    }
    assert (found["total_frames"], found["validation_frames"]) == (20, 2)
    assert (found["conflict_count"], found["error_count"], found["accuracy"]) == (2, 2, 0.5)
    items = found["requirements"].pop("items")
    assert found["requirements"] == {"total": 4, "enabled": 1, "completed": 0, "not_computed": 0}
    assert items[0]["score_components"]["missing_count"] == 2
    assert "jobs" not in summary(jobs()[1], "job")
    assert summary(jobs()[1], "job")["requirements"]["completed"] == 1


def test_labels_that_only_one_task_has_stay_apart_in_a_project() -> None:
    task = merge_jobs(jobs(), Parameters(), 10, JobCounts((1, 2)))
    other = json.loads(json.dumps(task).replace('"person"', '"tree"'))
    found = merge_tasks({5: task, 6: other}, Parameters(), TaskCounts((5, 6)))
    labels = found["comparison_summary"]["annotations"]["confusion_matrix"]["labels"]
    assert labels == ["car", "person", "body", "tree", "unmatched"]
    assert figures(found) == (2, 2, 0, 4)


def test_a_report_of_nothing_is_all_zeros() -> None:
    found = merge_jobs({}, Parameters(), 0, JobCounts())
    assert figures(found) == (0, 0, 0, 0)
    assert found["comparison_summary"]["frame_share"] == 0
    old = {"comparison_summary": {**found["comparison_summary"], "total_frames": None}}
    assert summary(old, "task")["total_frames"] == 0
