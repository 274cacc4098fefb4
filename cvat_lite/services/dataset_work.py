"""What a worker process does of exports and imports: everything that computes long."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from cvat_lite.domain import payload
from cvat_lite.domain.dataset import Dataset, Frame, Image, Part, PartInfo, ProjectInfo, Target
from cvat_lite.domain.frame_names import UniqueNames
from cvat_lite.domain.labels import Label
from cvat_lite.domain.segments import JobSpan
from cvat_lite.errors import MediaError
from cvat_lite.formats import registry
from cvat_lite.formats.containers import FileSink, ZipSink, open_source
from cvat_lite.formats.format import ReadOptions, Sink, WriteOptions
from cvat_lite.media import frames as media_frames
from cvat_lite.media.frames import Encoded
from cvat_lite.media.source import MediaSource, SourceKind
from cvat_lite.store import annotations as read
from cvat_lite.store.database import PlainConnection, connect


@dataclass(frozen=True, slots=True)
class PartWork:
    """One task or job of an archive: which frames, and where annotations and images are."""

    info: PartInfo
    frames: tuple[Frame, ...]
    spans: tuple[JobSpan, ...]
    source: MediaSource
    related: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def renamed(self, names: UniqueNames, subset: str | None = None) -> PartWork:
        """The same with names of frames that no other part of the subset has (its own if None)."""
        subset = self.info.subset_name if subset is None else subset
        frames = names.told_apart(subset, self.frames)
        return replace(self, frames=frames)

    def opened(self, db: PlainConnection, *, images: bool) -> Part:
        """The part of a dataset whose annotations are read from this connection."""
        return Part(
            self.info,
            self.frames,
            partial(read.tags, db, self.spans),
            partial(read.shapes, db, self.spans),
            partial(read.tracks, db, self.spans),
            Images(self.source, self.frames) if images else None,
            partial(related_images, self.source, self.related) if images else None,
            partial(read.intervals, db, self.spans),
        )


@dataclass(frozen=True, slots=True)
class Export:
    """An archive to be written; annotations are read from the store while it is written."""

    database: Path
    out: Path
    format: str
    save_images: bool
    labels: tuple[Label, ...]
    parts: tuple[PartWork, ...]
    project: ProjectInfo | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An archive to be read into a task or job."""

    path: Path
    format: str
    masks_to_polygons: bool
    target: Target


class Images:
    """The images of a dataset; a video is decoded once as long as frames are asked for in order."""

    def __init__(self, source: MediaSource, frames: tuple[Frame, ...]) -> None:
        self._source = source
        self._numbers = [frame.number for frame in frames]
        self._place = 0
        self._pictures: Iterator[object] | None = None

    def __call__(self, frame: Frame) -> Image:
        """The image of a frame."""
        if self._source.kind is not SourceKind.VIDEO:
            return image_of(media_frames.original(self._source, frame.number))
        place = self._place
        if self._pictures is None or self._numbers[place : place + 1] != [frame.number]:
            place = self._numbers.index(frame.number)
            self._pictures = iter(media_frames.images(self._source, self._numbers[place:]))
        self._place = place + 1
        picture = next(self._pictures)
        return image_of(media_frames.encoded_original(self._source, picture))  # type: ignore[arg-type]


def related_images(
    source: MediaSource, related: Mapping[int, tuple[str, ...]], frame: Frame
) -> list[tuple[str, Image]]:
    """The related images of a frame as they came, called after themselves; MediaError."""
    found: dict[str, Image] = {}
    for path in related.get(frame.number, ()):
        name = PurePosixPath(path).name
        if name in found:
            name = path.replace("/", "_")
        file = source.located(path)
        if not file.is_file():
            raise MediaError(f"Related image '{path}' does not exist")
        found[name] = Image(path=file)
    return list(found.items())


def image_of(encoded: Encoded) -> Image:
    """An encoded frame as datasets take it."""
    if isinstance(encoded.content, bytes):
        return Image(content=encoded.content)
    return Image(path=encoded.content)


def write_archive(work: Export) -> None:
    """Write the archive (or the one file of a format that is none): whole, or not at all.

    What is fetched for it from buckets lies in a directory beside it, which goes at the end.
    """
    part_path = work.out.with_suffix(".part")
    found = registry.exporter(work.format)
    write = found.write
    if write is None:
        raise LookupError(work.format)
    opened: AbstractContextManager[Sink] = (
        ZipSink(part_path) if "ZIP" in found.write_extensions else FileSink(part_path)
    )
    try:
        with connect(work.database, read_only=True) as db, opened as sink:
            db.execute("BEGIN")
            found_parts = work.parts if found.subsets_apart else laid_together(work.parts)
            parts = tuple(part.opened(db, images=work.save_images) for part in found_parts)
            dataset = Dataset(work.labels, parts, work.project)
            write(dataset, sink, WriteOptions(save_images=work.save_images))
        part_path.replace(work.out)
    finally:
        part_path.unlink(missing_ok=True)
        shutil.rmtree(f"{work.out}.files", ignore_errors=True)


def laid_together(parts: tuple[PartWork, ...]) -> tuple[PartWork, ...]:
    """The parts for a format that puts the images of all subsets into one directory."""
    names = UniqueNames()
    return tuple(part.renamed(names, "") for part in parts)


def read_archive(work: Import) -> bytes:
    """What the archive holds, as the body of a request that would write it; else DatasetError."""
    read_format = registry.importer(work.format).read
    if read_format is None:
        raise LookupError(work.format)
    with open_source(work.path) as source, payload.collector_paused():
        options = ReadOptions(masks_to_polygons=work.masks_to_polygons)
        return payload.encode(read_format(source, work.target, options))
