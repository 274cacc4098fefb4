"""Which annotations a requirement is about: their kind, and a rule in JSON logic over them.

Rules are those of CVAT's lists and annotation filters (https://jsonlogic.com): and, or, !, ==, !=,
<, <=, >, >=, in and var. The facts of an annotation are ``label``, ``type`` (tag, shape or track),
``shape`` (rectangle, polygon and so on), ``frame``, ``occluded``, ``source``, ``objectID``,
``width`` and ``height`` of its box, and ``attr.<label>.<attribute>``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cvat_lite.domain.quality.items import Item, keypoints_of
from cvat_lite.domain.quality.keypoints import item_box
from cvat_lite.domain.quality.parameters import Label, Requirement

Facts = Mapping[str, Any]
Predicate = Callable[[Facts], bool]
#: Deeper rules are refused before they exhaust the stack.
DEEPEST = 50
KINDS = {"tag": "label", "rectangle": "bbox"}
KEYPOINT = "skeleton_keypoint"


def predicate(rule: str) -> Predicate:
    """What a rule says of an annotation's facts; an empty rule is true of all.

    ValueError if the text is no rule, or one with operators that there are not.
    """
    if not rule.strip():
        return lambda _: True
    try:
        tree = json.loads(rule)
    except RecursionError as error:
        raise ValueError("the rule is too deep") from error
    _check(tree, 0)
    return lambda facts: bool(_value(tree, facts))


def _check(tree: object, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("the rule is too deep")
    if isinstance(tree, list) and depth:
        for one in tree:
            _check(one, depth + 1)
        return
    if not isinstance(tree, dict):
        if depth == 0:
            raise ValueError("a rule is an object with one operator")
        return
    if len(tree) != 1:
        raise ValueError("each part of a rule has exactly one operator")
    name, given = next(iter(tree.items()))
    if name not in OPERATORS and name != "var":
        raise ValueError(f"there is no operator {name!r}")
    arguments = given if isinstance(given, list) else [given]
    wanted = ARITIES.get(name)
    if wanted is not None and not wanted[0] <= len(arguments) <= wanted[1]:
        raise ValueError(f"operator {name!r} does not take {len(arguments)} values")
    for one in arguments:
        _check(one, depth + 1)


def _value(tree: Any, facts: Facts) -> Any:
    if isinstance(tree, list):
        return [_value(one, facts) for one in tree]
    if not isinstance(tree, dict):
        return tree
    name, given = next(iter(tree.items()))
    arguments = given if isinstance(given, list) else [given]
    if name == "var":
        return _fact(facts, arguments)
    if name == "and":
        return all(_value(one, facts) for one in arguments)
    if name == "or":
        return any(_value(one, facts) for one in arguments)
    return OPERATORS[name](*(_value(one, facts) for one in arguments))


def _fact(facts: Facts, arguments: Sequence[Any]) -> Any:
    """A fact by its path; names of labels and attributes may have dots themselves."""
    path, fallback = str(arguments[0]), arguments[1] if len(arguments) > 1 else None
    if path.startswith("attr."):
        return facts["attr"].get(path.removeprefix("attr."), fallback)
    return facts.get(path, fallback)


def _equal(one: Any, other: Any) -> bool:
    """Equal, a number and its text included, as attributes are texts."""
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    if isinstance(one, str) != isinstance(other, str) and None not in (one, other):
        return str(one) == str(other) or _number(one) == _number(other)
    return bool(one == other)


def _number(value: Any) -> float:
    """A number, or one that is like no other."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _ascending(*values: Any) -> bool:
    numbers = [_number(value) for value in values]
    return all(a < b for a, b in pairwise(numbers))


def _rising(*values: Any) -> bool:
    numbers = [_number(value) for value in values]
    return all(a <= b for a, b in pairwise(numbers))


def _in(one: Any, other: Any) -> bool:
    if isinstance(other, list):
        return any(_equal(one, each) for each in other)
    return isinstance(other, str) and isinstance(one, str) and one in other


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "and": lambda *values: all(values),
    "or": lambda *values: any(values),
    "!": lambda value: not value,
    "==": _equal,
    "!=": lambda one, other: not _equal(one, other),
    "<": _ascending,
    "<=": _rising,
    ">": lambda one, other: _ascending(other, one),
    ">=": lambda one, other: _rising(other, one),
    "in": _in,
}
ARITIES = {
    "and": (1, 10_000),
    "or": (1, 10_000),
    "!": (1, 1),
    "==": (2, 2),
    "!=": (2, 2),
    "<": (2, 3),
    "<=": (2, 3),
    ">": (2, 2),
    ">=": (2, 2),
    "in": (2, 2),
    "var": (1, 2),
}


def facts(item: Item, frame: int, labels: Mapping[int, Label]) -> Facts:
    """What rules may ask of an annotation."""
    label = labels.get(item.label_id)
    name = label.name if label else ""
    specs = label.attributes if label else {}
    box = item_box(item)
    return {
        "label": name,
        "type": item.kind,
        "shape": item.shape_type,
        "frame": frame,
        "occluded": item.occluded,
        "source": item.source,
        "objectID": item.obj_id,
        "width": box[2] - box[0] if box else None,
        "height": box[3] - box[1] if box else None,
        "attr": {
            f"{name}.{specs[value.spec_id]}": value.value
            for value in item.attributes
            if value.spec_id in specs
        },
    }


def of_kind(items: Sequence[Item], requirement: Requirement) -> list[Item]:
    """The annotations of a requirement's kind; elements of skeletons as points."""
    kind = requirement.annotation_type
    if kind is None:
        return list(items)
    if kind == KEYPOINT:
        return [point for item in items if item.type == "skeleton" for point in keypoints_of(item)]
    return [item for item in items if item.type == KINDS.get(kind, kind)]
