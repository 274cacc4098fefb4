"""One server per data directory: a lock that the system gives up when its process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cvat_lite.errors import StoreError

#: The locked byte lies far behind the text: Windows keeps others from reading what is locked.
LOCKED_BYTE = 2**30


class DirectoryLock:
    """The lock of a data directory, held until ``release`` or until the process is gone.

    It belongs to the open file and not to its name or content, so that a killed server leaves
    nothing behind that would have to be cleaned up.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock; StoreError if another process has it, OSError if there is no file."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not lock(self._file):
            os.close(self._file)
            holder = read_holder(path)
            raise StoreError(
                f"The data directory {path.parent} is in use by another server"
                f"{f' ({holder})' if holder else ''}."
            )
        self.note("")

    def note(self, address: str) -> None:
        """Leave word of who holds the lock and where it serves, for those who are refused."""
        text = f"process {os.getpid()}{f', {address}' if address else ''}\n".encode()
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, text)

    def release(self) -> None:
        """Let the next one in. The file stays: a name that comes and goes could be locked twice."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def read_holder(path: Path) -> str:
    """What the holder of the lock says of itself, or nothing."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


if sys.platform == "win32":
    import msvcrt

    def lock(file: int) -> bool:
        """Lock an open file against other processes; whether that was possible."""
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def lock(file: int) -> bool:
        """Lock an open file against other processes; whether that was possible."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
