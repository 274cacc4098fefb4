"""Sounds: how long they are, their cover pictures, and spans of them as MP3.

A frame of a sound is a millisecond. Time begins with the first sample that the decoder gives, and
runs by the time stamps of the file: what is missing in a damaged file is silence.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from PIL import Image

from cvat_lite.domain.enums import Quality
from cvat_lite.errors import MediaError
from cvat_lite.media.containers import opened_audio
from cvat_lite.media.images import read_image_bytes

#: Frames are counted in 32 bits: 24 days.
MAX_MILLISECONDS = 2**31 - 1
#: What a decoder needs to hear before what it shall give.
PREROLL_SECONDS = 2
#: Packets that are decoded to learn where time begins.
FIRST_PACKETS = 8
MAX_COVER_BYTES = 64 << 20
#: The sampling rates of MP3, and bits a second of one channel: as good as it gets, and compressed.
BIT_RATES = {
    **dict.fromkeys((8000, 11025, 12000), (32_000, 24_000)),
    **dict.fromkeys((16000, 22050, 24000), (80_000, 40_000)),
    **dict.fromkeys((32000, 44100, 48000), (160_000, 64_000)),
}


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound: its length in ms, samples a second, and whether a picture comes with it."""

    milliseconds: int
    sampling_rate: int
    has_cover: bool


def probe_audio(path: Path, name: str | None = None) -> Sound:
    """What a file of sound holds, found by decoding it once; the length is rounded up.

    ``name`` is how messages call it. Raises MediaError for a file without sound, or with more than
    24 days of it.
    """
    called = name or path.name
    end = Fraction(0)
    with opened_audio(path, called) as (container, stream):
        for start, frame in _timed(container, stream, Fraction(0), called):
            end = max(end, start + Fraction(frame.samples, frame.sample_rate))
            if end * 1000 > MAX_MILLISECONDS:
                raise MediaError(f"Sound '{called}' is too long: more than 24 days")
        rate = stream.sample_rate
        has_cover = bool(container.streams.video)
    if not end:
        raise MediaError(f"Sound '{called}' is empty")
    return Sound(-int(-end * 1000 // 1), rate, has_cover)


def write_span(path: Path, span: range, quality: Quality, out: Path) -> None:
    """Write the milliseconds of ``span`` (as in the file, not empty) as MP3.

    ``original`` is coded at the highest rate, or is the file itself where that is an MP3 and all
    of it is wanted. What lies beyond the end is left out. Raises MediaError.
    """
    untouched = quality is Quality.ORIGINAL and span.start == 0 and is_mp3(path)
    if untouched and probe_audio(path).milliseconds <= span.stop:
        shutil.copyfile(path, out)
        return
    with opened_audio(path) as (container, stream):
        rate = stream.sample_rate
        first, end = span.start * rate // 1000, -(-span.stop * rate // 1000)
        frames = _timed(container, stream, Fraction(span.start, 1000), path.name)
        blocks = _cut(frames, rate, first, end)
        mono = stream.channels == 1
        target = next((r for r in BIT_RATES if r >= rate), 48000)
        bits = BIT_RATES[target][quality is Quality.COMPRESSED] * (1 if mono else 2)
        _encode(blocks, rate, target, bits, out, mono=mono)


def is_mp3(path: Path) -> bool:
    """Whether a file is nothing but MP3."""
    with opened_audio(path) as (container, stream):
        return container.format.name == "mp3" and stream.codec_context.name.startswith("mp3")


def cover(path: Path, max_pixels: int) -> Image.Image:
    """The picture that comes with a sound; MediaError where there is none that can be read."""
    with opened_audio(path) as (container, _):
        for stream in container.streams.video:
            for packet in container.demux(stream):
                if 0 < packet.size <= MAX_COVER_BYTES:
                    return read_image_bytes(bytes(packet), max_pixels, f"cover of {path.name}")
                break
    raise MediaError(f"'{path.name}' has no cover picture")


def _timed(
    container: InputContainer, stream: AudioStream, since: Fraction, name: str
) -> Iterator[tuple[Fraction, AudioFrame]]:
    """Decoded frames with the seconds at which they begin, from a while before ``since`` on.

    What lies before is only demuxed: seeking is not exact in all containers.
    """
    zero: Fraction | None = None
    reached = Fraction(0)
    base = stream.time_base or Fraction(1, stream.sample_rate)
    try:
        for number, packet in enumerate(container.demux(stream)):
            if packet.pts is not None and zero is not None and number >= FIRST_PACKETS:
                told = packet.pts * base - zero
                if told < since - PREROLL_SECONDS:
                    continue
            for frame in _decoded(packet):
                if frame.pts is not None and frame.time_base is not None:
                    told = frame.pts * frame.time_base
                    zero = told if zero is None else zero
                    # Rounded time stamps are no gaps: only more than a millisecond counts.
                    if abs(told - zero - reached) > Fraction(1, 1000):
                        reached = max(reached, told - zero)
                zero = zero or Fraction(0)
                yield reached, frame
                reached += Fraction(frame.samples, frame.sample_rate)
    except (av.error.FFmpegError, ValueError) as error:
        # Packets that cannot be decoded are skipped; this is a container that cannot be read on.
        if not reached:
            raise MediaError(f"Sound '{name}' cannot be read") from error


def _decoded(packet: av.Packet[AudioStream]) -> list[AudioFrame]:
    """The frames of a packet; none where it is damaged."""
    try:
        return packet.decode()
    except av.error.FFmpegError:
        return []


def _cut(
    frames: Iterator[tuple[Fraction, AudioFrame]], rate: int, first: int, end: int
) -> Iterator[np.ndarray]:
    """Samples ``first`` to ``end`` (not included) as planar floats, gaps filled with silence."""
    resampler: AudioResampler | None = None
    place = first
    for start, frame in frames:
        if frame.sample_rate != rate:
            raise MediaError("The sound changes its sampling rate, which is not supported")
        if resampler is None:
            layout = "mono" if len(frame.layout.channels) == 1 else "stereo"
            resampler = AudioResampler("fltp", layout, rate)
        frame.pts = None
        for plain in resampler.resample(frame):
            samples = plain.to_ndarray()
            begins = round(start * rate)
            if begins >= end:
                return
            if begins > place:
                silence = np.zeros((len(samples), min(rate, begins - place)), np.float32)
                while begins > place:
                    part = silence[:, : begins - place]
                    yield part
                    place += part.shape[1]
            kept = samples[:, max(0, place - begins) : max(0, end - begins)]
            if kept.shape[1]:
                yield np.ascontiguousarray(kept)
                place += kept.shape[1]


def _encode(
    blocks: Iterator[np.ndarray], rate: int, target: int, bits: int, out: Path, *, mono: bool
) -> None:
    """Encode planar float samples at ``rate`` into an MP3 at ``target`` samples a second."""
    layout = "mono" if mono else "stereo"
    written = False
    with av.open(str(out), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=target, layout=layout)
        stream.bit_rate = bits
        resampler = AudioResampler(stream.format, layout, target)
        for block in blocks:
            frame = AudioFrame.from_ndarray(block, "fltp", layout)
            frame.sample_rate = rate
            for ready in resampler.resample(frame):
                container.mux(stream.encode(ready))
            written = True
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        if written:
            container.mux(stream.encode(None))
    if not written:
        raise MediaError("The sound ends before the span that was asked for")
