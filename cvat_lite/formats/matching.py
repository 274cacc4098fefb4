"""What the names in a dataset mean in the task that it is read into.

Frames are found as CVAT finds them: by name, by name without extension, by the end of the path,
and by number for frames of a video. Labels are found by name; one that the task does not have is
an error. Attributes that the label does not have are left out (formats write some of their own),
the values of the others are checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isnan
from pathlib import PurePosixPath
from typing import Self

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.enums import InputType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import DatasetError

VIDEO_FRAME = re.compile(r"(?:.*/)?frame_(\d{6,18})$")
AttributeInput = str | bool | int | float


class FrameIndex:
    """Finds the frame that a name in a dataset means."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._by_number = {frame.number: frame for frame in target.frames}
        self._by_name = {frame.name: frame for frame in target.frames}
        self._by_item = {frame.item: frame for frame in target.frames}
        self._by_suffix: dict[str, Frame | None] | None = None

    def get(self, name: str) -> Frame | None:
        """The frame, or None; a name that more than one frame ends with means none."""
        name = name.replace("\\", "/").lstrip("/")
        found = self._by_name.get(name) or self._by_item.get(name)
        if found is None:
            item = str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).name else name
            found = (
                self._by_item.get(item)
                or self._of_video(item)
                or self._ending(name)
                or self._ending(item)
            )
        return found

    def require(self, name: str, file: str, where: str = "") -> Frame:
        """The frame; DatasetError if there is none."""
        frame = self.get(name)
        if frame is None:
            raise DatasetError(file, where, f"no frame of the task matches {name!r}")
        return frame

    def absolute(self, number: int) -> Frame | None:
        """The frame with this number in the media, or None."""
        relative = self._target.relative(number)
        return None if relative is None else self._by_number[relative]

    def _of_video(self, item: str) -> Frame | None:
        matched = VIDEO_FRAME.match(item)
        return self.absolute(int(matched[1])) if matched else None

    def _ending(self, item: str) -> Frame | None:
        """Either path may be the longer one: datasets add directories, and leave them out."""
        if self._by_suffix is None:
            self._by_suffix = {}
            for frame in self._target.frames:
                for ending in _endings(frame.item):
                    taken = ending in self._by_suffix
                    self._by_suffix[ending] = None if taken else frame
        found = self._by_suffix.get(item)
        if found is not None or item in self._by_suffix:
            return found
        return next((self._by_item[end] for end in _endings(item) if end in self._by_item), None)


def _endings(item: str) -> Iterable[str]:
    """The path without its first one, two, ... directories."""
    while "/" in item:
        item = item.partition("/")[2]
        yield item


class UnknownLabelError(DatasetError):
    """A label that the task does not have; ``name`` is what the dataset calls it."""

    def __init__(self, file: str, where: str, name: str) -> None:
        super().__init__(file, where, f"Label {name!r} is not registered for this task")
        self.name = name

    def __reduce__(self) -> tuple[type[UnknownLabelError], tuple[str, str, str]]:
        return type(self), (self.file, self.where, self.name)


class OpenLabels(tuple[Label, ...]):  # noqa: SLOT001 - a tuple has no room for them
    """Labels that may become more: one that is asked for and not among them is noted.

    ``met`` is the file in which each was first met, by name. What has been read when there is any
    tells nothing but that: it has to be read again with the labels that were met.
    """

    met: dict[str, str]

    @classmethod
    def of(cls, labels: Iterable[Label]) -> Self:
        """These labels, and none met yet."""
        made = cls(labels)
        made.met = {}
        return made

    def meet(self, name: str, file: str) -> Label:
        """Note a label; what stands for it meanwhile."""
        self.met.setdefault(name, file)
        return Label(0, name)


class LabelIndex:
    """Finds labels by name and makes the attribute values that they allow."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._open = labels if isinstance(labels, OpenLabels) else None
        self._labels = {label.name: label for label in labels}
        self._attributes = {
            label.id: {spec.name: spec for spec in label.attributes}
            for label in self._labels.values()
        }

    def get(self, name: str) -> Label | None:
        """The label, or None."""
        return self._labels.get(name)

    def require(self, name: str, file: str, where: str = "") -> Label:
        """The label; DatasetError, in CVAT's words, if the task does not have it."""
        label = self._labels.get(name)
        if label is not None:
            return label
        if self._open is not None:
            return self._open.meet(name, file)
        raise UnknownLabelError(file, where, name)

    def sublabels(self, label: Label) -> LabelIndex:
        """The index of a skeleton's sublabels."""
        return _sublabel_index(label)

    def specs(self, label: Label) -> Mapping[str, AttributeSpec]:
        """The label's attributes by name."""
        found = self._attributes.get(label.id)
        return {spec.name: spec for spec in label.attributes} if found is None else found

    def attributes(
        self, label: Label, values: Iterable[tuple[str, AttributeInput]], file: str, where: str = ""
    ) -> list[AttributeValue]:
        """The values of the label's own attributes; DatasetError for one that cannot be."""
        specs = self.specs(label)
        if not specs:
            return []
        return [
            AttributeValue(spec.id, attribute_text(spec, value, file, where))
            for name, value in values
            if (spec := specs.get(name)) is not None
        ]


@lru_cache(maxsize=256)
def _sublabel_index(label: Label) -> LabelIndex:
    return LabelIndex(label.sublabels)


def attribute_text(spec: AttributeSpec, value: AttributeInput, file: str, where: str) -> str:
    """The value as it stands on the wire; DatasetError if the attribute cannot have it."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float) and value.is_integer():
        text = str(int(value))
    else:
        text = str(value)
    if spec.input_type is InputType.CHECKBOX:
        text = text.lower()
        valid = text in ("true", "false")
    elif spec.input_type in (InputType.SELECT, InputType.RADIO):
        valid = not spec.values or text in spec.values
    elif spec.input_type is InputType.NUMBER:
        text, valid = _number(text)
    else:
        valid = True
    if not valid:
        raise DatasetError(file, where, f"attribute {spec.name!r} cannot have the value {text!r}")
    return text


def _number(text: str) -> tuple[str, bool]:
    """A number without the fraction ``.0`` that formats add to it."""
    try:
        value = float(text)
    except ValueError:
        return text, False
    return text.removesuffix(".0"), not isnan(value)
