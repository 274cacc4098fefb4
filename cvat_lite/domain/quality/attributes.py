"""Whether the values of attributes agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.domain.quality.parameters import Parameters

Comparator = Callable[[str, str], float]


def exact(one: str, other: str) -> float:
    """1 for equal texts, else 0."""
    return float(one == other)


def levenshtein(one: str, other: str) -> float:
    """1 less the number of edits from one text to the other, as a share of the longer one."""
    longest = max(len(one), len(other))
    if one == other or not longest:
        return 1.0
    row = list(range(len(other) + 1))
    for i, character in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, also in enumerate(other, start=1):
            cost = min(row[j] + 1, row[j - 1] + 1, before + (character != also))
            before, row[j] = row[j], cost
    return 1.0 - row[-1] / longest


COMPARATORS: Mapping[str, Comparator] = {"exact": exact, "levenshtein": levenshtein}


def attributes_agree(
    one: Sequence[AttributeValue], other: Sequence[AttributeValue], parameters: Parameters
) -> bool:
    """Whether both have the same attributes with values that agree, but for those ignored."""
    return next(differing(one, other, parameters), None) is None


def differing(
    one: Sequence[AttributeValue], other: Sequence[AttributeValue], parameters: Parameters
) -> Iterator[int]:
    """The ids of the attributes that only one side has or whose values do not agree."""
    if not one and not other:
        return
    first = {value.spec_id: value.value for value in one}
    second = {value.spec_id: value.value for value in other}
    for spec_id in sorted(first.keys() | second.keys()):
        rule = parameters.attribute_rules.get(spec_id, parameters.attribute_default)
        if spec_id in parameters.ignored_attributes or not rule.enabled:
            continue
        if spec_id not in first or spec_id not in second:
            yield spec_id
            continue
        alike = COMPARATORS[rule.comparator](first[spec_id], second[spec_id])
        if alike < (1.0 if rule.threshold is None else rule.threshold):
            yield spec_id
