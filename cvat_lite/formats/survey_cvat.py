"""The subsets, images and labels that the XML of CVAT 1.1 tells of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from xml.etree.ElementTree import Element as Node

from cvat_lite.domain.dataset import DEFAULT_SUBSET
from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.domain.labels import AttributeSpec, Label
from cvat_lite.errors import DatasetError
from cvat_lite.formats import xml
from cvat_lite.formats.format import Reader, Source, Subset, Survey
from cvat_lite.formats.survey import Pictures, by_place, frame_name

FILE = "annotations.xml"
READ = frozenset({"meta", "image", "track"})
PLACES = (re.compile(r"(?:^|/)images/(?P<subset>[^/]+)/(?P<name>.+)"),)
VIDEO_FRAME = re.compile(r"(?:.*/)?frame_(\d{6,})\.[^./]+$")

#: Tells of an image or track of a document, which is named, whether it is to be read.
Keep = Callable[[Node, str], bool]
ReadSubset = Callable[[Keep], Reader]


def survey(source: Source, pictures: Sequence[str], reading: ReadSubset) -> Survey:
    """The subsets that images and tracks name, and the labels of the document's head.

    ``reading`` gives the reader of those images and tracks that it is told to keep.
    """
    document = _Document(source, pictures)
    for file in documents(source):
        for node in xml.elements(source, file, READ):
            document.add(node, file)
    found = document.subsets()
    several = len(found) > 1 or document.named
    return Survey(
        tuple(
            Subset(
                name,
                named,
                read=reading(partial(_is_of, name, document.defaults)) if several else None,
                numbers=video_numbers(named),
            )
            for name, named in found.items()
        ),
        document.labels,
    )


def documents(source: Source) -> list[str]:
    """The documents of an archive: those of CVAT's name, or else all XML files."""
    named = [name for name in source.names() if name.rpartition("/")[2] == FILE]
    return named or [name for name in source.names() if name.lower().endswith(".xml")]


def _is_of(subset: str, defaults: Mapping[str, str], node: Node, file: str) -> bool:
    return (node.get("subset") or defaults.get(file, DEFAULT_SUBSET)) == subset


def video_numbers(named: dict[str, str]) -> dict[str, int] | None:
    """The numbers of frames of a video, where all images are called as such; else None."""
    matched = {name: VIDEO_FRAME.match(name) for name in named}
    numbers = {name: int(found[1]) for name, found in matched.items() if found is not None}
    return numbers if numbers and len(numbers) == len(named) else None


class _Document:
    """What has been read of the documents."""

    def __init__(self, source: Source, pictures: Sequence[str]) -> None:
        self._pictures = Pictures(pictures)
        self._placed = by_place(source, pictures, PLACES)
        self._all = pictures
        self._tasks: dict[str, set[str]] = {}
        self._found: dict[str, dict[str, str]] = {}
        self._tracked = False
        #: The subset of what names none: that of the task or job which a document is of.
        self.defaults: dict[str, str] = {}
        self._labels: dict[str, Label] = {}
        self._numbers = count(1)
        #: Whether anything names its subset.
        self.named = False

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels of all documents; the first that tells of one counts."""
        return tuple(self._labels.values())

    def add(self, node: Node, file: str) -> None:
        """Take note of a child of the root."""
        if node.tag == "meta":
            for label in _labels(node, file, self._numbers):
                self._labels.setdefault(label.name, label)
            told = node.findtext("task/subset") or node.findtext("job/subset")
            if told:
                self.defaults[file] = told
            return
        named = node.get("subset")
        subset = named or self.defaults.get(file, DEFAULT_SUBSET)
        self.named |= bool(named)
        if node.tag == "track":
            self._tracked = True
            tasks = self._tasks.setdefault(subset, set())
            tasks.add(node.get("task_id", ""))
            if len(tasks) > 1:
                why = f"tracks of several tasks are in subset {subset!r}: their frames are unclear"
                raise DatasetError(file, f"track {node.get('id', '')!r}", why)
            self._found.setdefault(subset, {})
            return
        name = node.get("name", "")
        picture = self._pictures.find(name, subset)
        frames = self._found.setdefault(subset, {})
        if picture is not None:
            frames.setdefault(frame_name(name, picture), picture)

    def subsets(self) -> dict[str, dict[str, str]]:
        """The images by subset and name; where only tracks tell, those that lie in the archive."""
        if not self._tracked and any(self._found.values()):
            return self._found
        if self.named and self._placed:
            return {name: dict(sorted(found.items())) for name, found in self._placed.items()}
        images = {name: name for name in self._all}
        below = {re.sub(r"^(?:.*/)?images/(?:default/)?", "", name): name for name in images}
        named = below if len(below) == len(images) else images
        defaults = set(self.defaults.values())
        subset = defaults.pop() if len(defaults) == 1 else DEFAULT_SUBSET
        return {subset: dict(sorted(named.items()))} if named else {}


def _labels(meta: Node, file: str, numbers: count[int]) -> Iterator[Label]:
    """The labels of a project, task or job, skeletons with their sublabels and drawing."""
    nodes = [node for listed in meta.iter("labels") for node in listed.findall("label")]
    below: dict[str, list[Label]] = {}
    tops = []
    for node in nodes:
        label = _label(node, numbers, file)
        parent = node.findtext("parent")
        if parent:
            below.setdefault(parent, []).append(label)
        else:
            tops.append((label, node.findtext("svg") or ""))
    for label, svg in tops:
        is_skeleton = label.type is LabelType.SKELETON
        parts = tuple(below.get(label.name, ())) if is_skeleton else ()
        yield Label(label.id, label.name, label.color, label.type, label.attributes, parts, svg)


def _label(node: Node, numbers: count[int], file: str) -> Label:
    name = (node.findtext("name") or "").strip()
    if not name:
        raise DatasetError(file, "labels", "a label has no name")
    try:
        kind = LabelType(node.findtext("type") or LabelType.ANY)
        listed = node.find("attributes")
        specs = tuple(
            _spec(one, numbers) for one in (() if listed is None else listed.findall("attribute"))
        )
        return Label(next(numbers), name, node.findtext("color") or "", kind, specs)
    except ValueError as error:
        raise DatasetError(file, f"label {name!r}", str(error)) from error


def _spec(node: Node, numbers: count[int]) -> AttributeSpec:
    values = node.findtext("values") or ""
    return AttributeSpec(
        next(numbers),
        (node.findtext("name") or "").strip(),
        (node.findtext("mutable") or "").strip().lower() == "true",
        InputType((node.findtext("input_type") or InputType.TEXT).strip()),
        node.findtext("default_value") or "",
        tuple(values.split("\n")),
    )
