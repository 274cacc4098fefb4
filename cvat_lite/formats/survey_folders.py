"""The surveys of formats whose directories tell the subsets, and whose lists tell the labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from cvat_lite.domain.dataset import DEFAULT_SUBSET
from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Source, Subset, Survey
from cvat_lite.formats.label_folders import NO_LABEL
from cvat_lite.formats.members import text_lines
from cvat_lite.formats.survey import numbered, placed, told_apart

COLORS = "label_colors.txt"
CLASSES = "class-descriptions"
INSIDE = r"(?:^|/)(?P<subset>[^/]+)/images/(?P<name>.+)"


@dataclass(frozen=True, slots=True)
class Listed:
    """The labels of a list with one a line, up to a tab."""

    file: str

    def __call__(self, source: Source) -> Iterator[str]:
        """The labels of the first file of that name."""
        for name in source.names():
            if PurePosixPath(name).name == self.file:
                yield from (line.partition("\t")[0] for _, line in text_lines(source, name))
                return


def colored(source: Source) -> Iterator[str]:
    """The labels of ``label_colors.txt``, which follow three numbers."""
    for name in source.names():
        if PurePosixPath(name).name == COLORS:
            lines = (line for _, line in text_lines(source, name) if not line.startswith("#"))
            yield from (line.split(None, 3)[3] for line in lines if len(line.split(None, 3)) == 4)
            return


def described(source: Source) -> Iterator[str]:
    """The names of the classes of Open Images; no line, and its reader tells what is wrong."""
    for file in source.names():
        if CLASSES in PurePosixPath(file).name:
            try:
                text = source.read(file).decode("utf-8-sig")
                rows = list(csv.reader(io.StringIO(text, newline="")))
            except (UnicodeDecodeError, csv.Error) as error:
                raise DatasetError(file, "", f"this is not CSV: {error}") from error
            yield from (cells[1] for cells in rows if len(cells) > 1)


camvid = placed(r"^(?P<subset>[^/]+)/(?P<name>.+)", labels=colored, hidden=r"(?:^|/)[^/]*annot/")
cityscapes = placed(
    r"(?:^|/)leftImg8bit/(?P<subset>[^/]+)/(?P<name>.+?)_leftImg8bit\.[^.]+$",
    labels=colored,
    hidden=r"(?:^|/)gt(?:Fine|Coarse)/",
)
icdar = placed(INSIDE, hidden=r"(?:^|/)[^/]*_GT\.bmp$")
kitti = placed(
    r"(?:^|/)(?P<subset>[^/]+)/image_2/(?P<name>.+)",
    hidden=r"(?:^|/)(?:instance|semantic|semantic_rgb)/",
)
labelme = placed(r"^(?P<subset>[^/]+)/(?P<name>.+)", hidden=r"(?:^|/)(?:Masks|Scribbles)/")
lfw = placed(
    r"(?:^|/)(?P<subset>[^/]+)/images/(?:[^/]+/)?(?P<name>[^/]+)$",
    labels=Listed("people.txt"),
)
market = placed(r"(?:^|/)bounding_box_(?P<subset>[^/]+)/(?P<name>.+)", r"(?:^|/)query/(?P<name>.+)")
mot = placed(r"(?:^|/)img1/(?P<name>.+)", labels=Listed("labels.txt"))
mots = placed(INSIDE, labels=Listed("labels.txt"), hidden=r"(?:^|/)instances/")
open_images = placed(
    r"(?:^|/)images/(?P<subset>[^/]+)/(?P<name>.+)", labels=described, hidden=r"(?:^|/)masks/"
)
widerface = placed(
    r"(?:^|/)WIDER_(?P<subset>[^/]+)/images/(?:\d+--[^/]+|no_label)/(?P<name>.+)",
    r"(?:^|/)WIDER_(?P<subset>[^/]+)/images/(?P<name>.+)",
    labels=Listed("labels.txt"),
)
vggface2 = placed(r"^(?P<subset>[^/]+)/[^/]+/(?P<name>.+)")


def imagenet(source: Source, pictures: Sequence[str]) -> Survey:
    """``LABEL/LABEL_NAME`` or ``LABEL/NAME``; one image may lie in several directories."""
    names: dict[str, list[str]] = {}
    labels = []
    for file in pictures:
        label, name = _of_class(file)
        labels.append(label)
        names.setdefault(name, []).append(file)
    subsets = (Subset(DEFAULT_SUBSET, told_apart(source, names)),) if names else ()
    lists = Listed("synsets.txt")(source)
    return Survey(subsets, numbered([*lists, *(one for one in labels if one != NO_LABEL)]))


def _of_class(file: str) -> tuple[str, str]:
    """The label and the name of an image: the first directory that what follows begins with."""
    parts = file.split("/")
    for place, part in enumerate(parts[:-1]):
        if parts[place + 1].startswith(f"{part}_"):
            return part, "/".join(parts[place + 1 :]).removeprefix(f"{part}_")
    return (parts[-2] if len(parts) > 1 else NO_LABEL), parts[-1]
