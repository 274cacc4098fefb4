"""What the API tells of a report without its data: CVAT 2.73's keys and those of 2.80."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PLAIN = (
    "conflict_count",
    "warning_count",
    "error_count",
    "conflicts_by_type",
)
FIGURES = (
    "valid_count",
    "ds_count",
    "gt_count",
    "total_count",
    "accuracy",
    "precision",
    "recall",
)
JOBS = ("total", "excluded", "not_checkable", "included", "completed")
TASKS = ("total", "custom", "not_configured", "excluded", "included", "completed")
ITEM = (
    "requirement_id",
    "name",
    "metric",
    "score",
    "score_components",
    "calculation",
    "threshold",
)


def summary(data: Mapping[str, Any], target: str) -> dict[str, Any]:
    """The ``summary`` of a report of a job, task or project.

    Reports of older versions lack some of the counts.
    """
    found = data["comparison_summary"]
    frames = found["frame_count"]
    total = found.get("total_frames")
    if total is None:
        # Reports of before 2025 tell the share only.
        total = round(frames / found["frame_share"]) if found["frame_share"] else 0
    told: dict[str, Any] = {
        "total_frames": total,
        "frame_count": frames,
        "validation_frames": frames,
        "frame_share": found["frame_share"],
        "validation_frame_share": found["frame_share"],
        **{name: found[name] for name in PLAIN},
        **{name: found["annotations"][name] for name in FIGURES},
    }
    if target == "project" and found.get("tasks"):
        told["tasks"] = _counts(found["tasks"], TASKS)
    if target != "job" and found.get("jobs"):
        told["jobs"] = _counts(found["jobs"], JOBS)
    told["requirements"] = requirements(data)
    return told


def _counts(stored: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, int]:
    return {name: stored.get(f"{name}_count", 0) for name in names}


def requirements(data: Mapping[str, Any]) -> dict[str, Any]:
    """How the requirements of a report came out; the total counts those not enabled as well."""
    found = data.get("requirements") or []
    scores = [(one["score"], one["threshold"]) for one in found if one["score"] is not None]
    return {
        "total": data.get("requirement_count", len(found)),
        "enabled": len(found),
        "completed": sum(score >= threshold for score, threshold in scores),
        "not_computed": len(found) - len(scores),
        "items": [{name: one[name] for name in ITEM} for one in found],
    }
