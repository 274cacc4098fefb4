"""A directory of files that can be made again: one maker a file, and a limit to their sizes."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cvat_lite.media.names import below

PART = ".part"
# What was handed out so lately may be about to be opened: it stays, even beyond the limit.
GRACE_SECONDS = 30.0


@dataclass(slots=True)
class _Entry:
    """A file in the cache."""

    size: int
    used: float


@dataclass(slots=True)
class _Making:
    """A file being made, and whether what it is made from changed meanwhile."""

    result: Future[Path] = field(default_factory=Future)
    outdated: bool = False


class Cache:
    """Files by key (relative names with ``/``) below a directory; safe among threads.

    Keys of one subject share a directory, so that all of them can be removed at once. When a file
    was last used is kept in its access time, so that a restart forgets nothing; its modification
    time stays that of its making.
    """

    def __init__(self, root: Path, max_bytes: int, grace: float = GRACE_SECONDS) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._grace = grace
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._making: dict[str, _Making] = {}
        self._size = 0
        root.mkdir(parents=True, exist_ok=True)
        self._take_stock()

    @property
    def size(self) -> int:
        """Bytes in all files."""
        with self._lock:
            return self._size

    def get_or_make(self, key: str, maker: Callable[[Path], object]) -> Path:
        """The file of this key; ``maker`` writes it to the path it is given where there is none.

        However many ask at once, one of them makes and the others wait for the same file, or for
        the same error; who asks after an error tries anew.
        """
        path = below(self._root, key)
        with self._lock:
            if self._use(key, path):
                return path
            making = self._making.get(key)
            mine = making is None
            if making is None:
                making = self._making[key] = _Making()
        if not mine:
            return making.result.result()
        try:
            self._make(key, path, maker, making)
        except BaseException as error:
            with self._lock:
                self._making.pop(key, None)
            making.result.set_exception(error)
            raise
        making.result.set_result(path)
        return path

    def remove(self, prefix: str) -> None:
        """Remove the file of this key, or all files in the directory of this name.

        A file that is being made just then is made once more, from what is there now.
        """
        with self._lock:
            for key, making in self._making.items():
                if key == prefix or key.startswith(f"{prefix}/"):
                    making.outdated = True
            for key in [k for k in self._entries if k == prefix or k.startswith(f"{prefix}/")]:
                self._drop(key)

    def _use(self, key: str, path: Path) -> bool:
        """Note that a file is used now; False where it is not there (any more)."""
        entry = self._entries.get(key)
        if entry is None:
            return False
        now = time.time()
        try:
            os.utime(path, ns=(int(now * 1e9), path.stat().st_mtime_ns))
        except FileNotFoundError:
            # Somebody emptied the cache's directory, which is allowed.
            self._forget(key)
            return False
        entry.used = now
        self._entries.move_to_end(key)
        return True

    def _make(self, key: str, path: Path, maker: Callable[[Path], object], making: _Making) -> None:
        """Make a file and enter it, again as long as its origin changes meanwhile."""
        temporary = path.with_name(f".{path.name}.{threading.get_ident()}{PART}")
        while True:
            making.outdated = False
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                maker(temporary)
                size = temporary.stat().st_size
                with self._lock:
                    if making.outdated:
                        continue
                    temporary.replace(path)
                    self._entries[key] = _Entry(size, time.time())
                    self._size += size
                    del self._making[key]
                    self._evict(key)
                    return
            finally:
                temporary.unlink(missing_ok=True)

    def _evict(self, newest: str) -> None:
        """Remove what was not used for longest until the limit holds."""
        oldest = time.time() - self._grace
        for key in list(self._entries):
            if self._size <= self._max_bytes or self._entries[key].used > oldest:
                return
            if key != newest:
                self._drop(key)

    def _drop(self, key: str) -> None:
        """Remove one file; who has it open goes on reading."""
        path = below(self._root, key)
        path.unlink(missing_ok=True)
        self._forget(key)
        folder = path.parent
        if folder != self._root and all(
            below(self._root, other).parent != folder for other in self._making
        ):
            # Nobody is about to write there; it may hold other files.
            with suppress(OSError):
                folder.rmdir()

    def _forget(self, key: str) -> None:
        """Remove an entry whose file is gone."""
        self._size -= self._entries.pop(key).size

    def _take_stock(self) -> None:
        """Enter the files of an earlier run, and remove those that were not finished."""
        found = []
        for folder, _, names in os.walk(self._root):
            for name in names:
                path = Path(folder, name)
                if name.endswith(PART):
                    path.unlink(missing_ok=True)
                    continue
                facts = path.stat()
                used = max(facts.st_atime, facts.st_mtime)
                found.append((used, path.relative_to(self._root).as_posix(), facts.st_size))
        for used, key, size in sorted(found):
            self._entries[key] = _Entry(size, used)
            self._size += size
        self._evict("")
