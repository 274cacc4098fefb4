"""One level of a bucket, a page at a time, from a library that lists all below a place.

Directories are passed over by asking anew for what comes after them, so that a page costs requests
for what it shows and not for what lies below; what a page may cost is limited in time, and a page
that took too long is given short.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cvat_lite.domain.buckets import Entry, Page
from cvat_lite.errors import BucketError, BucketErrorKind

if TYPE_CHECKING:
    from obstore import ObjectMeta

    from cvat_lite.clients.bucket_stores import Store

#: Keys that providers give in one answer.
BATCH = 1000
#: Seconds after which a page is given as far as it got, and for one batch of keys.
PAGE_TIME, BATCH_TIME = 15.0, 30.0
#: After all keys that begin with what stands before it.
LAST = "\U0010ffff"


@dataclass(slots=True)
class Level:
    """What has been found of one level; ``offset`` is after which key to go on."""

    base: str
    partial: str
    size: int
    offset: str | None
    found: list[Entry] = field(default_factory=list)
    #: A name without content may be a directory's own marker: then what is below it follows.
    empty: bool = False
    beyond: bool = False

    @property
    def full(self) -> bool:
        """Whether the page has what it may have."""
        return len(self.found) >= self.size

    def add(self, key: str, size: int) -> bool:
        """Take the next key; False if it does not fit on the page any more."""
        # Of a marker the library cuts off the slash, by which it stands where it does.
        place = key if size else f"{key}/"
        if self.offset is not None and place <= self.offset:
            # Not every provider begins where it is told to.
            return True
        name, slash, _ = key.removeprefix(self.base).partition("/")
        if not key.startswith(self.base) or not name:
            return True
        if not name.startswith(self.partial):
            self.beyond = name > self.partial
            return not self.beyond
        directory = bool(slash) or is_marker(name, size)
        last = self.found[-1] if self.found else None
        if last is not None and last.name == name:
            if directory and self.empty:
                self.found[-1] = Entry(name, is_directory=True)
        elif self.full:
            return False
        else:
            self.found.append(Entry(name, directory))
        self.empty = size == 0 and not slash
        path = f"{self.base}{name}"
        self.offset = f"{path}/{LAST}" if directory else f"{path}/!" if size == 0 else path
        return True


def is_marker(key: str, size: int) -> bool:
    """Whether an object is a directory's own: a key that ends in a slash, which is cut off."""
    return size == 0 and "." not in key.rpartition("/")[2]


def token_of(offset: str) -> str:
    """A token that leads on after a key."""
    return base64.urlsafe_b64encode(offset.encode()).decode().rstrip("=")


def offset_of(token: str, base: str) -> str:
    """The key a token leads on after; BucketError for one that is of another place or none."""
    try:
        padded = token + "=" * (-len(token) % 4)
        offset = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        offset = None
    if offset is None or not offset.startswith(base) or "\0" in offset:
        raise BucketError(BucketErrorKind.INVALID, "The token is not one of this listing.")
    return offset


def before(base: str, partial: str) -> str | None:
    """A key after which those come that begin with ``partial``; None for the first of all."""
    if not partial:
        return None
    code = ord(partial[-1]) - 1
    # A slash would make another level of it; half a character cannot be written.
    code = {ord("/"): ord("."), 0xDFFF: 0xD7FF}.get(code, code)
    # A dot alone is no name.
    return f"{base}{partial[:-1]}{chr(max(code, 1))}{LAST}"


async def list_page(
    store: Store, prefix: str, token: str | None, page_size: int, *, skips: bool
) -> Page:
    """A page of the level of ``prefix``, whose last part may be the beginning of a name.

    ``skips`` is for providers that can begin anywhere. Raises the library's errors as they are.
    """
    base, slash, partial = prefix.rpartition("/")
    base += slash
    offset = offset_of(token, base) if token else before(base, partial)
    level = Level(base, partial, page_size, offset)
    deadline = time.monotonic() + PAGE_TIME
    more = True
    while more and not level.full and time.monotonic() < deadline:
        more = await some(store, level, deadline, skips=skips)
    if more and not level.found:
        raise BucketError(BucketErrorKind.TIMEOUT, "The bucket has too much to list in time.")
    # A full page may be the last one: whether something follows takes one look.
    if more and level.full and not await follows(store, level):
        more = False
    return Page(tuple(level.found), token_of(level.offset or "") if more else None)


async def some(store: Store, level: Level, deadline: float, *, skips: bool) -> bool:
    """Take keys until it is better to ask anew; False where nothing follows."""
    stream = store.list(
        level.base.rstrip("/") or None, offset=level.offset, chunk_size=BATCH
    ).__aiter__()
    while True:
        batch = await next_batch(stream)
        if not batch:
            return False
        for one in batch:
            if not level.add(one["path"], one["size"]):
                return not level.beyond
        inside = level.found and level.found[-1].is_directory
        if (inside and skips and len(batch) == BATCH) or level.full or time.monotonic() > deadline:
            return True


async def follows(store: Store, level: Level) -> bool:
    """Whether something of the level comes after what was found."""
    after = Level(level.base, level.partial, 1, level.offset)
    stream = store.list(
        level.base.rstrip("/") or None, offset=level.offset, chunk_size=BATCH
    ).__aiter__()
    batch = await next_batch(stream)
    for one in batch:
        after.add(one["path"], one["size"])
        if after.found and after.found[0].name != level.found[-1].name:
            return True
    return len(batch) == BATCH and not after.beyond


async def next_batch(stream: Any) -> Sequence[ObjectMeta]:
    """The next keys of a listing; none at its end."""
    try:
        async with asyncio.timeout(BATCH_TIME):
            found: Sequence[ObjectMeta] = await anext(stream)
    except StopAsyncIteration:
        return ()
    return found
