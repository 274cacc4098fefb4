"""Where uploads lie until they are used, and the synchronous work on these files.

Below ``uploads`` each place has a directory (``tasks-data/5``) with ``parts``, what is still
coming, and ``files``, what has come. A file appears in ``files`` only whole, by a rename.
``taken`` holds what background work has been given, each in a directory of its own.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from cvat_lite.config import MIB, Config
from cvat_lite.errors import (
    InsufficientStorageError,
    MediaError,
    NotFoundError,
    RuleError,
    TooLargeError,
)
from cvat_lite.media.names import below, checked_name

#: What must stay free, so that the store can still write.
RESERVE = 64 * MIB
FULL = {errno.ENOSPC, errno.EDQUOT}
TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Place:
    """Where uploads go: ``tasks/data`` and the task's id, ``tasks/backup`` and the user's id."""

    target: str
    number: int

    @property
    def belongs_to_a_task(self) -> bool:
        """Whether the files become a task's media: they keep the names that the client gave."""
        return self.target == "tasks/data"


def root(config: Config, place: Place) -> Path:
    """The directory of a place."""
    return config.uploads / place.target.replace("/", "-") / str(place.number)


def directory(config: Config, place: Place) -> Path:
    """Where the files lie that have come whole."""
    return root(config, place) / "files"


def part(config: Config, place: Place, name: str) -> Path:
    """A file that is still coming."""
    return root(config, place) / "parts" / name


def file(config: Config, place: Place, name: str) -> Path:
    """A file that has come whole."""
    return below(directory(config, place), name)


def accepted(raw: str) -> str:
    """The name a file gets; RuleError for one that leads out of its directory or cannot be.

    Clients that send the absolute path of a file of theirs mean the file's name.
    """
    if raw.startswith(("/", "\\")) or PureWindowsPath(raw).drive:
        raw = raw.replace("\\", "/").rpartition("/")[2]
    try:
        return checked_name(raw)
    except MediaError as error:
        raise RuleError(f"Invalid file name: {error}") from None


def ensure_room(config: Config, size: int) -> None:
    """Refuse what is larger than allowed (413) or than the disk has room for (507)."""
    if size > config.max_upload_bytes:
        raise TooLargeError(f"An upload may have at most {config.max_upload_bytes} bytes.")
    free = shutil.disk_usage(config.uploads).free
    if size + RESERVE > free:
        raise InsufficientStorageError(
            f"{size} bytes do not fit: the server's disk has {max(0, free - RESERVE)} left."
        )


@contextmanager
def explained() -> Iterator[None]:
    """Failures of the disk that the client should know of, as answers."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise InsufficientStorageError("The server's disk is full.") from error
        raise


def create(path: Path) -> BinaryIO:
    """A new file, opened for writing, with the directories above it."""
    with explained():
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb", buffering=0)


def touch(path: Path) -> None:
    """Make an empty file."""
    create(path).close()


def resume(path: Path, offset: int) -> tuple[BinaryIO | None, int]:
    """The part and its size; opened at the offset if that is where it ends.

    NotFoundError if there is no such part.
    """
    try:
        file = path.open("r+b", buffering=0)
    except FileNotFoundError:
        raise NotFoundError from None
    size = file.seek(0, os.SEEK_END)
    if size == offset:
        return file, size
    file.close()
    return None, size


def write(file: BinaryIO, piece: bytes | bytearray) -> None:
    """Write all of a piece; InsufficientStorageError if the disk is full."""
    with explained(), memoryview(piece) as view:
        done = 0
        while done < len(view):
            done += file.write(view[done:])


def store(path: Path, content: bytes | bytearray) -> None:
    """Write a small file, whole and durably."""
    with create(path) as file:
        write(file, content)
        sync(file)


def sync(file: BinaryIO) -> None:
    """Come back when the bytes would survive a power cut."""
    with explained():
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Come back when the names in the directory would survive a power cut."""
    if os.name == "nt":
        return  # Windows has no such call; its file systems keep names in order
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def size_of(path: Path) -> int | None:
    """The size of a file; None where there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def sizes_of(paths: list[Path]) -> list[int | None]:
    """The sizes of files."""
    return [size_of(path) for path in paths]


def present(base: Path, names: list[str]) -> list[str]:
    """Those of the names that are files below a directory."""
    return [name for name in names if below(base, name).is_file()]


def move(sources: list[Path], base: Path, names: list[str]) -> None:
    """Rename parts to their names below ``base``, over what has these names, durably.

    RuleError if a name is a file's and a directory's at once; NotFoundError if a part is gone
    because somebody began the upload anew.
    """
    touched: set[Path] = set()
    for source, name in zip(sources, names, strict=True):
        target = below(base, name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        except (IsADirectoryError, NotADirectoryError, FileExistsError):
            raise RuleError(f"{name}: a file and a directory have the same name") from None
        except FileNotFoundError:
            raise NotFoundError from None
        touched.add(target.parent)
    for parent in touched:
        sync_directory(parent)


def take(config: Config, path: Path) -> Path:
    """Move a file out of its place into a directory of its own; where it is then."""
    target = config.uploads / TAKEN / uuid.uuid4().hex / path.name
    target.parent.mkdir(parents=True)
    path.replace(target)
    os.utime(target)
    sync_directory(target.parent)
    return target


def remove(path: Path) -> None:
    """Remove a file or a directory with all that is in it; nothing if there is none."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def remove_all(paths: list[Path]) -> None:
    """Remove several files or directories."""
    for path in paths:
        remove(path)


def places(config: Config) -> set[Place]:
    """The places that have a directory."""
    found = set()
    for folder in config.uploads.glob("*-*/*"):
        if folder.name.isdecimal():
            found.add(Place(folder.parent.name.replace("-", "/"), int(folder.name)))
    return found


def taken(config: Config) -> list[Path]:
    """The directories of what has been taken."""
    return list((config.uploads / TAKEN).glob("*"))


def stale(config: Config, place: Place, seconds: float) -> tuple[list[str], list[str]]:
    """The parts and the files of a place that have not been written for so long."""
    before = time.time() - seconds
    found: list[list[str]] = []
    for base in (root(config, place) / "parts", directory(config, place)):
        old = []
        for path in base.rglob("*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime < before:
                    old.append(path.relative_to(base).as_posix())
        found.append(old)
    return found[0], found[1]


def idle_seconds(path: Path) -> float:
    """For how long nothing has been written below a directory."""
    newest = 0.0
    for folder, _, files in os.walk(path):
        for name in ("", *files):
            with suppress(OSError):
                newest = max(newest, (Path(folder) / name).stat().st_mtime)
    return time.time() - newest
