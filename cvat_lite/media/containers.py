"""Opening videos and sounds with PyAV: files only, one stream, and a decoder that goes on after damage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cvat_lite.errors import MediaError

# Playlists and the like name further files and addresses, which nobody may have opened for them.
_INDIRECT = (
    "applehttp concat concatf dash ffmetadata hls image2 image2pipe imf lavfi mpjpeg rtp rtsp sap "
    "sdp tedcaptions video4linux2 x11grab fbdev kmsgrab alsa oss webm_dash_manifest"
)


# Names in files need not be UTF-8. PyAV 19 reads them as they are; before, it had to be told so.
_NAMES_OF_ANY_KIND: dict[str, Any] = (
    {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
)

# What FFmpeg has to say about strangers' files goes into MediaErrors, not into the server's log.
av.logging.set_level(None)


@cache
def _open_options() -> dict[str, str]:
    """What FFmpeg is told at each opening."""
    names = {part for name in av.formats_available for part in name.split(",")}
    direct = sorted(names - set(_INDIRECT.split()))
    return {"format_whitelist": ",".join(direct), "protocol_whitelist": "file"}


@contextmanager
def opened_video(
    path: Path, name: str | None = None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its video stream (no cover picture of a song); MediaError without one.

    ``name`` is how messages call the file.
    """
    called = name or path.name
    with _opened(path, f"Video '{called}'") as container:
        streams = [
            stream
            for stream in container.streams.video
            if not stream.disposition & Disposition.attached_pic
        ]
        if not streams:
            raise MediaError(f"'{called}' has no video stream")
        if streams[0].codec_context is None:
            raise MediaError(f"Video '{called}' is of a codec that is not known")
        streams[0].thread_type = "AUTO"
        yield container, streams[0]


@contextmanager
def opened_audio(
    path: Path, name: str | None = None
) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The container and its first stream of sound; MediaError without one.

    ``name`` is how messages call the file.
    """
    called = name or path.name
    with _opened(path, f"Sound '{called}'") as container:
        if not container.streams.audio:
            raise MediaError(f"'{called}' has no sound")
        stream = container.streams.audio[0]
        if stream.codec_context is None or not stream.sample_rate:
            raise MediaError(f"Sound '{called}' is of a codec that is not known")
        yield container, stream


@contextmanager
def _opened(path: Path, called: str) -> Iterator[InputContainer]:
    """The container of a file."""
    try:
        container = av.open(str(path), options=dict(_open_options()), **_NAMES_OF_ANY_KIND)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{called} cannot be read: {_reason(error)}") from error
    with container:
        yield container


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames from where the container stands to the end; what cannot be decoded is skipped."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                continue
    except av.error.FFmpegError:
        # The file ends in the middle of something; the decoder still holds frames.
        try:
            yield from stream.codec_context.decode(None)
        except av.error.FFmpegError:
            return


def _reason(error: Exception) -> str:
    """What FFmpeg says, without its numbers and the path."""
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")
