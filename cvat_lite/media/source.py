"""Where the frames of a task come from: the description that frames and chunks are made by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

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


class Remote(Protocol):
    """Where files lie that are fetched when somebody needs them; called in threads only."""

    def path(self, name: str) -> Path:
        """The file of that name, fetched if it is not at hand; MediaError where it cannot be."""


@dataclass(frozen=True, slots=True)
class MediaSource:
    """The files of a task, and how a frame (counted from 0 within the task) is found in them.

    ``root`` is the directory that all names are below. Of images and clouds, ``names`` gives the
    file of each frame that will be asked for, and no more need be in it. Of anything else ``file``
    is its name, ``index`` the whole path of a video's index, and frame ``n`` its picture, page or
    millisecond ``start + n * step``. ``max_pixels`` limits what will be decoded. Where there is a
    ``remote``, the files are there and not below ``root``.
    """

    kind: SourceKind
    root: Path
    names: Mapping[int, str] = field(default_factory=dict)
    file: str = ""
    index: Path | None = None
    start: int = 0
    step: int = 1
    max_pixels: int = 500_000_000
    remote: Remote | None = None

    def path(self, frame: int) -> Path:
        """The file that holds a frame; MediaError where it has none."""
        if not self.kind.has_files:
            return self.located(self.file)
        return self.located(self.name(frame))

    def located(self, name: str) -> Path:
        """The file of that name; MediaError for one that leads elsewhere or cannot be fetched."""
        return self.remote.path(name) if self.remote else below(self.root, name)

    def name(self, frame: int) -> str:
        """The name of the file of an image or cloud; MediaError where there is none."""
        name = self.names.get(frame)
        if name is None:
            raise MediaError(f"Frame {frame} has no image")
        return name

    def number(self, frame: int) -> int:
        """The picture of the video, the page or the millisecond that is this frame."""
        return self.start + frame * self.step
