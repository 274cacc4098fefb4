"""What the formats of the ICDAR Robust Reading Competition have in common: texts and their label.

Those formats have no labels. What is read from them has the label ``icdar``, as in CVAT; the text
is its attribute ``text``. On export any label's attribute of that name is the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.domain.dataset import Dataset
from cvat_lite.formats.attributes import TypedValue, typed_attributes
from cvat_lite.formats.members import one_line

LABEL = "icdar"
TEXT = "text"
QUOTED = re.compile(r'^(?P<before>.*?)"(?P<text>(?:\\.|[^\\])*)"\s*$')


def attributes_of(
    dataset: Dataset, label_id: int, values: Sequence[AttributeValue]
) -> dict[str, TypedValue]:
    """The attributes of an annotation by name, defaults filled in."""
    return typed_attributes(dataset.labels_by_id[label_id], values)


def quoted(text: str) -> str:
    """The text in quotes on one line; quotes and backslashes in it have a backslash."""
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def split_text(line: str) -> tuple[str, str | None]:
    """What comes before the quoted text of a line, and the text, None if none is quoted."""
    match = QUOTED.match(line)
    if match is None:
        return line, None
    return match["before"], re.sub(r"\\(.)", r"\1", match["text"])
