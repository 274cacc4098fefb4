"""WiderFace 1.0: upright boxes of faces with what makes them hard to see, in text files.

See http://shuoyang1213.me/WIDERFACE/: an image's path, the number of its boxes, and a line a box
with left, top, width, height and six properties. The first directory of the path, ``0--LABEL``,
is the image's tag. The properties are written as CVAT does, in the order blur, expression,
illumination, occluded, pose, invalid, followed by the label if that is not ``face``; the format's
own order (blur, expression, illumination, invalid, occlusion, pose) is read as well. Other
shapes, rotations, other attributes, and all tags of an image but one are lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from cvat_lite.domain.annotations import LabeledData, Shape, Tag
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_folders
from cvat_lite.formats.format import (
    Format,
    ReadOptions,
    Sink,
    Source,
    WriteOptions,
    add_image,
)
from cvat_lite.formats.label_folders import NO_LABEL, LabelFolders, folder
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import one_line, text_lines
from cvat_lite.formats.text_files import TextFiles, corners, extent

FACE = "face"
OURS = ("blur", "expression", "illumination", "occluded", "pose", "invalid")
THEIRS = ("blur", "expression", "illumination", "invalid", "occlusion", "pose")
UNKNOWN = "-"
TAGGED = re.compile(r"(\d+)--(.+)")
SOURCE = "file"


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``labels.txt``, ``wider_face_split/``, and the images below ``WIDER_SUBSET/images``."""
    names = (one_line(label.name) for label in dataset.flat_labels)
    sink.add("labels.txt", "\n".join(names).encode())
    with TextFiles(sink) as files:
        for part in dataset.parts:
            subset = folder(part.info.subset_name)
            for on_frame in part.by_frame():
                path = _path(dataset, on_frame)
                boxes = [one for one in on_frame.shapes if one.type is ShapeType.RECTANGLE]
                lines = [one_line(path), *([str(len(boxes))] if boxes else [])]
                lines += [_box_line(one, dataset) for one in boxes]
                name = f"wider_face_split/wider_face_{subset}_bbx_gt.txt"
                files.append(name, "".join(f"{line}\n" for line in lines))
                if options.save_images and part.image is not None:
                    add_image(sink, f"WIDER_{subset}/images/{path}", part.image(on_frame.frame))


def _path(dataset: Dataset, on_frame: FrameAnnotations) -> str:
    """The image's path: the label of its first tag, then its name."""
    name = on_frame.frame.file_name
    if not on_frame.tags:
        return f"{NO_LABEL}/{name}"
    label_id = on_frame.tags[0].label_id
    label = folder(dataset.labels_by_id[label_id].name)
    return f"{dataset.label_index[label_id]}--{label}/{name}"


def _box_line(shape: Shape, dataset: Dataset) -> str:
    label = dataset.labels_by_id[shape.label_id]
    given = {value.spec_id: value.value for value in shape.attributes}
    values = {one.name: given.get(one.id, one.default_value) for one in label.attributes}
    values["occluded"] = str(shape.occluded)
    texts = (values.get(name, UNKNOWN) for name in OURS)
    properties = " ".join(text if len(text.split()) == 1 else UNKNOWN for text in texts)
    name = one_line(label.name)
    return f"{extent(shape.points)} {properties} {'' if name == FACE else name}"


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read every ``wider_face_*_bbx_gt.txt``."""
    reader = _Reader(source, target)
    files = [
        name
        for name in source.names()
        if PurePosixPath(name).name.startswith("wider_face_") and name.endswith("_bbx_gt.txt")
    ]
    if not files:
        raise DatasetError("wider_face_split", "", "there is no file wider_face_..._bbx_gt.txt")
    for file in files:
        reader.add(file)
    return LabeledData(tags=list(reader.tags.values()), shapes=reader.shapes)


class _Reader:
    def __init__(self, source: Source, target: Target) -> None:
        self._source = source
        self._frames = FrameIndex(target)
        self._labels = LabelIndex(target.labels)
        names = tuple(label.name for label in target.labels)
        self._folders = LabelFolders(self._labels, names)
        self.tags: dict[tuple[int, int], Tag] = {}
        self.shapes: list[Shape] = []

    def add(self, file: str) -> None:
        """Add what a file has: paths, each perhaps followed by a number and as many boxes."""
        lines = text_lines(self._source, file)
        following = next(lines, None)
        while following is not None:
            number, path = following
            frame = self._image(path.strip(), file, f"line {number}")
            following = next(lines, None)
            if following is None or not following[1].strip().isdecimal():
                continue
            count = int(following[1])
            for _ in range(count):
                number, line = next(lines, (following[0], ""))
                where = f"line {number}"
                if not line:
                    raise DatasetError(file, where, "the file ends before the last box")
                if frame is None:
                    frame = self._frames.require(path.strip(), file, where).number
                self.shapes.append(self._box(line, frame, file, where))
            following = next(lines, None)
            if not count and following is not None and set(following[1].split()) == {"0"}:
                following = next(lines, None)

    def _image(self, path: str, file: str, where: str) -> int | None:
        """The frame of a path, and its tag; None if there is neither such a frame nor a tag."""
        first, _, rest = path.partition("/")
        tagged = TAGGED.fullmatch(path)
        if first == NO_LABEL or tagged is None:
            frame = self._frames.get(rest if first == NO_LABEL else path)
            return None if frame is None else frame.number
        label, name = self._folders.require(tagged[2], file, where)
        frame = self._frames.get(name) or self._frames.require(path, file, where)
        if label is not None:
            tag = Tag(label_id=label.id, frame=frame.number, source=SOURCE)
            self.tags[frame.number, label.id] = tag
        return frame.number

    def _box(self, line: str, frame: int, file: str, where: str) -> Shape:
        words = line.split(None, 10)
        try:
            points = corners(words[:4])
        except ValueError as error:
            raise DatasetError(file, where, f"a box begins with four numbers: {error}") from error
        name = words[10].strip() if len(words) > 10 else FACE
        label = self._labels.require(name, file, where)
        values = dict(self._properties(words[4:10]))
        occluded = values.get("occluded", values.get("occlusion", "0")).lower()
        values.setdefault("occluded", str(occluded not in ("0", "false")).lower())
        return Shape(
            label_id=label.id,
            type=ShapeType.RECTANGLE,
            frame=frame,
            source=SOURCE,
            occluded=occluded not in ("0", "false"),
            points=points,
            attributes=self._labels.attributes(label, values.items(), file, where),
        )

    def _properties(self, words: list[str]) -> Iterator[tuple[str, str]]:
        """The properties by name; only in CVAT's order the fourth is a word."""
        own = len(words) > 3 and words[3] in ("True", "False", UNKNOWN)
        for name, word in zip(OURS if own else THEIRS, words, strict=False):
            if word != UNKNOWN:
                yield name, word


FORMATS = (Format("WiderFace 1.0", "1.0", write=write, read=read, survey=survey_folders.widerface),)
