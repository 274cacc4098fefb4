"""The media of tasks and jobs: frames, chunks, previews and what is known of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cvat_lite.domain.enums import ChunkType, Quality
from cvat_lite.domain.frames import chunk_count, chunk_range, frame_step
from cvat_lite.errors import ApiError, MediaError, NotFoundError, RuleError, ValidationError
from cvat_lite.media import chunks, previews
from cvat_lite.media import context as related
from cvat_lite.media import frames as media_frames
from cvat_lite.media.frames import Encoded
from cvat_lite.media.ingest import INDEX
from cvat_lite.media.material import RAW
from cvat_lite.media.source import MediaSource, SourceKind
from cvat_lite.services import cloud_files, targets
from cvat_lite.services.context import Context, Server
from cvat_lite.store import data as store
from cvat_lite.store import jobs as job_store
from cvat_lite.store import validation as validation_store
from cvat_lite.store.data import Data
from cvat_lite.store.database import Connection
from cvat_lite.store.jobs import Job

T = TypeVar("T")

NOT_UPLOADED = "Data is not uploaded for the task yet"


class PlainError(ApiError):
    """400 whose body is the bare message, as CVAT answers for chunks and frames."""

    status = 400


@dataclass(frozen=True, slots=True)
class Made:
    """A file ready to be sent; ``offset`` is the millisecond of the task with which a sound begins."""

    path: Path
    mime: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """The data of a task or job: ``frames`` are the task's frames that it is about."""

    data: Data
    frames: Sequence[int]
    job: Job | None = None

    @property
    def held(self) -> Container[int]:
        """The same frames, to ask whether one is among them."""
        return self.frames if isinstance(self.frames, range) else frozenset(self.frames)


async def of_target(db: Connection, context: Context, kind: str, number: int, scope: str) -> Media:
    """The media of a task or job that the asker may look at so; RuleError before there is any."""
    target = await targets.require(db, context, kind, number, scope)
    data = await store.get(db, target.data_id) if target.data_id else None
    if data is None or not data.size:
        raise RuleError(NOT_UPLOADED)
    if kind == "tasks":
        return Media(data, range(data.size))
    job = await job_store.get(db, number)
    if job is None:
        raise NotFoundError.of("Job")
    return Media(data, job.frames, job)


async def source_of(
    db: Connection, server: Server, data: Data, wanted: Sequence[int]
) -> MediaSource:
    """Where those frames come from."""
    home = server.config.media / str(data.id)
    root = Path(data.root) if data.root else home / RAW
    kind = SourceKind(data.kind)
    return MediaSource(
        kind=kind,
        root=root,
        names=await store.names(db, data.id, wanted) if kind.has_files else {},
        file=data.file or "",
        index=home / INDEX if kind is SourceKind.VIDEO else None,
        start=data.start_frame,
        step=frame_step(data.frame_filter),
        max_pixels=server.config.max_image_pixels,
        remote=await cloud_files.cached(db, server, data),
    )


async def shown_key(db: Connection, data: Data, frames: Sequence[int]) -> str:
    """What makes the name of a picture of these frames another one when honeypots change."""
    found = await validation_store.honeypots(db, data.id, frames[0], frames[-1])
    shown = [f"{frame}:{real}" for frame, real in found.items() if frame in frames]
    if not shown:
        return ""
    return f"-shows-{hashlib.sha256(','.join(shown).encode()).hexdigest()[:32]}"


async def frame(
    context: Context, kind: str, number: int, wanted: int | None, quality: str
) -> tuple[Encoded, str | None]:
    """One frame: the file as it came, or a JPEG at the task's quality; and when it became so."""
    async with context.database.snapshot() as db:
        media = await of_target(db, context, kind, number, "view:data")
        if wanted is None or wanted not in media.held:
            raise PlainError(
                f"Invalid frame '{wanted}'. "
                f"The frame number should be in the [{media.frames[0]}, {media.data.size}] range"
            )
        if media.data.kind == "audio":
            raise PlainError("A sound has no frames that can be shown: ask for its chunks")
        source = await source_of(db, context.server, media.data, [wanted])
    if chosen(quality) == Quality.ORIGINAL:
        found = await guarded(source, media_frames.original, source, wanted)
    else:
        found = await guarded(
            source, media_frames.compressed, source, wanted, media.data.image_quality
        )
    return found, media.data.chunks_updated_date


def chosen(quality: str) -> Quality:
    """The quality that a parameter names."""
    try:
        return Quality(quality)
    except ValueError:
        raise ValidationError({"quality": [f'"{quality}" is not a valid choice.']}) from None


async def guarded(source: MediaSource, function: Callable[..., T], *arguments: Any) -> T:
    """Run work on that source in a thread; what the media is at fault for is a clear answer."""
    threads = cloud_files.THREADS if source.remote else None
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, function, *arguments)
    except MediaError as error:
        raise RuleError(str(error)) from error


async def chunk(
    context: Context,
    kind: str,
    number: int,
    wanted: tuple[int | None, int | None],
    quality: str,
) -> Made:
    """A chunk of a task or job: ``wanted`` is its number in the task, or its index in the job."""
    async with context.database.snapshot() as db:
        media = await of_target(db, context, kind, number, "view:data")
        chosen_quality = chosen(quality)
        if media.data.kind == "point_cloud":
            # Points are never coded again: one chunk serves as both.
            chosen_quality = Quality.ORIGINAL
        frames, key = chunk_frames(media, *wanted)
        key += await shown_key(db, media.data, frames)
        source = await source_of(db, context.server, media.data, frames)
    data = media.data
    original = chosen_quality is Quality.ORIGINAL
    # Originals are never coded again; a video's are its frames, near to lossless.
    chunk_type = ChunkType(data.original_chunk_type if original else data.compressed_chunk_type)
    if original and SourceKind(data.kind).has_files:
        chunk_type = ChunkType.IMAGESET
    name = f"{data.id}/{chosen_quality}-{data.image_quality}-{chunk_type}-{key}"
    make = partial(
        write,
        source,
        frames,
        quality=chosen_quality,
        chunk_type=chunk_type,
        image_quality=data.image_quality,
    )
    path = await guarded(source, context.server.cache.get_or_make, name, make)
    offset = frames[0] if chunk_type is ChunkType.AUDIO_MP3 else None
    return Made(path, chunks.chunk_mime(chunk_type), offset)


def write(
    source: MediaSource,
    frames: Sequence[int],
    out_path: Path,
    *,
    quality: Quality,
    chunk_type: ChunkType,
    image_quality: int,
) -> None:
    """Write a chunk where the cache wants it."""
    cloud_files.fetch_ahead(source, frames)
    chunks.write_chunk(
        source,
        frames,
        quality=quality,
        chunk_type=chunk_type,
        image_quality=image_quality,
        out_path=out_path,
    )


def chunk_frames(media: Media, number: int | None, index: int | None) -> tuple[Sequence[int], str]:
    """The frames of a chunk, and the name that it has among the chunks of its data.

    A task's chunks are counted by its frames. A job's chunk has a ``number`` in that same count,
    of which the job holds a part, or an ``index`` among chunks cut from the job's own frames.
    """
    size = media.data.chunk_size or 1
    if index is not None and media.job is not None:
        count = chunk_count(len(media.frames), size)
        check_chunk(index, 0, count - 1)
        span = chunk_range(index, size, len(media.frames))
        cut = media.frames[span.start : span.stop]
        return cut, name_of(cut)
    first, last = media.frames[0] // size, media.frames[-1] // size
    check_chunk(number, first, last)
    span = chunk_range(number or 0, size, media.data.size)
    held = media.frames
    if isinstance(held, range):
        # An hour of sound has millions of frames, which nobody should count one by one.
        frames: Sequence[int] = range(max(span.start, held.start), min(span.stop, held.stop))
    else:
        frames = [frame for frame in span if frame in media.held]
    if not frames:
        raise PlainError(f"Chunk {number} has no frames of this job")
    return frames, name_of(frames)


def name_of(frames: Sequence[int]) -> str:
    """A name that only chunks of the same frames have."""
    if frames[-1] - frames[0] + 1 == len(frames):
        return f"{frames[0]}-{frames[-1]}"
    # Not by the job: the id of one that is gone may come again when a snapshot is put back.
    digest = hashlib.sha256(",".join(map(str, frames)).encode()).hexdigest()
    return f"some-{digest[:32]}"


def check_chunk(number: int | None, first: int, last: int) -> None:
    """PlainError for a chunk that is not there."""
    if number is None or not first <= number <= last:
        raise PlainError(
            f"Invalid chunk number '{number}'. "
            f"The chunk number should be in the [{first}, {last}] range"
        )


async def context_images(
    context: Context, kind: str, number: int, wanted: int | None
) -> tuple[bytes, str | None]:
    """The related images of a frame as a zip, empty without any; and when they became so."""
    async with context.database.snapshot() as db:
        media = await of_target(db, context, kind, number, "view:data")
        if wanted is None or wanted not in media.held:
            raise PlainError(f"Invalid frame '{wanted}'.")
        names = await store.related_names(db, media.data.id, wanted)
        source = await source_of(db, context.server, media.data, [])
    changed = media.data.chunks_updated_date
    if not names:
        return b"", changed
    return await guarded(source, related.context_zip, source, names), changed


async def preview(context: Context, kind: str, number: int) -> Made | None:
    """A small picture of the first frame; None where there is none yet."""
    async with context.database.snapshot() as db:
        try:
            media = await of_target(db, context, kind, number, "view:data")
        except RuleError:
            return None
        return await preview_of(context.server, db, media)


async def preview_of(server: Server, db: Connection, media: Media) -> Made | None:
    """A small picture of the first frame that is not deleted; None of a sound without a cover."""
    if media.data.kind == "audio" and not media.data.has_cover:
        return None
    deleted = set(media.data.deleted_frames)
    first = next((frame for frame in media.frames if frame not in deleted), media.frames[0])
    source = await source_of(db, server, media.data, [first])
    key = f"{first}{await shown_key(db, media.data, [first])}"

    def make(path: Path) -> None:
        path.write_bytes(previews.preview(source, first))

    path = await guarded(
        source, server.cache.get_or_make, f"{media.data.id}/preview-{key}.jpeg", make
    )
    return Made(path, "image/jpeg")
