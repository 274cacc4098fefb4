"""What the labels of a dataset are in a project.

A project without labels gets the dataset's; in one that has some, all of the dataset's must be
among them. This is what CVAT does, and the words are its.
"""

from __future__ import annotations

from collections.abc import Iterable

from cvat_lite.domain.labels import Label
from cvat_lite.errors import DatasetError

LONGEST = 64


def check_known(labels: Iterable[Label], known: Iterable[Label], file: str) -> None:
    """DatasetError for a label that the project has neither as a label nor within a skeleton."""
    names = {one.name for label in known for one in (label, *label.sublabels)}
    for label in labels:
        if label.name not in names:
            raise missing(label.name, file)


def missing(name: str, file: str) -> DatasetError:
    """What is wrong with a dataset that has a label which the project lacks."""
    return DatasetError(file, "", f"Target project does not have label with name {name!r}")


def check_new(labels: Iterable[Label], file: str) -> None:
    """DatasetError for labels that cannot be made."""
    seen: set[str] = set()
    for label in labels:
        for one in (label, *label.sublabels):
            specs = [spec.name for spec in one.attributes]
            if not one.name or max(map(len, [one.name, *specs])) > LONGEST or not all(specs):
                why = f"a name of a label or attribute has 1 to {LONGEST} characters"
                raise DatasetError(file, f"label {one.name!r}", why)
            if len(set(specs)) < len(specs):
                raise DatasetError(file, f"label {one.name!r}", "two attributes have one name")
        below = [one.name for one in label.sublabels]
        if label.name in seen or len(set(below)) < len(below):
            raise DatasetError(file, f"label {label.name!r}", "All label names must be unique")
        seen.add(label.name)
