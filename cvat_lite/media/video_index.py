"""The index of a video: when each frame is shown and where decoding can begin, by demuxing only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cvat_lite.errors import MediaError
from cvat_lite.media.containers import decoded, opened_video

# So many frames are decoded to see that the index speaks of what the decoder will give.
CHECKED_FRAMES = 8

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class VideoIndex:
    """What is known of a video: ``pts[n]`` is the presentation time of frame ``n``.

    ``keys`` are the frames at which decoding can begin, ascending, the first always 0;
    ``key_times`` the times to seek to for each (decoding times where the file has them), in units
    of ``time_base`` seconds as all times here. ``width`` and ``height`` are of the frame as shown:
    turned counterclockwise by ``rotation`` degrees. Where ``seekable`` is False the presentation
    times say nothing, and frames are counted from the beginning.
    """

    pts: Numbers
    keys: Numbers
    key_times: Numbers
    width: int
    height: int
    rotation: int
    seekable: bool
    time_base: tuple[int, int]

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.pts)

    def key_position(self, number: int) -> int:
        """The position in ``keys`` of the last key frame that is not after frame ``number``."""
        return int(np.searchsorted(self.keys, number, side="right")) - 1

    def number_at(self, pts: int | None) -> int | None:
        """The frame shown from exactly this time on, or None."""
        if pts is None:
            return None
        number = int(np.searchsorted(self.pts, pts))
        return number if number < len(self.pts) and self.pts[number] == pts else None

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last, which counts as the average one."""
        if len(self.pts) < 2:
            return 0.0
        shown = float(self.pts[-1] - self.pts[0]) * self.time_base[0] / self.time_base[1]
        return shown * len(self.pts) / (len(self.pts) - 1)

    def save(self, path: Path) -> None:
        """Write the index to a file, which is whole or not there."""
        facts = [self.width, self.height, self.rotation, int(self.seekable), *self.time_base]
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with temporary.open("wb") as file:
                np.savez(
                    file,
                    pts=self.pts,
                    keys=self.keys,
                    key_times=self.key_times,
                    facts=np.array(facts, np.int64),
                )
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> VideoIndex:
        """Read what ``save`` wrote; MediaError where that is not what is there."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                width, height, rotation, seekable, over, under = stored["facts"].tolist()
                return cls(
                    stored["pts"],
                    stored["keys"],
                    stored["key_times"],
                    width,
                    height,
                    rotation,
                    bool(seekable),
                    (over, under),
                )
        except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
            raise MediaError(f"The index of a video cannot be read: {error}") from error


def index_video(path: Path, max_pixels: int, name: str | None = None) -> VideoIndex:
    """The index of a video file; ``name`` is how messages call it.

    The packets are demuxed, and the first few frames decoded as a check. Only a file whose
    packets do not tell when its frames are shown (some AVI, raw streams, fields as packets) is
    decoded as a whole. Raises MediaError for a file without a video stream, without a frame that
    can be decoded, or with frames of more than ``max_pixels`` pixels.
    """
    called = name or path.name
    with opened_video(path, called) as (container, stream):
        packets = _Packets.read(container, stream)
    with opened_video(path, called) as (container, stream):
        _check_size(called, stream.codec_context.width, stream.codec_context.height, max_pixels)
        first = list(islice(decoded(container, stream), CHECKED_FRAMES))
        time_base = stream.time_base
    if not first:
        raise MediaError(f"Video '{called}' has no frames that can be decoded")
    _check_size(called, first[0].width, first[0].height, max_pixels)
    found = packets.index([frame.pts for frame in first])
    if found is None:
        found = _index_by_decoding(path, called)
    turn = rotation_of(first[0])
    size = (first[0].width, first[0].height)
    width, height = size[::-1] if turn in {90, 270} else size
    base = (time_base.numerator, time_base.denominator) if time_base else (1, 1)
    return VideoIndex(*found[:3], width, height, turn, found[3], base)


def rotation_of(frame: VideoFrame) -> int:
    """Degrees, counterclockwise and a multiple of 90, by which a frame is turned to be shown."""
    return round(frame.rotation / 90) % 4 * 90


def _check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse frames that are too large before a decoder makes room for them."""
    if width * height > max_pixels:
        raise MediaError(
            f"Video '{name}' is too large: {width}x{height} pixels, at most {max_pixels} are allowed"
        )


@dataclass(frozen=True, slots=True)
class _Packets:
    """The packets of frames that are shown; None where times are missing."""

    pts: Numbers
    times: Numbers
    is_key: NDArray[np.bool_]

    @classmethod
    def read(cls, container: InputContainer, stream: VideoStream) -> _Packets:
        """Demux the whole stream; a file that breaks off ends there."""
        rows: list[tuple[int, int, bool]] = []
        complete = True
        hidden = _is_hidden_vp8 if stream.codec_context.name in {"vp8", "libvpx"} else None
        try:
            for packet in container.demux(stream):
                if not packet.size or packet.is_discard or (hidden and hidden(packet)):
                    continue
                if packet.pts is None:
                    complete = False
                    break
                time = packet.pts if packet.dts is None else packet.dts
                rows.append((packet.pts, time, packet.is_keyframe))
        except av.error.FFmpegError:
            pass
        table = np.array(rows if complete else [], np.int64).reshape(-1, 3)
        table = table[np.argsort(table[:, 0], kind="stable")]
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].astype(np.bool_))

    def index(self, first: Sequence[int | None]) -> tuple[Numbers, Numbers, Numbers, bool] | None:
        """Times, key frames and their times; None where the decoder's first frames contradict.

        Frames before the first that can be decoded (their references were cut away) are left out.
        """
        if not len(self.pts) or (np.diff(self.pts) <= 0).any() or first[0] is None:
            return None
        begin = int(np.searchsorted(self.pts, first[0]))
        if self.pts[begin : begin + len(first)].tolist() != list(first):
            return None
        pts = self.pts[begin:]
        keys = np.flatnonzero(self.is_key[begin:])
        times = self.times[begin:][keys]
        if not len(keys) or keys[0] != 0:
            keys = np.insert(keys, 0, 0)
            times = np.insert(times, 0, min(int(self.times[0]), int(pts[0])))
        return pts, keys.astype(np.int64), times, True


def _is_hidden_vp8(packet: Packet[VideoStream]) -> bool:
    """Whether a VP8 packet only serves as a reference: the flag of its first byte (RFC 6386)."""
    return not memoryview(packet)[0] >> 4 & 1


def _index_by_decoding(path: Path, name: str) -> tuple[Numbers, Numbers, Numbers, bool]:
    """The index of a file whose packets do not tell; it can only be seeked in if its times rise."""
    times: list[Any] = []
    keys: list[int] = []
    with opened_video(path, name) as (container, stream):
        for frame in decoded(container, stream):
            if frame.key_frame:
                keys.append(len(times))
            times.append(frame.pts)
    rising = None not in times and all(a < b for a, b in pairwise(times))
    if not rising:
        times, keys = list(range(len(times))), []
    if not keys or keys[0] != 0:
        keys.insert(0, 0)
    pts = np.array(times, np.int64)
    places = np.array(keys, np.int64)
    return pts, places, pts[places], rising
