"""How far each thing has been moved, on the disk, so that a later run goes on from there.

A directory belongs to one pair of servers; it holds the journal and the archives on their way.
Every step is noted before the next begins, and by a rename: a power cut leaves the last step.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from cvat_lite.errors import StoreError
from cvat_lite.store.lock import DirectoryLock

FILE = "journal.json"
UNFIT = re.compile(r"[^a-z0-9.-]+")


class Stage(StrEnum):
    """The steps of a move; what a name says has been done."""

    PLANNED = "planned"
    FETCHED = "fetched"
    SENDING = "sending"
    FINISHING = "finishing"
    RESTORING = "restoring"
    MOVED = "moved"


@dataclass
class Move:
    """How far one thing is.

    ``stamp`` is its state when the archive was made, ``path`` and ``filename`` are those of the
    upload, ``known`` the requests that the target knew of before the archive was handed over,
    ``rq_id`` the request that restores it, ``result`` the number it has at the target.
    """

    stage: Stage = Stage.PLANNED
    stamp: str = ""
    path: str = ""
    filename: str = ""
    known: list[str] = field(default_factory=list)
    rq_id: str = ""
    result: int | None = None


@dataclass
class Content:
    """The file."""

    source: str
    target: str
    moves: dict[str, Move] = field(default_factory=dict)


def directory(base: Path, source: str, target: str) -> Path:
    """Where the journal of a pair of servers is, and the archives on their way."""
    digest = hashlib.sha256(f"{source}\n{target}".encode()).hexdigest()[:12]
    name = UNFIT.sub("-", f"{source} to {target}".lower()).strip("-")[-60:]
    return base / f"{name}-{digest}"


def read(place: Path) -> Content | None:
    """What a journal says; None if there is none. StoreError for one that cannot be read."""
    path = place / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Content)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(
            f"{path} cannot be read ({error}); without it everything is moved anew."
        ) from error


class Journal:
    """The journal of the moves between two servers; one process has it at a time."""

    def __init__(self, base: Path, source: str, target: str) -> None:
        """Open it below ``base``; ``source`` and ``target`` tell servers and organizations apart.

        StoreError if another process has it, or it cannot be used.
        """
        self.directory = directory(base, source, target)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock(self.directory / "lock")
        except StoreError:
            raise StoreError(
                f"Another process is moving things from {source} to {target} now."
            ) from None
        except OSError as error:
            raise StoreError(f"{self.directory} cannot be written: {error.strerror}.") from error
        try:
            self._content = read(self.directory) or Content(source, target)
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Let others have it."""
        self._lock.release()

    def move(self, key: str) -> Move:
        """How far a thing is; it need not have begun."""
        return self._content.moves.get(key, Move())

    def note(self, key: str, move: Move) -> None:
        """Put it down, durably. StoreError if the disk does not take it."""
        self._content.moves[key] = move
        part = self.directory / f"{FILE}.part"
        try:
            with part.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(self._content)))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.directory / FILE)
        except OSError as error:
            raise StoreError(f"{part} cannot be written: {error.strerror}.") from error

    def archive(self, key: str) -> Path:
        """Where the archive of a thing waits."""
        return self.directory / f"{key}.zip"
