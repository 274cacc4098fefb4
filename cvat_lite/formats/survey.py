"""Finding the images of a dataset, its subsets and labels, before there are tasks to read it into.

What is here serves the surveys of many formats: pictures found by what a dataset calls them, or by
the directories in which they lie, parts of a source, and labels that have no ids yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from math import cos, pi, sin
from pathlib import PurePosixPath
from xml.sax.saxutils import quoteattr

from cvat_lite.domain.dataset import DEFAULT_SUBSET
from cvat_lite.domain.enums import LabelType
from cvat_lite.domain.labels import Label
from cvat_lite.formats.format import Readable, Source, Subset, Survey, everything

BACKGROUND = "background"
CONTEXT = "related_images"
LabelsOf = Callable[[Source], Iterable[str]]


class PartOfSource:
    """The files of a source that a subset is read from."""

    def __init__(self, source: Source, holds: Callable[[str], bool]) -> None:
        self._source, self._holds = source, holds

    def names(self) -> list[str]:
        """The names of these files."""
        return [name for name in self._source.names() if self._holds(name)]

    def read(self, name: str) -> bytes:
        """A file's content."""
        return self._source.read(name)

    def open(self, name: str) -> AbstractContextManager[Readable]:
        """A file read piece by piece."""
        return self._source.open(name)


class Pictures:
    """Finds pictures of an archive by the end of their path, with or without the extension."""

    def __init__(self, pictures: Iterable[str]) -> None:
        self._files: dict[str, list[str]] = {}
        for file in pictures:
            for ending in endings(file):
                self._files.setdefault(ending, []).append(file)
                item = without_suffix(ending)
                if item != ending:
                    self._files.setdefault(item, []).append(file)

    def find(self, name: str, subset: str = "") -> str | None:
        """The picture; of several the one below a directory called as the subset, else none."""
        name = name.replace("\\", "/").removeprefix("./").lstrip("/")
        found = self._files.get(name) or self._files.get(without_suffix(name)) or ()
        if len(found) > 1:
            below = [file for file in found if subset in file.split("/")[:-1]]
            found = below or [file for file in found if file == name]
        return found[0] if len(found) == 1 else None


def endings(path: str) -> Iterable[str]:
    """The path, and the path without its first one, two, ... directories."""
    yield path
    while "/" in path:
        path = path.partition("/")[2]
        yield path


def without_suffix(path: str) -> str:
    """The path without the extension of its last part."""
    parsed = PurePosixPath(path)
    return str(parsed.with_suffix("")) if parsed.suffix and parsed.stem else path


def frame_name(name: str, file: str) -> str:
    """What the frame of a picture is called: as the dataset does, with the file's extension."""
    name = name.replace("\\", "/").removeprefix("./").lstrip("/")
    suffix = PurePosixPath(file).suffix
    return name if name.endswith(suffix) else name + suffix


def numbered(names: Iterable[str]) -> tuple[Label, ...]:
    """Labels of these names, each once, with ids of their own; the background is none."""
    wanted = dict.fromkeys(name.strip() for name in names)
    kept = (name for name in wanted if name and name != BACKGROUND)
    return tuple(Label(number, name) for number, name in enumerate(kept, 1))


def skeleton(
    numbers: count[int], name: str, points: Sequence[str], edges: Iterable[tuple[int, int]]
) -> Label:
    """A label of a skeleton; ``edges`` connect points by their places from 1."""
    number = next(numbers)
    below = tuple(
        Label(next(numbers), point, type=LabelType.POINTS, parent_id=number) for point in points
    )
    svg = drawing(points, edges)
    return Label(number, name, type=LabelType.SKELETON, sublabels=below, svg=svg)


def drawing(points: Sequence[str], edges: Iterable[tuple[int, int]]) -> str:
    """The drawing of a skeleton whose places are not known: its points lie on a circle."""
    size = max(len(points), 1)
    places = [
        (50 + 40 * sin(2 * pi * place / size), 50 - 40 * cos(2 * pi * place / size))
        for place in range(len(points))
    ]
    lines = []
    for start, end in edges:
        if 1 <= start <= len(points) and 1 <= end <= len(points):
            (x1, y1), (x2, y2) = places[start - 1], places[end - 1]
            lines.append(
                f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" data-type="edge" '
                f'data-node-from="{start}" data-node-to="{end}"></line>'
            )
    for number, (name, (x, y)) in enumerate(zip(points, places, strict=True), 1):
        label = quoteattr(name, {'"': "&quot;"})
        lines.append(
            f'<circle r="1.5" cx="{x:.2f}" cy="{y:.2f}" data-type="element node" '
            f'data-element-id="{number}" data-node-id="{number}" data-label-name={label}></circle>'
        )
    return "".join(lines)


def whole(_source: Source, pictures: Sequence[str]) -> Survey:
    """All pictures as one subset, named by their paths below the directory that all are in."""
    base = common_folder([name for name in pictures if CONTEXT not in name.split("/")[:-1]])
    named = {name.removeprefix(base): name for name in pictures}
    return Survey((Subset(DEFAULT_SUBSET, named),) if named else ())


def common_folder(names: Sequence[str]) -> str:
    """The directory that all of these lie below, with a slash at its end; else nothing."""
    folders = [name.split("/")[:-1] for name in names]
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}/" for part in shared)


@dataclass(frozen=True, slots=True)
class Placed:
    """The survey of a format that puts its images into directories; see ``placed``."""

    patterns: tuple[re.Pattern[str], ...]
    labels: LabelsOf | None
    hidden: re.Pattern[str] | None

    def __call__(self, source: Source, pictures: Sequence[str]) -> Survey:
        """The subsets and labels of a dataset."""
        hidden = self.hidden
        shown = [name for name in pictures if hidden is None or not hidden.search(name)]
        found = by_place(source, shown, self.patterns)
        known = numbered(self.labels(source)) if self.labels else None
        if not found:
            return Survey(whole(source, shown).subsets, known)
        subsets = tuple(
            Subset(name, named, apart(name, list(found))) for name, named in sorted(found.items())
        )
        return Survey(subsets, known)


def placed(*patterns: str, labels: LabelsOf | None = None, hidden: str = "") -> Placed:
    """The survey of a format that puts its images into directories.

    The patterns have the groups ``name``, of the image, and perhaps ``subset``; the first that a
    picture's path matches counts. What matches ``hidden`` is none (masks, say). Without a match
    at all, every picture that is not hidden is of one subset.
    """
    compiled = tuple(re.compile(pattern) for pattern in patterns)
    return Placed(compiled, labels, re.compile(hidden) if hidden else None)


def by_place(
    source: Source, pictures: Iterable[str], patterns: Iterable[re.Pattern[str]]
) -> dict[str, dict[str, str]]:
    """The pictures by subset and name, as the first pattern tells that finds any."""
    for pattern in patterns:
        found: dict[str, dict[str, list[str]]] = {}
        for file in pictures:
            matched = pattern.search(file)
            if matched is not None:
                groups = matched.groupdict()
                named = found.setdefault(groups.get("subset") or DEFAULT_SUBSET, {})
                named.setdefault(frame_name(groups["name"], file), []).append(file)
        if found:
            return {subset: told_apart(source, named) for subset, named in found.items()}
    return {}


def told_apart(source: Source, named: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The picture of each name; pictures that share one and differ get their directory's as well.

    The same picture may well lie in several directories: in those of its labels, say.
    """
    found: dict[str, str] = {}
    for name, (first, *others) in named.items():
        content = source.read(first) if others else b""
        unlike = [file for file in others if source.read(file) != content]
        if not unlike:
            found[name] = first
            continue
        for file in (first, *unlike):
            around = PurePosixPath(file).parents[name.count("/")].name
            longer = f"{around}/{name}" if around else file
            found[file if longer in found else longer] = file
    return found


def apart(subset: str, subsets: Sequence[str]) -> Callable[[str], bool]:
    """Tells the files of one subset from those of others, by words in their paths.

    A file whose path has the name of another subset as a word (``val`` in ``val.txt``,
    ``labels/val/a.txt`` and ``loose_bb_val.csv``) is that one's.
    """
    others = [name for name in subsets if name != subset]
    if not others:
        return everything
    # The longest first: a subset may be called as the beginning of another.
    words = "|".join(re.escape(name) for name in sorted(subsets, key=len, reverse=True))
    pattern = re.compile(rf"(?:^|[/_.-])({words})(?=annot/|[/_.-]|$)")

    def holds(name: str) -> bool:
        found = pattern.search(name)
        return found is None or found[1] == subset

    return holds


def in_order(named: Mapping[str, str], listed: Iterable[str]) -> dict[str, str]:
    """The pictures in the order of a list of their paths, those that it lacks last.

    The list may know directories around the archive: CVAT's lists begin with ``data/``.
    """
    index = Pictures(named.values())
    places: dict[str, int] = {}
    for path in listed:
        file = next((found for end in endings(path) if (found := index.find(end))), None)
        if file is not None:
            places.setdefault(file, len(places))
    return dict(sorted(named.items(), key=lambda pair: places.get(pair[1], len(places))))
