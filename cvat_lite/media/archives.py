"""Unpacking archives from strangers: names stay inside, sizes are limited, failures leave nothing.

Zip and tar (plain, gzip, bzip2, xz) are told apart by their content. What an archive declares is
checked before the first byte is written (of a compressed tar: before each member), and what it
really holds is counted while it is written.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from cvat_lite.errors import MediaError
from cvat_lite.media.names import checked_name

BLOCK = 1 << 20
GIB = 1 << 30
# Of a tar: what a member needs beside its content, and what the first ones and the end may need.
HEADER_BYTES = 4096
HEADERS_FREE_BYTES = 32 * BLOCK

_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_JUNK_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN"})
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
)
_OPENERS: dict[bytes, Callable[[IO[bytes]], AbstractContextManager[Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
_ENCRYPTED = 0x1
_UTF8 = 0x800


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold; sizes are bytes.

    ``max_ratio`` (unpacked to packed) only counts beyond ``free_bytes``, since small and very
    uniform files are honest.
    """

    max_members: int = 1_000_000
    max_member_bytes: int = 64 * GIB
    max_total_bytes: int = 256 * GIB
    max_ratio: float = 200.0
    free_bytes: int = GIB // 4


@dataclass(slots=True)
class _Unpacking:
    """One archive on its way into a directory."""

    archive: Path
    target: Path
    limits: Limits
    wanted: Callable[[str], bool] | None
    packed: int
    members: int = 0
    declared: int = 0
    written: int = 0
    names: dict[str, None] = field(default_factory=dict)
    made: list[Path] = field(default_factory=list)

    def refuse(self, why: str) -> MediaError:
        """The error for this archive."""
        return MediaError(f"Archive '{self.archive.name}' was refused: {why}")

    def announce(self, size: int) -> None:
        """Count a member by what it declares, before anything of it is unpacked."""
        self.members += 1
        self.declared += size
        if self.members > self.limits.max_members:
            raise self.refuse(f"it has more than {self.limits.max_members} members")
        if size > self.limits.max_member_bytes:
            raise self.refuse(f"a member has more than {self.limits.max_member_bytes} bytes")
        self.check_total(self.declared)

    def check_total(self, total: int) -> None:
        """Raise where ``total`` unpacked bytes are too many, or too many for this archive."""
        if total > self.limits.max_total_bytes:
            raise self.refuse(f"it holds more than {self.limits.max_total_bytes} bytes")
        if total > self.limits.free_bytes and total > self.limits.max_ratio * self.packed:
            raise self.refuse("it unpacks to an implausible size")

    def accept(self, raw: str, *, folder: bool) -> str | None:
        """The checked name of a member, or None for one that is to be left out."""
        if folder and not raw.strip("./"):
            # The archive's own root, which tar likes to name.
            return None
        name = checked_name(raw, self.refuse)
        if folder:
            return None
        path = PurePosixPath(name)
        if path.name.lower() in _JUNK_NAMES or _JUNK_FOLDERS.intersection(path.parts):
            return None
        if path.name.startswith("._"):
            return None
        return name if self.wanted is None or self.wanted(name) else None

    def write(self, name: str, source: IO[bytes], size: int) -> None:
        """Unpack one member, which may hold no more than it declared."""
        if name in self.names:
            raise self.refuse(f"it holds '{name}' twice")
        path = self.target / name
        self._make_folder(path.parent)
        left = size
        with path.open("xb") as file:
            self.made.append(path)
            while block := source.read(min(BLOCK, left + 1)):
                left -= len(block)
                self.written += len(block)
                if left < 0:
                    raise self.refuse(f"'{name}' is larger than it declares")
                self.check_total(self.written)
                file.write(block)
        if left:
            raise self.refuse(f"'{name}' is cut off")
        self.names[name] = None

    def _make_folder(self, folder: Path) -> None:
        """Make a directory and remember which of its parents are new."""
        if folder != self.target and not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir()
            self.made.append(folder)

    def undo(self) -> None:
        """Remove everything that was written."""
        for path in reversed(self.made):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def is_archive(path: Path) -> bool:
    """Whether a file is an archive, or begins as one that may be broken."""
    with path.open("rb") as file:
        head = file.read(6)
    packed = any(head.startswith(magic) for magic in _OPENERS)
    return packed or zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def extract(
    archive: Path,
    target: Path,
    limits: Limits | None = None,
    wanted: Callable[[str], bool] | None = None,
) -> list[str]:
    """Unpack the files of an archive below ``target``, which exists; answer their names in order.

    ``wanted`` is asked about each name (relative, with ``/``); the rest stays packed. Directories
    are made as files need them; the droppings of operating systems are left out. Raises
    MediaError for an archive that is broken, encrypted, too large or not honest (``..``, absolute
    names, links, devices, one name twice); then everything written is removed again.
    """
    unpacking = _Unpacking(
        archive, target, limits or Limits(), wanted, max(1, archive.stat().st_size)
    )
    try:
        _unpack(unpacking)
    except BaseException:
        unpacking.undo()
        raise
    return list(unpacking.names)


def _unpack(unpacking: _Unpacking) -> None:
    """Unpack by content; every failure of a library becomes a MediaError."""
    archive = unpacking.archive
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(unpacking)
        else:
            _unpack_tar(unpacking)
    except _BROKEN as error:
        raise MediaError(f"Archive '{archive.name}' is broken: {error}") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise unpacking.refuse("one of its names is both a file and something else") from error
    except OSError as error:
        # Also what the gzip and bzip2 readers raise for bad data.
        raise MediaError(
            f"Archive '{archive.name}' cannot be unpacked: {error.strerror or error}"
        ) from error


def _unpack_zip(unpacking: _Unpacking) -> None:
    """All declared sizes are checked, then the members are written."""
    _check_zip_directory(unpacking)
    with zipfile.ZipFile(unpacking.archive) as file:
        chosen = []
        for info in file.infolist():
            unpacking.announce(info.file_size)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise unpacking.refuse(f"'{info.filename}' is a link or a device")
            folder = info.is_dir() or kind == stat.S_IFDIR
            name = unpacking.accept(_zip_name(info), folder=folder)
            if name is None:
                continue
            if info.flag_bits & _ENCRYPTED:
                raise unpacking.refuse(f"'{info.filename}' is encrypted")
            chosen.append((name, info))
        for name, info in chosen:
            with file.open(info) as source:
                unpacking.write(name, source, info.file_size)


def _check_zip_directory(unpacking: _Unpacking) -> None:
    """Refuse a central directory for too many members before zipfile holds it in memory."""
    with unpacking.archive.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    entry_bytes = 46
    declared = int.from_bytes(tail[end + 12 : end + 16], "little")
    wide = tail.rfind(b"PK\x06\x06")
    if declared == 0xFFFFFFFF and wide >= 0:
        declared = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    if min(declared, size) > unpacking.limits.max_members * entry_bytes * 12:
        raise unpacking.refuse(f"it has more than {unpacking.limits.max_members} members")


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The member's name; without the flag for UTF-8 it often is UTF-8 all the same."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


class _Metered:
    """A decompressed tar that is refused when its headers outgrow what its members explain.

    A header may claim gigabytes for itself (long names, PAX records), which tarfile would read
    into memory.
    """

    def __init__(self, stream: IO[bytes], unpacking: _Unpacking) -> None:
        self._stream = stream
        self._unpacking = unpacking
        self._read = 0

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes."""
        block = self._stream.read(size)
        self._read += len(block)
        explained = self._unpacking.declared + self._unpacking.members * HEADER_BYTES
        if self._read > explained + HEADERS_FREE_BYTES:
            raise self._unpacking.refuse("its headers are too large")
        return block


@contextmanager
def _decompressed(archive: Path) -> Iterator[IO[bytes]]:
    """The archive's bytes, unpacked where they begin like gzip, bzip2 or xz."""
    with archive.open("rb") as raw:
        head = raw.read(6)
        raw.seek(0)
        for magic, opener in _OPENERS.items():
            if head.startswith(magic):
                with opener(raw) as stream:
                    yield stream
                return
        yield raw


def _unpack_tar(unpacking: _Unpacking) -> None:
    """One pass: each member is checked, then written, before the next is looked at."""
    with _decompressed(unpacking.archive) as stream:
        metered = cast("IO[bytes]", _Metered(stream, unpacking))
        # "r|" reads forward only, in blocks, whatever the stream is.
        with tarfile.open(fileobj=metered, mode="r|", bufsize=BLOCK) as file:
            while (info := file.next()) is not None:
                # tarfile keeps a list of what has passed, which nobody needs.
                file.members = []  # type: ignore[attr-defined]
                unpacking.announce(info.size)
                if not (info.isreg() or info.isdir()) or info.issparse():
                    raise unpacking.refuse(f"'{info.name}' is a link or a device")
                name = unpacking.accept(_tar_name(info), folder=info.isdir())
                source = file.extractfile(info) if name is not None else None
                if name is not None and source is not None:
                    unpacking.write(name, source, info.size)


def _tar_name(info: tarfile.TarInfo) -> str:
    """The member's name; bytes that are no UTF-8 are taken for Latin-1."""
    try:
        info.name.encode()
    except UnicodeEncodeError:
        return info.name.encode("utf-8", "surrogateescape").decode("latin-1")
    return info.name
