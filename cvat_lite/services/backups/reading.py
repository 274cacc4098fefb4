"""Reading the archive of a backup, in a worker process: all that can be wrong is found here.

Everything is unpacked and prepared below one directory that is removed if anything fails; the
store is not touched. Names, sizes, ratios and numbers of members are checked while unpacking.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cvat_lite.errors import DatasetError
from cvat_lite.media import archives
from cvat_lite.media.ingest import Plan
from cvat_lite.services import asset_files
from cvat_lite.services.backups import frames, layout
from cvat_lite.services.backups.labeled import Labels, read_annotations

UNPACKED = "unpacked"
MEDIA = "media"
PAYLOADS = "payloads"
FOLDER = re.compile(r"task_(\d{1,6})")
LARGEST_TEXT = 64 << 20
#: With more files than this the whole machine is synchronised, and not file by file.
MANY = 500


@dataclass(frozen=True, slots=True)
class Restore:
    """An archive to be read into a directory that is not there yet."""

    archive: Path
    home: Path
    kind: str
    max_pixels: int
    max_json_bytes: int


@dataclass(frozen=True, slots=True)
class GuideText:
    """A guide with its assets: the uuid that its text knows each by, its file and its type."""

    markdown: str
    assets: tuple[tuple[str, Path, str], ...]


@dataclass(frozen=True, slots=True)
class TaskReady:
    """A task that only has to be recorded: its media lie in ``home``.

    ``payloads`` are files with the annotations of each job, labels and attributes by the ids that
    ``labels`` gives them. ``placeholders`` are (frame, frame that it stands for).
    """

    entry: layout.Task
    home: Path
    plan: Plan
    placeholders: list[tuple[int, int]]
    labels: Labels
    payloads: tuple[Path, ...]
    guide: GuideText | None


@dataclass(frozen=True, slots=True)
class Ready:
    """What a backup holds: tasks, and the project that they are in if it is one of a project."""

    tasks: tuple[TaskReady, ...]
    project: layout.Project | None = None
    guide: GuideText | None = None


def read_backup(work: Restore) -> Ready:
    """Unpack and prepare all of a backup; DatasetError or MediaError say what is wrong with it."""
    shutil.rmtree(work.home, ignore_errors=True)
    root = work.home / UNPACKED
    root.mkdir(parents=True)
    archives.extract(work.archive, root)
    reader = Reader(work, root)
    ready = reader.project() if work.kind == "projects" else Ready((reader.task("", 0, None),))
    sync(work.home)
    return ready


@dataclass(frozen=True, slots=True)
class Reader:
    """One unpacked archive."""

    work: Restore
    root: Path

    def content(self, name: str, largest: int = LARGEST_TEXT) -> bytes:
        """A text of the archive; DatasetError if it is not there or too large."""
        path = self.root / name
        if not path.is_file():
            raise DatasetError(name, "", "there is no such file in the backup")
        if path.stat().st_size > largest:
            raise DatasetError(name, "", f"the file has more than {largest} bytes")
        return path.read_bytes()

    def project(self) -> Ready:
        """A project with its tasks."""
        content = self.content(layout.PROJECT)
        entry = layout.decoded(content, layout.Project, layout.PROJECT)
        layout.checked_version(entry.version, layout.PROJECT)
        labels = Labels.of(entry.labels, layout.PROJECT)
        folders = sorted(self.folders(), key=lambda name: int(name.partition("_")[2]))
        tasks = [self.task(f"{name}/", place, labels) for place, name in enumerate(folders)]
        return Ready(tuple(tasks), entry, self.guide(""))

    def folders(self) -> Iterator[str]:
        """The directories of tasks."""
        for path in self.root.iterdir():
            if path.is_dir() and FOLDER.fullmatch(path.name):
                yield path.name

    def task(self, folder: str, place: int, labels: Labels | None) -> TaskReady:
        """A task below ``folder``; its labels are the project's where it is in one."""
        name = f"{folder}{layout.TASK}"
        entry = layout.decoded(self.content(name), layout.Task, name)
        layout.checked_version(entry.version, name)
        labels = labels or Labels.of(entry.labels, name)
        home = self.work.home / MEDIA / str(place)
        source = self.root / folder / layout.DATA
        plan = frames.planned(entry, source, home, f"{folder}{layout.DATA}", self.work.max_pixels)
        plan, placeholders = frames.with_placeholders(entry, plan, name)
        frames.check(entry, plan, name)
        guide = self.guide(folder)
        out = self.work.home / PAYLOADS / str(place)
        out.mkdir(parents=True)
        file = f"{folder}{layout.ANNOTATIONS}"
        content = self.content(file, self.work.max_json_bytes)
        payloads = read_annotations(content, file, entry, labels, out)
        return TaskReady(entry, home, plan, placeholders, labels, payloads, guide)

    def guide(self, folder: str) -> GuideText | None:
        """The guide below ``folder`` with its assets, where there is one."""
        name = f"{folder}{layout.GUIDE}"
        if not (self.root / name).is_file():
            return None
        try:
            markdown = self.content(name, asset_files.LARGEST).decode()
        except UnicodeDecodeError:
            raise DatasetError(name, "", "the text is not UTF-8") from None
        base = self.root / folder / layout.ASSETS
        found = [path for path in sorted(base.rglob("*")) if path.is_file()]
        if len(found) > asset_files.MOST_PER_GUIDE:
            raise DatasetError(name, "", "the guide has too many assets")
        return GuideText(markdown, tuple(self.asset(path) for path in found))

    def asset(self, path: Path) -> tuple[str, Path, str]:
        """An asset: CVAT puts each into a directory that bears its uuid."""
        name = path.relative_to(self.root).as_posix()
        if path.stat().st_size > asset_files.LARGEST:
            raise DatasetError(name, "", f"an asset has at most {asset_files.LARGEST} bytes")
        with path.open("rb") as file:
            start = file.read(asset_files.MARK_LENGTH)
        kinds = [kind for kind, mark in asset_files.SIGNATURES if mark.match(start)]
        if not kinds:
            raise DatasetError(name, "", "a file of this type is no asset")
        return path.parent.name.lower(), path, kinds[0]


def sync(home: Path) -> None:
    """Come back when what was unpacked would survive a power cut."""
    paths = [path for path in home.rglob("*") if path.is_file()]
    if len(paths) > MANY and hasattr(os, "sync"):
        os.sync()
        return
    for path in paths:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
