"""Market-1501 1.0: who is seen by which camera, told by the names of images.

See https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html: ``0001_c1s2_000015_00.jpg`` is
person 1 before camera 1 in sequence 2, frame 15, box 0; the images to be searched for are in
``query/``, the others in ``bounding_box_SUBSET/``. Here that is a tag ``market-1501`` with
attributes ``person_id``, ``camera_id`` (from 0) and ``query``; ``track_id``, ``frame_id`` and
``bbox_id`` if the label has them. An image with another name is given such a name before its own.
``images_SUBSET.txt`` lists the images. Everything else is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData, Tag
from cvat_lite.domain.dataset import Dataset, Frame, FrameAnnotations, Target
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.attributes import typed_attributes
from cvat_lite.formats.format import (
    Format,
    ReadOptions,
    Sink,
    Source,
    WriteOptions,
    add_image,
)
from cvat_lite.formats.label_folders import folder
from cvat_lite.formats.matching import AttributeInput, FrameIndex, LabelIndex
from cvat_lite.formats.members import one_line, text_lines
from cvat_lite.formats.text_files import TextFiles

LABEL = "market-1501"
NAME = re.compile(r"(-?\d+)_c(\d+)(?:s(\d+)_(\d+)_(\d+))?(?:_(.+)|\..*)?")
BOXES, QUERY = "bounding_box_", "query"
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``images_SUBSET.txt``, and the images below the directories that it names."""
    with TextFiles(sink) as files:
        for part in dataset.parts:
            subset = folder(part.info.subset_name)
            for on_frame in part.by_frame():
                path = _path(dataset, on_frame, subset)
                files.append(f"images_{subset}.txt", f"{one_line(path)}\n")
                if options.save_images and part.image is not None:
                    add_image(sink, path, part.image(on_frame.frame))


def _path(dataset: Dataset, on_frame: FrameAnnotations, subset: str) -> str:
    """Where the image lies, and what it is called."""
    frame = on_frame.frame
    for tag in on_frame.tags:
        label = dataset.labels_by_id[tag.label_id]
        if label.name == LABEL:
            values = typed_attributes(label, tag.attributes)
            place = QUERY if str(values.get("query")).lower() == "true" else BOXES + subset
            return f"{place}/{_name(frame, {key: _whole(one) for key, one in values.items()})}"
    return f"{BOXES}{subset}/{frame.file_name}"


def _whole(value: str | bool | float) -> str:
    """A number without a fraction of zero; an empty text for what is no whole number."""
    text = str(value).removesuffix(".0")
    return text if re.fullmatch(r"-?\d+", text) else ""


def _name(frame: Frame, numbers: dict[str, str]) -> str:
    """The image's own name if it tells the same already, else the numbers before it."""
    person = numbers.get("person_id", "")
    if not person:
        return frame.file_name
    camera = int(numbers.get("camera_id") or 0) + 1
    path = PurePosixPath(frame.file_name)
    said = NAME.fullmatch(PurePosixPath(frame.item).name)
    if said and (said[1], int(said[2])) == (person, camera):
        return frame.file_name
    track, box = (
        numbers.get(key) or default for key, default in (("track_id", "1"), ("bbox_id", "0"))
    )
    number = int(numbers.get("frame_id") or frame.number)
    told = f"{person}_c{max(camera, 0)}s{track.lstrip('-')}_{abs(number):06d}_{abs(int(box)):02d}"
    return str(path.with_name(f"{told}_{path.name}"))


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read the lists, or where there are none the names of the images themselves."""
    frames, labels = FrameIndex(target), LabelIndex(target.labels)
    tags = {}
    for path, file, where in _listed(source):
        folder_name, _, name = path.partition("/")
        parent, _, last = name.rpartition("/")
        told = NAME.fullmatch(last.rpartition(".")[0] or last)
        frame = frames.get(name)
        if frame is None and told and told[6]:
            own = last[last.index(told[6]) :]
            frame = frames.get(f"{parent}/{own}" if parent else own)
        if not told:
            continue
        if frame is None:
            frame = frames.require(name, file, where)
        label = labels.require(LABEL, file, where)
        values = list(_values(told, folder_name == QUERY))
        attributes = labels.attributes(label, values, file, where)
        tags[frame.number] = Tag(
            label_id=label.id, frame=frame.number, source=SOURCE, attributes=attributes
        )
    return LabeledData(tags=list(tags.values()))


def _values(told: re.Match[str], query: bool) -> Iterator[tuple[str, AttributeInput]]:
    yield "query", query
    yield "person_id", told[1]
    yield "camera_id", int(told[2]) - 1
    for place, name in enumerate(("track_id", "frame_id", "bbox_id"), 3):
        if told[place] is not None:
            yield name, int(told[place])


def _listed(source: Source) -> Iterator[tuple[str, str, str]]:
    """The paths of images from ``query`` or ``bounding_box_SUBSET`` on, and what tells of them."""
    names = source.names()
    lists = [name for name in names if re.fullmatch(r"(.*/)?images_[^/]*\.txt", name)]
    listed = [
        (line.strip().replace("\\", "/"), file, f"line {number}")
        for file in lists
        for number, line in text_lines(source, file)
    ]
    found = False
    for path, file, where in listed if lists else [(name, name, "") for name in names]:
        parts = path.split("/")
        places = (at for at, one in enumerate(parts[:-1]) if one == QUERY or one.startswith(BOXES))
        place = next(places, None)
        if place is not None:
            found = True
            yield "/".join(parts[place:]), file, where
        elif lists:
            raise DatasetError(file, where, f"{path!r} lies neither in {QUERY} nor in {BOXES}...")
    if not found and not lists:
        raise DatasetError("images_default.txt", "", "there are neither lists nor images")


FORMATS = (Format("Market-1501 1.0", "1.0", write=write, read=read, survey=survey_folders.market),)
