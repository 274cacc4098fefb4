"""Reading Kitti Raw Format 1.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element as Node

from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.dataset import Frame, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats.clouds import cuboid_points
from cvat_lite.formats.format import ReadOptions, Source
from cvat_lite.formats.matching import FrameIndex, LabelIndex
from cvat_lite.formats.members import text_lines
from cvat_lite.formats.tracks import collected, tracked
from cvat_lite.formats.xml import elements

SOURCE = "file"
TRACKLETS, FRAMES = "tracklet_labels.xml", "frame_list.txt"
UNSET, INTERPOLATED, LABELED = 0, 1, 2
# Partly and fully occluded; 0 is visible, 255 and -1 mean that nobody has said.
OCCLUDED = (1, 2)
POSITION, ROTATION = ("tx", "ty", "tz"), ("rx", "ry", "rz")
ITEM = frozenset({"item"})
LEVEL = 2


def read(source: Source, target: Target, _options: ReadOptions) -> LabeledData:
    """Read each drive's tracklets; an XML file alone is one, whatever it is called."""
    names = source.names()
    files = [name for name in names if PurePosixPath(name).name == TRACKLETS]
    if not files and len(names) == 1:
        files = names
    if not files:
        raise DatasetError(TRACKLETS, "", "there is no such file in the archive")
    shapes: list[Shape] = []
    first = 0
    for file in files:
        drive = _Drive(source, file, target)
        shapes += drive.shapes(first)
        first += drive.count
    return collected([], shapes, target)


@dataclass(slots=True)
class _Pose:
    shape: Shape
    state: int
    keyframe: bool


class _Drive:
    """One file of tracklets, and the names of its frames."""

    def __init__(self, source: Source, file: str, target: Target) -> None:
        self._source = source
        self._file = file
        self._labels = LabelIndex(target.labels)
        self._frames = FrameIndex(target)
        self._by_number = {frame.number: frame for frame in target.frames}
        self._list = str(PurePosixPath(file).with_name(FRAMES))
        self._names = self._frame_list() if self._list in source.names() else None
        self.count = 0

    def _frame_list(self) -> Mapping[int, str]:
        """The names of frames by number."""
        found: dict[int, str] = {}
        for place, line in text_lines(self._source, self._list):
            number, _, name = line.strip().partition(" ")
            if not (number.isascii() and number.isdigit() and len(number) < 10 and name):
                raise DatasetError(self._list, f"line {place}", "a line is a number and a name")
            found[int(number)] = name.strip()
        return found

    def _frame(self, number: int, where: str) -> Frame:
        name = str(number)
        if self._names is None:
            frame = self._by_number.get(number)
        elif number in self._names:
            name = self._names[number]
            frame = self._frames.get(name)
        else:
            raise DatasetError(self._file, where, f"{self._list} has no frame {number}")
        if frame is None:
            raise DatasetError(self._file, where, f"no frame of the task matches {name!r}")
        return frame

    def shapes(self, first: int) -> Iterator[Shape]:
        """All shapes; those of tracks are numbered from ``first``."""
        for place, node in enumerate(elements(self._source, self._file, ITEM, LEVEL)):
            where = f"item {place}"
            self.count += 1
            try:
                poses = list(self._poses(node, where))
            except KeyError as error:
                raise DatasetError(self._file, where, f"{error} is missing") from error
            except (ValueError, OverflowError) as error:
                raise DatasetError(self._file, where, str(error)) from error
            if len(poses) == 1 and poses[0].state == LABELED and not poses[0].keyframe:
                yield poses[0].shape
                continue
            # Tracklets of others say nothing of keyframes: then every labeled pose is one.
            told = any(pose.keyframe for pose in poses)
            for pose in poses:
                keyframe = pose.keyframe if told else pose.state == LABELED
                yield tracked(pose.shape, first + place, keyframe)

    def _poses(self, node: Node, where: str) -> Iterator[_Pose]:
        """The poses of a tracklet that are set."""
        told = _texts(node)
        label = self._labels.require(told["objectType"].strip(), self._file, where)
        size = [told[key] for key in ("w", "h", "l")]
        first = int(told["first_frame"])
        seen: set[int] = set()
        poses = [one for child in node if child.tag == "poses" for one in child]
        for place, pose in enumerate(one for one in poses if one.tag == "item"):
            here = f"{where}, pose {place}"
            texts = _texts(pose)
            state = int(texts.get("state", LABELED))
            if state == UNSET:
                continue
            frame = self._frame(first + place, here)
            if frame.number in seen:
                raise DatasetError(self._file, here, f"a second pose on frame {frame.name!r}")
            seen.add(frame.number)
            values = (
                (one.findtext("name") or "", one.findtext("value") or "")
                for one in (pose.findall("attributes/attribute") if "attributes" in texts else ())
            )
            shape = Shape(
                label_id=label.id,
                type=ShapeType.CUBOID,
                frame=frame.number,
                source=SOURCE,
                occluded=int(texts.get("occlusion", 0)) in OCCLUDED,
                points=cuboid_points(
                    [texts[key] for key in POSITION], [texts[key] for key in ROTATION], size
                ),
                attributes=self._labels.attributes(label, values, self._file, here),
            )
            yield _Pose(shape, state, int(texts.get("occlusion_kf", 0)) == 1)


def _texts(node: Node) -> dict[str, str]:
    """The texts of the children by tag."""
    return {child.tag: child.text or "" for child in node}
