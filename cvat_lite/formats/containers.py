"""Archives and single files that formats are written into and read from.

Archives are never unpacked: members are read where they are, within limits, so that neither a
name with ``..`` nor a member that unpacks to terabytes does harm.
"""

from __future__ import annotations

import errno
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

from cvat_lite.errors import DatasetError
from cvat_lite.formats.format import Readable, Source, Writable

# Images do not get smaller; text does.
STORED_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".jp2", ".avif", ".heic", ".zip", ".mp4"}
)
LARGE = 1 << 30
MAX_MEMBERS = 2_000_000
MAX_UNPACKED_BYTES = 64 * 1024**3
MAX_MEMBER_BYTES = 4 * 1024**3
MAX_RATIO = 1100
#: What zipfile and the libraries below it raise for bytes that are not what they should be.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ZipSink:
    """A zip archive being written: images stored, everything else deflated.

    Equal files in equal order make equal archives. Use it as a context manager.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True, compresslevel=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def add(self, name: str, content: bytes) -> None:
        """Add a member of these bytes."""
        with self._member(name, large=len(content) >= LARGE) as member:
            member.write(content)

    def add_file(self, name: str, path: Path) -> None:
        """Add a copy of a file as a member."""
        with path.open("rb") as source, self._member(name, large=True) as member:
            shutil.copyfileobj(source, member, 1 << 20)

    @contextmanager
    def open(self, name: str) -> Iterator[Writable]:
        """A member written piece by piece."""
        with self._member(name, large=True) as member:
            yield member

    def _member(self, name: str, *, large: bool) -> IO[bytes]:
        name = within(name)
        stored = PurePosixPath(name).suffix.lower() in STORED_SUFFIXES
        # A member opened by name takes the archive's method and level, and a fixed date.
        self._zip.compression = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        return self._zip.open(name, "w", force_zip64=large)


def within(name: str) -> str:
    """The name of a member that stays where the archive is unpacked.

    Names of subsets and labels are people's: one called ``..`` would lead out of that directory.
    """
    parts = (part for part in name.replace("\x00", "_").split("/") if part not in ("", "."))
    return "/".join("__" if part == ".." else part for part in parts)


class FileSink:
    """A single file being written, of a format that is no archive; its name is the caller's."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between writes."""

    def add(self, name: str, content: bytes) -> None:
        """Make these bytes the file."""
        with self.open(name) as file:
            file.write(content)

    def add_file(self, name: str, path: Path) -> None:
        """Make a copy of a file the file."""
        with path.open("rb") as source, self.open(name) as file:
            shutil.copyfileobj(source, file, 1 << 20)

    @contextmanager
    def open(self, _name: str) -> Iterator[IO[bytes]]:
        """The file written piece by piece; FileExistsError the second time."""
        with self._path.open("xb") as file:
            yield file


class ZipSource:
    """The members of a zip archive; DatasetError if it is broken, or more than we unpack."""

    def __init__(self, path: Path, name: str) -> None:
        self._name = name
        try:
            self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            raise DatasetError(name, "", "this is not a zip archive, or it is cut off") from error
        self._members = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        try:
            self._check()
        except DatasetError:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _check(self) -> None:
        if len(self._members) > MAX_MEMBERS:
            raise DatasetError(self._name, "", f"more than {MAX_MEMBERS} files")
        if sum(info.file_size for info in self._members.values()) > MAX_UNPACKED_BYTES:
            raise DatasetError(self._name, "", "the files are too large when unpacked")
        for info in self._members.values():
            path = PurePosixPath(info.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts:
                raise DatasetError(info.filename, "", "the name leads out of the archive")

    def names(self) -> list[str]:
        """The names of the members, sorted."""
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        """A member's content."""
        with self.open(name) as member:
            return member.read()

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """A member read piece by piece."""
        info = self._members.get(name)
        if info is None:
            raise DatasetError(name, "", "there is no such file in the archive")
        if info.file_size > MAX_MEMBER_BYTES or (
            info.file_size > 1 << 20 and info.file_size > MAX_RATIO * max(info.compress_size, 1)
        ):
            raise DatasetError(name, "", "the file is too large when unpacked")
        with unpacking(name):
            member = self._zip.open(info)
        with member:
            yield Member(member, name)


class Member:
    """A member of a zip archive, read piece by piece; DatasetError where it is broken."""

    def __init__(self, member: IO[bytes], name: str) -> None:
        self._member = member
        self._name = name

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""
        with unpacking(self._name):
            return self._member.read(size)


@contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Have what libraries raise for a member's bad data told as a fault of the archive."""
    try:
        yield
    except BROKEN as error:
        raise DatasetError(name, "", f"the file cannot be unpacked: {error}") from error
    except OSError as error:
        # bzip2 says of bad data without a number that it is bad, and offsets may lead nowhere;
        # everything else is about the disk.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise DatasetError(name, "", f"the file cannot be unpacked: {error}") from error


class FileSource:
    """A single file, such as a JSON or XML file sent without an archive."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between reads."""

    def names(self) -> list[str]:
        """The one name."""
        return [self._name]

    def read(self, name: str) -> bytes:
        """The file's content."""
        with self.open(name) as file:
            return file.read()

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """The file read piece by piece."""
        if name != self._name:
            raise DatasetError(name, "", "there is no such file")
        with self._path.open("rb") as file:
            yield file


class DirectorySource:
    """The files below a directory; links are not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = {
            path.relative_to(root).as_posix(): path
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def names(self) -> list[str]:
        """The names relative to the directory."""
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        """A file's content."""
        with self.open(name) as file:
            return file.read()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file read piece by piece."""
        if name not in self._files:
            raise DatasetError(name, "", "there is no such file")
        with self._files[name].open("rb") as file:
            yield file


def begins_as_zip(path: Path) -> bool:
    """Whether a file is a zip archive, or the beginning of one."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


@contextmanager
def open_source(path: Path, name: str = "") -> Iterator[Source]:
    """The source that a file is: a zip archive, a directory, or else the file by itself.

    ``name`` is what the user called it, if it is stored under another name.
    """
    shown = name or path.name
    if path.is_dir():
        yield DirectorySource(path)
    elif zipfile.is_zipfile(path) or begins_as_zip(path):
        with ZipSource(path, shown) as archive:
            yield archive
    else:
        with FileSource(path, shown) as file:
            yield file
