"""The subsets, images and labels of datasets laid out as PASCAL VOC's: ``ImageSets`` tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from cvat_lite.domain.dataset import DEFAULT_SUBSET
from cvat_lite.formats import xml
from cvat_lite.formats.format import Source, Subset, Survey, everything
from cvat_lite.formats.members import below, files_below, text_lines
from cvat_lite.formats.survey import numbered, whole, without_suffix
from cvat_lite.formats.voc_masks_read import LABEL_MAP

LISTS = "ImageSets"
DOCUMENTS = "Annotations"
IMAGES = "JPEGImages"
MASKS = ("SegmentationClass", "SegmentationObject")


def survey(source: Source, pictures: Sequence[str]) -> Survey:
    """The subsets that lists are named after; images in no list are of the default one."""
    shown = [name for name in pictures if not any(below(name, one) is not None for one in MASKS)]
    named = {path: name for name in shown if (path := below(name, IMAGES)) is not None}
    if not named:
        named = dict(whole(source, shown).subsets[0].pictures) if shown else {}
    items = {without_suffix(name): name for name in named}
    labels, listed = _lists(source)
    members = _members(source, listed, items)
    places = {item: subset for subset, found in members.items() for item in found}
    rest = [item for item in items if item not in places]
    if rest:
        members.setdefault(DEFAULT_SUBSET, []).extend(sorted(rest))
        places.update(dict.fromkeys(rest, DEFAULT_SUBSET))
    subsets = tuple(
        Subset(
            subset,
            {items[item]: named[items[item]] for item in found},
            _held(subset, places) if len(members) > 1 else everything,
        )
        for subset, found in members.items()
    )
    return Survey(subsets, numbered([*_labels(source), *labels]))


def _lists(source: Source) -> tuple[list[str], dict[str, list[str]]]:
    """The labels that lists are about, and the lists of each subset."""
    found: dict[str, list[str]] = {}
    labels = []
    main = files_below(source, ".txt", LISTS, "Main")
    for kind in ("Main", "Segmentation", "Layout", "Action"):
        for name, file in files_below(source, ".txt", LISTS, kind).items():
            label = label_of_list(name, main)
            if label is None:
                found.setdefault(name, []).append(file)
            elif kind == "Main":
                labels.append(label)
    return labels, found


def label_of_list(name: str, names: Iterable[str]) -> str | None:
    """The label, of a list ``LABEL_SUBSET`` beside the list ``SUBSET``; else None."""
    known = set(names)
    for place, character in enumerate(name):
        if character == "_" and name[place + 1 :] in known:
            return name[:place]
    return None


def _members(
    source: Source, lists: dict[str, list[str]], items: dict[str, str]
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


def _listed(source: Source, file: str, items: dict[str, str]) -> Iterator[str]:
    """The items of a list; after an item may stand a number (``1`` where it shows something)."""
    for _, line in text_lines(source, file):
        text = line.strip()
        for item in (text, text.rpartition(" ")[0].strip()):
            plain = item.strip('"')
            if plain in items:
                yield plain
                break


def _held(subset: str, places: dict[str, str]) -> Callable[[str], bool]:
    """Tells the documents, masks and lists of a subset from those of others."""

    def holds(name: str) -> bool:
        for folder in (DOCUMENTS, *MASKS):
            path = below(name, folder)
            if path is not None:
                return places.get(without_suffix(path), subset) == subset
        if LISTS in PurePosixPath(name).parts[:-1]:
            stem = PurePosixPath(name).name.removesuffix(".txt")
            return stem == subset or stem.endswith(f"_{subset}")
        return True

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
