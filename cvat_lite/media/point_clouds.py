"""Point clouds: the headers of PCD files, and PCD files out of KITTI's.

A PCD file begins with lines of text (``FIELDS``, ``SIZE``, ``TYPE``, ``COUNT``, ``WIDTH``,
``HEIGHT``, ``POINTS``, ``DATA``); its points follow as text (``ascii``), as records (``binary``) or
compressed (``binary_compressed``). A KITTI file is nothing but records of four little-endian
floats: x, y, z in metres and the intensity. Only headers are read here, and what they claim is
held against the size of the file, so that nobody downstream reserves memory for points that are
not there.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from cvat_lite.errors import MediaError

#: A header is a dozen short lines; comments may make it longer.
MAX_HEADER_BYTES = 1 << 16
#: What the widths, heights and counts of the API may be.
MAX_POINTS = 2**31 - 1
#: Both sizes that stand before compressed points.
COMPRESSED_PREFIX = 8

PCD = ".pcd"
BIN = ".bin"
KITTI_RECORD = 16

_LINES = "VERSION FIELDS COLUMNS SIZE TYPE COUNT WIDTH HEIGHT VIEWPOINT POINTS DATA"
_KEYS = frozenset(_LINES.split())
_SIZES = {"F": (4, 8), "I": (1, 2, 4, 8), "U": (1, 2, 4, 8)}


class Coding(StrEnum):
    """How the points of a PCD file are written down."""

    ASCII = "ascii"
    BINARY = "binary"
    COMPRESSED = "binary_compressed"


@dataclass(frozen=True, slots=True)
class Field:
    """A value of each point: ``count`` numbers of ``size`` bytes; ``type`` is F, I or U."""

    name: str
    size: int
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a PCD file says of itself; its points begin at byte ``offset``."""

    fields: tuple[Field, ...]
    width: int
    height: int
    coding: Coding
    offset: int

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.width * self.height

    @property
    def stride(self) -> int:
        """Bytes a point in binary."""
        return sum(field.size * field.count for field in self.fields)

    @property
    def least_bytes(self) -> int:
        """The bytes that so many points need at the very least, from ``offset`` on."""
        if self.coding is Coding.BINARY:
            return self.points * self.stride
        if self.coding is Coding.COMPRESSED:
            return COMPRESSED_PREFIX if self.points else 0
        # A digit and a separator each; the last line may lack its end.
        return max(0, 2 * self.points * sum(field.count for field in self.fields) - 1)


def read_header(path: Path, name: str | None = None) -> Header:
    """The header of a PCD file, its claims held against the size of the file.

    ``name`` is how messages call it. Raises MediaError for a file that is no PCD, that ends before
    the points it claims, or that claims more than 2**31 - 1 of them.
    """
    called = name or path.name
    try:
        with path.open("rb") as file:
            head = file.read(MAX_HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
            header = _parsed(head, called)
            if header.coding is Coding.COMPRESSED and header.points:
                file.seek(header.offset)
                _check_compressed(file.read(COMPRESSED_PREFIX), header, size, called)
    except OSError as error:
        raise MediaError(f"Point cloud '{called}' cannot be read: {error.strerror}") from error
    if size - header.offset < header.least_bytes:
        raise MediaError(
            f"Point cloud '{called}' is cut off: it is too short for its {header.points} points"
        )
    return header


def probe_clouds(root: Path, names: Sequence[str]) -> list[tuple[int, int]]:
    """Width and height in points of each PCD file below ``root``; MediaError for the first bad one."""
    sizes = []
    for name in names:
        header = read_header(root / name, name)
        sizes.append((header.width, header.height))
    return sizes


def _parsed(head: bytes, name: str) -> Header:
    """The header that these first bytes hold."""
    lines: dict[str, list[str]] = {}
    place = 0
    while "DATA" not in lines:
        end = head.find(b"\n", place)
        if end < 0:
            raise _no_cloud(name, "it has no line DATA")
        words = head[place:end].decode("latin-1").split()
        place = end + 1
        if not words or words[0].startswith("#"):
            continue
        key = words[0].upper()
        if key not in _KEYS:
            raise _no_cloud(name, "its header has lines that are none of PCD's")
        lines[key] = words[1:]
    fields = _fields(lines, name)
    points = _number(lines, "POINTS", name)
    width = _number(lines, "WIDTH", name, points)
    height = _number(lines, "HEIGHT", name, 1)
    if width is None or height is None:
        raise _no_cloud(name, "it does not tell the number of its points")
    if width * height > MAX_POINTS or max(width, height) > MAX_POINTS:
        raise _no_cloud(name, f"it claims to have {width * height} points")
    if points is not None and points != width * height:
        raise _no_cloud(name, f"{points} points are not {width} x {height}")
    coding = " ".join(lines["DATA"]).lower()
    if coding not in {*Coding}:
        raise _no_cloud(name, f"its points are written as '{coding[:40]}'")
    return Header(fields, width, height, Coding(coding), place)


def _fields(lines: dict[str, list[str]], name: str) -> tuple[Field, ...]:
    """The values of each point."""
    names = lines.get("FIELDS") or lines.get("COLUMNS") or []
    sizes = lines.get("SIZE", ["4"] * len(names))
    types = [word.upper() for word in lines.get("TYPE", ["F"] * len(names))]
    counts = lines.get("COUNT", ["1"] * len(names))
    if not names or not len(names) == len(sizes) == len(types) == len(counts):
        raise _no_cloud(name, "FIELDS, SIZE, TYPE and COUNT do not agree")
    found = []
    for field, size, kind, count in zip(names, sizes, types, counts, strict=True):
        known = kind in _SIZES and size.isascii() and size.isdigit() and len(size) < 2
        if not known or int(size) not in _SIZES[kind]:
            raise _no_cloud(name, f"the field {field[:40]!r} is of no known type")
        if not (count.isascii() and count.isdigit() and len(count) < 7):
            raise _no_cloud(name, f"the field {field[:40]!r} has no sensible count")
        found.append(Field(field, int(size), kind, int(count)))
    return tuple(found)


def _number(
    lines: dict[str, list[str]], key: str, name: str, default: int | None = None
) -> int | None:
    """The number of a line, or ``default`` where there is none."""
    if key not in lines:
        return default
    text = " ".join(lines[key])
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _no_cloud(name, f"{key} is no number")
    return int(text)


def _check_compressed(prefix: bytes, header: Header, size: int, name: str) -> None:
    """Raise MediaError where the sizes before compressed points cannot be."""
    packed = int.from_bytes(prefix[:4], "little")
    unpacked = int.from_bytes(prefix[4:], "little")
    if len(prefix) < COMPRESSED_PREFIX or size - header.offset - COMPRESSED_PREFIX < packed:
        raise MediaError(
            f"Point cloud '{name}' is cut off: its compressed points are not all there"
        )
    if unpacked != header.points * header.stride:
        raise _no_cloud(name, f"its points would unpack to {unpacked} bytes")


def _no_cloud(name: str, why: str) -> MediaError:
    return MediaError(f"'{name}' is not a PCD file that can be used: {why}")


def pcd_name(name: str) -> str:
    """The name that a cloud has as a PCD file: ``a/1.pcd`` of ``a/1.bin``."""
    path = PurePosixPath(name)
    return str(path.with_suffix(PCD)) if path.suffix.lower() == BIN else name


def as_pcd(root: Path, name: str) -> str:
    """Put a PCD file in the place of a KITTI file below ``root``; answers its name.

    Other names are answered as they are. It may be done again after it was interrupted anywhere.
    Raises MediaError for a file that is no KITTI cloud, or where a PCD file of that name is there.
    """
    made = pcd_name(name)
    source, target = root / name, root / made
    if made == name or not source.exists():
        return made
    header = kitti_header(source, name)
    if target.exists() and not _is_converted(source, target, header):
        raise MediaError(f"Both '{name}' and '{made}' are there: only one of them can be a frame")
    part = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with source.open("rb") as cloud, part.open("wb") as file:
            file.write(header)
            shutil.copyfileobj(cloud, file, 1 << 20)
            file.flush()
            # The original goes: its copy must be on the disk before.
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise MediaError(f"Point cloud '{name}' cannot be kept: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    source.unlink()
    return made


def _is_converted(source: Path, target: Path, header: bytes) -> bool:
    """Whether a PCD file was made of this KITTI file, which then just was not removed any more."""
    if target.stat().st_size != len(header) + source.stat().st_size:
        return False
    with target.open("rb") as file:
        return file.read(len(header)) == header


def kitti_header(path: Path, name: str | None = None) -> bytes:
    """The header that makes a KITTI file a binary PCD; MediaError where it is none by its size."""
    called = name or path.name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise MediaError(f"Point cloud '{called}' cannot be read: {error.strerror}") from error
    points, rest = divmod(size, KITTI_RECORD)
    if rest or not points:
        raise MediaError(f"'{called}' is no KITTI point cloud: it has {size} bytes")
    if points > MAX_POINTS:
        raise MediaError(f"Point cloud '{called}' is too large: it has {points} points")
    lines = (
        "VERSION 0.7",
        "FIELDS x y z intensity",
        "SIZE 4 4 4 4",
        "TYPE F F F F",
        "COUNT 1 1 1 1",
        f"WIDTH {points}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {points}",
        "DATA binary",
    )
    return "".join(f"{line}\n" for line in lines).encode()
