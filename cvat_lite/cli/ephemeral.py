"""A data directory for as long as a process lives, gone when it ends."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from cvat_lite.errors import StoreError
from cvat_lite.store.lock import DirectoryLock

PREFIX = "cvat-lite-ephemeral-"
#: Under this name a directory is not swept: its lock is about to be taken.
NEW_PREFIX = "cvat-lite-new-"
#: What has had the name of a new directory for so long was left by a process that was killed.
NEW_SECONDS = 3600.0


class Ephemeral:
    """A directory of its own below the system's temporary directory.

    It is locked while the process lives. What processes have left that were killed is known by
    its lock, which nobody holds, and is removed by whoever makes the next directory.
    """

    def __init__(self) -> None:
        base = Path(tempfile.gettempdir())
        sweep(base)
        new = Path(tempfile.mkdtemp(prefix=NEW_PREFIX, dir=base))
        self._lock = DirectoryLock(new / "lock")
        self.path = base / f"{PREFIX}{new.name.removeprefix(NEW_PREFIX)}"
        try:
            new.rename(self.path)
        except OSError:
            # Windows renames no directory in which a file is open; old ones go by their age.
            self.path = new

    @property
    def data_dir(self) -> Path:
        """Where the store goes."""
        return self.path / "data"

    def remove(self) -> None:
        """Remove the directory; once is enough, but twice does no harm."""
        if self.path.exists():
            shutil.rmtree(self.path, ignore_errors=True)


def sweep(base: Path) -> None:
    """Remove the directories whose processes are gone."""
    for place in base.glob(f"{PREFIX}*"):
        remove_if_left(place)
    old = time.time() - NEW_SECONDS
    for place in base.glob(f"{NEW_PREFIX}*"):
        try:
            if place.stat().st_mtime < old:
                remove_if_left(place)
        except OSError:
            continue  # somebody else has just removed it


def remove_if_left(place: Path) -> None:
    """Remove a directory unless a process holds its lock, or it is somebody else's."""
    try:
        # A link would lead the lock into somebody's own directory.
        if not stat.S_ISDIR(place.lstat().st_mode):
            return
        if hasattr(os, "getuid") and place.lstat().st_uid != os.getuid():
            return
        lock = DirectoryLock(place / "lock")
    except (StoreError, OSError):
        return
    shutil.rmtree(place, ignore_errors=True)
    lock.release()
