"""The confusion matrix of labels, and the figures that follow from it.

Rows are the labels that the job gave, columns those of the ground truth; the last row and column
are what had no partner. Shares of nothing are 0. Of a label that nobody gave or should have given
accuracy is that of all others: it is right not to be there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.quality.parameters import Metric

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Matrix = dict[str, Any]
FIGURES = ("accuracy", "precision", "recall", "jaccard_index", "dice")


def shares(part: Floats | Counts, whole: Floats | Counts) -> Floats:
    """A part of a whole, element by element; 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)


def share(part: float, whole: float) -> float:
    """A part of a whole, 0 where there is none."""
    return part / whole if whole else 0.0


def figures(counts: Counts) -> dict[str, Floats]:
    """The figures of each label (and of what is unmatched) by name, 0 to 1."""
    right = np.diagonal(counts)
    given, due, total = counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    wrong = given + due - 2 * right
    return {
        "accuracy": shares(total - wrong, np.full(len(counts), total)),
        "precision": shares(right, given),
        "recall": shares(right, due),
        "jaccard_index": shares(right, given + due - right),
        "dice": shares(2 * right, given + due),
    }


def matrix(labels: Sequence[str], counts: Counts) -> Matrix:
    """The matrix as stored reports have it; ``labels`` end with what stands for no partner."""
    found = figures(counts)
    return {
        "labels": list(labels),
        "rows": counts.tolist(),
        "axes": {"cols": "gt", "rows": "ds"},
        "precision": found["precision"].tolist(),
        "recall": found["recall"].tolist(),
        "accuracy": found["accuracy"].tolist(),
        "jaccard_index": found["jaccard_index"].tolist(),
    }


def counts_of(stored: Mapping[str, Any]) -> Counts:
    """The counts of a stored matrix."""
    return np.asarray(stored["rows"], dtype=np.int64).reshape(len(stored["labels"]), -1)


def components(counts: Counts) -> dict[str, int]:
    """How many are right, missing, too much, in all, of the job and of the ground truth."""
    return {
        "valid_count": int(np.trace(counts[:-1, :-1])),
        "missing_count": int(counts[-1, :-1].sum()),
        "extra_count": int(counts[:-1, -1].sum()),
        "total_count": int(counts.sum()),
        "ds_count": int(counts[:-1].sum()),
        "gt_count": int(counts[:, :-1].sum()),
    }


def overall(counts: Counts) -> dict[str, float]:
    """The figures over all labels: every annotation counts the same."""
    found = components(counts)
    valid, given, due = found["valid_count"], found["ds_count"], found["gt_count"]
    return {
        "accuracy": share(valid, found["total_count"]),
        "precision": share(valid, given),
        "recall": share(valid, due),
        "jaccard_index": share(valid, given + due - valid),
        "dice": share(2 * valid, given + due),
    }


def aggregation_of(metric: Metric) -> tuple[str, str]:
    """The figure that a metric is about, and how it is put together: micro, mean or label."""
    for aggregation in ("mean", "label"):
        if metric.value.startswith(f"{aggregation}_"):
            return metric.value.removeprefix(f"{aggregation}_"), aggregation
    return metric.value, "micro"


def target_summary(labels: Sequence[str], counts: Counts, metric: Metric) -> dict[str, Any]:
    """A metric's figure over all, as the mean of labels, and of the worst of them.

    Labels that neither side has do not count; where there are none the values are None.
    """
    figure, aggregation = aggregation_of(metric)
    occurring = (counts.sum(axis=0) + counts.sum(axis=1))[:-1] > 0
    values = figures(counts)[figure][:-1][occurring]
    names = [name for name, there in zip(labels, occurring, strict=False) if there]
    worst = float(values.min()) if values.size else None
    return {
        "metric": figure,
        "aggregation": aggregation,
        "values": {
            "micro": overall(counts)[figure] if values.size else None,
            "mean": float(values.mean()) if values.size else None,
            "label": worst,
        },
        "worst_labels": [
            name for name, value in zip(names, values.tolist(), strict=True) if value == worst
        ],
    }


def complete(stored: Mapping[str, Any], metric: Metric) -> Matrix:
    """A stored matrix with what API 2.80 adds: Dice's coefficients and the target metric."""
    counts, labels = counts_of(stored), list(stored["labels"])
    return {
        **matrix(labels, counts),
        "dice": figures(counts)["dice"].tolist(),
        "target_metric_summary": target_summary(labels, counts, metric),
    }


def confusion_csv(stored: Mapping[str, Any]) -> str:
    """A stored matrix as comma separated values: labels of the job down, of the truth across."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["", *map(_plain, stored["labels"])])
    for name, row in zip(stored["labels"], stored["rows"], strict=True):
        writer.writerow([_plain(name), *row])
    return text.getvalue()


def _plain(name: str) -> str:
    """A label that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
