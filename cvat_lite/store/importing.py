"""Filling a new store in bulk, with objects that refer to each other in any order.

References are checked at the end and not row by row. What is only needed until then lies in
tables of a scratch file beside the store (``dump_files``, ``dump_related``, ``dump_values``), so
that no list of images or annotations is ever held in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import length_hint
from pathlib import Path
from typing import Any

from cvat_lite.store import places
from cvat_lite.store.database import PlainConnection, connect, prepare

BATCH = 1000
SCRATCH = """
CREATE TABLE scratch.dump_files (
    model TEXT NOT NULL, pk INTEGER NOT NULL, data_id INTEGER NOT NULL, path TEXT NOT NULL,
    frame INTEGER, PRIMARY KEY (model, pk)
) STRICT, WITHOUT ROWID;
CREATE TABLE scratch.dump_related (related_file_id INTEGER NOT NULL, image INTEGER NOT NULL) STRICT;
CREATE TABLE scratch.dump_values (
    owner_table TEXT NOT NULL, pk INTEGER NOT NULL, owner INTEGER NOT NULL, spec INTEGER NOT NULL,
    value TEXT NOT NULL
) STRICT;
"""
RELATED = """
INSERT INTO related_file_frames (related_file_id, data_id, frame)
SELECT r.related_file_id, f.data_id, f.frame FROM scratch.dump_related r
JOIN scratch.dump_files f ON f.model = 'engine.image' AND f.pk = r.image
"""
LOST_RELATED = """
SELECT r.related_file_id, r.image FROM scratch.dump_related r
LEFT JOIN scratch.dump_files f ON f.model = 'engine.image' AND f.pk = r.image
WHERE f.pk IS NULL LIMIT 1
"""
LABEL_OF = {
    "tracked_shapes": "(SELECT t.label_id FROM tracks t WHERE t.id = o.track_id)",
}
FILES = """
SELECT f.model, f.pk, f.data_id, f.path, d.storage FROM scratch.dump_files f
JOIN data d ON d.id = f.data_id ORDER BY f.data_id, f.model, f.pk
"""
#: What no reference shows: the key of the object at fault, and what is wrong with it.
FLAWS = (
    (
        "engine.data",
        """SELECT d.id, 'it has ' || d.size || ' frames, but ' || count(i.frame) || ' images'
           FROM data d LEFT JOIN images i ON i.data_id = d.id
           WHERE d.kind IN ('images', 'point_cloud') GROUP BY d.id
           HAVING count(i.frame) <> d.size OR max(i.frame) >= d.size""",
    ),
    (
        "engine.segment",
        """SELECT s.id, 'it ends with frame ' || s.stop_frame || ', its task has ' || d.size
           FROM segments s JOIN tasks t ON t.id = s.task_id JOIN data d ON d.id = t.data_id
           WHERE s.start_frame < 0 OR s.start_frame > s.stop_frame OR s.stop_frame >= d.size""",
    ),
    (
        "engine.data",
        """SELECT d.id, 'its cloud storage ' || d.cloud_storage_id || ' is not in the dump'
           FROM data d WHERE d.cloud_storage_id IS NOT NULL
           AND d.cloud_storage_id NOT IN (SELECT id FROM cloud_storages)""",
    ),
    (
        "engine.storage",
        """SELECT s.id, 'its cloud storage ' || s.cloud_storage_id || ' is not in the dump'
           FROM storages s WHERE s.cloud_storage_id IS NOT NULL
           AND s.cloud_storage_id NOT IN (SELECT id FROM cloud_storages)""",
    ),
)
#: Tables whose rows mean that somebody has worked here, by what they are called.
WORK = {
    "projects": "project",
    "tasks": "task",
    "organizations": "organization",
    "cloud_storages": "cloud storage",
    "webhooks": "webhook",
    "access_tokens": "access token",
}


class RowError(Exception):
    """A row that the store does not take; ``row`` is its place among those given."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(why)
        self.row = row
        self.why = why


@dataclass(frozen=True, slots=True)
class BrokenReference:
    """A row (``key`` is None where the table has none) that refers to something that is not there."""

    table: str
    key: int | None
    column: str
    value: Any
    parent: str


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that an object of the dump names, below the directory of its data."""

    model: str
    pk: int
    data_id: int
    path: str
    storage: str


@contextmanager
def filling(path: Path, scratch: Path) -> Iterator[Filling]:
    """A new store at ``path``, committed when the block ends; on an error it is of no use.

    Nothing survives a power cut before that, which is why it is fast.
    """
    prepare(path)
    with connect(path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA journal_mode = MEMORY")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -64000")
        db.execute("ATTACH DATABASE ? AS scratch", (str(scratch),))
        db.execute("PRAGMA scratch.journal_mode = OFF")
        db.execute("PRAGMA scratch.synchronous = OFF")
        db.executescript(SCRATCH)
        db.execute("BEGIN")
        yield Filling(db)
        # Rows come in the order of the dump, jobs before their segments.
        places.settle(db)
        db.execute("COMMIT")
        db.execute("DETACH DATABASE scratch")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Filling:
    """The store while it is filled. Names of tables and columns are ours, never input."""

    def __init__(self, db: PlainConnection) -> None:
        self._db = db

    def insert(self, table: str, columns: Sequence[str], found: Sequence[Sequence[Any]]) -> None:
        """Add rows; RowError names the first that the table does not take."""
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("?" * len(columns))
        coming = iter(found)
        try:
            self._db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", coming)
        except sqlite3.IntegrityError as error:
            raise RowError(len(found) - length_hint(coming) - 1, str(error)) from error

    def connect_related(self) -> tuple[int, int] | None:
        """Join related files and frames; the ids of a file and an image that is not there."""
        lost = self._db.execute(LOST_RELATED).fetchone()
        if lost is None:
            self._db.execute(RELATED)
        return tuple(lost) if lost is not None else None

    def set_defaults(self, label_id: int, attributes: str) -> None:
        """Give these attributes to the keyframes of all tracks of a label."""
        self._db.execute(
            """UPDATE tracked_shapes SET attributes = ? WHERE track_id IN
               (SELECT id FROM tracks WHERE label_id = ?)""",
            (attributes, label_id),
        )

    def sort_values(self) -> None:
        """Make the attribute values of one owner quick to find."""
        self._db.execute(
            "CREATE INDEX scratch.dump_values_owner ON dump_values (owner_table, owner, spec)"
        )

    def values(self, table: str) -> Iterator[tuple[int, int | None, list[tuple[int, int, str]]]]:
        """For each row of a table that has any: its id, its label and (pk, spec, value).

        The label is None where there is no such row.
        """
        label = LABEL_OF.get(table, "o.label_id")
        cursor = self._db.execute(
            f"""SELECT v.owner, {label}, v.pk, v.spec, v.value FROM scratch.dump_values v
                LEFT JOIN {table} o ON o.id = v.owner WHERE v.owner_table = ?
                ORDER BY v.owner, v.spec""",
            (table,),
        )
        for (owner, label_id), found in groupby(cursor, key=lambda row: (row[0], row[1])):
            yield owner, label_id, [(row[2], row[3], row[4]) for row in found]

    def set_attributes(self, table: str, found: Iterable[tuple[str, int]]) -> None:
        """Set the attributes of rows, given as text and id."""
        self._db.executemany(f"UPDATE {table} SET attributes = ? WHERE id = ?", found)

    def flaws(self) -> Iterator[tuple[str, int, str]]:
        """Objects that contradict others: model, key and what is wrong."""
        for model, sql in FLAWS:
            for row in self._db.execute(sql):
                yield model, row[0], row[1]

    def broken_references(self) -> Iterator[BrokenReference]:
        """Rows that refer to what is not there."""
        for table, rowid, parent, number in self._db.execute("PRAGMA foreign_key_check"):
            keys = self._db.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
            column = next(row["from"] for row in keys if row["id"] == number)
            value = None
            if rowid is not None:
                sql = f'SELECT "{column}" FROM "{table}" WHERE rowid = ?'
                value = self._db.execute(sql, (rowid,)).fetchone()[0]
            yield BrokenReference(table, rowid, column, value, parent)

    def files(self) -> Iterator[NamedFile]:
        """The files that must be there, data by data."""
        for row in self._db.execute(FILES):
            yield NamedFile(*row)

    def count_files(self) -> int:
        """How many files are named."""
        return int(self._db.execute("SELECT count(*) FROM scratch.dump_files").fetchone()[0])

    def assets(self) -> list[tuple[str, str]]:
        """The uuid and the file name of each asset."""
        return [tuple(row) for row in self._db.execute("SELECT uuid, filename FROM assets")]

    def set_content_type(self, uuid: str, kind: str) -> None:
        """Note what an asset is."""
        self._db.execute("UPDATE assets SET content_type = ? WHERE uuid = ?", (kind, uuid))

    def set_root(self, storage: str, root: str) -> None:
        """Note where the files of data of a storage lie in place."""
        self._db.execute("UPDATE data SET root = ? WHERE storage = ?", (root, storage))

    def elsewhere(self) -> list[tuple[int, int | None, str, int | None]]:
        """Data whose files are not with the dump: its id, its task, its storage and the cloud's."""
        found = self._db.execute(
            """SELECT d.id, t.id, d.storage, d.cloud_storage_id FROM data d
               LEFT JOIN tasks t ON t.data_id = d.id WHERE d.storage <> 'local' ORDER BY d.id"""
        )
        return [tuple(row) for row in found]

    def last_frames(self, data_id: int) -> int:
        """The number of the last picture of the media that is a frame."""
        sql = "SELECT stop_frame FROM data WHERE id = ?"
        return int(self._db.execute(sql, (data_id,)).fetchone()[0])


def occupant(path: Path) -> str | None:
    """What a store holds already, in words; None for one that is empty or not there.

    One administrator alone, as the first start makes one, does not count.
    """
    if not path.exists():
        return None
    with connect(path, read_only=True) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        for table, word in WORK.items():
            if table not in tables:
                continue
            row = db.execute(f"SELECT min(rowid) FROM {table}").fetchone()
            if row[0] is not None:
                return f"{word} {row[0]}"
        people = "SELECT id, username FROM users ORDER BY id LIMIT 2"
        found = db.execute(people).fetchall() if "users" in tables else []
        if len(found) > 1:
            return f"user {found[1]['id']} ({found[1]['username']})"
    return None
