"""Files that must stay although the live store does not name them: snapshots do."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.store.snapshots import Content, content

LOG = logging.getLogger("cvat_lite")
SUFFIX = ".sqlite3"


class Keeping:
    """What each snapshot names, held in memory; the files of media and assets are asked for here.

    While a snapshot is being saved nobody knows yet what it will name: what is to be removed
    meanwhile waits until it is known.
    """

    def __init__(self, known: dict[str, Content], *, everything: bool = False) -> None:
        self._known = known
        #: Set where a snapshot could not be read: whatever it names must not go.
        self._everything = everything
        self._saving = 0
        self._waiting: set[int] = set()

    @classmethod
    def read(cls, config: Config) -> Keeping:
        """What the snapshots of a data directory name."""
        known, everything = {}, False
        for path in files(config):
            try:
                known[path.name.removesuffix(SUFFIX)] = content(path)
            except StoreError:
                LOG.exception("no media is removed: a snapshot cannot be read")
                everything = True
        return cls(known, everything=everything)

    def note(self, name: str, found: Content) -> None:
        """A snapshot has been saved under this name."""
        self._known[name] = found

    def forget(self, name: str) -> None:
        """The snapshot of this name has gone."""
        self._known.pop(name, None)

    def data_ids(self) -> set[int]:
        """The data that snapshots name."""
        return {number for found in self._known.values() for number in found.data_ids}

    def holds_all(self) -> bool:
        """Whether nothing may go now."""
        return self._everything or self._saving > 0

    def spare_media(self, data_ids: Iterable[int]) -> set[int]:
        """Those of the data whose files may go now; others may have to wait."""
        wanted = set(data_ids)
        if self.holds_all():
            self._waiting |= wanted
            return set()
        return wanted - self.data_ids()

    def spare_assets(self, uuids: Iterable[str]) -> list[str]:
        """Those of the assets whose files may go now; a later sweep finds the others."""
        if self.holds_all():
            return []
        kept = {uuid for found in self._known.values() for uuid in found.assets}
        return [uuid for uuid in uuids if uuid not in kept]

    @contextmanager
    def saving(self) -> Iterator[None]:
        """A snapshot is being saved."""
        self._saving += 1
        try:
            yield
        finally:
            self._saving -= 1

    def waited(self) -> set[int]:
        """The data that had to wait, to be asked for again."""
        waiting, self._waiting = self._waiting, set()
        return waiting


def files(config: Config) -> list[Path]:
    """The files of the snapshots, by name."""
    return sorted(
        path for path in config.snapshots.glob(f"*{SUFFIX}") if not path.name.startswith(".")
    )


async def remove_media(config: Config, keeping: Keeping, data_ids: Iterable[int]) -> None:
    """Remove the files of data that the live store does not name, unless a snapshot does.

    What fails now goes at the next start.
    """
    for data_id in keeping.spare_media(data_ids):
        directory = config.media / str(data_id)
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
