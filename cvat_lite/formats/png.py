"""PNG files of label colours: written as they are small, read as datasets have them.

Only what masks need: colours of eight bits or less a channel, numbers of sixteen or less, not
interlaced. Pictures are not read here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cvat_lite.errors import DatasetError

Pixels = NDArray[np.uint8]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = (1, 2, 4, 8, 16)
MAX_PIXELS = 500_000_000


def encode_rgb(pixels: Pixels) -> bytes:
    """A PNG of rows of red, green and blue; with a fourth channel, of opacity as well."""
    height, width, channels = pixels.shape
    return _encoded(pixels.reshape(height, channels * width), width, 8, 2 if channels == 3 else 6)


def encode_gray(values: NDArray[np.integer], depth: int) -> bytes:
    """A PNG of rows of numbers, of 8 or 16 bits each."""
    height, width = values.shape
    stored = values.astype(">u2" if depth == 16 else np.uint8)
    return _encoded(stored.view(np.uint8).reshape(height, -1), width, depth, 0)


def _encoded(lines: Pixels, width: int, depth: int, kind_of_color: int) -> bytes:
    height, stride = lines.shape
    rows = np.zeros((height, 1 + stride), dtype=np.uint8)
    rows[:, 1:] = lines
    header = struct.pack(">IIBBBBB", width, height, depth, kind_of_color, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def decode_numbers(content: bytes, file: str) -> NDArray[np.int64]:
    """The pixels as rows of numbers: grey values of up to 16 bits, or places in a palette.

    DatasetError if it is no PNG that we read, or one of colours.
    """
    header, _, packed = _parts(content, file)
    width, height, depth, kind_of_color, _, _, interlaced = header
    if kind_of_color not in (0, 3) or interlaced:
        raise DatasetError(file, "", "this kind of PNG image cannot hold numbers")
    if depth < 16:
        return _values(packed, (width, height, depth, 1), file)[:, :, 0].astype(np.int64)
    halves = _values(packed, (width, height, 8, 2), file).astype(np.int64)
    return halves[:, :, 0] << 8 | halves[:, :, 1]


def decode_rgb(content: bytes, file: str) -> Pixels:
    """The pixels as rows of red, green and blue; DatasetError if it is no PNG that we read."""
    header, palette, packed = _parts(content, file)
    width, height, depth, kind_of_color, _, _, interlaced = header
    channels = CHANNELS.get(kind_of_color, 0)
    if not channels or interlaced or depth > 8 or (depth < 8 and channels > 1):
        raise DatasetError(file, "", "this kind of PNG image cannot hold masks")
    values = _values(packed, (width, height, depth, channels), file)
    if kind_of_color == 3:
        colored: Pixels = palette[values[:, :, 0]]
        return colored
    if channels < 3:
        values = values * np.uint8(255 // (2**depth - 1))
        return np.repeat(values[:, :, :1], 3, axis=2)
    return values[:, :, :3]


def _parts(content: bytes, file: str) -> tuple[tuple[int, ...], Pixels, bytes]:
    """The header's fields, the palette, and the packed pixels; DatasetError if it is broken."""
    palette = np.zeros((256, 3), dtype=np.uint8)
    header: tuple[int, ...] = ()
    packed = []
    for kind, data in _chunks(content, file):
        if kind == b"IHDR" and len(data) == 13:
            header = struct.unpack(">IIBBBBB", data)
        elif kind == b"PLTE":
            colors = np.frombuffer(data[: len(data) // 3 * 3], dtype=np.uint8).reshape(-1, 3)
            palette[: len(colors)] = colors[:256]
        elif kind == b"IDAT":
            packed.append(data)
    if not header:
        raise DatasetError(file, "", "this is not a PNG image")
    if not header[0] or not header[1] or header[2] not in DEPTHS:
        raise DatasetError(file, "", "the image is broken: its header makes no sense")
    if header[0] * header[1] > MAX_PIXELS:
        raise DatasetError(file, "", "the image is too large")
    return header, palette, b"".join(packed)


def _values(packed: bytes, shape: tuple[int, int, int, int], file: str) -> Pixels:
    """The channels of every pixel, unpacked and unfiltered."""
    width, height, depth, channels = shape
    stride = (width * channels * depth + 7) // 8
    expected = (stride + 1) * height
    try:
        raw = zlib.decompressobj().decompress(packed, expected)
    except zlib.error as error:
        raise DatasetError(file, "", f"the image is broken: {error}") from error
    if len(raw) < expected:
        raise DatasetError(file, "", "the image ends too early")
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(height, stride + 1)
    lines = np.zeros((height, stride), dtype=np.uint8)
    above = np.zeros(stride, dtype=np.uint8)
    step = max(channels * depth // 8, 1)
    for place, row in enumerate(rows):
        above = _unfiltered(int(row[0]), row[1:], above, step, file)
        lines[place] = above
    if depth == 8:
        return lines.reshape(height, width, channels)
    bits = np.unpackbits(lines, axis=1)[:, : width * depth].reshape(height, width, depth)
    weights = 1 << np.arange(depth - 1, -1, -1)
    unpacked: Pixels = (bits * weights).sum(axis=2, dtype=np.uint8)[:, :, np.newaxis]
    return unpacked


def _unfiltered(kind: int, row: Pixels, above: Pixels, step: int, file: str) -> Pixels:
    """A row without the filter that it was packed with."""
    if kind == 0:
        return row
    if kind == 2:
        return row + above
    if kind == 1 and len(row) % step == 0:
        sums: Pixels = np.cumsum(row.reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
        return sums
    if kind not in (1, 3, 4):
        raise DatasetError(file, "", "the image is broken: unknown filter")
    line, up, done = row.tolist(), above.tolist(), [0] * len(row)
    for place, value in enumerate(line):
        left = done[place - step] if place >= step else 0
        corner = up[place - step] if place >= step else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up[place]) // 2
        else:
            guess = _paeth(left, up[place], corner)
        done[place] = (value + guess) & 0xFF
    return np.array(done, dtype=np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    """The neighbour that is nearest to left + up - corner."""
    estimate = left + up - corner
    return min((left, up, corner), key=lambda one: abs(estimate - one))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(content: bytes, file: str) -> Iterator[tuple[bytes, bytes]]:
    if not content.startswith(SIGNATURE):
        raise DatasetError(file, "", "this is not a PNG image")
    place = len(SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += length + 12
