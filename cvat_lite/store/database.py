"""The SQLite file: one writer behind a lock, a few readers, and migrations at the start."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from pathlib import Path
from typing import TypeVar

import aiosqlite

from cvat_lite.errors import StoreError

Connection = aiosqlite.Connection
#: A connection outside the event loop, as worker processes have it.
PlainConnection = sqlite3.Connection

T = TypeVar("T")

READERS = 3
BUSY_SECONDS = 30.0
MIGRATION = re.compile(r"^(\d{4})_\w+\.sql$")
PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # What was answered with success must survive a power cut.
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
)


class Database:
    """The open store.

    All writing goes through ``writing()``: one connection, one transaction at a time, committed
    when the block ends and rolled back when it raises. ``reading()`` lends one of a few read-only
    connections inside a transaction, so that all queries of the block see one state.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = asyncio.Lock()
        self._writer: Connection | None = None
        self._readers: asyncio.Queue[Connection] = asyncio.Queue()
        self._open: list[Connection] = []

    @classmethod
    async def open(cls, path: Path, readers: int = READERS) -> Database:
        """Open the store, making or migrating it; StoreError with one clear line if impossible."""
        database = cls(path)
        await asyncio.to_thread(prepare, path)
        try:
            database._writer = await database._connect(read_only=False)
            for _ in range(readers):
                database._readers.put_nowait(await database._connect(read_only=True))
        except BaseException:
            await database.close()
            raise
        return database

    async def _connect(self, *, read_only: bool) -> Connection:
        connection = await aiosqlite.connect(
            self.path, isolation_level=None, timeout=BUSY_SECONDS, cached_statements=512
        )
        self._open.append(connection)
        connection.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            await connection.execute(pragma)
        if read_only:
            await connection.execute("PRAGMA query_only = ON")
        return connection

    async def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        while self._open:
            await self._open.pop().close()
        self._writer = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A read-only connection for one query."""
        connection = await self._readers.get()
        try:
            yield connection
        finally:
            self._readers.put_nowait(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A read-only connection whose queries all see the same state."""
        async with self.reading() as connection:
            try:
                await connection.execute("BEGIN")
                yield connection
            finally:
                await asyncio.shield(connection.rollback())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """The writer, inside a transaction; committed at the end of the block.

        ``BEGIN`` stands inside the ``try``: a task cancelled while it waits for it would
        otherwise leave the writer inside a transaction for everyone after. The connection's
        thread works in order, so that the rollback follows whatever was under way; after a
        commit it does nothing.
        """
        async with self._lock:
            writer = self._writer
            if writer is None:
                raise StoreError("The store is closed.")
            try:
                await writer.execute("BEGIN IMMEDIATE")
                yield writer
                # A commit that was begun is not torn: cancelled callers wait for it.
                await asyncio.shield(writer.commit())
            except BaseException:
                await asyncio.shield(writer.rollback())
                raise

    async def replace(self, work: Callable[[], T]) -> T:
        """Do work in a thread that replaces the whole content, while nothing else is written.

        It has a connection of its own, and makes the change in one transaction.
        """
        async with self._lock:
            return await asyncio.to_thread(work)


def migrations() -> list[tuple[int, str, str]]:
    """The migrations that come with the package: number, name and SQL, in order."""
    found = []
    for entry in resources.files("cvat_lite.store.migrations").iterdir():
        match = MIGRATION.match(entry.name)
        if match:
            found.append((int(match[1]), entry.name, entry.read_text(encoding="utf-8")))
    return sorted(found)


def prepare(path: Path) -> None:
    """Bring the file to this version's schema; refuse a file made by a newer version."""
    known = migrations()
    newest = known[-1][0]
    with connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > newest:
            raise StoreError(
                f"The store {path} was made by a newer version of CVAT Lite "
                f"(schema {version}, this version knows {newest}). Upgrade CVAT Lite."
            )
        for number, name, sql in known:
            if number > version:
                migrate(connection, number, name, sql)


def is_current(path: Path) -> bool:
    """Whether the store has exactly this version's schema; it is only read."""
    with connect(path, read_only=True) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version == migrations()[-1][0]


def migrate(connection: sqlite3.Connection, number: int, name: str, sql: str) -> None:
    """Apply one migration in one transaction together with its version number."""
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;"
        )
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise StoreError(f"The store could not be brought up to date ({name}): {error}") from error


@contextmanager
def connect(path: Path, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    """A plain connection for work outside the event loop; SQLite's errors become StoreError."""
    try:
        if read_only:
            uri = f"{path.resolve().as_uri()}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        else:
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreError(f"The store {path} cannot be opened: {error}.") from error
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        yield connection
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The store {path} cannot be used: {error}.") from error
    finally:
        connection.close()
