"""Tasks of files in a bucket: which files are meant, and the plan of their frames.

Images stay where they are and are read when somebody looks at them. What has to be read as a whole
to make frames of it (a video, an archive, a PDF, a sound, point clouds) is copied, as in CVAT.
"""

from __future__ import annotations

import asyncio
import fnmatch
import shutil
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from cvat_lite.clients.buckets import Bucket, open_bucket
from cvat_lite.domain.enums import SortingMethod
from cvat_lite.domain.manifests import Manifest
from cvat_lite.errors import BucketError, MediaError
from cvat_lite.media import kinds
from cvat_lite.media.context import split_related
from cvat_lite.media.ingest import Plan, arranged, measured
from cvat_lite.media.kinds import Kind
from cvat_lite.media.material import MANIFEST, PART, RAW, Material, is_below
from cvat_lite.media.names import below, checked_name
from cvat_lite.media.probe import probe_head
from cvat_lite.services.cloud_files import LARGEST, download
from cvat_lite.services.cloud_storages import content
from cvat_lite.services.cloud_storages.access import spec_of
from cvat_lite.services.context import Server

#: How many images are measured, or files copied, at once.
AT_ONCE = 12
#: Bytes of an image that are read to learn its size: enough for nearly all, then for the others.
HEADS = (16 << 10, 512 << 10)
#: Files that a task may be made of.
MOST_FILES = 500_000


@dataclass(frozen=True, slots=True)
class Found:
    """Files of a bucket by key, in the order in which they were named.

    ``sizes`` are those that a manifest tells, ``related`` what it says belongs to an image.
    """

    names: list[str]
    sizes: Mapping[str, tuple[int, int]]
    related: Mapping[str, list[str]]


async def planned(server: Server, material: Material, storage_id: int) -> Plan | Material:
    """The plan of images that stay in the bucket; of all else the material, copied to the server.

    MediaError where the bucket does not answer, or no frames can be made of what it holds.
    """
    async with server.database.reading() as db:
        try:
            spec = await spec_of(server.config, db, storage_id)
        except BucketError as error:
            raise MediaError(str(error)) from error
    try:
        bucket = open_bucket(spec)
        manifest = one_manifest(material)
        told: Found | None = None
        if manifest:
            read = await content.manifest_of(server, storage_id, spec, bucket, manifest)
            told = told_by(read, manifest)
        prefix = spec.attributes.get("prefix", "")
        found = await choose(bucket, material, told, prefix)
        if not material.copy and only_images(found.names):
            return await refer(bucket, material, found)
        return await copied(server, bucket, material, found)
    except BucketError as error:
        raise MediaError(str(error)) from error


def one_manifest(material: Material) -> str | None:
    """The manifest among the files that were named; MediaError for several."""
    named = [name for name in material.server_files if name.lower().endswith(MANIFEST)]
    if len(named) > 1:
        raise MediaError("Only one manifest can be used for a task")
    return named[0].lstrip("/") if named else None


def told_by(read: Manifest, key: str) -> Found:
    """What the manifest of that key tells of the files of a bucket."""
    home = PurePosixPath(key).parent
    names = content.names_in(read, key)
    sizes = {
        name: (entry.width, entry.height)
        for name, entry in zip(names, read.entries, strict=False)
        if entry.width and entry.height
    }
    related = {
        name: [str(home / other) for other in entry.related]
        for name, entry in zip(names, read.entries, strict=False)
        if entry.related
    }
    return Found(names, sizes, related)


async def choose(bucket: Bucket, material: Material, told: Found | None, prefix: str) -> Found:
    """The files that are meant: those named, what lies below directories, what a pattern fits.

    Where a manifest is named, only what it tells of counts; it stands for all of it where nothing
    else is named, as a pattern alone stands for the whole storage. MediaError where there is none, or one leads out of the storage.
    """
    named = [name for name in material.server_files if not name.lower().endswith(MANIFEST)]
    if not named and told is None and material.pattern is not None:
        named = ["/"]
    names: dict[str, None] = {}
    if told is not None:
        names.update(dict.fromkeys(listed_in(told.names, named)))
    else:
        async for name in listed(bucket, named, prefix):
            names[name] = None
            if len(names) > MOST_FILES:
                raise MediaError(f"A task has at most {MOST_FILES} files")
    excluded = {checked_name(name) for name in material.exclude if name.strip("/")}
    pattern = material.pattern
    kept = [
        name
        for name in names
        if name.startswith(prefix)
        and not (excluded and is_below(name, excluded))
        and (pattern is None or fnmatch.fnmatch(name, pattern))
    ]
    for name in kept:
        if checked_name(name) != name:
            raise MediaError(f"The key '{name}' cannot be the name of a frame")
    return Found(kept, told.sizes if told else {}, told.related if told else {})


def listed_in(known: Sequence[str], named: Sequence[str]) -> Iterator[str]:
    """Those of the files of a manifest that are named; MediaError for one that it has not."""
    if not named:
        yield from known
        return
    held = set(known)
    for name in (one.lstrip("/") for one in named):
        folder = name.rstrip("/")
        found = (
            [name]
            if name in held
            else [one for one in known if not folder or one.startswith(f"{folder}/")]
        )
        if not found:
            raise MediaError(f"The manifest does not name '{name}'")
        yield from found


async def listed(bucket: Bucket, named: Iterable[str], prefix: str) -> AsyncIterator[str]:
    """The keys that are named, and those below directories that are; BucketError, MediaError."""
    for name in (one.lstrip("/") for one in named):
        if name and kinds.kind_of(name) not in (Kind.DIRECTORY, Kind.OTHER):
            yield name
            continue
        folder = f"{name.rstrip('/')}/" if name else prefix.rpartition("/")[0]
        folder = f"{folder.rstrip('/')}/" if folder else ""
        any_found = False
        async for head in bucket.keys(folder):
            any_found = True
            yield head.key
        if not any_found:
            raise MediaError(f"There is nothing below '{folder or '/'}' in the cloud storage")


def only_images(names: Sequence[str]) -> bool:
    """Whether the files are images; MediaError where there is nothing, or too much at once."""
    groups = kinds.group_by_kind(names)
    return kinds.check_together(groups) is Kind.IMAGE


async def refer(bucket: Bucket, material: Material, found: Found) -> Plan:
    """The plan of images that stay where they are."""
    images = [name for name in found.names if kinds.kind_of(name) is Kind.IMAGE]
    frames, related = split_related(images)
    frames = in_order(material, frames)
    if not frames:
        raise MediaError("No media data found")
    kept, chosen = arranged(material, frames)
    sizes = await measure(bucket, kept, found.sizes, material.max_pixels)
    plan = measured(kept, chosen, sizes, {**related, **found.related})
    return replace(plan, is_remote=True)


def in_order(material: Material, names: list[str]) -> list[str]:
    """The images in the order of the request, where it gives one; MediaError for one left out."""
    if material.sorting != SortingMethod.PREDEFINED or not material.order:
        return names
    ranks = {name: rank for rank, name in enumerate(material.order)}
    unlisted = [name for name in names if name not in ranks]
    if unlisted:
        raise MediaError(f"The order of the files does not name '{unlisted[0]}'")
    return sorted(names, key=ranks.__getitem__)


async def measure(
    bucket: Bucket, names: Sequence[str], known: Mapping[str, tuple[int, int]], max_pixels: int
) -> list[tuple[int, int]]:
    """Width and height of each image; nothing is fetched for those that are known."""
    sizes = dict(known)
    waiting = iter([name for name in names if name not in sizes])

    async def work() -> None:
        for name in waiting:
            sizes[name] = await size_of(bucket, name, max_pixels)

    await together(work)
    for name in names:
        if sizes[name][0] * sizes[name][1] > max_pixels:
            width, height = sizes[name]
            raise MediaError(f"Image '{name}' is too large: {width}x{height} pixels")
    return [sizes[name] for name in names]


async def size_of(bucket: Bucket, name: str, max_pixels: int) -> tuple[int, int]:
    """Width and height of an image, from as few of its first bytes as tell."""
    for length in HEADS:
        head = b"".join([piece async for piece in bucket.read(name, 0, length)])
        try:
            return await asyncio.to_thread(probe_head, head, name, max_pixels)
        except MediaError:
            if len(head) < length:
                raise
    whole = await bucket.read_bytes(name, LARGEST)
    return await asyncio.to_thread(probe_head, whole, name, max_pixels)


async def copied(server: Server, bucket: Bucket, material: Material, found: Found) -> Material:
    """The files brought to the server, all or none; done already where an earlier run got so far."""
    related = [other for others in found.related.values() for other in others]
    wanted = [
        name
        for name in dict.fromkeys((*found.names, *related))
        if kinds.kind_of(name) is not Kind.OTHER
    ]
    raw, part = material.home / RAW, material.home / PART
    mine = replace(material, server_files=(), uploaded=tuple(wanted), copy=False)
    if await asyncio.to_thread(raw.is_dir):
        return mine
    await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
    await asyncio.to_thread(part.mkdir, parents=True)
    waiting, limit = iter(wanted), server.config.max_upload_bytes

    async def work() -> None:
        for name in waiting:
            path = below(part, name)
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            await download(bucket, name, path, limit)

    await together(work)
    await asyncio.to_thread(part.rename, raw)
    return mine


async def together(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Do the same work several times at once; the first error ends all, and is the error."""
    tasks = [asyncio.create_task(work()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
