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


def instances(classes: Pixels, objects: Pixels) -> list[tuple[Color, masks.Bitmap]]:
    """Each instance's class colour and pixels, in the order of their colours."""
    joined = np.concatenate([objects, classes], axis=2).astype(np.int64)
    keys = joined @ (256 ** np.arange(5, -1, -1))
    found = []
    for key in np.unique(keys):
        code = int(key) & 0xFFFFFF
        if code:
            found.append(((code >> 16, code >> 8 & 0xFF, code & 0xFF), keys == key))
    return found
