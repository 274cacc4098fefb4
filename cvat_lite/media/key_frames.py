"""The key frames of a video, as CVAT's manifests name them: number, time and checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cvat_lite.media import video
from cvat_lite.media.video_index import VideoIndex


class KeyFrame(NamedTuple):
    """A picture at which decoding can begin.

    ``pts`` is in the units of the stream, ``checksum`` the MD5 of the picture's RGB bytes.
    """

    number: int
    pts: int
    checksum: str


def key_frames(path: Path, index: VideoIndex) -> Iterator[KeyFrame]:
    """The key frames of a video in order; only they are decoded. MediaError where that fails."""
    numbers = [int(number) for number in index.keys]
    for number, picture in zip(numbers, video.pictures(path, index, numbers), strict=True):
        digest = hashlib.md5(picture.tobytes(), usedforsecurity=False).hexdigest()
        yield KeyFrame(number, int(index.pts[number]), digest)
