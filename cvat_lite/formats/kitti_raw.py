"""Kitti Raw Format 1.0: cuboids of a drive as tracklets in ``tracklet_labels.xml``.

KITTI's raw data and its development kit (``readme.raw.txt``, ``tracklets.h``) are at
https://www.cvlibs.net/datasets/kitti/raw_data.php. A tracklet is an object of one size with a pose
for each frame from ``first_frame`` on; the file has the form of a boost archive, whose first
objects of a kind bear attributes. As CVAT has it, ``w``, ``h`` and ``l`` are the sizes along x, y
and z, tracklets run from the last frame to the first, and ``frame_list.txt`` names the frames. A
dataset of several subsets is several drives, a directory each.

A shape is a tracklet of one pose. A track is one of several, or of one that is marked a keyframe
(``occlusion_kf``); a pose that is missing (hidden, or on a deleted frame) has the state 0, an
interpolated one 1, a labeled one 2. A tracklet has one size: where that of a track changes, a new
one begins, which comes back as a track of its own. Attributes of labels stand in an
element ``attributes`` after the pose's own. With images the clouds lie in ``velodyne_points/data``,
related images in ``image_00/data``, ``image_01/data`` and so on, by their cloud's name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Self

import numpy as np

from cvat_lite.domain.annotations import Shape
from cvat_lite.domain.dataset import Dataset, Part
from cvat_lite.domain.enums import Dimension
from cvat_lite.domain.interpolation import FrameShape, shapes_of_track
from cvat_lite.domain.labels import Label
from cvat_lite.formats import survey_clouds
from cvat_lite.formats.clouds import add_clouds, cuboid_of, is_cuboid, values_by_name
from cvat_lite.formats.format import Format, Sink, WriteOptions
from cvat_lite.formats.kitti_raw_read import (
    FRAMES,
    INTERPOLATED,
    LABELED,
    TRACKLETS,
    UNSET,
    read,
)
from cvat_lite.formats.xml import text

IN_MEMORY = 1 << 20
HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!DOCTYPE boost_serialization>
<boost_serialization version="9" signature="serialization::archive">
<tracklets version="0" tracking_level="0" class_id="0">
  <count>%d</count>
  <item_version>1</item_version>
"""
END = "</tracklets>\n</boost_serialization>\n"
TRACKLET = """  <item>
    <objectType>%s</objectType>
    <h>%r</h>
    <w>%r</w>
    <l>%r</l>
    <first_frame>%d</first_frame>
    <poses>
      <count>%d</count>
      <item_version>0</item_version>
%s    </poses>
    <finished>1</finished>
  </item>
"""
POSE = """      <item>
        <tx>%r</tx>
        <ty>%r</ty>
        <tz>%r</tz>
        <rx>%r</rx>
        <ry>%r</ry>
        <rz>%r</rz>
        <state>%d</state>
        <occlusion>%d</occlusion>
        <occlusion_kf>%d</occlusion_kf>
        <truncation>0</truncation>
        <amt_occlusion>-1</amt_occlusion>
        <amt_border_l>-1</amt_border_l>
        <amt_border_r>-1</amt_border_r>
        <amt_occlusion_kf>-1</amt_occlusion_kf>
        <amt_border_kf>-1</amt_border_kf>
%s      </item>
"""
# What boost writes at the first object of each kind: the tracklet, its poses, the first of them.
FIRST_OF_KIND = (
    ("<item>", '<item version="1" tracking_level="0" class_id="1">'),
    ("<poses>", '<poses version="0" tracking_level="0" class_id="2">'),
    ("<item>", '<item version="1" tracking_level="0" class_id="3">'),
)


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write a drive for each subset, and its clouds and related images."""
    subsets = dataset.subsets()
    folders = {subset: f"{subset}/" if len(subsets) > 1 else "" for subset in subsets}
    for subset, parts in subsets.items():
        with _Tracklets() as tracklets:
            first = 0
            for part in parts:
                for one in _tracklets(part, dataset):
                    tracklets.add(first + one[0].frame, _rendered(one, first, dataset))
                first += part.last_frame + 1
            with sink.open(folders[subset] + TRACKLETS) as file:
                file.write((HEAD % len(tracklets)).encode())
                for tracklet in tracklets.backwards():
                    file.write(tracklet)
                file.write(END.encode())
        with sink.open(folders[subset] + FRAMES) as file:
            for line in _frame_lines(parts):
                file.write(line.encode())
    if options.save_images:
        add_clouds(
            dataset,
            sink,
            lambda frame, subset: f"{folders[subset]}velodyne_points/data/{frame.file_name}",
            lambda frame, subset, place, name: (
                f"{folders[subset]}image_{place:02d}/data/{frame.item}{PurePosixPath(name).suffix}"
            ),
        )


def _frame_lines(parts: Iterable[Part]) -> Iterator[str]:
    """The number and the name of each frame: its index in the task, where there is one task."""
    first = 0
    for part in parts:
        for frame in part.frames:
            yield f"{first + frame.number} {frame.item}\n"
        first += part.last_frame + 1


def _tracklets(part: Part, dataset: Dataset) -> Iterator[list[Shape]]:
    """The shapes of each tracklet, all of one size."""
    kept = {frame.number for frame in part.frames}
    for shape in part.shapes():
        if shape.frame in kept and is_cuboid(shape) and shape.label_id in dataset.labels_by_id:
            yield [shape]
    for track in part.tracks():
        run: list[Shape] = []
        for shape in shapes_of_track(track, part.last_frame):
            if shape.frame in kept and is_cuboid(shape):
                if run and shape.points[6:9] != run[0].points[6:9]:
                    yield run
                    run = []
                run.append(shape)
        if run:
            yield run


def _rendered(shapes: Sequence[Shape], first: int, dataset: Dataset) -> bytes:
    """A tracklet, its missing frames filled with poses that are not set."""
    begin = shapes[0]
    label = dataset.labels_by_id[begin.label_id]
    width, height, length = cuboid_of(begin.points).scale
    poses: list[str] = []
    frame = begin.frame
    for shape in shapes:
        poses += [_pose(shape, label, set_=False)] * (shape.frame - frame)
        poses.append(_pose(shape, label))
        frame = shape.frame + 1
    filled = (
        text(label.name),
        height,
        width,
        length,
        first + begin.frame,
        len(poses),
        "".join(poses),
    )
    return (TRACKLET % filled).encode()


def _pose(shape: Shape, label: Label, *, set_: bool = True) -> str:
    tracked = isinstance(shape, FrameShape)
    keyframe = isinstance(shape, FrameShape) and shape.keyframe
    state = LABELED if keyframe or not tracked else INTERPOLATED
    cuboid = cuboid_of(shape.points)
    values = values_by_name(label, shape.attributes) if set_ else {}
    lines = (
        f"<attribute><name>{text(name)}</name><value>{text(value)}</value></attribute>"
        for name, value in values.items()
    )
    return POSE % (
        *cuboid.position,
        *cuboid.rotation,
        state if set_ else UNSET,
        shape.occluded,
        keyframe and set_,
        "".join(chain(("        <attributes>",), lines, ("</attributes>\n",))) if values else "",
    )


class _Tracklets:
    """Tracklets kept aside until their number is known; what is more than a little on the disk."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._frames = array("q")
        self._ends = array("q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: int, tracklet: bytes) -> None:
        """Keep a tracklet that begins on that frame."""
        self._file.write(tracklet)
        self._frames.append(frame)
        self._ends.append(self._ends[-1] + len(tracklet))

    def backwards(self) -> Iterator[bytes]:
        """All of them from the last frame to the first, the first one as boost has it."""
        order = np.argsort(np.array(self._frames, np.int64), kind="stable")[::-1]
        for count, place in enumerate(order.tolist()):
            self._file.seek(self._ends[place])
            tracklet = self._file.read(self._ends[place + 1] - self._ends[place])
            if not count:
                for plain, first in FIRST_OF_KIND:
                    tracklet = tracklet.replace(plain.encode(), first.encode(), 1)
            yield tracklet


FORMATS = (
    Format(
        "Kitti Raw Format 1.0",
        "1.0",
        Dimension.D3,
        write,
        read,
        read_extensions=("ZIP", "XML"),
        survey=survey_clouds.kitti_raw,
    ),
)
