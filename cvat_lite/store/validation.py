"""Validation layouts: the frames that work is checked by, and the honeypots that show them.

All frames are indices within the task. A honeypot is an image that is a placeholder: its row has
the path and the size of its real frame, so that whatever reads frames needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.domain.enums import JobType, SegmentType, ValidationMode
from cvat_lite.store import rows
from cvat_lite.store.database import Connection

SELECT = """SELECT data_id, mode, frames, disabled_frames, frames_per_job_count
FROM validation_layouts"""


class Layout(rows.Struct, frozen=True):
    """How a task's work is checked."""

    data_id: int
    mode: str
    frames_json: str
    disabled_json: str
    frames_per_job_count: int | None

    @property
    def frames(self) -> list[int]:
        """The validation frames, ascending."""
        found: list[int] = orjson.loads(self.frames_json)
        return found

    @property
    def disabled_frames(self) -> list[int]:
        """Those of them that nothing is checked by."""
        found: list[int] = orjson.loads(self.disabled_json)
        return found


class Segment(rows.Struct, frozen=True):
    """A run of frames that one annotation job, and its replicas, are about."""

    id: int
    start_frame: int
    stop_frame: int


async def get(db: Connection, data_id: int | None) -> Layout | None:
    """The layout of a data, or None where its work is not checked."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE data_id = ?", (data_id,))
    return Layout(*row) if row else None


async def insert(
    db: Connection,
    data_id: int,
    mode: ValidationMode,
    frames: Iterable[int],
    frames_per_job_count: int | None,
) -> None:
    """Add the layout of a data."""
    await rows.insert(
        db,
        "validation_layouts",
        {
            "data_id": data_id,
            "mode": mode,
            "frames": as_json(frames),
            "frames_per_job_count": frames_per_job_count,
        },
    )


async def disable(db: Connection, data_id: int, frames: Iterable[int]) -> None:
    """Make these the frames that nothing is checked by."""
    values = {"disabled_frames": as_json(frames)}
    await rows.update(db, "validation_layouts", data_id, values, column="data_id")


async def delete(db: Connection, data_id: int) -> None:
    """Remove the layout of a data."""
    await rows.delete(db, "validation_layouts", data_id, column="data_id")


def as_json(frames: Iterable[int]) -> str:
    """Frames as the store keeps them."""
    return orjson.dumps(sorted(frames)).decode()


async def honeypots(
    db: Connection, data_id: int, start: int = 0, stop: int | None = None
) -> dict[int, int]:
    """The honeypots among these frames (both ends included), each with its real frame."""
    found = await rows.fetch_all(
        db,
        """SELECT frame, real_frame FROM images
           WHERE data_id = ? AND is_placeholder = 1 AND frame >= ? AND (?3 IS NULL OR frame <= ?3)
           ORDER BY frame""",
        (data_id, start, stop),
    )
    return {row["frame"]: row["real_frame"] for row in found}


_SHOW = """UPDATE images SET is_placeholder = 1, real_frame = ?3,
    (path, width, height) = (SELECT r.path, r.width, r.height FROM images r
                             WHERE r.data_id = ?1 AND r.frame = ?3)
    WHERE data_id = ?1 AND frame = ?2"""
_UNRELATE = "DELETE FROM related_file_frames WHERE data_id = ? AND frame = ?"
_RELATE = """INSERT INTO related_file_frames (related_file_id, data_id, frame)
    SELECT related_file_id, data_id, ?2 FROM related_file_frames
    WHERE data_id = ?1 AND frame = ?3"""


async def show(db: Connection, data_id: int, real: Mapping[int, int]) -> None:
    """Make honeypots of these frames that show those real ones, with their related images."""
    await db.executemany(_SHOW, ((data_id, frame, shown) for frame, shown in real.items()))
    await db.executemany(_UNRELATE, ((data_id, frame) for frame in real))
    await db.executemany(_RELATE, ((data_id, frame, shown) for frame, shown in real.items()))


async def segments(db: Connection, task_id: int) -> list[Segment]:
    """The segments of a task's annotation jobs in the order of their frames."""
    found = await rows.fetch_all(
        db,
        """SELECT s.id, s.start_frame, s.stop_frame FROM segments s
           WHERE s.task_id = ?
           AND EXISTS (SELECT 1 FROM jobs j WHERE j.segment_id = s.id AND j.type = ?)
           ORDER BY s.start_frame, s.id""",
        (task_id, JobType.ANNOTATION),
    )
    return [Segment(*row) for row in found]


async def clear(db: Connection, segment_id: int, frames: Collection[int]) -> list[int]:
    """Remove the tags and shapes on these frames from all jobs of a segment; answers the jobs."""
    found = await rows.fetch_all(db, "SELECT id FROM jobs WHERE segment_id = ?", (segment_id,))
    jobs = [row["id"] for row in found]
    of_jobs = orjson.dumps(jobs).decode()
    for table in ("tags", "shapes"):
        await db.execute(
            f"""DELETE FROM {table} WHERE job_id IN (SELECT value FROM json_each(?))
                AND frame IN (SELECT value FROM json_each(?))""",
            (of_jobs, as_json(frames)),
        )
    return jobs


async def chunks_changed(db: Connection, data_id: int, segment_ids: Sequence[int]) -> None:
    """Note that the chunks of these segments, and so of the task, are others from now on."""
    now = clock.now()
    await db.execute(
        """UPDATE segments SET chunks_updated_date = ?
           WHERE id IN (SELECT value FROM json_each(?))""",
        (now, as_json(segment_ids)),
    )
    await rows.update(db, "data", data_id, {"chunks_updated_date": now})


async def add_job(
    db: Connection, task_id: int, frames: Sequence[int], size: int, more: Mapping[str, Any]
) -> int:
    """Add a ground truth job with its segment; answers the job's id.

    A range of frames is a segment of its own; a list is picked out of all ``size`` frames of the
    task. ``more`` are further columns of the job.
    """
    now = clock.now()
    apart = isinstance(frames, range)
    segment_id = await rows.insert(
        db,
        "segments",
        {
            "task_id": task_id,
            "start_frame": frames[0] if apart else 0,
            "stop_frame": frames[-1] if apart else size - 1,
            "type": SegmentType.RANGE if apart else SegmentType.SPECIFIC_FRAMES,
            "frames": "[]" if apart else as_json(frames),
            "chunks_updated_date": now,
        },
    )
    return await rows.insert(
        db,
        "jobs",
        {
            "segment_id": segment_id,
            "type": JobType.GROUND_TRUTH,
            "created_date": now,
            "updated_date": now,
            **more,
        },
    )
