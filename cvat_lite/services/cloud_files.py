"""Files of tasks that lie in a bucket: fetched one by one when somebody needs them."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cvat_lite.clients.buckets import Bucket, open_bucket
from cvat_lite.domain.buckets import BucketSpec
from cvat_lite.domain.enums import Storage
from cvat_lite.errors import BucketError, MediaError
from cvat_lite.media.cache import Cache
from cvat_lite.media.names import below
from cvat_lite.media.source import MediaSource
from cvat_lite.services import staging
from cvat_lite.services.cloud_storages.access import as_api_error, spec_of
from cvat_lite.services.context import Server
from cvat_lite.store.data import Data
from cvat_lite.store.database import Connection

#: Bytes of an image or point cloud that is read on demand.
LARGEST = 1 << 30
DETACHED = (
    "The files of this task lie in a cloud storage that the task is not connected with any more"
)


#: How many files of a chunk are fetched at once.
AT_ONCE = 8
#: A bucket that does not answer must not hold up the threads that serve everything else.
THREADS = ThreadPoolExecutor(16, thread_name_prefix="bucket")


@dataclass(frozen=True, slots=True)
class Detached:
    """The files of a task whose cloud storage has gone, or is not yet told."""

    def path(self, name: str) -> Path:
        """There is none: MediaError."""
        raise MediaError(f"'{name}' cannot be read. {DETACHED}")


@dataclass(frozen=True, slots=True)
class CachedFiles:
    """Files of a bucket in the server's cache, which is bounded."""

    spec: BucketSpec
    cache: Cache
    data_id: int

    def path(self, name: str) -> Path:
        """The file of that key; however many ask, one fetches it."""
        place = f"{self.spec.provider_type}\n{self.spec.resource}\n{name}"
        digest = hashlib.sha256(place.encode()).hexdigest()[:32]
        suffix = PurePosixPath(name).suffix.lower()
        key = f"{self.data_id}/cloud-{digest}{suffix}"
        return self.cache.get_or_make(key, lambda path: fetch(self.spec, name, path))


@dataclass(frozen=True, slots=True)
class FetchedFiles:
    """Files of a bucket in a directory of a worker process, which removes it at its end."""

    spec: BucketSpec
    folder: Path

    def path(self, name: str) -> Path:
        """The file of that key."""
        path = below(self.folder, name)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{uuid.uuid4().hex}.part")
            fetch(self.spec, name, part)
            part.replace(path)
        return path


def apart(source: MediaSource, folder: Path) -> MediaSource:
    """The same source for a worker process, which cannot share the server's cache."""
    remote = source.remote
    if not isinstance(remote, CachedFiles):
        return source
    return replace(source, remote=FetchedFiles(remote.spec, folder / str(remote.data_id)))


def fetch(spec: BucketSpec, key: str, path: Path) -> None:
    """Write an object to a path; MediaError where that cannot be. Never called on an event loop."""
    try:
        asyncio.run(open_bucket(spec).download(key, path, LARGEST))
    except BucketError as error:
        raise MediaError(str(error)) from error


def fetch_ahead(source: MediaSource, frames: Sequence[int]) -> None:
    """Have the files of frames at hand, several fetched at once; MediaError for the first missing.

    Nothing to do for files of the server's own.
    """
    if source.remote is None:
        return
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="bucket-ahead")
    try:
        for _ in pool.map(source.path, frames):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


async def download(bucket: Bucket, key: str, path: Path, limit: int) -> None:
    """Write an object of at most that many bytes to a path, so that it survives a power cut.

    BucketError where that cannot be; then there is no file.
    """
    await bucket.download(key, path, limit)
    await asyncio.to_thread(make_durable, path)


def make_durable(path: Path) -> None:
    """Come back when the content of a file would survive a power cut."""
    with path.open("rb+") as file:
        staging.sync(file)


async def cached(db: Connection, server: Server, data: Data) -> CachedFiles | Detached | None:
    """Where the files of data are fetched from; None where they are the server's own."""
    if data.storage != Storage.CLOUD_STORAGE or data.root:
        return None
    if data.cloud_storage_id is None:
        return Detached()
    try:
        spec = await spec_of(server.config, db, data.cloud_storage_id)
    except BucketError as error:
        raise as_api_error(error) from error
    return CachedFiles(spec, server.cache, data.id)
