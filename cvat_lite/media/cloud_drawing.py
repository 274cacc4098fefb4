"""Point clouds seen from above, as small pictures for previews."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from cvat_lite.errors import MediaError
from cvat_lite.media.point_clouds import COMPRESSED_PREFIX, Coding, Field, Header, read_header

#: More bytes of points are not read for a picture; what comes first is drawn.
MAX_BYTES = 16 << 20
#: Points of text or of compression, which are read in Python, are fewer.
MAX_SLOW_BYTES = 4 << 20
GROUND = 24
LOW, HIGH = 110, 255

_TYPES = {"F": "f", "I": "i", "U": "u"}


def drawn(path: Path, side: int, name: str | None = None) -> Image.Image:
    """A grey square of ``side`` pixels: x to the right, y upwards, the brighter the higher.

    What lies far outside (beyond the 1st and 99th percentile) is left out. Raises MediaError for a
    file that is no PCD; one whose points are of an odd kind makes an empty picture.
    """
    header = read_header(path, name)
    pixels = np.full((side, side), GROUND, np.uint8)
    try:
        points = _points(path, header)
    except (OSError, ValueError, IndexError) as error:
        raise MediaError(f"Point cloud '{name or path.name}' cannot be read: {error}") from error
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return Image.fromarray(pixels)
    low, high = np.percentile(points, (1, 99), axis=0)
    middle, span = (low + high) / 2, max(float((high - low)[:2].max()), 1e-6)
    places = np.round(((points[:, :2] - middle[:2]) / span + 0.5) * (side - 1))
    inside = ((places >= 0) & (places < side)).all(axis=1)
    columns, rows = places[inside].astype(int).T
    heights = points[inside, 2] - low[2]
    shares = np.clip(heights / max(float(high[2] - low[2]), 1e-6), 0, 1)
    np.maximum.at(
        pixels, (side - 1 - rows, columns), (LOW + shares * (HIGH - LOW)).astype(np.uint8)
    )
    return Image.fromarray(pixels)


def _points(path: Path, header: Header) -> np.ndarray:
    """x, y and z of the first points as rows; none where the cloud has no such fields."""
    places = {field.name.lower(): place for place, field in enumerate(header.fields)}
    chosen = [places[axis] for axis in "xyz" if axis in places]
    if len(chosen) < 3 or not header.points:
        return np.empty((0, 3))
    if header.coding is Coding.ASCII:
        return _text_points(path, header, chosen)
    if header.coding is Coding.BINARY:
        return _record_points(path, header, chosen)
    return _compressed_points(path, header, chosen)


def _text_points(path: Path, header: Header, chosen: list[int]) -> np.ndarray:
    """The points of an ASCII cloud, by whole lines."""
    with path.open("rb") as file:
        file.seek(header.offset)
        text = file.read(MAX_SLOW_BYTES)
    if len(text) == MAX_SLOW_BYTES:
        text = text[: text.rfind(b"\n") + 1]
    columns = [sum(field.count for field in header.fields[:place]) for place in chosen]
    found = np.loadtxt(io.BytesIO(text), usecols=columns, ndmin=2, max_rows=header.points)
    return np.asarray(found, np.float64)


def _record_points(path: Path, header: Header, chosen: list[int]) -> np.ndarray:
    """The points of a binary cloud, as many as may be read."""
    count = min(header.points, MAX_BYTES // max(1, header.stride))
    with path.open("rb") as file:
        file.seek(header.offset)
        raw = file.read(count * header.stride)
    starts = [sum(f.size * f.count for f in header.fields[:place]) for place in chosen]
    kind = np.dtype(
        {
            "names": list("xyz"),
            "formats": [_dtype(header.fields[place]) for place in chosen],
            "offsets": starts,
            "itemsize": header.stride,
        }
    )
    records = np.frombuffer(raw, kind)
    return np.stack([records[axis].astype(np.float64) for axis in "xyz"], axis=1)


def _compressed_points(path: Path, header: Header, chosen: list[int]) -> np.ndarray:
    """The points of a compressed cloud, in which each field stands on its own."""
    starts = [
        header.points * sum(f.size * f.count for f in header.fields[:place]) for place in chosen
    ]
    ends = [
        start + header.points * header.fields[place].size
        for start, place in zip(starts, chosen, strict=True)
    ]
    if max(ends) > MAX_SLOW_BYTES:
        return np.empty((0, 3))
    with path.open("rb") as file:
        file.seek(header.offset)
        packed = int.from_bytes(file.read(COMPRESSED_PREFIX)[:4], "little")
        raw = unpacked(file.read(packed), max(ends))
    parts = [
        np.frombuffer(raw[start:end], _dtype(header.fields[place])).astype(np.float64)
        for place, start, end in zip(chosen, starts, ends, strict=True)
    ]
    return np.stack(parts, axis=1)


def _dtype(field: Field) -> np.dtype[np.void]:
    """The little-endian type of a field's first number."""
    return np.dtype(f"<{_TYPES[field.type]}{field.size}")


def unpacked(packed: bytes, wanted: int) -> bytes:
    """The first ``wanted`` bytes of LZF data; ValueError or IndexError where it is broken.

    LZF is a row of literals (a byte below 32 tells one less than their number) and of references
    back (three bits of length, where seven means that a byte more follows, and 13 bits of distance).
    """
    out = bytearray()
    place = 0
    while len(out) < wanted:
        control = packed[place]
        place += 1
        if control < 32:
            literal = packed[place : place + control + 1]
            if len(literal) <= control:
                raise ValueError("its compressed points end too early")
            out += literal
            place += control + 1
            continue
        length = control >> 5
        if length == 7:
            length += packed[place]
            place += 1
        start = len(out) - ((control & 31) << 8 | packed[place]) - 1
        place += 1
        if start < 0:
            raise ValueError("its compressed points refer to nothing")
        for number in range(start, start + length + 2):
            out.append(out[number])
    return bytes(out[:wanted])
