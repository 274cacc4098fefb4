"""What a worker process does of a merge: reading the replicas of a job, and agreeing on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cvat_lite.domain import payload
from cvat_lite.store import annotations as read
from cvat_lite.store.database import connect


@dataclass(frozen=True, slots=True)
class Merge:
    """A job to be filled: the ids of its replicas, and how alike things have to be (0 to 1)."""

    database: Path
    replicas: tuple[int, ...]
    last_frame: int
    threshold: float


def merge_replicas(work: Merge) -> bytes:
    """What the replicas agree on, as the body of a request that would write it."""
    # Only the worker needs it, and it loads NumPy.
    from cvat_lite.domain import consensus  # noqa: PLC0415

    with connect(work.database, read_only=True) as db:
        db.execute("BEGIN")
        found = [read.read(db, read.of_job_plainly(db, replica)) for replica in work.replicas]
    return payload.encode(consensus.merge(found, work.last_frame, work.threshold))
