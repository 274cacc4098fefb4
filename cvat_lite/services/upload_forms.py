"""The files of one form: they come to their place together, when the last of them has come."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from cvat_lite.errors import RuleError, TooLargeError
from cvat_lite.services import staging, uploads
from cvat_lite.services.context import Context
from cvat_lite.services.receiving import PIECE, Writer, finish, in_thread, pieces
from cvat_lite.services.staging import Place
from cvat_lite.store import uploads as store


class Incoming:
    """Gathers the files of a form as parts, and renames them all at the end."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context = context
        self._place = place
        self._room = context.config.max_upload_bytes
        self._parts: dict[str, Path] = {}

    async def add(self, filename: str, chunks: AsyncIterator[bytes]) -> None:
        """Store a file; RuleError if it cannot be called so, or another one of the form is.

        Two files of one name in one form are two files of different directories whose paths the
        client did not send: dropping one of them silently would lose it.
        """
        name = staging.accepted(filename)
        if name in self._parts:
            raise RuleError(f"Two files are called {name}")
        if len(self._parts) >= uploads.MOST_FILES:
            raise TooLargeError(f"At most {uploads.MOST_FILES} files can be uploaded at once.")
        part = staging.part(self._context.config, self._place, uuid.uuid4().hex)
        self._parts[name] = part
        await self._store(part, chunks)

    async def _store(self, part: Path, chunks: AsyncIterator[bytes]) -> None:
        file = None
        try:
            async with aclosing(pieces(chunks, Writer())) as source:
                async for piece in source:
                    self._room -= len(piece)
                    if self._room < 0:
                        raise TooLargeError("The files are larger than the server accepts.")
                    if file is None and len(piece) < PIECE:
                        # The last piece is the first: one hop to a thread for a small file.
                        await in_thread(staging.store, part, piece)
                        return
                    if file is None:
                        file = await in_thread(staging.create, part)
                    await in_thread(staging.write, file, piece)
            if file is None:
                await in_thread(staging.touch, part)
        finally:
            if file is not None:
                await in_thread(finish, file)

    async def keep(self) -> list[str]:
        """Let the files have come; the names they were given, in their order.

        A file that the place had under such a name is replaced: clients send a form again whose
        answer they did not get.
        """
        if not self._parts:
            return []
        place = self._place
        async with self._context.database.writing() as db:
            await uploads.ensure_few(db, place, len(self._parts))
            names = [await uploads.free_name(db, place, name) for name in self._parts]
            await store.add_files(db, place.target, place.number, names)
        base = staging.directory(self._context.config, place)
        await in_thread(staging.move, list(self._parts.values()), base, names)
        self._parts.clear()
        return names

    async def drop(self) -> None:
        """Remove what has not been kept."""
        if self._parts:
            await in_thread(staging.remove_all, list(self._parts.values()))


@asynccontextmanager
async def incoming(context: Context, place: Place, announced: int) -> AsyncIterator[Incoming]:
    """Gather the files of a form of about so many bytes; those that were not kept are removed.

    TooLargeError and InsufficientStorageError, before anything is read, if they cannot fit.
    """
    await in_thread(staging.ensure_room, context.config, announced)
    files = Incoming(context, place)
    try:
        yield files
    finally:
        await asyncio.shield(files.drop())
