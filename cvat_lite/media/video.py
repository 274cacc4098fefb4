"""Frames of a video: a seek to the key frame before, and one pass of decoding from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import av
from av.video.frame import VideoFrame
from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media.containers import decoded, opened_video
from cvat_lite.media.video_index import VideoIndex

# A key frame must be so many frames ahead for a seek to be cheaper than decoding on.
WORTH_A_SEEK = 12

_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def frames(path: Path, index: VideoIndex, numbers: Iterable[int]) -> Iterator[VideoFrame]:
    """The frames of these numbers (ascending), as they were decoded: neither turned nor scaled.

    A frame that is damaged beyond decoding is replaced by the one before it, as a player goes on
    showing it, so that each number has its frame. Raises MediaError where there is nothing to
    show, ValueError for a number that the video has not or that is out of order.
    """
    with _Cursor(path, index) as cursor:
        last = -1
        for number in numbers:
            if not last < number < len(index):
                raise ValueError(f"Frame {number} after {last} of {len(index)} frames")
            last = number
            yield cursor.read(number)


def pictures(path: Path, index: VideoIndex, numbers: Iterable[int]) -> Iterator[Image.Image]:
    """The frames of these numbers as RGB pictures, turned as the video says; else as ``frames``."""
    for frame in frames(path, index, numbers):
        yield picture(frame, index)


def picture(frame: VideoFrame, index: VideoIndex) -> Image.Image:
    """One decoded frame as it is shown: turned, and of the video's size if it changes midway."""
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    turn = _TURNS.get(index.rotation)
    if turn is not None:
        image = image.transpose(turn)
    if image.size != (index.width, index.height):
        image = image.resize((index.width, index.height))
    return image


class _Cursor:
    """A place in a video that is being decoded, which moves forward, and back if it must."""

    def __init__(self, path: Path, index: VideoIndex) -> None:
        self._path = path
        self._index = index
        self._open = ExitStack()
        self._decoding: Iterator[VideoFrame] = iter(())
        self._counted = 0
        self._at = -1
        self._shown: VideoFrame | None = None
        self._ahead: tuple[int, VideoFrame] | None = None

    def __enter__(self) -> Self:
        self._seek(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, number: int) -> VideoFrame:
        """The frame of this number, which is not before the last one read."""
        position = self._index.key_position(number)
        back = 1
        if self._index.seekable and self._index.keys[position] >= self._at + WORTH_A_SEEK:
            self._seek(position)
        else:
            position = 0 if self._at < 0 else -1
        while not self._advance(number) and position > 0:
            # The seek went too far: try from earlier key frames, at last from the beginning.
            position = max(0, position - back)
            back *= 2
            self._seek(position)
        if self._shown is not None:
            return self._shown
        if self._ahead is not None:
            return self._ahead[1]
        raise MediaError(f"Frame {number} of video '{self._path.name}' cannot be decoded")

    def _seek(self, position: int) -> None:
        """Open the file anew, at a key frame or (position 0) at its beginning."""
        self._open.close()
        container, stream = self._open.enter_context(opened_video(self._path))
        if position:
            time = int(self._index.key_times[position])
            # Where a seek fails, the file is read from the beginning.
            with suppress(av.error.FFmpegError):
                container.seek(time, stream=stream, backward=True)
        self._decoding = decoded(container, stream)
        self._counted = 0
        self._at = -1
        self._shown = self._ahead = None

    def _advance(self, number: int) -> bool:
        """Decode until the frame of this number is shown; False where nothing up to it came."""
        while self._at < number:
            following = self._ahead or self._next()
            self._ahead = None
            if following is None:
                break
            if following[0] > number:
                self._ahead = following
                break
            self._at, self._shown = following
        return self._shown is not None

    def _next(self) -> tuple[int, VideoFrame] | None:
        """The next decoded frame that the index knows, with its number."""
        for frame in self._decoding:
            if self._index.seekable:
                number = self._index.number_at(frame.pts)
            else:
                number = self._counted
                self._counted += 1
            if number is not None:
                return number, frame
        return None
