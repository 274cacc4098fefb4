"""Which annotations of two sides are the same thing.

Pairs that are alike enough are assigned so that the sum of their likeness is the greatest, each
annotation to one of the other side at most. Labels are not looked at here: a pair of two labels is
a pair, with the wrong label. That is how CVAT's reports count.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.matching import assign

Likeness = NDArray[np.float64]


@dataclass(slots=True)
class Pairs:
    """Places of pairs (truth, job) and of what stayed alone on either side."""

    matched: list[tuple[int, int]] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)


def pair_up(likeness: Likeness, threshold: float) -> Pairs:
    """The pairs among rows and columns with a likeness (0 to 1) of at least ``threshold``.

    Rows and columns that could be paired fall into groups that have nothing to do with each
    other; most are a single pair. Likeness of 0 is never a pair.
    """
    rows, columns = likeness.shape
    matched: list[tuple[int, int]] = []
    if rows and columns:
        # Thresholds are compared as distances by CVAT; a hair's breadth is rounding.
        possible = (likeness >= threshold - 1e-12) & (likeness > 0)
        matched = _assigned(likeness, possible)
    lefts, rights = {row for row, _ in matched}, {column for _, column in matched}
    return Pairs(
        matched,
        [row for row in range(rows) if row not in lefts],
        [column for column in range(columns) if column not in rights],
    )


def _assigned(likeness: Likeness, possible: NDArray[np.bool_]) -> list[tuple[int, int]]:
    by_row: dict[int, list[int]] = {}
    by_column: dict[int, list[int]] = {}
    for row, column in zip(*(axis.tolist() for axis in np.nonzero(possible)), strict=True):
        by_row.setdefault(row, []).append(column)
        by_column.setdefault(column, []).append(row)
    matched: list[tuple[int, int]] = []
    seen: set[int] = set()
    for start, first in by_row.items():
        if start in seen:
            continue
        if len(first) == 1 and len(by_column[first[0]]) == 1:
            matched.append((start, first[0]))
            continue
        rows, columns = _group(start, by_row, by_column)
        seen.update(rows)
        block = np.ix_(rows, columns)
        costs = np.where(possible[block], 1.0 - likeness[block], 1.0)
        pairs = [(rows[i], columns[j]) for i, j in assign(costs.tolist())]
        matched += [pair for pair in pairs if possible[pair]]
    return sorted(matched)


def _group(
    start: int, by_row: dict[int, list[int]], by_column: dict[int, list[int]]
) -> tuple[list[int], list[int]]:
    """The rows and columns that hang together with one row."""
    rows, columns, waiting = {start}, set[int](), [start]
    while waiting:
        for column in by_row[waiting.pop()]:
            if column not in columns:
                columns.add(column)
                fresh = [row for row in by_column[column] if row not in rows]
                rows.update(fresh)
                waiting += fresh
    return sorted(rows), sorted(columns)
