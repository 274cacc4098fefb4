"""The import from its first check to its last rename.

Everything is made in a directory of its own inside the data directory and put in place by renames
when all of it is there and right. Until then nothing of the store has changed.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.services.cloud_storages.sealing import seal_imported
from cvat_lite.services.cvat_dump import checks, stream
from cvat_lite.services.cvat_dump.errors import DumpError
from cvat_lite.services.cvat_dump.files import Placing, Tell, opened
from cvat_lite.services.cvat_dump.known import Known
from cvat_lite.services.cvat_dump.models import LEFT_OUT, MODELS, NOTES
from cvat_lite.services.cvat_dump.records import Model, Record, Row, Table
from cvat_lite.services.cvat_dump.report import Report, counted
from cvat_lite.store.importing import BATCH, Filling, RowError, filling, occupant
from cvat_lite.store.lock import DirectoryLock

#: Of the directory that an import works in; hidden, so that nobody has one like it.
PREFIX = ".cvat-import-"
DATABASE, MEDIA, ASSETS = "store.sqlite3", "media", "assets"


def import_dump(config: Config, dump: Path, files: Path, tell: Tell) -> Report:
    """Bring a dump and its data directory into the new or empty store of these settings.

    ``tell`` is called with what is being done and how far it is (done and total; a total of 0 is
    not known). DumpError or StoreError say in one line, and with the object's name, why it cannot
    be done; then nothing has been written.
    """
    if not dump.is_file():
        raise DumpError(f"There is no file {dump}.")
    if not files.exists():
        raise DumpError(f"There is no file or directory {files}.")
    try:
        with claimed(config) as work:
            holds = occupant(config.database)
            if holds is not None:
                raise DumpError(f"The store in {config.data_dir} is not empty: it holds {holds}.")
            report = make(config, dump, files, work, tell)
            publish(config, work)
            seal_imported(config)
    except OSError as error:
        raise DumpError(f"The import failed: {error}") from error
    return report


@contextmanager
def claimed(config: Config) -> Iterator[Path]:
    """A directory to work in, while no server can use the data directory; both go with the block."""
    home = config.data_dir
    is_new = not home.exists()
    home.mkdir(parents=True, exist_ok=True)
    lock = DirectoryLock(home / "lock")
    try:
        for left in home.glob(f"{PREFIX}*"):
            # Of an import that was killed.
            shutil.rmtree(left, ignore_errors=True)
        work = home / f"{PREFIX}{os.getpid()}"
        work.mkdir()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        lock.release()
        if is_new and not config.database.exists():
            (home / "lock").unlink(missing_ok=True)
            with suppress(OSError):
                home.rmdir()


def make(config: Config, dump: Path, files: Path, work: Path, tell: Tell) -> Report:
    """The store and its files, whole and checked, below the work directory."""
    size = dump.stat().st_size
    known = look_through(dump, lambda done: tell("Looking through the dump", done, size))
    report = Report()
    if known.strangers:
        report.notes.append(
            f"not understood: the passwords of {', '.join(known.strangers)}; "
            "set new ones with 'cvat-lite user passwd'"
        )
    with filling(work / DATABASE, work / "scratch.sqlite3") as store:
        loading = Loading(store, known, report)
        for found in stream.objects(dump, lambda done: tell("Reading the dump", done, size)):
            loading.add(found)
        loading.flush()
        tell("Checking", 0, 0)
        checks.finish_attributes(store, known, report)
        checks.check(store)
        place(config, store, files, work, report, tell)
    return report


def look_through(dump: Path, count: Callable[[int], None]) -> Known:
    """The first reading."""
    known = Known()
    for found in stream.objects(dump, count):
        record = record_of(found, known)
        note = NOTES.get(record.model)
        if note is not None:
            note(record)
    known.ready()
    return known


def record_of(found: dict[str, Any], known: Known) -> Record:
    """An object of the dump as what it says it is."""
    model, fields = found.get("model"), found.get("fields")
    if not isinstance(model, str) or not isinstance(fields, dict) or "pk" not in found:
        raise DumpError(f"This is no object of a dump: {str(found)[:80]}")
    return Record(model, found["pk"], fields, known)


@dataclass(slots=True)
class Loading:
    """Rows on their way into the store, some hundreds at a time."""

    store: Filling
    known: Known
    report: Report
    rows: defaultdict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    owners: defaultdict[Table, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown: dict[tuple[str, frozenset[str]], list[str]] = field(default_factory=dict)

    def add(self, found: dict[str, Any]) -> None:
        """Take one object of the dump."""
        record = record_of(found, self.known)
        model = MODELS.get(record.model)
        if model is None:
            kept = self.report.models if record.model in LEFT_OUT else self.report.unknown_models
            kept[record.model] += 1
            return
        self.report.models[record.model] += 1
        self.note_fields(model, record)
        for table in model.tables:
            made = list(table.rows(record))
            waiting = self.rows[table]
            waiting.extend(made)
            self.owners[table].extend([f"{record.model} {record.pk}"] * len(made))
            if len(waiting) >= BATCH:
                self.write(table)

    def note_fields(self, model: Model, record: Record) -> None:
        """Note the fields that are not known or have no place."""
        key = (record.model, frozenset(record.fields))
        unknown = self.unknown.get(key)
        if unknown is None:
            unknown = self.unknown[key] = [name for name in key[1] if name not in model.fields]
        for name in unknown:
            self.report.unknown_fields[f"{record.model}.{name}"] += 1
        for name in model.homeless:
            if record.fields.get(name):
                self.report.homeless[f"{record.model}.{name}"] += 1

    def write(self, table: Table) -> None:
        """Write the rows that wait for a table."""
        try:
            self.store.insert(table.name, table.columns, self.rows[table])
        except RowError as error:
            raise DumpError(f"{self.owners[table][error.row]}: {in_words(error.why)}") from error
        self.rows[table].clear()
        self.owners[table].clear()

    def flush(self) -> None:
        """Write all that waits."""
        for table in list(self.rows):
            self.write(table)


def in_words(why: str) -> str:
    """What SQLite complains of, for a person."""
    kind, _, what = why.partition(" constraint failed: ")
    if kind == "UNIQUE":
        return f"there are two of it ({what})"
    return f"it breaks a rule of the store ({what or why})"


def place(
    config: Config, store: Filling, files: Path, work: Path, report: Report, tell: Tell
) -> None:
    """Put all files in place below the work directory."""
    (work / MEDIA).mkdir()
    (work / ASSETS).mkdir()
    total, assets = store.count_files(), store.assets()
    if not total and not assets:
        return
    layout, held = opened(files, work, tell)
    placing = Placing(layout, work / MEDIA, work, config.max_image_pixels, config.share)
    for number, one in enumerate(store.files(), 1):
        placing.place(store, one)
        tell("Placing media", number, total)
    for uuid, filename in assets:
        placing.place_asset(store, uuid, filename, work / ASSETS)
    if config.share is not None:
        store.set_root("share", str(config.share))
    report.files = placing.files
    report.notes += placing.notes
    for data_id, task_id, storage, cloud in store.elsewhere():
        where = f"cloud storage {cloud}" if cloud is not None else storage
        report.notes.append(f"engine.data {data_id} (task {task_id}): its files are in the {where}")
    unnamed = held - placing.files + placing.inner_files
    if unnamed > 0:
        report.notes.append(
            f"left out: {counted(unnamed, 'file')} of the archive that no object names "
            "(manifests, previews, logs, caches)"
        )


def publish(config: Config, work: Path) -> None:
    """Put what was made in place of an empty store; the database comes last.

    A server that starts after a crash in between removes media that no row names.
    """
    moves = [
        (one, target / one.name)
        for name, target in ((MEDIA, config.media), (ASSETS, config.assets))
        for one in sorted((work / name).iterdir())
    ]
    for _, target in moves:
        if target.exists():
            raise DumpError(f"The store in {config.data_dir} is not empty: there is {target}.")
    sync(work / DATABASE)
    moved: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(exist_ok=True)
            source.rename(target)
            moved.append((source, target))
        for suffix in ("-wal", "-shm"):
            Path(f"{config.database}{suffix}").unlink(missing_ok=True)
        (work / DATABASE).replace(config.database)
    except OSError as error:
        for source, target in reversed(moved):
            target.rename(source)
        raise StoreError(f"The store could not be put in place: {error}") from error
    # Chunks of what was here before would be taken for those of the new data.
    shutil.rmtree(config.cache, ignore_errors=True)


def sync(path: Path) -> None:
    """Make sure that a file survives a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
