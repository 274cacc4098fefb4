"""Related images: which pictures give context to which frame, and the zip they are sent in.

CVAT's convention: what lies in ``related_images/<name>_<extension>/`` beside a file belongs to it;
a point cloud may also lie in a directory ``pointcloud`` beside ``related_images``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from cvat_lite.media.images import jpeg, read_image
from cvat_lite.media.kinds import Kind, kind_of
from cvat_lite.media.names import below

FOLDER = "related_images"
CLOUDS = "pointcloud"
QUALITY = 90


def split_related(names: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The names that are frames, in order, and for each that has any its related images, sorted.

    What lies in a ``related_images`` directory is never a frame, whether it belongs to one or not.
    """
    frames: list[str] = []
    groups: dict[PurePosixPath, list[str]] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        if FOLDER not in parts[:-1]:
            frames.append(name)
        elif kind_of(name) is Kind.IMAGE:
            depth = parts.index(FOLDER) + 2
            if depth < len(parts):
                groups.setdefault(PurePosixPath(*parts[:depth]), []).append(name)
    related = {}
    for name in frames:
        found = [image for place in _places(name) for image in groups.get(place, ())]
        if found:
            related[name] = sorted(found)
    return frames, related


def _places(name: str) -> list[PurePosixPath]:
    """The directories whose images belong to this file."""
    path = PurePosixPath(name)
    own = path.name.replace(".", "_")
    places = [path.parent / FOLDER / own]
    if kind_of(name) is Kind.POINT_CLOUD and path.parent.name == CLOUDS:
        places.append(path.parent.parent / FOLDER / own)
    return places


def context_zip(root: Path, names: Sequence[str], max_pixels: int) -> bytes:
    """A zip of these images below ``root`` as upright JPEGs, called after themselves.

    Raises MediaError for one that cannot be read.
    """
    target = io.BytesIO()
    taken: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            called = f"{PurePosixPath(name).stem}.jpg"
            if called in taken:
                called = f"{name.replace('/', '_')}.jpg"
            taken.add(called)
            image = read_image(below(root, name), max_pixels, name)
            archive.writestr(zipfile.ZipInfo(called), jpeg(image, QUALITY))
    return target.getvalue()
