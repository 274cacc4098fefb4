"""The colours of PASCAL VOC and the pictures of masks that use them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvat_lite.domain import masks
from cvat_lite.domain.dataset import Frame
from cvat_lite.formats.png import Pixels

Color = tuple[int, int, int]


def color(number: int) -> Color:
    """The colour of a class or an instance: its bits, lowest first, spread over the channels."""
    channels = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            channels[channel] |= (number >> (3 * place + channel) & 1) << (7 - place)
    return channels[0], channels[1], channels[2]


def painted(frame: Frame, layers: Sequence[tuple[masks.Bitmap, Color]]) -> Pixels:
    """The layers in their colours, later ones over earlier ones, on black."""
    pixels = np.zeros((frame.height, frame.width, 3), dtype=np.uint8)
    for bitmap, rgb in layers:
        pixels[bitmap] = rgb
    return pixels


def number(rgb: Color) -> int:
    """The class or instance that a colour stands for: the inverse of ``color``."""
    return sum(
        (rgb[channel] >> (7 - place) & 1) << (3 * place + channel)
        for place in range(8)
        for channel in range(3)
    )


def instances(classes: Pixels, objects: Pixels) -> list[tuple[Color, masks.Bitmap]]:
    """Each instance's class colour and pixels, in the order of their numbers."""
    joined = np.concatenate([objects, classes], axis=2).astype(np.int64)
    keys = joined @ (256 ** np.arange(5, -1, -1))
    found = []
    for key in np.unique(keys):
        code = int(key) & 0xFFFFFF
        if code:
            found.append((number(_split(int(key) >> 24)), _split(code), keys == key))
    found.sort(key=lambda one: one[:2])
    return [(rgb, bitmap) for _, rgb, bitmap in found]


def _split(code: int) -> Color:
    return code >> 16, code >> 8 & 0xFF, code & 0xFF
