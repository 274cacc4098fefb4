"""The subsets, images and labels of datasets laid out as PASCAL VOC's: ``ImageSets`` tell them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import DEFAULT_SUBSET, Target
from cvat_lite.formats import xml
from cvat_lite.formats.format import ReadOptions, Source, Subset, Survey, everything
from cvat_lite.formats.members import below, files_below, text_lines
from cvat_lite.formats.survey import numbered, whole, without_suffix
from cvat_lite.formats.voc_masks_read import LABEL_MAP

LISTS = "ImageSets"
DOCUMENTS = "Annotations"
IMAGES = "JPEGImages"
MASKS = ("SegmentationClass", "SegmentationObject")
#: What lists say of an item: that it shows the label, does not, or hardly does.
MARKS = (b"1", b"-1", b"0")


def survey(source: Source, pictures: Sequence[str]) -> Survey:
    """The subsets that lists are named after; images in no list are of the default one."""
    shown = [name for name in pictures if not any(below(name, one) is not None for one in MASKS)]
    named = {path: name for name in shown if (path := below(name, IMAGES)) is not None}
    if not named:
        named = dict(whole(source, shown).subsets[0].pictures) if shown else {}
    items: dict[str, list[str]] = {}
    for name in named:
        items.setdefault(without_suffix(name), []).append(name)
    lists = _lists(source)
    members = _members(source, lists.items, items)
    places = {item: subset for subset, found in members.items() for item in found}
    rest = [item for item in items if item not in places]
    if rest:
        members.setdefault(DEFAULT_SUBSET, []).extend(sorted(rest))
        places.update(dict.fromkeys(rest, DEFAULT_SUBSET))
    told = _told(source, places) | set(lists.subsets.values())
    subsets = tuple(
        Subset(
            subset,
            {name: named[name] for item in found for name in items[item]},
            _held(subset, places, lists.subsets) if len(members) > 1 else everything,
            # Readers take an archive of nothing but images for one of another format.
            _nothing if told and subset not in told else None,
        )
        for subset, found in members.items()
    )
    return Survey(subsets, numbered([*_labels(source), *lists.labels]))


@dataclass(frozen=True, slots=True)
class _Lists:
    """The labels that lists are about, the lists of each subset's items, and any list's subset."""

    labels: list[str] = field(default_factory=list)
    items: dict[str, list[str]] = field(default_factory=dict)
    subsets: dict[str, str] = field(default_factory=dict)


def _lists(source: Source) -> _Lists:
    """What the lists of an archive are.

    A list ``extra_val`` beside ``val`` is about a label ``extra`` if it says of each item whether
    it shows that; else there is a subset of that name.
    """
    found = _Lists()
    main = files_below(source, ".txt", LISTS, "Main")
    for kind in ("Main", "Segmentation", "Layout", "Action"):
        for name, file in files_below(source, ".txt", LISTS, kind).items():
            label = label_of_list(name, main)
            if label is None or not is_marked(source, file if kind == "Action" else main.get(name)):
                found.items.setdefault(name, []).append(file)
                found.subsets[file] = name
                continue
            found.subsets[file] = name[len(label) + 1 :]
            if kind == "Main":
                found.labels.append(label)
    return found


def is_marked(source: Source, file: str | None) -> bool:
    """Whether there is such a list, and each line ends with a mark."""
    lines = [line for line in source.read(file).split(b"\n") if line.strip()] if file else []
    return bool(lines) and all(line.split()[-1] in MARKS for line in lines)


def label_of_list(name: str, names: Iterable[str]) -> str | None:
    """The label, of a list ``LABEL_SUBSET`` beside the list ``SUBSET``; else None."""
    known = set(names)
    for place, character in enumerate(name):
        if character == "_" and name[place + 1 :] in known:
            return name[:place]
    return None


def _members(
    source: Source, lists: Mapping[str, Iterable[str]], items: Container[str]
) -> dict[str, list[str]]:
    """The items of each subset; one in several lists is of the shortest (``trainval`` has all)."""
    found = {
        subset: list(dict.fromkeys(item for file in files for item in _listed(source, file, items)))
        for subset, files in lists.items()
    }
    taken: set[str] = set()
    kept: dict[str, list[str]] = {}
    for subset, members in sorted(found.items(), key=lambda pair: len(pair[1])):
        kept[subset] = [item for item in members if item not in taken]
        taken.update(members)
    return {subset: kept[subset] for subset in found if kept[subset]}


def _listed(source: Source, file: str, items: Container[str]) -> Iterator[str]:
    """The items of a list; after an item may stand a number (``1`` where it shows something)."""
    for _, line in text_lines(source, file):
        text = line.strip()
        for item in (text, text.rpartition(" ")[0].strip()):
            plain = item.strip('"')
            if plain in items:
                yield plain
                break


def _told(source: Source, places: Mapping[str, str]) -> set[str]:
    """The subsets of which there are documents or masks."""
    paths = (below(name, one) for name in source.names() for one in (DOCUMENTS, *MASKS))
    items = (without_suffix(path) for path in paths if path is not None)
    return {places[item] for item in items if item in places}


def _nothing(_source: Source, _target: Target, _options: ReadOptions) -> LabeledData:
    """What stands on images that no file tells anything of."""
    return LabeledData()


def _held(
    subset: str, places: Mapping[str, str], lists: Mapping[str, str]
) -> Callable[[str], bool]:
    """Tells the documents, masks and lists of a subset from those of others."""

    def holds(name: str) -> bool:
        for folder in (DOCUMENTS, *MASKS):
            path = below(name, folder)
            if path is not None:
                return places.get(without_suffix(path), subset) == subset
        return lists.get(name, subset) == subset

    return holds


def _labels(source: Source) -> Iterator[str]:
    """The labels of the label map, or without one those of the boxes."""
    for name in source.names():
        if name.rpartition("/")[2] == LABEL_MAP:
            lines = (line for _, line in text_lines(source, name) if not line.startswith("#"))
            yield from (line.rsplit(":", 3)[0] for line in lines)
            return
    for file in files_below(source, ".xml", DOCUMENTS).values():
        for node in xml.document(source.read(file), file).iter("object"):
            yield node.findtext("name") or ""
