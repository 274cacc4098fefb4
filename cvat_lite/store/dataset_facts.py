"""What datasets tell of a task beside its annotations: people, segments and images."""

from __future__ import annotations

from dataclasses import dataclass

from cvat_lite.store import rows
from cvat_lite.store.database import Connection


@dataclass(frozen=True, slots=True)
class People:
    """Name and address of the owner and the assignee, where there are any."""

    owner: tuple[str, str] | None
    assignee: tuple[str, str] | None


async def people(db: Connection, task_id: int, job_id: int | None) -> People:
    """The owner of a task and the assignee of the task, or of the job if one is given."""
    row = await rows.fetch_one(
        db,
        """SELECT o.username, o.email, a.username, a.email FROM tasks t
           LEFT JOIN users o ON o.id = t.owner_id
           LEFT JOIN users a ON a.id = iif(?2 IS NULL, t.assignee_id,
               (SELECT j.assignee_id FROM jobs j WHERE j.id = ?2))
           WHERE t.id = ?1""",
        (task_id, job_id),
    )
    if row is None:
        return People(None, None)
    owner, owner_email, assignee, assignee_email = tuple(row)
    return People(
        (owner, owner_email) if owner is not None else None,
        (assignee, assignee_email) if assignee is not None else None,
    )


async def segments(db: Connection, task_id: int) -> list[tuple[int, int, int, int]]:
    """Id, first and last frame and job id of each annotation job's segment of a task."""
    found = await rows.fetch_all(
        db,
        """SELECT s.id, s.start_frame, s.stop_frame, j.id FROM segments s
           JOIN jobs j ON j.segment_id = s.id WHERE s.task_id = ? AND j.type = 'annotation'
           ORDER BY s.id""",
        (task_id,),
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


async def related(
    db: Connection, data_id: int, start: int, stop: int
) -> dict[int, tuple[str, ...]]:
    """The names of the related images of those frames that have any."""
    found = await rows.fetch_all(
        db,
        """SELECT r.frame, f.path FROM related_file_frames r
           JOIN related_files f ON f.id = r.related_file_id
           WHERE r.data_id = ? AND r.frame BETWEEN ? AND ? ORDER BY r.frame, f.path""",
        (data_id, start, stop),
    )
    names: dict[int, tuple[str, ...]] = {}
    for frame, path in found:
        names[frame] = (*names.get(frame, ()), path)
    return names


async def images(
    db: Connection, data_id: int, start: int, stop: int
) -> list[tuple[int, str, int, int]]:
    """Number, name, width and height of the images that are frames ``start`` to ``stop``."""
    found = await rows.fetch_all(
        db,
        """SELECT frame, path, width, height FROM images
           WHERE data_id = ? AND frame BETWEEN ? AND ? ORDER BY frame""",
        (data_id, start, stop),
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]
