"""Uploads under way: the files of TUS, and the names of what each place has gathered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from cvat_lite.store import rows
from cvat_lite.store.database import Connection

SELECT = """
SELECT id, user_id, target, target_id, filename, size, metadata, created_date FROM uploads
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of TUS; ``size`` are the bytes announced, how many have come is told by the file."""

    id: str
    user_id: int
    target: str
    target_id: int
    filename: str
    size: int
    metadata: dict[str, str]
    created_date: str


def from_row(row: Any) -> Upload:
    """An upload from a row of ``SELECT``."""
    return Upload(**{**dict(row), "metadata": orjson.loads(row["metadata"])})


async def get(db: Connection, upload_id: str) -> Upload | None:
    """The upload of that id."""
    row = await rows.fetch_one(db, f"{SELECT} WHERE id = ?", (upload_id,))
    return from_row(row) if row else None


async def of_place(db: Connection, target: str, number: int) -> list[Upload]:
    """The uploads to a place, in the order in which they were begun."""
    found = await rows.fetch_all(
        db,
        f"{SELECT} WHERE target = ? AND target_id = ? ORDER BY created_date, id",
        (target, number),
    )
    return [from_row(row) for row in found]


async def insert(db: Connection, upload: Upload) -> None:
    """Record an upload that begins."""
    metadata = orjson.dumps(upload.metadata).decode()
    await rows.insert(db, "uploads", {**asdict(upload), "metadata": metadata})


async def delete(db: Connection, upload_id: str) -> None:
    """Forget an upload."""
    await rows.delete(db, "uploads", upload_id)


async def count(db: Connection, target: str, number: int) -> int:
    """How many files a place has gathered or been promised; one may be counted as both."""
    row = await rows.fetch_one(
        db,
        """SELECT (SELECT count(*) FROM uploads WHERE target = ?1 AND target_id = ?2)
                + (SELECT count(*) FROM upload_files WHERE target = ?1 AND target_id = ?2) AS n""",
        (target, number),
    )
    return int(row["n"]) if row else 0


async def is_named(db: Connection, target: str, number: int, filename: str) -> bool:
    """Whether a file of that name has come to the place, or has been announced."""
    row = await rows.fetch_one(
        db,
        """SELECT 1 FROM uploads WHERE target = ?1 AND target_id = ?2 AND filename = ?3
           UNION ALL
           SELECT 1 FROM upload_files WHERE target = ?1 AND target_id = ?2 AND filename = ?3""",
        (target, number, filename),
    )
    return row is not None


async def gathered(db: Connection, target: str, number: int) -> list[str]:
    """The names of what has come to a place, in the order in which it came."""
    found = await rows.fetch_all(
        db,
        "SELECT filename FROM upload_files WHERE target = ? AND target_id = ? ORDER BY id",
        (target, number),
    )
    return [row["filename"] for row in found]


async def add_files(db: Connection, target: str, number: int, names: Iterable[str]) -> None:
    """Note what has come; a file that came before keeps its position."""
    await db.executemany(
        "INSERT OR IGNORE INTO upload_files (target, target_id, filename) VALUES (?, ?, ?)",
        [(target, number, name) for name in names],
    )


async def delete_files(db: Connection, target: str, number: int, names: Iterable[str]) -> None:
    """Forget files of a place, and the uploads that brought them."""
    values = [(target, number, name) for name in names]
    for table in ("upload_files", "uploads"):
        await db.executemany(
            f"DELETE FROM {table} WHERE target = ? AND target_id = ? AND filename = ?", values
        )


async def delete_place(db: Connection, target: str, number: int) -> None:
    """Forget everything that has come to a place and everything announced."""
    for table in ("upload_files", "uploads"):
        await db.execute(
            f"DELETE FROM {table} WHERE target = ? AND target_id = ?", (target, number)
        )


async def places_around(
    db: Connection, *, project_id: int | None = None, task_id: int | None = None
) -> list[tuple[str, int]]:
    """Where something has come, or is coming, for a project, its tasks and their jobs.

    Or for one task and its jobs.
    """
    found = await rows.fetch_all(
        db,
        """
        WITH gone AS (SELECT id FROM tasks WHERE id = :task OR project_id = :project),
        places AS (
            SELECT 'projects/dataset' AS target, :project AS target_id
            UNION ALL SELECT 'tasks/data', id FROM gone
            UNION ALL SELECT 'tasks/annotations', id FROM gone
            UNION ALL SELECT 'jobs/annotations', j.id FROM jobs j
            JOIN segments s ON s.id = j.segment_id WHERE s.task_id IN (SELECT id FROM gone)
        )
        SELECT p.target, p.target_id FROM places p WHERE EXISTS (
            SELECT 1 FROM uploads u WHERE u.target = p.target AND u.target_id = p.target_id
        ) OR EXISTS (
            SELECT 1 FROM upload_files f WHERE f.target = p.target AND f.target_id = p.target_id
        )
        """,
        {"project": project_id, "task": task_id},
    )
    return [(row["target"], row["target_id"]) for row in found]


async def places(db: Connection) -> list[tuple[str, int]]:
    """Where something has come or has been announced."""
    found = await rows.fetch_all(
        db,
        """SELECT target, target_id FROM uploads WHERE target_id IS NOT NULL
           UNION SELECT target, target_id FROM upload_files""",
    )
    return [(row["target"], row["target_id"]) for row in found]
