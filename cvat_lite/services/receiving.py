"""Bytes from a client to a file: in large pieces, outside the event loop, one writer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import BinaryIO, TypeVar

from cvat_lite.config import MIB
from cvat_lite.errors import ApiError, ConflictError, TooLargeError, UnavailableError
from cvat_lite.services import staging

T = TypeVar("T")

#: What is written at once: large enough for a hop to a thread not to count.
PIECE = MIB
#: After this long without a byte the client is taken for gone.
PATIENCE_SECONDS = 120.0
#: A client that has been silent for this long gives way to one that wants to go on: after a
#: dropped connection the old request may stand open until the network notices.
SILENCE_SECONDS = 5.0
#: How long a request waits for one that is about to end, as after a dropped connection.
GRACE_SECONDS = 0.5


class Writer:
    """One request's reading of a file, as the others who want the same file see it."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._patience: asyncio.Timeout | None = None

    async def next(self, chunks: AsyncIterator[bytes]) -> bytes:
        """The next bytes; UnavailableError if none come for too long, or if dismissed."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS) as self._patience:
                chunk = await anext(chunks)
        except TimeoutError:
            raise UnavailableError("No more bytes came.") from None
        finally:
            self._patience = None
        self._heard = self._loop.time()
        return chunk

    def dismiss(self) -> bool:
        """End the waiting for a client that has fallen silent; False if it has not."""
        if self._patience is None or self._loop.time() - self._heard < SILENCE_SECONDS:
            return False
        if not self._patience.expired():
            self._patience.reschedule(self._loop.time())
        return True


#: Who writes which file. Ids are unique, so that several servers in a process do not meet.
WRITERS: dict[str, Writer] = {}


@asynccontextmanager
async def exclusive(file_id: str) -> AsyncIterator[Writer]:
    """Be the only writer of a file; ConflictError while another one is heard from."""
    while (other := WRITERS.get(file_id)) is not None:
        grace = None if other.dismiss() else GRACE_SECONDS
        try:
            await asyncio.wait_for(other.done.wait(), grace)
        except TimeoutError:
            raise ConflictError("Another request is writing this file.") from None
    writer = WRITERS[file_id] = Writer()
    try:
        yield writer
    finally:
        del WRITERS[file_id]
        writer.done.set()


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a thread, and never leave before it has ended, even if cancelled.

    A thread cannot be stopped: it would go on to write into a file that others have now.
    """
    work = asyncio.get_running_loop().run_in_executor(None, function, *arguments)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


async def pieces(chunks: AsyncIterator[bytes], writer: Writer) -> AsyncGenerator[bytearray, None]:
    """The bytes in pieces of PIECE and more, the last one smaller.

    If the client goes away, what came before is the last piece, and then its error is raised.
    """
    gathered = bytearray()
    failure: Exception | None = None
    while True:
        try:
            gathered += await writer.next(chunks)
        except StopAsyncIteration:
            break
        except (ConnectionError, ApiError) as error:
            failure = error
            break
        if len(gathered) >= PIECE:
            yield gathered
            gathered = bytearray()
    if gathered:
        yield gathered
    if failure is not None:
        raise failure


async def pour(file: BinaryIO, chunks: AsyncIterator[bytes], room: int, writer: Writer) -> int:
    """Write to the end of a file, durably, and close it; how many bytes came.

    TooLargeError, and nothing written, if more come than there is room for. What came before the
    client went away stays.
    """
    start, written = file.tell(), 0
    try:
        async with aclosing(pieces(chunks, writer)) as source:
            async for piece in source:
                if written + len(piece) > room:
                    await in_thread(file.truncate, start)
                    raise TooLargeError("More bytes came than were announced.")
                await in_thread(staging.write, file, piece)
                written += len(piece)
    finally:
        await in_thread(finish, file)
    return written


def finish(file: BinaryIO) -> None:
    """Make what was written durable, and close the file."""
    with file:
        staging.sync(file)
