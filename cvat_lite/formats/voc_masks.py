"""The colours of PASCAL VOC, and the instances in pictures that use them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvat_lite.domain.stamps import Stamp, stamps_by_value
from cvat_lite.formats.png import Pixels

Color = tuple[int, int, int]


def color(number: int) -> Color:
    """The colour of a class or an instance: its bits, lowest first, spread over the channels."""
    channels = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            channels[channel] |= (number >> (3 * place + channel) & 1) << (7 - place)
    return channels[0], channels[1], channels[2]


def number(rgb: Color) -> int:
    """The class or instance that a colour stands for: the inverse of ``color``."""
    return sum(
        (rgb[channel] >> (7 - place) & 1) << (3 * place + channel)
        for place in range(8)
        for channel in range(3)
    )


def instances(classes: Pixels, objects: Pixels) -> list[tuple[Color, Stamp]]:
    """Each instance's class colour and pixels, in the order of their numbers."""
    keys = _codes(objects) << 24 | _codes(classes)
    found = []
    for key, stamp in stamps_by_value(keys):
        code = key & 0xFFFFFF
        if code:
            found.append((number(_split(key >> 24)), _split(code), stamp))
    found.sort(key=lambda one: one[:2])
    return [(rgb, stamp) for _, rgb, stamp in found]


def _codes(pixels: Pixels) -> NDArray[np.int64]:
    """The colours of pixels as numbers, ``0xRRGGBB``."""
    red, green, blue = (pixels[..., channel].astype(np.int64) for channel in range(3))
    return red << 16 | green << 8 | blue


def _split(code: int) -> Color:
    return code >> 16, code >> 8 & 0xFF, code & 0xFF
