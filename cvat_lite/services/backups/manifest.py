"""The manifest of a backup's media: one JSON object a line, as CVAT writes and reads it.

Of images (and point clouds) there is a line for each in the order of frames, of a video one for
each key frame; the form is that of manifests in backups that a CVAT 2.73 has made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from cvat_lite.domain.enums import SortingMethod
from cvat_lite.domain.frames import frame_step, sort_names
from cvat_lite.media import kinds
from cvat_lite.media.context import split_related
from cvat_lite.media.kinds import Kind
from cvat_lite.media.material import files_below
from cvat_lite.media.probe import probe_images
from cvat_lite.store.backups import ImageFacts
from cvat_lite.store.data import Data

VERSION = "1.1"


@dataclass(frozen=True, slots=True)
class Picture:
    """A line of the manifest of images: sizes are pixels."""

    name: str
    width: int
    height: int
    related: Sequence[str] = ()


def of_images(pictures: Iterable[Picture]) -> Iterator[bytes]:
    """The lines of a manifest of images or point clouds."""
    yield from _head("images")
    for picture in pictures:
        suffix = PurePosixPath(picture.name).suffix
        entry: dict[str, Any] = {
            "name": picture.name.removesuffix(suffix) if suffix else picture.name,
            "extension": suffix,
            "width": picture.width,
            "height": picture.height,
        }
        if picture.related:
            entry["meta"] = {"related_images": list(picture.related)}
        yield orjson.dumps(entry) + b"\n"


def of_video(path: Path, name: str, index_path: Path) -> Iterator[bytes]:
    """The lines of a video's manifest; only its key frames are decoded."""
    from cvat_lite.media.key_frames import key_frames  # noqa: PLC0415  # loads FFmpeg
    from cvat_lite.media.video_index import VideoIndex  # noqa: PLC0415

    index = VideoIndex.load(index_path)
    yield from _head("video")
    properties = {
        "name": name,
        "resolution": [index.width, index.height],
        "length": len(index),
        "chapters": [],
    }
    yield orjson.dumps({"properties": properties}) + b"\n"
    for frame in key_frames(path, index):
        yield orjson.dumps(frame._asdict()) + b"\n"


def _head(kind: str) -> Iterator[bytes]:
    yield orjson.dumps({"version": VERSION}) + b"\n"
    yield orjson.dumps({"type": kind}) + b"\n"


def pictures(frames: Iterable[ImageFacts]) -> Iterator[Picture]:
    """The frames of a task, those left out that only stand for another one."""
    for frame in frames:
        if not frame.is_placeholder:
            yield Picture(frame.path, frame.width, frame.height, orjson.loads(frame.related))


def whole(
    data: Data, frames: Sequence[Picture], root: Path, seed: int, max_pixels: int
) -> list[Picture] | None:
    """All pictures that the frames of a task were chosen from, in the order of choosing.

    None where the frames are all there is to tell: nothing was left out, or nobody can say any
    more what was.
    """
    step = frame_step(data.frame_filter)
    if (data.start_frame == 0 and step == 1) or data.kind != "images" or data.root:
        return None
    names = [name for name in files_below(root) if kinds.kind_of(name) == Kind.IMAGE]
    found = sort_names(split_related(names)[0], SortingMethod(data.sorting_method), seed)
    taken = found[data.start_frame : data.stop_frame + 1 : step]
    if taken != [frame.name for frame in frames]:
        return None
    known = {frame.name: frame for frame in frames}
    others = [name for name in found if name not in known]
    sizes = probe_images(root, others, max_pixels)
    known.update((name, Picture(name, *size)) for name, size in zip(others, sizes, strict=True))
    return [known[name] for name in found]
