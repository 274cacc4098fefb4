"""The media of tasks: what they are made of, and their frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from cvat_lite.store import rows
from cvat_lite.store.database import Connection

COLUMNS = """d.id, d.kind, d.root, d.chunk_size, d.size, d.image_quality, d.start_frame,
d.stop_frame, d.frame_filter, d.compressed_chunk_type, d.original_chunk_type, d.storage_method,
d.storage, d.cloud_storage_id, d.sorting_method, d.deleted_frames, d.chunks_updated_date,
coalesce(v.path, a.path), v.width, v.height, a.has_cover_image"""
#: The name of a frame that a job is not about, in its description.
PLACEHOLDER = "placeholder.jpg"
FROM = "data d LEFT JOIN videos v ON v.data_id = d.id LEFT JOIN audios a ON a.data_id = d.id"


class Data(rows.Struct, frozen=True):
    """The media of a task; ``file`` is its one video, PDF or sound, if it is made of one."""

    id: int
    kind: str
    root: str | None
    chunk_size: int | None
    size: int
    image_quality: int
    start_frame: int
    stop_frame: int
    frame_filter: str
    compressed_chunk_type: str
    original_chunk_type: str
    storage_method: str
    storage: str
    cloud_storage_id: int | None
    sorting_method: str
    deleted: str
    chunks_updated_date: str | None
    file: str | None
    width: int | None
    height: int | None
    has_cover: int | None

    @property
    def deleted_frames(self) -> list[int]:
        """The frames of the task that are deleted."""
        found: list[int] = orjson.loads(self.deleted)
        return found


async def get(db: Connection, data_id: int) -> Data | None:
    """The data of that id."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE d.id = ?", (data_id,))
    return Data(*row) if row else None


async def insert(db: Connection) -> int:
    """Add data that has nothing yet; answers its id."""
    return await rows.insert(db, "data", {"size": 0})


async def update(db: Connection, data_id: int, values: dict[str, Any]) -> None:
    """Set columns of a data."""
    await rows.update(db, "data", data_id, values)


async def set_deleted_frames(db: Connection, data_id: int, frames: Iterable[int]) -> None:
    """Make these the deleted frames."""
    await update(db, data_id, {"deleted_frames": orjson.dumps(sorted(frames)).decode()})


async def add_images(
    db: Connection,
    data_id: int,
    images: Iterable[tuple[str, int, int]],
    related: Mapping[int, Sequence[str]],
) -> None:
    """Add frames from (name, width, height), and the related images of those that have any."""
    await db.executemany(
        """INSERT INTO images (data_id, frame, path, width, height, real_frame)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (
            (data_id, frame, name, width, height, frame)
            for frame, (name, width, height) in enumerate(images)
        ),
    )
    for frame, names in related.items():
        for name in names:
            await db.execute(
                "INSERT OR IGNORE INTO related_files (data_id, path) VALUES (?, ?)", (data_id, name)
            )
            await db.execute(
                """INSERT OR IGNORE INTO related_file_frames (related_file_id, data_id, frame)
                   SELECT id, data_id, ? FROM related_files WHERE data_id = ? AND path = ?""",
                (frame, data_id, name),
            )


async def add_video(db: Connection, data_id: int, name: str, width: int, height: int) -> None:
    """Add the one video (or PDF) of a data."""
    await rows.insert(
        db,
        "videos",
        {"data_id": data_id, "path": name, "width": width, "height": height},
    )


async def add_audio(
    db: Connection, data_id: int, name: str, sampling_rate: int, *, has_cover: bool
) -> None:
    """Add the one sound of a data, with its samples a second."""
    await rows.insert(
        db,
        "audios",
        {
            "data_id": data_id,
            "path": name,
            "sampling_rate": sampling_rate,
            "has_cover_image": int(has_cover),
        },
    )


async def names(db: Connection, data_id: int, frames: Sequence[int]) -> dict[int, str]:
    """The names of the images that are these frames."""
    if not frames:
        return {}
    found = await rows.fetch_all(
        db,
        """SELECT frame, path FROM images WHERE data_id = ? AND frame BETWEEN ? AND ?
           ORDER BY frame""",
        (data_id, min(frames), max(frames)),
    )
    wanted = set(frames)
    return {row["frame"]: row["path"] for row in found if row["frame"] in wanted}


async def chunks_date(db: Connection, job_id: int) -> str | None:
    """When the chunks of a job have changed last."""
    row = await rows.fetch_one(
        db,
        """SELECT s.chunks_updated_date AS date FROM jobs j JOIN segments s ON s.id = j.segment_id
           WHERE j.id = ?""",
        (job_id,),
    )
    return row["date"] if row else None


async def related_names(db: Connection, data_id: int, frame: int) -> list[str]:
    """The names of the related images of a frame."""
    found = await rows.fetch_all(
        db,
        """SELECT f.path FROM related_file_frames r JOIN related_files f ON f.id = r.related_file_id
           WHERE r.data_id = ? AND r.frame = ? ORDER BY f.path""",
        (data_id, frame),
    )
    return [row["path"] for row in found]


async def frames_json(
    db: Connection, data_id: int, start: int, stop: int, named: Sequence[int] | None = None
) -> bytes:
    """The images that are frames ``start`` to ``stop`` as a JSON list, made by SQLite itself.

    Where only some are ``named``, the others bear the name of a placeholder.
    """
    name = f"iif(frame IN (SELECT value FROM json_each(?3)), path, '{PLACEHOLDER}')"
    row = await rows.fetch_one(
        db,
        f"""SELECT json_group_array(json_object('width', width, 'height', height,
               'name', {"path" if named is None else name},
               'related_files', related,
               'has_related_context', json(iif(related, 'true', 'false')))) AS frames
           FROM (SELECT i.frame, i.width, i.height, i.path, (SELECT count(*)
                 FROM related_file_frames r
                 WHERE r.data_id = i.data_id AND r.frame = i.frame) AS related
                 FROM images i WHERE i.data_id = ?1 AND i.frame BETWEEN ?2 AND ?4
                 ORDER BY i.frame)""",
        (data_id, start, orjson.dumps(list(named or ())).decode(), stop),
    )
    return str(row["frames"]).encode() if row else b"[]"


async def in_buckets(db: Connection, kind: str, number: int) -> list[tuple[int, int]]:
    """The (id, id of the cloud storage) of data of a task, or a project's, that lie in one."""
    column = {"tasks": "t.id", "projects": "t.project_id"}[kind]
    found = await rows.fetch_all(
        db,
        f"""SELECT d.id, d.cloud_storage_id FROM data d JOIN tasks t ON t.data_id = d.id
            WHERE {column} = ? AND d.storage = 'cloud_storage'
            AND d.cloud_storage_id IS NOT NULL""",
        (number,),
    )
    return [(row[0], row[1]) for row in found]


async def ids(db: Connection) -> set[int]:
    """The ids of all data."""
    return {row["id"] for row in await rows.fetch_all(db, "SELECT id FROM data")}
