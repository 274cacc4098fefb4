"""Where the frames of a task come from: the description that frames and chunks are made by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cvat_lite.errors import MediaError
from cvat_lite.media.names import below


class SourceKind(StrEnum):
    """What the files of a task are."""

    IMAGES = "images"
    VIDEO = "video"
    PDF = "pdf"
    POINT_CLOUD = "point_cloud"
    AUDIO = "audio"

    @property
    def has_files(self) -> bool:
        """Whether each frame is a file of its own."""
        return self in (SourceKind.IMAGES, SourceKind.POINT_CLOUD)


@dataclass(frozen=True, slots=True)
class MediaSource:
    """The files of a task, and how a frame (counted from 0 within the task) is found in them.

    ``root`` is the directory that all names are below. Of images and clouds, ``names`` gives the
    file of each frame that will be asked for, and no more need be in it. Of anything else ``file``
    is its name, ``index`` the whole path of a video's index, and frame ``n`` its picture, page or
    millisecond ``start + n * step``. ``max_pixels`` limits what will be decoded.
    """

    kind: SourceKind
    root: Path
    names: Mapping[int, str] = field(default_factory=dict)
    file: str = ""
    index: Path | None = None
    start: int = 0
    step: int = 1
    max_pixels: int = 500_000_000

    def path(self, frame: int) -> Path:
        """The file that holds a frame; MediaError where it has none."""
        if not self.kind.has_files:
            return below(self.root, self.file)
        return below(self.root, self.name(frame))

    def name(self, frame: int) -> str:
        """The name of the file of an image or cloud; MediaError where there is none."""
        name = self.names.get(frame)
        if name is None:
            raise MediaError(f"Frame {frame} has no image")
        return name

    def number(self, frame: int) -> int:
        """The picture of the video, the page or the millisecond that is this frame."""
        return self.start + frame * self.step
