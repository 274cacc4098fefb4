"""The data of reports: what sums up frames, jobs to a task, and tasks to a project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cvat_lite.domain.quality.matrix import Counts, counts_of, matrix, share
from cvat_lite.domain.quality.parameters import UNMATCHED, Parameters
from cvat_lite.domain.quality.scores import merged

Report = dict[str, Any]
COUNTS = ("valid_count", "missing_count", "extra_count", "total_count", "ds_count", "gt_count")
CONFLICT_COUNTS = ("conflict_count", "warning_count", "error_count")
#: Rules that reports of CVAT do not tell.
NOT_TOLD = frozenset({"attribute_rules", "attribute_default"})


@dataclass(frozen=True, slots=True)
class JobCounts:
    """The jobs of a task: all that could be in its report, and those that are not."""

    all: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    not_checkable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """The tasks of a project: all of them, and those with settings of their own or left out."""

    all: tuple[int, ...] = ()
    custom: tuple[int, ...] = ()
    not_configured: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()


def data_of_parameters(parameters: Parameters) -> dict[str, Any]:
    """The rules as reports tell them."""
    found = asdict(parameters)
    found["included_annotation_types"] = list(parameters.included_annotation_types)
    found["ignored_attributes"] = list(parameters.ignored_attributes)
    found["point_size_base"] = str(parameters.point_size_base)
    return {name: value for name, value in found.items() if name not in NOT_TOLD}


def summarized(
    results: Mapping[str, Mapping[str, Any]],
    frames: Sequence[int],
    total_frames: int,
    labels: Sequence[str],
) -> dict[str, Any]:
    """The summary of frame results; ``mean_iou`` is the mean of the frames'."""
    found = _summed(results.values(), labels)
    ious = [one["annotation_components"]["shape"]["mean_iou"] or 0.0 for one in results.values()]
    found["annotation_components"]["shape"]["mean_iou"] = share(sum(ious), len(ious))
    return {
        "frames": list(frames),
        "total_frames": total_frames,
        **found,
        "tasks": None,
        "jobs": None,
        **_frame_shares(len(frames), total_frames, found["conflict_count"]),
    }


def _frame_shares(frames: int, total: int, conflicts: int) -> dict[str, Any]:
    return {
        "frame_count": frames,
        "frame_share": share(frames, total),
        "mean_conflict_count": share(conflicts, frames),
    }


def _summed(parts: Iterable[Mapping[str, Any]], labels: Sequence[str]) -> dict[str, Any]:
    """Counts of frames or of summaries added up, with the figures that follow from them."""
    parts = list(parts)
    places = {name: place for place, name in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    sums: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    shape: Counter[str] = Counter()
    label: Counter[str] = Counter()
    for part in parts:
        stored = part["annotations"]["confusion_matrix"]
        if stored["labels"] == labels or tuple(stored["labels"]) == tuple(labels):
            counts += counts_of(stored)
        else:
            where = [places[name] for name in stored["labels"]]
            counts[np.ix_(where, where)] += counts_of(stored)
        _add(sums, part, CONFLICT_COUNTS)
        _add(sums, part["annotations"], COUNTS)
        _add(kinds, part["conflicts_by_type"], part["conflicts_by_type"])
        _add(shape, part["annotation_components"]["shape"], COUNTS)
        own = part["annotation_components"]["label"]
        _add(label, own, ("valid_count", "invalid_count", "total_count"))
    return {
        **{name: sums[name] for name in CONFLICT_COUNTS},
        "conflicts_by_type": dict(kinds),
        "annotations": _figures(sums, labels, counts),
        "annotation_components": {
            "shape": {
                **{name: shape[name] for name in COUNTS},
                "mean_iou": 0.0,
                "accuracy": share(shape["valid_count"], shape["total_count"]),
            },
            "label": {
                **{name: label[name] for name in ("valid_count", "invalid_count", "total_count")},
                "accuracy": share(label["valid_count"], label["total_count"]),
            },
        },
    }


def _add(sums: Counter[str], part: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        sums[name] += part[name]


def _figures(sums: Mapping[str, int], labels: Sequence[str], counts: Counts) -> dict[str, Any]:
    return {
        **{name: sums[name] for name in COUNTS},
        "confusion_matrix": matrix(labels, counts),
        "precision": share(sums["valid_count"], sums["ds_count"]),
        "recall": share(sums["valid_count"], sums["gt_count"]),
        "accuracy": share(sums["valid_count"], sums["total_count"]),
    }


def _labels(summaries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The labels of several matrices, in the order that they come up."""
    names: dict[str, None] = {}
    for one in summaries:
        names.update(dict.fromkeys(one["annotations"]["confusion_matrix"]["labels"][:-1]))
    return (*names, UNMATCHED)


def merge_jobs(
    reports: Mapping[int, Report], parameters: Parameters, total_frames: int, jobs: JobCounts
) -> Report:
    """The data of a task's report from that of its jobs; ``total_frames`` is the task's.

    A frame that several jobs have has the annotations and conflicts of all of them.
    """
    labels = _labels(report["comparison_summary"] for report in reports.values())
    shared: dict[int, list[Mapping[str, Any]]] = {}
    for _, report in sorted(reports.items()):
        for frame, result in report["frame_results"].items():
            shared.setdefault(int(frame), []).append(result)
    results = {
        str(frame): dict(found[0]) if len(found) == 1 else _merged_frame(found, labels)
        for frame, found in sorted(shared.items())
    }
    summary = summarized(results, sorted(shared), total_frames, labels)
    summary["jobs"] = {
        "all": list(jobs.all),
        "excluded": list(jobs.excluded),
        "not_checkable": list(jobs.not_checkable),
        "total_count": len(jobs.all),
        "excluded_count": len(jobs.excluded),
        "not_checkable_count": len(jobs.not_checkable),
        "included_count": len(jobs.all) - len({*jobs.excluded, *jobs.not_checkable}),
        "completed_count": sum(has_completed(report) for report in reports.values()),
    }
    return {
        "parameters": data_of_parameters(parameters),
        "comparison_summary": summary,
        "frame_results": results,
        "conflicts": [one for result in results.values() for one in result["conflicts"]],
        "requirements": merged([report.get("requirements", []) for report in reports.values()]),
        "requirement_count": _most_required(reports.values()),
    }


def _merged_frame(found: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> dict[str, Any]:
    """The results of several jobs on the same frame."""
    whole = _summed(found, labels)
    ious = [one["annotation_components"]["shape"]["mean_iou"] or 0.0 for one in found]
    whole["annotation_components"]["shape"]["mean_iou"] = share(sum(ious), len(ious))
    return {**whole, "conflicts": [each for one in found for each in one["conflicts"]]}


def merge_tasks(reports: Mapping[int, Report], parameters: Parameters, tasks: TaskCounts) -> Report:
    """The data of a project's report from that of its tasks; it has no frames of its own."""
    summaries = [report["comparison_summary"] for _, report in sorted(reports.items())]
    found = _summed(summaries, _labels(summaries))
    frames = sum(one["frame_count"] for one in summaries)
    total = sum(one["total_frames"] for one in summaries)
    ious = [one["annotation_components"]["shape"]["mean_iou"] or 0.0 for one in summaries]
    weighted = sum(iou * one["frame_count"] for iou, one in zip(ious, summaries, strict=True))
    found["annotation_components"]["shape"]["mean_iou"] = share(weighted, frames)
    return {
        "parameters": data_of_parameters(parameters),
        "comparison_summary": {
            "frames": None,
            "total_frames": total,
            **found,
            "tasks": {
                **{name: list(ids) for name, ids in asdict(tasks).items()},
                "total_count": len(tasks.all),
                "custom_count": len(tasks.custom),
                "not_configured_count": len(tasks.not_configured),
                "excluded_count": len(tasks.excluded),
                "included_count": len(tasks.all) - len({*tasks.not_configured, *tasks.excluded}),
                "completed_count": sum(has_completed(report) for report in reports.values()),
            },
            "jobs": _all_jobs(summaries),
            **_frame_shares(frames, total, found["conflict_count"]),
        },
        "frame_results": None,
        "conflicts": [],
        "requirements": merged([report.get("requirements", []) for report in reports.values()]),
        "requirement_count": _most_required(reports.values()),
    }


def _most_required(reports: Iterable[Mapping[str, Any]]) -> int:
    """How many requirements the reports are about, those that were not enabled included."""
    return max((report.get("requirement_count", 0) for report in reports), default=0)


def _all_jobs(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The jobs of all tasks."""
    parts = [one["jobs"] for one in summaries if one.get("jobs")]
    whole: dict[str, Any] = {
        name: [each for part in parts for each in part[name]]
        for name in ("all", "excluded", "not_checkable")
    }
    for name in ("total", "excluded", "not_checkable", "included", "completed"):
        whole[f"{name}_count"] = sum(part.get(f"{name}_count", 0) for part in parts)
    return whole


def has_completed(report: Mapping[str, Any]) -> bool:
    """Whether a report has requirements with scores, all of which reach what they have to."""
    scores = [
        (one["score"], one["threshold"])
        for one in report.get("requirements") or []
        if one["score"] is not None
    ]
    return bool(scores) and all(score >= threshold for score, threshold in scores)
