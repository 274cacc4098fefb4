"""The data directory of a CVAT: found, unpacked, and its media put where this server has it.

Only files that objects of the dump name are taken. What is not there is an error that names the
object, and nothing is ever followed out of the directory.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cvat_lite.errors import MediaError, ValidationError
from cvat_lite.media import archives, kinds
from cvat_lite.media.archives import GIB, Limits
from cvat_lite.media.ingest import INDEX
from cvat_lite.media.kinds import Kind
from cvat_lite.media.material import RAW, is_wanted
from cvat_lite.media.names import below
from cvat_lite.services.asset_files import MARK_LENGTH, content_type_of
from cvat_lite.services.cvat_dump.errors import DumpError
from cvat_lite.store.importing import Filling, NamedFile

Tell = Callable[[str, int, int], None]
#: Where a data directory may begin below what was given: CVAT's archives hold absolute names.
BEGINNINGS = ("", "data", "home/django/data")
WANTED = re.compile(r"(?:home/django/)?(?:data/){0,2}?(?:[0-9]+/raw/|assets/[0-9a-fA-F-]{36}/).")
#: A whole data directory is large, and uniform media packs well.
LIMITS = Limits(
    max_members=50_000_000, max_member_bytes=1024 * GIB, max_total_bytes=64 * 1024 * GIB
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where media (``ID/raw/...``) and assets (``UUID/NAME``) lie; ``taken`` if they may be moved."""

    root: Path
    media: Path
    assets: Path
    taken: bool


def locate(root: Path, *, taken: bool) -> Layout | None:
    """The data directory at or below a directory; None where there is none."""
    for beginning in BEGINNINGS:
        base = root / beginning
        if has_media(base / "data") or (base / "assets").is_dir():
            return Layout(root.resolve(), base / "data", base / "assets", taken)
    if has_media(root):
        return Layout(root.parent.resolve(), root, root.parent / "assets", taken)
    return None


def has_media(directory: Path) -> bool:
    """Whether the directories of data are right below a directory."""
    if not directory.is_dir():
        return False
    with os.scandir(directory) as entries:
        return any(one.name.isdigit() and Path(one.path, RAW).is_dir() for one in entries)


def opened(files: Path, scratch: Path, tell: Tell) -> tuple[Layout, int]:
    """The media, unpacked below ``scratch`` from an archive; and how many files it held."""
    if files.is_dir():
        found, held = locate(files, taken=False), 0
    elif files.is_file():
        found, held = unpacked(files, scratch, tell)
    else:
        raise DumpError(f"There is no file or directory {files}.")
    if found is None:
        raise DumpError(f"{files} is no data directory of CVAT: it has no data/ID/raw.")
    return found, held


def unpacked(archive: Path, scratch: Path, tell: Tell) -> tuple[Layout | None, int]:
    """What an archive holds of use, unpacked below ``scratch``; and how many files it held."""
    target = scratch / "unpacked"
    target.mkdir()
    seen = 0

    def wanted(name: str) -> bool:
        nonlocal seen
        seen += 1
        tell("Unpacking files", seen, 0)
        return WANTED.match(name) is not None

    try:
        archives.extract(archive, target, LIMITS, wanted)
    except MediaError as error:
        raise DumpError(str(error)) from error
    return locate(target, taken=True), seen


@dataclass(slots=True)
class Placing:
    """Files on their way into ``home``, which becomes the server's media directory."""

    layout: Layout
    home: Path
    scratch: Path
    max_pixels: int
    share: Path | None
    placed: set[str] = field(default_factory=set)
    data_id: int = 0
    inner: Path | None = None
    files: int = 0
    inner_files: int = 0
    notes: list[str] = field(default_factory=list)

    def place(self, store: Filling, one: NamedFile) -> None:
        """Put one file in its place; DumpError where it is not there or cannot be used."""
        if one.data_id != self.data_id:
            self.data_id, self.inner = one.data_id, None
            self.placed.clear()
        if one.storage == "local" and one.path not in self.placed:
            self.placed.add(one.path)
            target = below(self.home / str(one.data_id) / RAW, one.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            source, inner = self.source(one)
            bring(source, target, move=self.layout.taken or inner)
            self.files += 1
            self.inner_files += inner
        if one.model == "engine.video":
            self.index(store, one)

    def source(self, one: NamedFile) -> tuple[Path, bool]:
        """Where a file lies, and whether it was unpacked from an archive among the media."""
        raw = self.layout.media / str(one.data_id) / RAW
        found = below(raw, one.path)
        if self.is_usable(found):
            return found, False
        if found.is_file():
            raise DumpError(f"{one.model} {one.pk}: {found} is a link out of {self.layout.root}")
        if self.inner is None:
            self.inner = self.unpack_archives(raw, one)
        found = below(self.inner, one.path)
        if not found.is_file():
            missing = f"data/{one.data_id}/{RAW}/{one.path}"
            raise DumpError(f"{one.model} {one.pk}: no file {missing}")
        return found, True

    def is_usable(self, path: Path) -> bool:
        """Whether that is a file inside the data directory, and no link out of it."""
        return path.is_file() and path.resolve().is_relative_to(self.layout.root)

    def unpack_archives(self, raw: Path, one: NamedFile) -> Path:
        """A directory with what archives among the media hold, which CVAT reads inside them."""
        target = self.scratch / "inner"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for path in sorted(raw.rglob("*")) if raw.is_dir() else ():
            if kinds.kind_of(path.name) in (Kind.ZIP, Kind.ARCHIVE) and self.is_usable(path):
                try:
                    archives.extract(path, target, None, is_wanted)
                except MediaError as error:
                    raise DumpError(f"{one.model} {one.pk}: {error}") from error
        return target

    def index(self, store: Filling, one: NamedFile) -> None:
        """Index a video, by which its frames are found."""
        from cvat_lite.media.video_index import index_video  # noqa: PLC0415  # loads FFmpeg

        home = self.home / str(one.data_id)
        root = home / RAW if one.storage == "local" else self.share
        if root is None or one.storage == "cloud_storage":
            return
        try:
            index = index_video(below(root, one.path), self.max_pixels, one.path)
        except (MediaError, OSError) as error:
            if one.storage == "local":
                raise DumpError(f"{one.model} {one.pk}: {error}") from error
            self.notes.append(f"{one.model} {one.pk}: {error}")
            return
        home.mkdir(parents=True, exist_ok=True)
        index.save(home / INDEX)
        last = store.last_frames(one.data_id)
        if last >= len(index):
            self.notes.append(
                f"{one.model} {one.pk}: its frames end with {len(index) - 1}, "
                f"the dump goes on to {last}"
            )

    def place_asset(self, store: Filling, uuid: str, filename: str, target: Path) -> None:
        """Put the file of an asset in its place, under its uuid."""
        source = below(self.layout.assets / uuid, filename)
        if not self.is_usable(source):
            raise DumpError(f"engine.asset {uuid}: no file assets/{uuid}/{filename}")
        bring(source, target / uuid, move=self.layout.taken)
        self.files += 1
        with (target / uuid).open("rb") as file:
            start = file.read(MARK_LENGTH)
        try:
            store.set_content_type(uuid, content_type_of(start))
        except ValidationError:
            self.notes.append(f"engine.asset {uuid}: it is offered as a plain file")


def bring(source: Path, target: Path, *, move: bool) -> None:
    """Move or copy a file; what cannot be is a DumpError."""
    try:
        if move:
            source.replace(target)
        else:
            shutil.copyfile(source, target)
    except OSError as error:
        raise DumpError(f"{source} cannot be brought in: {error.strerror or error}") from error
