"""The files that a task is to be made of: found, copied or unpacked to where they stay.

Each step writes aside and ends with a rename, and may be done again from the start.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cvat_lite.domain.enums import SortingMethod
from cvat_lite.errors import MediaError
from cvat_lite.media import archives, kinds, point_clouds
from cvat_lite.media.kinds import Kind
from cvat_lite.media.names import checked_name
from cvat_lite.media.share import inside

RAW = "raw"
UNPACKED = "unpacked"
PART = "raw.part"
MANIFEST = ".jsonl"
#: Of these many may be used together, and be packed into an archive.
PICTURES = (Kind.IMAGE, Kind.POINT_CLOUD)


@dataclass(frozen=True, slots=True)
class Material:
    """The files a task is to be made of, and what is to be made of them.

    ``home`` is the directory that belongs to the data; ``staging`` the one where uploads were
    gathered; ``share`` and ``in_place`` are the roots that ``server_files`` may be below.
    """

    home: Path
    staging: Path
    share: Path | None = None
    in_place: str | None = None
    uploaded: tuple[str, ...] = ()
    server_files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    pattern: str | None = None
    copy: bool = False
    sorting: SortingMethod = SortingMethod.LEXICOGRAPHICAL
    order: tuple[str, ...] = ()
    mapping: tuple[tuple[str, ...], ...] = ()
    seed: int = 0
    start: int = 0
    stop: int | None = None
    step: int = 1
    max_pixels: int = 500_000_000


def locate(material: Material) -> tuple[Path, list[str]]:
    """The directory that the files are below for good, and their names in the order given."""
    raw = material.home / RAW
    finish_unpacking(material)
    # What an upload that was given up has left must not be taken for a finished copy below.
    if material.uploaded and material.staging.is_dir() and not raw.is_dir():
        material.staging.rename(raw)
    if raw.is_dir() and not material.server_files:
        given = [name for name in material.uploaded if is_kept(raw, name)]
        # Nothing of what was uploaded is left where an archive has been unpacked already.
        return raw, given or list(files_below(raw))
    base = Path(material.in_place) if material.in_place else material.share
    if not material.server_files:
        raise MediaError("No media data found")
    if base is None:
        raise MediaError("This server was started without a share, so it has no server files")
    names = server_names(material, base)
    if material.copy:
        copy_files(material, base, names)
        return raw, names
    return base, names


def is_kept(raw: Path, name: str) -> bool:
    """Whether a file that was uploaded is there, or the point cloud that was made of it."""
    return (raw / name).is_file() or (raw / point_clouds.pcd_name(name)).is_file()


def server_names(material: Material, base: Path) -> list[str]:
    """The files that the server files name: each itself, or all media below a directory."""
    excluded = {checked_name(name) for name in material.exclude if name.strip("/")}
    found: dict[str, None] = {}
    for raw_name in material.server_files:
        place = inside(base, raw_name)
        if place.is_dir():
            below = (place.relative_to(base) / name for name in sorted(files_below(place)))
            found.update(dict.fromkeys(path.as_posix() for path in below))
        elif place.is_file():
            found[place.relative_to(base).as_posix()] = None
        else:
            raise MediaError(f"No such file or directory on the server: '{raw_name}'")
    return [
        name
        for name in found
        if not (excluded and is_below(name, excluded))
        and (material.pattern is None or fnmatch.fnmatch(name, material.pattern))
    ]


def is_below(name: str, places: set[str]) -> bool:
    """Whether a file is one of these places or lies in one."""
    parts = name.split("/")
    return any("/".join(parts[:depth]) in places for depth in range(1, len(parts) + 1))


def files_below(root: Path) -> Iterable[str]:
    """The names of all files below a directory, hidden ones left out; links to files count."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        place = os.path.relpath(folder, root)
        for name in sorted(files):
            if not name.startswith("."):
                yield name if place == "." else f"{place}/{name}".replace(os.sep, "/")


def copy_files(material: Material, base: Path, names: Iterable[str]) -> None:
    """Copy the files into the data's own directory, all or none."""
    raw, part = material.home / RAW, material.home / PART
    if raw.is_dir():
        return
    shutil.rmtree(part, ignore_errors=True)
    for name in names:
        target = part / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base / name, target)
    part.mkdir(exist_ok=True)
    part.rename(raw)


def unpack(material: Material, archive: Path) -> Path:
    """The directory with the archive's media, which takes the place of the archive."""
    part = material.home / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    archives.extract(archive, part, None, is_wanted)
    part.rename(material.home / UNPACKED)
    finish_unpacking(material)
    return material.home / RAW


def finish_unpacking(material: Material) -> None:
    """Put what has been unpacked where the files of the data lie; the archive goes."""
    unpacked, raw = material.home / UNPACKED, material.home / RAW
    if unpacked.is_dir():
        shutil.rmtree(raw, ignore_errors=True)
        unpacked.rename(raw)


def is_wanted(name: str) -> bool:
    """Whether a member of an archive may be of use."""
    return kinds.kind_of(name) in PICTURES or name.endswith(MANIFEST)


def media_below(root: Path, order: tuple[str, ...]) -> list[str]:
    """Images and clouds below a directory, those of ``order`` first and in its order."""
    found = [name for name in files_below(root) if kinds.kind_of(name) in PICTURES]
    # Clouds are called as PCD when this is done again after they have been converted.
    ranks = {point_clouds.pcd_name(name): rank for rank, name in enumerate(order)}
    return sorted(
        found, key=lambda name: (ranks.get(point_clouds.pcd_name(name), len(ranks)), name)
    )
