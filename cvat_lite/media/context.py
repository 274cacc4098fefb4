"""Related images: which pictures give context to which frame, and the zip they are sent in.

CVAT's documented layouts: what lies in ``related_images/<name>_<extension>/`` beside a file belongs
to it. A point cloud may also lie in a directory ``pointcloud`` beside ``related_images``; in
KITTI's ``velodyne_points/data`` beside ``image_00/data`` and the like, which hold pictures of its
name; beside a picture of its name; or among its pictures in a directory of its name.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from cvat_lite.media.images import jpeg, read_image
from cvat_lite.media.kinds import Kind, kind_of
from cvat_lite.media.source import MediaSource

FOLDER = "related_images"
CLOUDS = "pointcloud"
VELODYNE = ("velodyne_points", "data")
QUALITY = 90

_CAMERA = re.compile(r"image_\d+", re.IGNORECASE)


def split_related(names: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The names that are frames, in order, and for each that has any its related images, sorted.

    What lies in a ``related_images`` directory is never a frame, whether it belongs to one or not;
    where there are point clouds, no image is.
    """
    frames: list[str] = []
    images: list[str] = []
    groups: dict[PurePosixPath, list[str]] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        if FOLDER not in parts[:-1]:
            (images if kind_of(name) is Kind.IMAGE else frames).append(name)
        elif kind_of(name) is Kind.IMAGE:
            depth = parts.index(FOLDER) + 2
            if depth < len(parts):
                groups.setdefault(PurePosixPath(*parts[:depth]), []).append(name)
    if any(kind_of(name) is Kind.POINT_CLOUD for name in frames):
        for image in images:
            for place in _rooms(PurePosixPath(image)):
                groups.setdefault(place, []).append(image)
    else:
        frames = images
    related = {}
    for name in frames:
        found = {image for place in _places(name) for image in groups.get(place, ())}
        if found:
            related[name] = sorted(found)
    return frames, related


def _places(name: str) -> list[PurePosixPath]:
    """What the images that belong to this file are filed under."""
    path = PurePosixPath(name)
    if kind_of(name) is not Kind.POINT_CLOUD:
        return [path.parent / FOLDER / path.name.replace(".", "_")]
    homes = [path.parent / FOLDER]
    if path.parent.name == CLOUDS:
        homes.append(path.parent.parent / FOLDER)
    # A cloud that came as KITTI's may be called after either of its files.
    stem = path.stem.replace(".", "_")
    places = [
        home / f"{stem}_{ending}" for home in homes for ending in ("pcd", "bin", "PCD", "BIN")
    ]
    places += [path.parent / f"{path.stem}.*"]
    if path.parent.name == path.stem:
        places.append(path.parent / "*")
    if path.parts[-3:-1] == VELODYNE:
        places.append(path.parents[2] / "image_*" / path.stem)
    return places


def _rooms(image: PurePosixPath) -> list[PurePosixPath]:
    """What an image outside of ``related_images`` is filed under, to be found by its cloud.

    No file's name has a ``*`` on purpose, and if one has, it only is found as it would be anyway.
    """
    rooms = [image.parent / f"{image.stem}.*", image.parent / "*"]
    if image.parent.name == VELODYNE[1] and _CAMERA.match(image.parent.parent.name):
        rooms.append(image.parents[2] / "image_*" / image.stem)
    return rooms


def context_zip(source: MediaSource, names: Sequence[str]) -> bytes:
    """A zip of these images of a task as upright JPEGs, called after themselves.

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
            image = read_image(source.located(name), source.max_pixels, name)
            archive.writestr(zipfile.ZipInfo(called), jpeg(image, QUALITY))
    return target.getvalue()
