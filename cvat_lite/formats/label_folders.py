"""Labels as the first directories of an image's path, which is where several formats put them."""

from __future__ import annotations

from cvat_lite.domain.labels import Label
from cvat_lite.formats.matching import LabelIndex
from cvat_lite.formats.members import one_line

NO_LABEL = "no_label"


def folder(label: str) -> str:
    """A label as directories, which do not lead out of the one that they are in."""
    parts = one_line(label).replace("\\", "_").split("/")
    return "/".join("_" if part in ("", ".", "..") else part for part in parts)


class LabelFolders:
    """Finds the label that a path begins with; of several the one with the longest name."""

    def __init__(self, labels: LabelIndex, names: tuple[str, ...]) -> None:
        self._labels = labels
        self._names = {folder(name): name for name in names}

    def split(self, path: str) -> tuple[Label | None, str]:
        """The label and the path below it; no label and the path if it begins with none."""
        place = len(path)
        while (place := path.rfind("/", 0, place)) > 0:
            name = self._names.get(path[:place])
            if name is not None:
                return self._labels.get(name), path[place + 1 :]
        return None, path

    def require(self, path: str, file: str, where: str = "") -> tuple[Label | None, str]:
        """The same of a path that begins with a label or ``no_label``; else DatasetError."""
        label, rest = self.split(path)
        first, slash, below = path.partition("/")
        if label is None and slash:
            if first != NO_LABEL:
                self._labels.require(first, file, where)
            rest = below
        return label, rest
