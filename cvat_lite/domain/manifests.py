"""Manifests of media in a bucket: a JSON object a line, as CVAT's own tool writes them.

The first line tells the version, the second whether images or a video follow. Each image is a
line with its name (without extension), extension and size; a video has one line with its
properties and then one for each key frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

import orjson

from cvat_lite.errors import ManifestError

VERSIONS = ("1.0", "1.1")
LONGEST_LINE = 64 * 1024


class ManifestKind(StrEnum):
    """What a manifest is of."""

    IMAGES = "images"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """An image: its name with extension, below the manifest's directory, and its size in pixels.

    The size is None where the manifest does not tell. ``related`` are names of other images, below
    the same directory.
    """

    name: str
    width: int | None = None
    height: int | None = None
    checksum: str | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a manifest tells of a video: its name, its size in pixels, how many frames it has."""

    name: str
    width: int
    height: int
    frames: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that has been read; ``video`` is None for images, ``entries`` empty for a video."""

    kind: ManifestKind
    version: str
    entries: tuple[ManifestEntry, ...] = ()
    video: VideoFacts | None = None


def parse(lines: bytes | Iterable[bytes], name: str = "manifest.jsonl") -> Manifest:
    """A manifest; ManifestError with the line at fault if it is none."""
    found = objects(lines.split(b"\n") if isinstance(lines, bytes) else lines, name)
    version = str(expect(found, name, "version").get("version"))
    if version not in VERSIONS:
        raise ManifestError(name, 1, f"the version {version!r} is not one of {', '.join(VERSIONS)}")
    kind = expect(found, name, "type").get("type")
    if kind == ManifestKind.VIDEO:
        properties = expect(found, name, "properties").get("properties")
        return Manifest(ManifestKind.VIDEO, version, video=video(properties, name))
    if kind != ManifestKind.IMAGES:
        raise ManifestError(name, 2, f"the type {kind!r} is neither 'images' nor 'video'")
    # Frames that were left out are empty objects.
    entries = tuple(entry(one, name, at) for at, one in found if one)
    return Manifest(ManifestKind.IMAGES, version, entries)


def objects(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects with the numbers of their lines; empty lines are passed over."""
    for at, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise ManifestError(name, at, f"it is longer than {LONGEST_LINE} bytes")
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ManifestError(name, at, f"it is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise ManifestError(name, at, "it is no JSON object")
        yield at, found


def expect(found: Iterator[tuple[int, dict[str, Any]]], name: str, key: str) -> dict[str, Any]:
    """The next object, which must have that key."""
    at, one = next(found, (0, {}))
    if key not in one:
        raise ManifestError(name, at, f"there is no '{key}'")
    return one


def entry(found: dict[str, Any], manifest: str, at: int) -> ManifestEntry:
    """An image of a manifest."""
    name, extension = found.get("name"), found.get("extension", "")
    if not isinstance(name, str) or not isinstance(extension, str):
        raise ManifestError(manifest, at, "an image has no 'name'")
    meta = found.get("meta")
    related = meta.get("related_images", ()) if isinstance(meta, dict) else ()
    if not isinstance(related, list | tuple):
        raise ManifestError(manifest, at, "'related_images' is no list")
    checksum = found.get("checksum")
    return ManifestEntry(
        checked(f"{name}{extension}", manifest, at),
        size(found.get("width"), manifest, at),
        size(found.get("height"), manifest, at),
        checksum if isinstance(checksum, str) else None,
        tuple(checked(one, manifest, at) for one in related),
    )


def video(found: Any, manifest: str) -> VideoFacts:
    """The properties of a video."""
    at = 3
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise ManifestError(manifest, at, "a video has no 'name'")
    resolution = found.get("resolution")
    if not isinstance(resolution, list) or len(resolution) != 2:
        raise ManifestError(manifest, at, "'resolution' is not a width and a height")
    width, height = (size(one, manifest, at) for one in resolution)
    frames = size(found.get("length"), manifest, at)
    if width is None or height is None or frames is None:
        raise ManifestError(manifest, at, "a video has no size or no 'length'")
    return VideoFacts(checked(found["name"], manifest, at), width, height, frames)


def size(value: Any, manifest: str, at: int) -> int | None:
    """A number of pixels or frames, or None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ManifestError(manifest, at, f"{value!r} is no size")
    return value


def checked(value: Any, manifest: str, at: int) -> str:
    """A name that stays below the manifest's directory."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ManifestError(manifest, at, f"{value!r} is no name")
    path = PurePosixPath(value.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ManifestError(manifest, at, f"{value!r} is not below the manifest's directory")
    return str(path)
