"""The size of a JPEG or PNG from its first bytes, several times faster than opening it.

Everything that is not plainly what it seems is left to Pillow: the answer here is right or None.
"""

from __future__ import annotations

import struct

HEAD_BYTES = 4096

_ORIENTATION = 0x0112
_SHORT = 3
# Start of frame: baseline, extended, progressive; the rarer processes are left to Pillow.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_APP1 = 0xE1
_SEGMENTS = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def quick_size(head: bytes) -> tuple[int, int] | None:
    """Width and height as shown, of the first bytes of a file; None where Pillow should look."""
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(head)
    if head.startswith(_PNG):
        return _png_size(head)
    return None


def _png_size(head: bytes) -> tuple[int, int] | None:
    """The size of a PNG whose first bytes reach its pixels and tell of no orientation."""
    at = 8
    while at + 8 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, at)
        if kind == b"IDAT":
            width, height = struct.unpack_from(">II", head, 16)
            return width, height
        if kind in {b"eXIf", b"zTXt", b"iTXt", b"tEXt", b"acTL"}:
            return None
        at += length + 12
    return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """The size of a JPEG whose first bytes reach its frame header."""
    turn = 1
    at = 2
    while at + 9 <= len(head):
        mark, kind, length = struct.unpack_from(">BBH", head, at)
        if mark != 0xFF or length < 2:
            return None
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return (height, width) if turn >= 5 else (width, height)
        if kind not in _SEGMENTS:
            return None
        if kind == _APP1:
            found = _exif_orientation(head[at + 4 : at + 2 + length])
            if found is None:
                return None
            turn = found
        at += 2 + length
    return None


def _exif_orientation(segment: bytes) -> int | None:
    """The orientation (1 where none is told) of a whole EXIF segment; None for anything else."""
    if not segment.startswith(b"Exif\0\0") or len(segment) < 16:
        return None
    tiff = segment[6:]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    (at,) = struct.unpack_from(order + "I", tiff, 4)
    if at + 2 > len(tiff):
        return None
    (count,) = struct.unpack_from(order + "H", tiff, at)
    if at + 2 + count * 12 > len(tiff):
        return None
    for entry in range(at + 2, at + 2 + count * 12, 12):
        tag, kind, many, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if tag == _ORIENTATION:
            return value if kind == _SHORT and many == 1 and 1 <= value <= 8 else None
    return 1
