"""What is in a cloud storage: its status, one level at a time, and a picture of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from cvat_lite.clients.buckets import Bucket, open_bucket
from cvat_lite.domain import manifests
from cvat_lite.domain.buckets import BucketSpec, Entry, Page, Status
from cvat_lite.domain.manifests import Manifest
from cvat_lite.errors import (
    BucketError,
    BucketErrorKind,
    MediaError,
    NotFoundError,
    RuleError,
)
from cvat_lite.media import previews, share
from cvat_lite.services.cloud_storages.access import (
    as_api_error,
    require,
    spec_for_reading,
    spec_now,
)
from cvat_lite.services.context import Context, Server

#: Entries of a page, at most and where nothing is asked for, as in CVAT.
MOST_ENTRIES = 500
#: Bytes of a manifest: some million images.
LARGEST_MANIFEST = 256 * 1024 * 1024
#: Bytes of a picture that a preview is made of.
LARGEST_PICTURE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of a storage's content; the prefix is a directory, or begins a name."""

    prefix: str = ""
    token: str | None = None
    page_size: int = MOST_ENTRIES
    manifest: str | None = None


async def status(context: Context, storage_id: int) -> Status:
    """Whether the bucket can be used; one that does not answer is not found, as in CVAT."""
    spec = await spec_for_reading(context, storage_id, "view")
    try:
        return await open_bucket(spec).check()
    except BucketError as error:
        if error.kind in (BucketErrorKind.UNAVAILABLE, BucketErrorKind.TIMEOUT):
            return Status.NOT_FOUND
        raise as_api_error(error) from error


async def actions(context: Context, storage_id: int) -> str:
    """What can be done with the bucket: ``read``, and ``write`` for who has credentials.

    Whether a bucket takes files is only known when one is written.
    """
    spec = await spec_for_reading(context, storage_id, "view")
    try:
        found = await open_bucket(spec).check()
    except BucketError as error:
        raise as_api_error(error) from error
    if found != Status.AVAILABLE:
        kind = BucketErrorKind(found.lower())
        raise as_api_error(BucketError(kind, f"The bucket '{spec.resource}' is {found}."))
    return "read" if spec.credentials_type == "ANONYMOUS_ACCESS" else "read,write"


async def content(context: Context, storage_id: int, asked: Asked) -> dict[str, Any]:
    """A page of one level of the bucket, or of what a manifest of it names."""
    spec = await spec_for_reading(context, storage_id)
    prefix = asked.prefix.removeprefix("/")
    whole = within(prefix, spec)
    try:
        page = above(prefix, whole)
        if page is None:
            page = await page_of(context.server, storage_id, spec, replace(asked, prefix=whole))
    except BucketError as error:
        raise as_api_error(error) from error
    except MediaError as error:
        raise RuleError(str(error)) from error
    return shown(page)


async def page_of(server: Server, storage_id: int, spec: BucketSpec, asked: Asked) -> Page:
    """A page of the bucket, or of a manifest of it."""
    bucket = open_bucket(spec)
    if asked.manifest is None:
        return await bucket.list_page(asked.prefix, asked.token, asked.page_size)
    start = number_of(asked.token)
    read = await manifest_of(server, storage_id, spec, bucket, asked.manifest)
    names = names_in(read, asked.manifest)
    return await asyncio.to_thread(level_of, names, asked.prefix, start, asked.page_size)


def above(prefix: str, whole: str) -> Page | None:
    """The way down to a storage's own prefix; None where that has been reached."""
    rest = whole[len(prefix.rpartition("/")[0]) :].lstrip("/")
    if prefix == whole or "/" not in rest:
        return None
    return Page((Entry(rest.split("/")[0], is_directory=True),), None)


def within(prefix: str, spec: BucketSpec) -> str:
    """What is listed where that prefix is asked for: the storage may be a part of its bucket.

    RuleError for what lies outside of that part.
    """
    own = spec.attributes.get("prefix", "")
    if prefix.startswith(own):
        return prefix
    if own.startswith(prefix):
        return own
    raise RuleError(f"'{prefix}' is outside the prefix of the cloud storage.")


def number_of(token: str | None) -> int:
    """Where a page of a manifest begins."""
    if not token:
        return 0
    if not token.isdecimal() or len(token) > 9:
        raise RuleError("Wrong value for the next_token parameter was found.")
    return int(token)


def names_in(read: Manifest, path: str) -> list[str]:
    """The keys of what a manifest names."""
    home = PurePosixPath(path).parent
    if read.video is not None:
        return [str(home / read.video.name)]
    return [str(home / one.name) for one in read.entries]


def level_of(names: Iterable[str], prefix: str, start: int, size: int) -> Page:
    """A page of one level of some keys: directories first, then files as the manifest has them."""
    base = prefix.rpartition("/")[0]
    base = f"{base}/" if base else ""
    found: dict[str, bool] = {}
    for name in names:
        if name.startswith(prefix):
            first, slash, _ = name[len(base) :].partition("/")
            found.setdefault(first, bool(slash))
    entries = sorted((Entry(name, below) for name, below in found.items()), key=is_file)
    more = str(start + size) if start + size < len(entries) else None
    return Page(tuple(entries[start : start + size]), more)


def is_file(entry: Entry) -> bool:
    """Directories come first."""
    return not entry.is_directory


def shown(page: Page) -> dict[str, Any]:
    """A page on the wire."""
    return {
        "next": page.next_token,
        "content": [
            {
                "name": entry.name,
                "type": "DIR" if entry.is_directory else "REG",
                "mime_type": "DIR" if entry.is_directory else share.mime_type(entry.name),
            }
            for entry in sorted(page.entries, key=is_file)
        ],
    }


async def manifest_of(
    server: Server, storage_id: int, spec: BucketSpec, bucket: Bucket, key: str
) -> Manifest:
    """A manifest of a bucket, fetched anew only if it has changed.

    BucketError if it is not there, MediaError if it is no manifest.
    """
    path = await fetched(server, storage_id, spec, bucket, (key, LARGEST_MANIFEST))

    def read() -> Manifest:
        with path.open("rb") as file:
            return manifests.parse(file, key)

    try:
        return await asyncio.to_thread(read)
    except FileNotFoundError:
        # The cache may drop what it likes, even now.
        raise BucketError(BucketErrorKind.UNAVAILABLE, f"'{key}' is gone, ask again.") from None


async def fetched(
    server: Server, storage_id: int, spec: BucketSpec, bucket: Bucket, what: tuple[str, int]
) -> Path:
    """An object (its key, and the most bytes it may have) as a file of the cache."""
    key, limit = what
    head = await bucket.head(key)
    if head.size > limit:
        raise BucketError(BucketErrorKind.INVALID, f"'{key}' is larger than {limit} bytes.")
    state = [spec.provider_type, spec.resource, spec.attributes, key, head.etag, head.last_modified]
    digest = hashlib.sha256(orjson.dumps([*state, head.size])).hexdigest()[:32]

    def make(path: Path) -> None:
        # In a thread of its own, so that however many ask, one fetches.
        asyncio.run(open_bucket(spec).download(key, path, limit))

    return await asyncio.to_thread(
        server.cache.get_or_make, f"cloud_storages/{storage_id}/{digest}", make
    )


async def preview(context: Context, storage_id: int) -> Path | None:
    """A small JPEG of the first image that a manifest names; None where there is none."""
    async with context.database.snapshot() as db:
        storage = await require(db, context, "view", storage_id)
    spec = spec_now(context.config, storage)
    try:
        bucket = open_bucket(spec)
        for name in orjson.loads(storage.manifests):
            read = await manifest_of(context.server, storage_id, spec, bucket, name)
            if read.entries:
                first = names_in(read, name)[0]
                return await preview_of(context, storage_id, spec, bucket, first)
    except BucketError as error:
        if error.kind == BucketErrorKind.NOT_FOUND:
            raise NotFoundError(str(error)) from error
        raise as_api_error(error) from error
    except MediaError as error:
        raise RuleError(str(error)) from error
    return None


async def preview_of(
    context: Context, storage_id: int, spec: BucketSpec, bucket: Bucket, key: str
) -> Path:
    """The preview of an image of the bucket, made once."""
    server = context.server
    picture = await fetched(server, storage_id, spec, bucket, (key, LARGEST_PICTURE))
    pixels = context.config.max_image_pixels

    def make(path: Path) -> None:
        path.write_bytes(previews.of_file(picture, pixels, key))

    where = f"cloud_storages/{storage_id}/{picture.name}-preview"
    return await asyncio.to_thread(server.cache.get_or_make, where, make)
