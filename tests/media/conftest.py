"""Media made for the tests: pictures, videos, archives."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

MakeVideo = Callable[..., Path]


def drawn(number: int, count: int, width: int, height: int) -> np.ndarray:
    """A picture that differs from frame to frame and has no symmetry."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = columns * 255 // max(1, width - 1)
    pixels[..., 1] = rows * 255 // max(1, height - 1)
    pixels[..., 2] = min(255, 255 * number // max(1, count))
    pixels[: height // 3, : max(1, width * (number + 1) // (count + 1))] = (255, 255, 0)
    return pixels


@pytest.fixture
def make_image(tmp_path: Path) -> Callable[..., Path]:
    """Save a drawn RGB picture under a name; further arguments go to Pillow's save."""

    def make(name: str, width: int = 40, height: int = 30, number: int = 1, **save: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn(number, 10, width, height)).save(path, **save)
        return path

    return make


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Encode drawn frames into a file of this name."""

    def make(
        name: str,
        codec: str = "libx264",
        count: int = 40,
        size: tuple[int, int] = (96, 64),
        times: Callable[[int], int] = lambda n: n,
        **options: str,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.time_base = Fraction(1, 25)
            for number in range(count):
                frame = av.VideoFrame.from_ndarray(drawn(number, count, *size), format="rgb24")
                frame.pts, frame.time_base = times(number), Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


def decoded_in_one_go(path: Path) -> list[np.ndarray]:
    """What PyAV decodes of a file, from its beginning to its end."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.fixture
def reference() -> Callable[[Path], list[np.ndarray]]:
    return decoded_in_one_go
