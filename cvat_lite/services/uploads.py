"""Uploads: files that come by TUS or in forms, and wait at a place until they are used.

Order of operations, so that a crash at any point is harmless: bytes go to a part, and what was
acknowledged has been synced; the offset of an upload is the size of its part. When a file is
whole, its name is recorded first and the part is renamed after that: a name without a file counts
as not there, and a whole part that was not renamed is renamed when somebody next asks. Removing
goes the other way, files first and rows after. Whether the asker may upload to a place is asked
by the caller; here is only asked whose upload it is.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cvat_lite.domain import clock
from cvat_lite.errors import ConflictError, ForbiddenError, NotFoundError, RuleError, TooLargeError
from cvat_lite.services import staging
from cvat_lite.services.context import Context, Server
from cvat_lite.services.receiving import WRITERS, exclusive, in_thread, pour
from cvat_lite.services.staging import Place, accepted, directory
from cvat_lite.store import uploads as store
from cvat_lite.store.database import Connection
from cvat_lite.store.uploads import Upload

__all__ = [
    "Place",
    "Progress",
    "append",
    "create",
    "directory",
    "discard",
    "forget",
    "gathered",
    "look",
    "offset",
    "release",
    "start",
    "take",
]

#: Files that one place may gather.
MOST_FILES = 500_000


class Progress(NamedTuple):
    """How many bytes of an upload have come, of how many, and what the client said of it."""

    offset: int
    length: int
    metadata: dict[str, str]


async def start(context: Context, place: Place) -> None:
    """Begin anew: forget what an earlier, unfinished upload to a task has gathered.

    Elsewhere nothing is forgotten: several files may be on their way to the same place, for
    several imports, and none of them is in the way of another.
    """
    if place.belongs_to_a_task:
        await discard(context.server, place)


async def create(
    context: Context, place: Place, length: int, filename: str, metadata: dict[str, str]
) -> tuple[str, str]:
    """Begin a TUS upload of ``length`` bytes; its id, and the name that the file was given.

    The media of a task keep their names: a second upload of a name replaces the first when it is
    whole. Elsewhere names are unique. RuleError for a name that cannot be, TooLargeError and
    InsufficientStorageError for what there is no room for.
    """
    name = accepted(filename)
    file_id = f"{context.user.id}_{uuid.uuid4()}"
    part = staging.part(context.config, place, file_id)
    await in_thread(staging.ensure_room, context.config, length)
    await in_thread(staging.touch, part)
    try:
        async with context.database.writing() as db:
            await ensure_few(db, place, 1)
            name = await free_name(db, place, name)
            upload = Upload(
                id=file_id,
                user_id=context.user.id,
                target=place.target,
                target_id=place.number,
                filename=name,
                size=length,
                metadata=metadata,
                created_date=clock.now(),
            )
            await store.insert(db, upload)
    except BaseException:
        await in_thread(staging.remove, part)
        raise
    if length == 0:
        await complete(context.server, upload)
    return file_id, name


async def ensure_few(db: Connection, place: Place, more: int) -> None:
    """TooLargeError if the place would have more files than it may gather."""
    if await store.count(db, place.target, place.number) + more > MOST_FILES:
        raise TooLargeError(f"At most {MOST_FILES} files can be uploaded at once.")


async def free_name(db: Connection, place: Place, name: str) -> str:
    """The name itself for the media of a task; elsewhere one that no other file has.

    That one has plain letters: it travels in a header to the client, and comes back.
    """
    if place.belongs_to_a_task:
        return name
    name = name.encode("ascii", "replace").decode().replace("?", "_")
    if not await store.is_named(db, place.target, place.number, name):
        return name
    folder, _, last = name.rpartition("/")
    unique = f"{uuid.uuid4().hex[:8]}_{last}"
    return accepted(f"{folder}/{unique}" if folder else unique)


async def find(context: Context, place: Place, file_id: str) -> Upload:
    """The asker's upload; NotFoundError if there is none, ForbiddenError if it is another's."""
    async with context.database.reading() as db:
        upload = await store.get(db, file_id)
    if upload is None or (upload.target, upload.target_id) != (place.target, place.number):
        raise NotFoundError
    if upload.user_id != context.user.id:
        raise ForbiddenError
    return upload


async def offset(context: Context, place: Place, file_id: str) -> tuple[int, int]:
    """How many bytes of an upload have come, and of how many; NotFoundError, ForbiddenError."""
    progress = await look(context, place, file_id)
    return progress.offset, progress.length


async def look(context: Context, place: Place, file_id: str) -> Progress:
    """How far an upload is, also one that is whole: the last answer may have been lost."""
    upload = await find(context, place, file_id)
    size = await in_thread(staging.size_of, staging.part(context.config, place, file_id))
    if size is None:
        whole = staging.file(context.config, place, upload.filename)
        size = await in_thread(staging.size_of, whole)
        if size != upload.size:
            raise NotFoundError
    elif size >= upload.size:
        await settle(context.server, upload)
    return Progress(size, upload.size, upload.metadata)


async def append(
    context: Context,
    place: Place,
    file_id: str,
    offset: int,
    chunks: AsyncIterator[bytes],
    announced: int | None = None,
) -> int:
    """Store bytes from that offset on; the new offset, durable.

    ``announced`` is how many will come, if known. ConflictError (with the right offset in its
    headers) if the offset is wrong or another request writes the file, TooLargeError if the file
    would grow beyond its length, NotFoundError if it is whole or not there. If the client goes
    away, what came stays.
    """
    upload = await find(context, place, file_id)
    part = staging.part(context.config, place, file_id)
    async with exclusive(file_id) as writer:
        try:
            file, size = await in_thread(staging.resume, part, offset)
        except NotFoundError:
            if upload.size == offset == announced == 0:
                return 0  # an empty file is whole from the beginning
            raise
        if file is None:
            raise ConflictError(f"The file has {size} bytes.", {"Upload-Offset": str(size)})
        end = offset + (announced or 0)
        if end > upload.size:
            file.close()
            raise TooLargeError("More bytes came than were announced.")
        end = offset + await pour(file, chunks, upload.size - offset, writer)
        if end == upload.size:
            await complete(context.server, upload)
    return end


async def settle(server: Server, upload: Upload) -> None:
    """See to it that an upload whose bytes have all come is complete."""
    writer = WRITERS.get(upload.id)
    if writer is not None:
        await writer.done.wait()
    with suppress(NotFoundError, ConflictError, RuleError):
        async with exclusive(upload.id):
            await complete(server, upload)


async def complete(server: Server, upload: Upload) -> None:
    """Give a whole upload its name; its row stays, for clients that ask how far it is.

    RuleError if a directory has that name, and then the upload is forgotten; NotFoundError if it
    was begun anew.
    """
    place = Place(upload.target, upload.target_id)
    async with server.database.writing() as db:
        await store.add_files(db, place.target, place.number, [upload.filename])
    part = staging.part(server.config, place, upload.id)
    base = directory(server.config, place)
    try:
        await in_thread(staging.move, [part], base, [upload.filename])
    except RuleError:
        await in_thread(staging.remove, part)
        async with server.database.writing() as db:
            await store.delete(db, upload.id)
        raise


async def gathered(context: Context, place: Place) -> list[str]:
    """The names of the files that have come whole, below the directory, in their order."""
    server = context.server
    async with server.database.reading() as db:
        under_way = await store.of_place(db, place.target, place.number)
    parts = [staging.part(server.config, place, upload.id) for upload in under_way]
    sizes = await in_thread(staging.sizes_of, parts)
    for upload, size in zip(under_way, sizes, strict=True):
        if size is not None and size >= upload.size:
            await settle(server, upload)
    async with server.database.reading() as db:
        names = await store.gathered(db, place.target, place.number)
    return await in_thread(staging.present, directory(server.config, place), names)


async def take(context: Context, place: Place, filename: str | None = None) -> Path:
    """Take a file away from its place, for work that removes it with ``release`` at its end.

    The one of that name, which is the name that ``create`` gave; without a name the one that came
    last. RuleError if there is none. Later uploads to the place do not touch it.
    """
    names = await gathered(context, place)
    name = accepted(filename) if filename is not None else next(reversed(names), "")
    if name not in names:
        raise RuleError("No file has been uploaded" + (f" as {name}" if name else ""))
    path = staging.file(context.config, place, name)
    taken = await in_thread(staging.take, context.config, path)
    async with context.database.writing() as db:
        await store.delete_files(db, place.target, place.number, [name])
    return taken


async def release(server: Server, taken: Path) -> None:
    """Remove a file that was taken, once it has been used."""
    if taken.parent.parent == server.config.uploads / staging.TAKEN:
        await in_thread(staging.remove, taken.parent)


async def forget(server: Server, place: Place, names: list[str]) -> None:
    """Remove some of the files of a place, because what came with them was refused."""
    paths = [staging.file(server.config, place, name) for name in names]
    await in_thread(staging.remove_all, paths)
    async with server.database.writing() as db:
        await store.delete_files(db, place.target, place.number, names)


async def discard(server: Server, place: Place) -> None:
    """Remove all that has come to a place and is coming."""
    await in_thread(staging.remove, staging.root(server.config, place))
    async with server.database.writing() as db:
        await store.delete_place(db, place.target, place.number)
