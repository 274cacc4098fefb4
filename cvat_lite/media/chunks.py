"""Chunks: runs of frames as one zip of pictures or point clouds, one MP4 or one MP3."""

from __future__ import annotations

import os
import shutil
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PIL import Image

from cvat_lite.domain.enums import ChunkType, Quality
from cvat_lite.media import frames as media_frames
from cvat_lite.media.images import jpeg
from cvat_lite.media.source import MediaSource, SourceKind

WORKERS = min(4, os.cpu_count() or 1)
# The earliest date that a zip can tell: equal frames make equal chunks.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)

ZIP_MIME = "application/zip"
MP4_MIME = "video/mp4"
MP3_MIME = "audio/mpeg"

Item = TypeVar("Item")
Done = TypeVar("Done")


def chunk_mime(chunk_type: ChunkType) -> str:
    """The content type of a chunk."""
    return {ChunkType.VIDEO: MP4_MIME, ChunkType.AUDIO_MP3: MP3_MIME}.get(chunk_type, ZIP_MIME)


def write_chunk(
    source: MediaSource,
    frames: Sequence[int],
    *,
    quality: Quality,
    chunk_type: ChunkType,
    image_quality: int,
    out_path: Path,
) -> None:
    """Write the chunk of these frames (ascending) to ``out_path``, whole or not at all.

    ``imageset`` is a zip of stored entries in frame order, ``000000.jpeg`` on: JPEGs of
    ``image_quality`` and upright, or as ``original`` the files as they came (of a video PNGs).
    ``video`` is an H.264 MP4 with a picture a frame; as ``original`` near to lossless and never
    scaled down. ``audio_mp3`` is an MP3 of those milliseconds. Raises MediaError where a frame cannot be made, ValueError without frames.
    """
    if not frames:
        raise ValueError("A chunk has at least one frame")
    with replacing(out_path) as temporary:
        if chunk_type is ChunkType.VIDEO:
            from cvat_lite.media.mp4 import write_mp4  # noqa: PLC0415  # loads FFmpeg

            write_mp4(source, frames, quality, image_quality, temporary)
        elif chunk_type is ChunkType.AUDIO_MP3:
            from cvat_lite.media.audio import write_span  # noqa: PLC0415  # loads FFmpeg

            span = range(source.number(frames[0]), source.number(frames[-1]) + 1)
            write_span(source.path(frames[0]), span, quality, temporary)
        elif quality is Quality.ORIGINAL or source.kind is SourceKind.POINT_CLOUD:
            _write_zip(temporary, _originals(source, frames))
        else:
            _write_zip(
                temporary, ((jpeg, ".jpeg") for jpeg in _jpegs(source, frames, image_quality))
            )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` that takes its place when the body is done, else goes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _jpegs(source: MediaSource, frames: Sequence[int], image_quality: int) -> Iterator[bytes]:
    """The frames as JPEGs, some made at once: decoding and encoding leave the interpreter free."""
    if source.kind is SourceKind.IMAGES:
        return _ahead(lambda f: jpeg(media_frames.still(source, f), image_quality), frames)
    pictures = media_frames.images(source, frames)
    return _ahead(lambda picture: jpeg(picture, image_quality), pictures)


def _originals(source: MediaSource, frames: Sequence[int]) -> Iterator[tuple[Path | bytes, str]]:
    """Content and extension of each frame as it came."""
    if source.kind.has_files:
        for frame in frames:
            found = media_frames.original(source, frame)
            yield found.content, found.extension
        return

    def encoded(picture: Image.Image) -> media_frames.Encoded:
        return media_frames.encoded_original(source, picture)

    for made in _ahead(encoded, media_frames.images(source, frames)):
        yield made.content, made.extension


def _write_zip(path: Path, entries: Iterable[tuple[Path | bytes, str]]) -> None:
    """A zip of stored entries, numbered in order; files are copied in blocks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number, (content, extension) in enumerate(entries):
            info = zipfile.ZipInfo(f"{number:06d}{extension}", ZIP_DATE)
            if isinstance(content, bytes):
                archive.writestr(info, content)
                continue
            info.file_size = content.stat().st_size
            with content.open("rb") as file, archive.open(info, "w") as target:
                shutil.copyfileobj(file, target, 1 << 20)


def _ahead(work: Callable[[Item], Done], items: Iterable[Item]) -> Iterator[Done]:
    """The results in order, a few of them being made ahead in threads, and no more."""
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="chunk") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > WORKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
