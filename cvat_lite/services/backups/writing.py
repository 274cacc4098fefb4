"""Writing the archive of a backup, in a worker process, from one state of the store.

Nothing is held in memory but a page of annotations and the names of a task's frames; media are
copied as they lie there.
"""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from cvat_lite.domain import skeletons
from cvat_lite.domain.buckets import BucketSpec
from cvat_lite.domain.enums import LabelType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import MediaError, NotFoundError
from cvat_lite.services.backups import describing, layout
from cvat_lite.services.backups.entries import ByName
from cvat_lite.services.backups.media_files import MediaFiles
from cvat_lite.store import annotations as annotation_store
from cvat_lite.store import backups as store
from cvat_lite.store.database import PlainConnection, connect

BLOCK = 1 << 20
#: Texts become smaller; media are stored as they are.
TEXTS = frozenset((".json", ".jsonl", ".md"))

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive to be written; ``kind`` is ``tasks`` or ``projects``.

    ``buckets`` are where media lie, by the id of their data; what is fetched from there lies in
    ``fetched`` until it is in the archive.
    """

    database: Path
    out: Path
    media: Path
    assets: Path
    kind: str
    number: int
    lightweight: bool
    max_pixels: int
    buckets: Mapping[int, BucketSpec] = field(default_factory=dict)

    @property
    def fetched(self) -> Path:
        """The directory of what is fetched."""
        return Path(f"{self.out}.files")


class Archive:
    """A zip being written; members of any size, one after the other."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True)

    def close(self) -> None:
        """Write the directory of the archive."""
        self._zip.close()

    def add_file(self, name: str, path: Path) -> None:
        """Add a file as it is; MediaError where it is not there."""
        try:
            info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            with path.open("rb") as source, self._zip.open(info, "w") as member:
                shutil.copyfileobj(source, member, BLOCK)
        except FileNotFoundError:
            raise MediaError(f"'{name}' is not there any more") from None

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a member made of these pieces."""
        with self.open(name) as member:
            for piece in pieces:
                member.write(piece)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A member written piece by piece, of a size that nobody knows yet."""
        info = zipfile.ZipInfo(name, time.localtime()[:6])
        info.external_attr = 0o644 << 16
        if PurePosixPath(name).suffix in TEXTS:
            info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as member:
            yield member


def write_backup(work: Backup) -> None:
    """Write the archive: whole, under its own name, or not at all.

    NotFoundError if the task or project has gone, MediaError if media cannot be read.
    """
    part = work.out.with_suffix(".part")
    try:
        with connect(work.database, read_only=True) as db:
            db.execute("BEGIN")
            archive = Archive(part)
            try:
                writer = Writer(work, db, archive)
                write = writer.project if work.kind == "projects" else writer.task
                write(work.number)
            finally:
                archive.close()
        part.replace(work.out)
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(work.fetched, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Writer:
    """One archive on its way."""

    work: Backup
    db: PlainConnection
    archive: Archive

    def project(self, number: int) -> None:
        """The project and those of its tasks that have media."""
        facts = store.project(self.db, number)
        if facts is None:
            raise NotFoundError.of("Project")
        for place, task_id in enumerate(store.members(self.db, number)):
            self.task(task_id, layout.task_folder(place))
        self.guide("project_id", number, "")
        labels = by_names(store.labels(self.db, "project_id", number))
        entry = layout.Project(
            name=facts.name,
            bug_tracker=facts.bug_tracker,
            status=describing.status(facts.status),
            labels=describing.labels(labels),
        )
        self.archive.add(layout.PROJECT, [_encode(entry)])

    def task(self, number: int, folder: str = "") -> None:
        """A task below ``folder``: media, description, annotations, guide."""
        task = store.task(self.db, number)
        data = store.data(self.db, task.data_id) if task and task.data_id else None
        if task is None or data is None:
            raise NotFoundError.of("Task")
        files = MediaFiles.of(self.work, self.db, task, data)
        for name, pieces in files.made():
            self.archive.add(f"{folder}{layout.DATA}/{name}", pieces)
        for name in files.names():
            self.archive.add_file(f"{folder}{layout.DATA}/{name}", files.path(name))
            files.release(name)
        owner = ("task_id", number) if task.project_id is None else ("project_id", task.project_id)
        labels = store.labels(self.db, *owner)
        jobs = store.jobs(self.db, number)
        entry = describing.task(
            task,
            files.described(),
            by_names(labels),
            jobs,
            files.frame_names if needs_files(task, files) else None,
        )
        entry.data.validation_params, entry.data.validation_layout = describing.validation(
            store.validation(self.db, data.id), files.frame_names
        )
        self.guide("task_id", number, folder)
        self.archive.add(f"{folder}{layout.TASK}", [_encode(entry)])
        with self.archive.open(f"{folder}{layout.ANNOTATIONS}") as member:
            self.annotations(member, jobs, labels)

    def annotations(
        self, member: IO[bytes], jobs: Iterable[store.JobFacts], labels: Iterable[Label]
    ) -> None:
        """The annotations of each job, a page in memory at a time."""
        names = ByName(labels)
        member.write(b"[")
        for place, job in enumerate(jobs):
            spans = annotation_store.of_job_plainly(self.db, job.id)
            member.write(b',{"version":0' if place else b'{"version":0')
            for kind in ("tags", "shapes", "tracks", "intervals"):
                read = getattr(annotation_store, kind)
                member.write(b',"%s":[' % kind.encode())
                for number, entry in enumerate(names.list_of(kind, read(self.db, spans))):
                    member.write((b"," if number else b"") + _encode(entry))
                member.write(b"]")
            member.write(b"}")
        member.write(b"]")

    def guide(self, column: str, number: int, folder: str) -> None:
        """The guide with its assets, each below a directory called as its uuid."""
        found = store.guide(self.db, column, number)
        if found is None:
            return
        self.archive.add(f"{folder}{layout.GUIDE}", [found.markdown.encode()])
        for uuid, filename in found.assets:
            name = f"{folder}{layout.ASSETS}/{uuid}/{PurePosixPath(filename).name or uuid}"
            self.archive.add_file(name, self.work.assets / uuid)


def by_names(labels: Iterable[Label]) -> list[Label]:
    """The labels with drawings whose nodes name sublabels by name."""
    return [
        replace(
            label, svg=skeletons.ids_to_names(label.svg, {s.id: s.name for s in label.sublabels})
        )
        if label.type == LabelType.SKELETON
        else label
        for label in labels
    ]


def needs_files(task: store.TaskFacts, files: MediaFiles) -> bool:
    """Whether jobs are lists of files: where they were made so, and where frames stand for others.

    Then neither the size of segments nor the order of files tells which frames a job has.
    """
    return files.data.kind in ("images", "point_cloud") and (
        task.segment_size == 0 or files.has_placeholders
    )
