"""The files of assets: kept under their uuid, received, copied and removed.

Who may see or change them is not asked here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cvat_lite.errors import RuleError, ValidationError
from cvat_lite.services.context import Context, Server
from cvat_lite.store import assets as store
from cvat_lite.store.assets import Asset
from cvat_lite.store.database import Connection

MIB = 1024 * 1024
LARGEST = 10 * MIB
MOST_PER_GUIDE = 30
LONGEST_NAME = 1024
#: What a file must begin with to be one of these; what clients say it is does not count.
SIGNATURES = (
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("application/pdf", re.compile(rb"%PDF-")),
)
MARK_LENGTH = 16
REFERENCE = re.compile(
    r"/api/assets/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b", re.IGNORECASE
)
#: A file without a row that is younger than this may belong to an upload under way.
ORPHAN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has been received and checked, in its place; nobody refers to it yet."""

    uuid: str
    filename: str
    content_type: str


def path_of(server: Server, name: str) -> Path:
    """Where the content of an asset lies: names given by clients play no part in it."""
    return server.config.assets / name


def references(markdown: str) -> list[str]:
    """The uuids of the assets that a text shows, each once."""
    return list(dict.fromkeys(found.lower() for found in REFERENCE.findall(markdown)))


def content_type_of(start: bytes) -> str:
    """The type of a file that begins so; ValidationError for one that may be no asset."""
    for kind, mark in SIGNATURES:
        if mark.match(start):
            return kind
    supported = tuple(known for known, _ in SIGNATURES)
    message = f"File is not supported as an asset. Supported are {supported}"
    raise ValidationError({"file": [message]})


@contextlib.asynccontextmanager
async def received(
    server: Server, filename: str, chunks: AsyncIterator[bytes]
) -> AsyncIterator[Upload]:
    """A file sent by a client, removed again if the block fails.

    ValidationError for one that is too large or of a type that is no asset's.
    """
    name = str(uuid.uuid4())
    try:
        start = await write(path_of(server, name), chunks)
        yield Upload(name, bare_name(filename), content_type_of(start))
    except BaseException:
        await remove_files(server, [name])
        raise


async def write(path: Path, chunks: AsyncIterator[bytes]) -> bytes:
    """Write a file of at most ``LARGEST`` bytes, for good; answers its first bytes."""
    await asyncio.to_thread(make_empty, path)
    start, size = b"", 0
    async for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise ValidationError({"file": [f"Maximum size of asset is {LARGEST // MIB} MB"]})
        start = (start + chunk)[:MARK_LENGTH]
        await asyncio.to_thread(append, path, chunk)
    await asyncio.to_thread(flush, path)
    return start


def make_empty(path: Path) -> None:
    """Make an empty file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def append(path: Path, chunk: bytes) -> None:
    """Add to a file."""
    with path.open("ab") as file:
        file.write(chunk)


def flush(path: Path) -> None:
    """Make sure that a file survives a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def bare_name(filename: str) -> str:
    """The last part of a file's name as a client gave it."""
    bare = filename.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in bare if letter.isprintable())
    return printable[-LONGEST_NAME:] or "asset"


@dataclass(slots=True)
class Copies:
    """Assets of other guides, copied for the one that shows them now."""

    context: Context
    originals: Sequence[Asset]
    names: dict[str, str] = field(default_factory=dict)
    kept: bool = False

    def make(self) -> None:
        """Copy the files; where the file system can, both names mean one content."""
        for asset in self.originals:
            name = str(uuid.uuid4())
            source, copy = (path_of(self.context.server, one) for one in (asset.uuid, name))
            self.names[asset.uuid] = name
            try:
                os.link(source, copy)
                # It is as old as the original, and must not be taken for left over.
                os.utime(copy)
            except OSError:
                shutil.copyfile(source, copy)

    def in_text(self, markdown: str) -> str:
        """The text with the copies in place of the originals."""

        def renamed(match: re.Match[str]) -> str:
            old = match[1].lower()
            return f"/api/assets/{self.names.get(old, old)}"

        return REFERENCE.sub(renamed, markdown)

    async def insert(self, db: Connection, guide_id: int) -> None:
        """Give the copies to the guide; RuleError if it has too many then."""
        if not self.originals:
            return
        have = len(await store.of_guide(db, guide_id))
        check_room(have + len(self.originals))
        for asset in self.originals:
            values = {
                "uuid": self.names[asset.uuid],
                "guide_id": guide_id,
                "owner_id": self.context.user.id,
                "filename": asset.filename,
                "content_type": asset.content_type,
            }
            await store.insert(db, values)

    def keep(self) -> None:
        """The copies are in use; they stay."""
        self.kept = True


@contextlib.asynccontextmanager
async def copied(context: Context, originals: Sequence[Asset]) -> AsyncIterator[Copies]:
    """Copies of the assets, removed again unless the block keeps them."""
    copies = Copies(context, originals)
    try:
        await asyncio.to_thread(copies.make)
        yield copies
    finally:
        if not copies.kept:
            await remove_files(context.server, copies.names.values())


def check_room(count: int) -> None:
    """RuleError for more assets than a guide may have."""
    if count > MOST_PER_GUIDE:
        raise RuleError("Maximum number of assets per guide reached")


async def remove_files(server: Server, names: Iterable[str]) -> None:
    """Remove the contents of assets whose rows have gone, but those that snapshots show."""
    for name in server.keeping.spare_assets(names):
        await asyncio.to_thread(path_of(server, name).unlink, missing_ok=True)


async def sweep(server: Server) -> None:
    """Remove the contents that no asset refers to: a guide goes with its task or project, too."""
    names = await asyncio.to_thread(old_files, server.config.assets)
    if names:
        async with server.database.reading() as db:
            await remove_files(server, await store.unknown(db, names))


def old_files(directory: Path) -> list[str]:
    """The names of the files that are older than any upload takes."""
    if not directory.is_dir():
        return []
    youngest = time.time() - ORPHAN_SECONDS
    return [
        entry.name
        for entry in os.scandir(directory)
        if entry.is_file() and entry.stat().st_mtime < youngest
    ]
