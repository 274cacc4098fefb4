"""Copies of the whole store: made while it is in use, and put back in one transaction."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from cvat_lite.store.database import connect, is_current, prepare

#: What a copy leaves out: work under way and files that are not media go with the live store.
LEFT_OUT = """
BEGIN;
DELETE FROM background_requests
 WHERE status NOT IN ('finished', 'failed') OR result_file IS NOT NULL;
DELETE FROM uploads;
UPDATE tasks SET data_id = NULL WHERE data_id IN (SELECT id FROM data WHERE size = 0);
DELETE FROM data WHERE size = 0;
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Content:
    """The files that a store names: media by the id of their data, assets by their uuid."""

    data_ids: frozenset[int]
    assets: frozenset[str]


def save(database: Path, target: Path, *, whole: bool = False) -> Content:
    """Copy the store as it is at one moment to a file of its own; answers what the copy names.

    A ``whole`` copy has the work under way as well: it is for coming back before anything else
    happens. Any other lasts longer than the files that such work needs.
    The store may be in use, also by other processes: they are not held up. The file is there only
    when it is whole and would survive a power cut. StoreError where it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with connect(database, read_only=True) as source, connect(part) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            source.backup(copy)
            # The copy is one file: its write-ahead log would be another.
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("PRAGMA journal_mode = MEMORY")
            if not whole:
                copy.executescript(LEFT_OUT)
            found = named(copy)
        sync(part)
        part.replace(target)
        if os.name != "nt":
            sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return found


def sync(path: Path) -> None:
    """Come back when a file, or the names in a directory, would survive a power cut."""
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def content(path: Path) -> Content:
    """What a store or a snapshot names; StoreError if it cannot be read."""
    with connect(path, read_only=True) as connection:
        return named(connection)


def named(connection: sqlite3.Connection) -> Content:
    """What the store behind a connection names."""
    return Content(
        frozenset(row[0] for row in connection.execute("SELECT id FROM data")),
        frozenset(row[0] for row in connection.execute("SELECT uuid FROM assets")),
    )


def ready(snapshot: Path, copy: Path) -> None:
    """Copy a snapshot to where it is made fit to be put back: brought to this version's schema.

    StoreError for one of a newer version, or for a file that is none.
    """
    shutil.copyfile(snapshot, copy)
    if not is_current(copy):
        prepare(copy)
        with connect(copy) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")


def put_back(copy: Path, database: Path) -> frozenset[int]:
    """Make a copy that is ready the content of the store, in one transaction.

    Whoever reads meanwhile sees the old content to the end of the transaction, and the new one
    after it; a crash leaves one of the two. Nobody else may write. Answers the ids of data that
    the store named before and does not name now.

    Ids of data are not given out twice, whatever is put back: media and cached chunks are found
    by them, so that files of what was dropped are never taken for those of what comes later.
    """
    with connect(database) as live, connect(copy) as source:
        before = named(live).data_ids
        used = live.execute("SELECT seq FROM sqlite_sequence WHERE name = 'data'").fetchone()
        source.execute("PRAGMA synchronous = OFF")
        source.execute("PRAGMA journal_mode = MEMORY")
        if used is not None:
            raise_sequence(source, used["seq"])
        after = named(source).data_ids
        source.backup(live)
        live.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return before - after


def raise_sequence(connection: sqlite3.Connection, least: int) -> None:
    """Let the next id of data be greater than this one."""
    changed = connection.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'data'", (least,)
    )
    if changed.rowcount == 0:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('data', ?)", (least,))
