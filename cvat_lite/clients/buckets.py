"""Buckets of Amazon S3 and those like it, of Google and of Azure, behind one seam.

Whatever a bucket does, each call ends: the way there is limited in time and size
(``bucket_relay``), objects are read in pieces, and what fails is a ``BucketError`` in words for
the user that tells no secret. Every call may be made from any event loop.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cvat_lite.clients import bucket_listing
from cvat_lite.clients.bucket_listing import is_marker
from cvat_lite.clients.bucket_stores import make_store
from cvat_lite.domain.buckets import (
    BucketSpec,
    CredentialsType,
    ObjectHead,
    Page,
    ProviderType,
    Status,
)
from cvat_lite.errors import BucketError, BucketErrorKind

if TYPE_CHECKING:
    from obstore import ObjectMeta

#: Bytes that are read by one request, and sent by one.
PIECE = 4 << 20
PART = 8 << 20
#: Parts that an upload may have; providers allow 10,000.
MOST_PARTS = 9000
#: An upload whose size nobody knows is sent in parts that make 150 GiB of them.
UNKNOWN_PART = 16 << 20
MOST_PAGE = 1000
#: Seconds for what a person waits for, and for a piece with its retries.
SOON, PIECE_TIME = 45.0, 90.0
#: Bytes in a second that an upload makes at least.
SLOWEST = 32 * 1024
SAID = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,64})</Code>|\"reason\": ?\"(\w{1,64})\"")
LATE = re.compile(r"timed ?out|deadline", re.IGNORECASE)
KINDS = {404: BucketErrorKind.NOT_FOUND, 401: BucketErrorKind.FORBIDDEN}
KINDS |= {403: BucketErrorKind.FORBIDDEN, 504: BucketErrorKind.TIMEOUT}
KINDS |= {400: BucketErrorKind.INVALID, 301: BucketErrorKind.INVALID}


def open_bucket(spec: BucketSpec) -> Bucket:
    """A bucket, of which nothing is asked yet; BucketError for settings that cannot be used."""
    return Bucket(spec)


class Bucket:
    """A bucket and what can be done with it; keys are full, whatever prefix the storage has."""

    def __init__(self, spec: BucketSpec) -> None:
        self._name = spec.resource
        self._store = make_store(spec)
        # Buckets of S3 may be open to everybody's files.
        self._writes = (
            spec.provider_type == ProviderType.AWS_S3_BUCKET
            or spec.credentials_type != CredentialsType.ANONYMOUS_ACCESS
        )
        # Azure cannot begin in the middle: the library would read all before it again.
        self._skips = spec.provider_type != ProviderType.AZURE_CONTAINER

    async def check(self) -> Status:
        """Whether the bucket can be listed; BucketError (unavailable, timeout) if nobody answers."""
        try:
            with self._words():
                async with asyncio.timeout(SOON):
                    stream = self._store.list(chunk_size=1).__aiter__()
                    await bucket_listing.next_batch(stream)
        except BucketError as error:
            if error.kind == BucketErrorKind.NOT_FOUND:
                return Status.NOT_FOUND
            if error.kind == BucketErrorKind.FORBIDDEN:
                return Status.FORBIDDEN
            if error.kind == BucketErrorKind.INVALID and isinstance(error, KeyNameError):
                return Status.AVAILABLE
            raise
        return Status.AVAILABLE

    async def list_page(
        self, prefix: str = "", token: str | None = None, page_size: int = 500
    ) -> Page:
        """Files and directories of one level, in the bucket's order.

        ``prefix`` is a directory with its slash, and may end in the beginning of a name. A page
        may be shorter than asked for and still have a token.
        """
        size = max(1, min(page_size, MOST_PAGE))
        with self._words():
            async with asyncio.timeout(SOON):
                return await bucket_listing.list_page(
                    self._store, prefix, token, size, skips=self._skips
                )

    async def keys(self, prefix: str = "") -> AsyncIterator[ObjectHead]:
        """All objects below a directory (with its slash), in the bucket's order.

        Markers that consoles make for directories are none.
        """
        with self._words():
            stream = self._store.list(
                prefix.rstrip("/") or None, chunk_size=bucket_listing.BATCH
            ).__aiter__()
            while batch := await bucket_listing.next_batch(stream):
                for one in batch:
                    if one["path"].startswith(prefix) and not is_marker(one["path"], one["size"]):
                        yield head_of(one)

    async def head(self, key: str) -> ObjectHead:
        """An object without its content; BucketError (not_found) if there is none."""
        with self._words(key):
            async with asyncio.timeout(SOON):
                return head_of(await self._store.head_async(key))

    async def read(
        self, key: str, start: int | None = None, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of an object from ``start`` to before ``end``, in pieces.

        All of them are of one state of the object: BucketError if it changes meanwhile.
        """
        at, stop, etag = start or 0, end, None
        while stop is None or at < stop:
            piece, size, etag = await self._piece(key, at, stop, etag)
            stop = size if stop is None else min(stop, size)
            if piece:
                yield piece
            elif at < stop:
                raise BucketError(BucketErrorKind.UNAVAILABLE, f"'{key}' ends too soon.")
            at += len(piece)

    async def _piece(
        self, key: str, at: int, stop: int | None, etag: str | None
    ) -> tuple[bytes, int, str | None]:
        """Some bytes of an object, its size and its tag."""
        last = at + PIECE if stop is None else min(stop, at + PIECE)
        options: dict[str, object] = {"range": (at, last)}
        if etag is not None and not etag.startswith("W/"):
            options["if_match"] = etag
        with self._words(key):
            async with asyncio.timeout(PIECE_TIME):
                try:
                    result = await self._store.get_async(key, options=options)  # type: ignore[arg-type]
                    piece = bytes(await result.bytes_async())
                except Exception as error:
                    # Nothing can be read of an empty object, nor behind the end of any.
                    if SAID.findall(str(error))[:1] != ["416"] and "range" not in str(error):
                        raise
                    found = head_of(await self._store.head_async(key))
                    if at < found.size:
                        raise
                    return b"", found.size, found.etag
        meta = result.meta
        return piece, meta["size"], meta["e_tag"]

    async def read_bytes(self, key: str, at_most: int) -> bytes:
        """A whole object; BucketError (invalid) if it is larger than that many bytes."""
        found = bytearray()
        async for piece in self.read(key):
            found += piece
            ensure_small(key, len(found), at_most)
        return bytes(found)

    async def download(self, key: str, path: Path, at_most: int | None = None) -> int:
        """Write an object to a file of that path; answers its size. No part stays on an error."""
        done = 0
        file = await asyncio.to_thread(path.open, "wb")
        try:
            async for piece in self.read(key):
                done += len(piece)
                ensure_small(key, done, at_most)
                await asyncio.to_thread(file.write, piece)
            await asyncio.to_thread(file.close)
        except BaseException:
            file.close()
            # Nobody waits for a caller that was cancelled.
            os.unlink(path)  # noqa: PTH108
            raise
        return done

    async def write(self, key: str, source: Path | AsyncIterator[bytes]) -> None:
        """Put a file, or what comes, at a key; there is nothing new at the key until all is sent."""
        if not self._writes:
            message = f"The bucket '{self._name}' is opened without credentials."
            raise BucketError(BucketErrorKind.FORBIDDEN, message)
        if isinstance(source, Path):
            size = (await asyncio.to_thread(source.stat)).st_size
            part = max(PART, size // MOST_PARTS)
            limit: float | None = PIECE_TIME + size / SLOWEST
        else:
            part, limit = UNKNOWN_PART, None
        with self._words(key):
            async with asyncio.timeout(limit):
                await self._store.put_async(key, source, chunk_size=part, max_concurrency=4)

    async def delete(self, key: str) -> None:
        """Remove an object."""
        with self._words(key):
            async with asyncio.timeout(SOON):
                await self._store.delete_async(key)

    @contextmanager
    def _words(self, key: str | None = None) -> Iterator[None]:
        """The library's errors as ours."""
        from obstore.exceptions import BaseError  # noqa: PLC0415  (loaded when needed)

        try:
            yield
        except (BaseError, FileNotFoundError, TimeoutError, ValueError) as error:
            raise in_words(error, self._name, key) from error


class KeyNameError(BucketError):
    """A key that the library cannot speak of: with two slashes in a row, or a dot as a name."""


def in_words(error: Exception, bucket: str, key: str | None) -> BucketError:
    """An error of the library for the user; what it tells of addresses and signatures is left out."""
    from obstore import exceptions  # noqa: PLC0415

    what = f"'{key}' in the bucket '{bucket}'" if key is not None else f"The bucket '{bucket}'"
    text = str(error)
    status = int((SAID.findall(text) or ["0"])[0])
    code = next((one or two for one, two in CODE.findall(text)), "")
    said = f" ({code})" if code else ""
    if isinstance(error, exceptions.InvalidPathError | ValueError):
        message = (
            f"{what} has a key that is not supported: no part of it may be empty, '.' or '..'."
        )
        return KeyNameError(BucketErrorKind.INVALID, message)
    if isinstance(error, FileNotFoundError) or status == 404:
        return BucketError(BucketErrorKind.NOT_FOUND, f"{what} does not exist{said}.")
    denied = exceptions.PermissionDeniedError | exceptions.UnauthenticatedError
    if isinstance(error, denied) or status in (401, 403):
        return BucketError(BucketErrorKind.FORBIDDEN, f"{what} may not be accessed{said}.")
    if isinstance(error, exceptions.PreconditionError):
        return BucketError(BucketErrorKind.UNAVAILABLE, f"{what} has changed while it was read.")
    if isinstance(error, TimeoutError) or status == 504 or LATE.search(text):
        return BucketError(BucketErrorKind.TIMEOUT, f"{what} does not answer in time.")
    if "is not a public host" in text:
        return BucketError(BucketErrorKind.INVALID, f"{what} is not on a public host.")
    if status and "cannot be reached" not in text:
        kind = KINDS.get(status, BucketErrorKind.UNAVAILABLE)
        return BucketError(kind, f"{what} answered with status {status}{said}.")
    return BucketError(BucketErrorKind.UNAVAILABLE, f"{what} cannot be reached.")


def head_of(meta: ObjectMeta) -> ObjectHead:
    """What the library tells of an object."""
    return ObjectHead(meta["path"], meta["size"], meta["last_modified"], meta["e_tag"])


def ensure_small(key: str, size: int, at_most: int | None) -> None:
    """BucketError if an object has more bytes than it may have."""
    if at_most is not None and size > at_most:
        raise BucketError(BucketErrorKind.INVALID, f"'{key}' is larger than {at_most} bytes.")
