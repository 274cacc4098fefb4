"""BMP pictures of 24 bits a pixel, as ICDAR has its masks; others of that kind are read too.

The structure is that of Microsoft's "Bitmap Storage": a file header, BITMAPINFOHEADER, and rows
from the bottom up, padded to four bytes.
"""

from __future__ import annotations

import struct

import numpy as np

from cvat_lite.errors import DatasetError
from cvat_lite.formats.png import MAX_PIXELS, Pixels

HEADER = struct.Struct("<2sIHHIIiiHHIIiiII")
#: Bytes a pixel of the kinds that are read: blue, green, red, and perhaps one that is unused.
DEPTHS = {24: 3, 32: 4}


def encode_bmp(pixels: Pixels) -> bytes:
    """A BMP of rows of red, green and blue."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, _stride(width, 3)), dtype=np.uint8)
    rows[:, : 3 * width] = pixels[::-1, :, ::-1].reshape(height, 3 * width)
    size = HEADER.size + rows.size
    sizes = (size, 0, 0, HEADER.size, 40, width, height, 1, 24, 0, rows.size, 0, 0, 0, 0)
    return HEADER.pack(b"BM", *sizes) + rows.tobytes()


def decode_bmp(content: bytes, file: str) -> Pixels:
    """The pixels as rows of red, green and blue; DatasetError if it is no BMP that we read."""
    if len(content) < HEADER.size or not content.startswith(b"BM"):
        raise DatasetError(file, "", "this is not a BMP image")
    fields = HEADER.unpack_from(content)
    start, width, height, depth, packing = fields[4], fields[6], fields[7], fields[9], fields[10]
    upright = height > 0
    height = abs(height)
    if depth not in DEPTHS or packing not in (0, 3) or width < 1 or not height:
        raise DatasetError(file, "", "this kind of BMP image cannot hold masks")
    if width * height > MAX_PIXELS:
        raise DatasetError(file, "", "the image is too large")
    size = DEPTHS[depth]
    stride = _stride(width, size)
    if len(content) < start + stride * height:
        raise DatasetError(file, "", "the image ends too early")
    rows = np.frombuffer(content, dtype=np.uint8, count=stride * height, offset=start)
    pixels = rows.reshape(height, stride)[:, : width * size].reshape(height, width, size)
    colored: Pixels = pixels[:: -1 if upright else 1, :, 2::-1]
    return colored


def _stride(width: int, size: int) -> int:
    return (width * size + 3) // 4 * 4
