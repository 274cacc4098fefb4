"""Point clouds made for the tests, as the bytes of files."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Point = tuple[float, float, float]
POINTS: tuple[Point, ...] = tuple((n / 2, 5 - n, n % 3 / 4) for n in range(12))


def header(points: int, data: str, *, width: int | None = None, height: int = 1) -> bytes:
    """The header of a cloud of x, y, z; what it claims need not be true."""
    return (
        "# made for a test\nVERSION .7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n"
        f"WIDTH {points if width is None else width}\nHEIGHT {height}\n"
        f"VIEWPOINT 0 0 0 1 0 0 0\nPOINTS {points}\nDATA {data}\n"
    ).encode()


def ascii_pcd(points: Sequence[Point] = POINTS) -> bytes:
    """A cloud as text."""
    lines = "".join(f"{x} {y} {z}\n" for x, y, z in points)
    return header(len(points), "ascii") + lines.encode()


def binary_pcd(points: Sequence[Point] = POINTS) -> bytes:
    """A cloud as records."""
    records = b"".join(struct.pack("<3f", *point) for point in points)
    return header(len(points), "binary") + records


def compressed_pcd(points: Sequence[Point] = POINTS) -> bytes:
    """A cloud as LZF that is nothing but literals."""
    raw = b"".join(struct.pack(f"<{len(points)}f", *axis) for axis in zip(*points, strict=True))
    blocks = [raw[place : place + 32] for place in range(0, len(raw), 32)]
    packed = b"".join(bytes([len(block) - 1]) + block for block in blocks)
    sizes = struct.pack("<2I", len(packed), len(raw))
    return header(len(points), "binary_compressed") + sizes + packed


def kitti_bin(points: Sequence[Point] = POINTS) -> bytes:
    """A cloud as KITTI has it, with intensities."""
    return b"".join(struct.pack("<4f", *point, 0.5) for point in points)
