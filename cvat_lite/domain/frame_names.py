"""Names of frames that tell the frames of a project's tasks apart.

Two tasks of one subset may have images of one name, which a dataset would lay over each other.
The later one is numbered (``a.jpg``, ``a_1.jpg``), as CVAT does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cvat_lite.domain.dataset import Frame


class UniqueNames:
    """The names that frames have so far, subset by subset; what counts is ``Frame.item``.

    Formats name the annotations of an image by that, so that ``a.jpg`` and ``a.png`` of two tasks
    are in each other's way as well. Frames of one task keep the names they have among themselves.
    """

    def __init__(self) -> None:
        self._taken: dict[str, set[str]] = {}
        self._last: dict[tuple[str, str], int] = {}

    def told_apart(self, subset: str, frames: Sequence[Frame]) -> tuple[Frame, ...]:
        """The frames of one more task, those renamed whose name another task has already."""
        taken = self._taken.setdefault(subset, set())
        others = frozenset(taken)
        taken.update(frame.item for frame in frames)
        return tuple(
            self._renamed(subset, frame) if frame.item in others else frame for frame in frames
        )

    def _renamed(self, subset: str, frame: Frame) -> Frame:
        """The frame under a name that nothing else has."""
        taken, item = self._taken[subset], frame.item
        suffix = frame.name[len(item) :]
        number = self._last.get((subset, item), 0) + 1
        while f"{item}_{number}" in taken:
            number += 1
        self._last[subset, item] = number
        taken.add(f"{item}_{number}")
        return replace(frame, name=f"{item}_{number}{suffix}")
