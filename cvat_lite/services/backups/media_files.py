"""The media of a task as a backup has them: which files, in what order, with what manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvat_lite.domain.enums import Storage
from cvat_lite.errors import MediaError
from cvat_lite.media.ingest import INDEX
from cvat_lite.media.material import RAW
from cvat_lite.media.names import below
from cvat_lite.services.backups import describing, layout, manifest
from cvat_lite.services.backups.manifest import Picture
from cvat_lite.services.cloud_files import FetchedFiles
from cvat_lite.store import backups as store
from cvat_lite.store.data import Data
from cvat_lite.store.database import PlainConnection

if TYPE_CHECKING:
    from cvat_lite.services.backups.writing import Backup

#: Media whose frames are files.
PICTURES = ("images", "point_cloud")


@dataclass(frozen=True, slots=True)
class MediaFiles:
    """The media of one task, below ``root``.

    ``pictures`` are the lines of a manifest of images, ``frame_names`` the file of each frame.
    ``absent`` is whether the archive only refers to media that lie in a cloud storage.
    """

    data: Data
    home: Path
    root: Path
    pictures: list[Picture]
    frame_names: dict[int, str]
    has_placeholders: bool
    absent: bool
    remote: FetchedFiles | None = None

    @classmethod
    def of(cls, work: Backup, db: PlainConnection, task: store.TaskFacts, data: Data) -> MediaFiles:
        """What a backup of a task has to hold; MediaError for media that are not at hand."""
        home = work.media / str(data.id)
        root = Path(data.root) if data.root else home / RAW
        away = data.storage == Storage.CLOUD_STORAGE and not root.is_dir()
        light = work.lightweight and data.kind in PICTURES
        bucket = work.buckets.get(data.id) if away and not light else None
        absent = away and bucket is None
        if absent and not light:
            raise MediaError(
                f"The media of task {task.id} are in a cloud storage that is not there any more"
            )
        frames = list(store.images(db, data.id)) if data.kind in PICTURES else []
        pictures = list(manifest.pictures(frames))
        # Nobody lists a bucket to find out what its frames were chosen from.
        found = None if away else manifest.whole(data, pictures, root, task.id, work.max_pixels)
        if found is None and pictures and (data.start_frame or data.frame_filter):
            # Nobody can tell any more what the frames were chosen from: they are all there is.
            data = as_all(data, len(pictures))
        return cls(
            data=data,
            home=home,
            root=root,
            pictures=found or pictures,
            frame_names={frame.frame: frame.path for frame in frames},
            has_placeholders=any(frame.is_placeholder for frame in frames),
            absent=absent,
            remote=FetchedFiles(bucket, work.fetched / str(data.id)) if bucket else None,
        )

    def path(self, name: str) -> Path:
        """The file of that name; MediaError where it cannot be fetched."""
        return self.remote.path(name) if self.remote else below(self.root, name)

    def release(self, name: str) -> None:
        """A file is in the archive: what was only fetched for that goes."""
        if self.remote:
            self.path(name).unlink()

    def described(self) -> layout.Data:
        """What ``task.json`` says of the media; what lies in the archive counts as local."""
        storage = Storage.CLOUD_STORAGE if self.absent else Storage.LOCAL
        return describing.data(self.data, storage)

    def made(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The files that are made for the archive: the manifest, where CVAT knows one."""
        if self.data.kind in PICTURES:
            yield layout.MANIFEST, manifest.of_images(self.pictures)
        elif self.data.kind == "video":
            name = self.data.file or ""
            lines = manifest.of_video(self.root / name, name, self.home / INDEX)
            yield layout.MANIFEST, lines

    def names(self) -> Iterator[str]:
        """The files that are copied, below ``root``, each once."""
        if self.absent:
            return
        if self.data.kind in PICTURES:
            named = (name for one in self.pictures for name in (one.name, *one.related))
            yield from dict.fromkeys(named)
        elif self.data.file:
            yield self.data.file


def as_all(data: Data, size: int) -> Data:
    """The data with its frames as all there is of it."""
    fields = {name: getattr(data, name) for name in data.__struct_fields__}
    return Data(**{**fields, "start_frame": 0, "stop_frame": size - 1, "frame_filter": ""})
