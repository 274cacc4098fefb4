"""Sounds made for the tests."""

from __future__ import annotations

import io
import math
import wave
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

RATE = 16000


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    """Samples of a tone that climbs, so that each moment sounds its own, -32768 to 32767."""
    times = np.arange(round(seconds * rate)) / rate
    return (12000 * np.sin(2 * math.pi * (200 * times + 150 * times**2))).astype(np.int16)


def write_wav(path: Path, seconds: float, rate: int = RATE) -> Path:
    """A mono WAV of that length."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone(seconds, rate).tobytes())
    return path


def write_coded(
    path: Path, codec: str, seconds: float, rate: int = RATE, cover: bytes | None = None
) -> Path:
    """A file of another kind with the same tone, maybe with a PNG as its cover."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        picture = None
        if cover is not None:
            with av.open(io.BytesIO(cover), format="png_pipe") as image:
                source = image.streams.video[0]
                picture = container.add_stream_from_template(source)
                picture.disposition = av.stream.Disposition.attached_pic
                packet = next(packet for packet in image.demux(source) if packet.size)
                packet.stream = picture
                packet.pts = packet.dts = 0
                container.mux(packet)
        frame = AudioFrame.from_ndarray(tone(seconds, rate)[np.newaxis], "s16", "mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def samples(content: Path | bytes) -> tuple[np.ndarray, int]:
    """The samples of a sound as floats, and how many there are a second."""
    opened = io.BytesIO(content) if isinstance(content, bytes) else str(content)
    resampler = av.AudioResampler("flt", "mono")
    with av.open(opened) as container:
        parts = [
            plain.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for plain in resampler.resample(frame)
        ]
        return np.concatenate(parts), container.streams.audio[0].sample_rate
