"""What a worker process does of a report: reading a job and its ground truth, and comparing them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from cvat_lite.domain.quality.parameters import Annotated, Parameters, Requirement, Scene
from cvat_lite.store import annotations as read
from cvat_lite.store.database import connect


@dataclass(frozen=True, slots=True)
class Comparing:
    """A job and the ground truth it is held against; the last frames are where tracks end."""

    database: Path
    job_id: int
    truth_id: int
    job_last_frame: int
    truth_last_frame: int
    scene: Scene
    parameters: Parameters
    requirements: tuple[Requirement, ...] = ()


def compare_job(work: Comparing) -> bytes:
    """The data of the job's report as JSON.

    Both sides are read as they stand at one moment. ValueError if the filter of a requirement is
    no rule.
    """
    # Only the worker needs it, and it loads NumPy.
    from cvat_lite.domain.quality.comparison import compare  # noqa: PLC0415

    with connect(work.database, read_only=True) as db:
        db.execute("BEGIN")
        ours = read.read(db, read.of_job_plainly(db, work.job_id))
        theirs = read.read(db, read.of_job_plainly(db, work.truth_id))
    job = Annotated(work.job_id, ours, work.job_last_frame)
    truth = Annotated(work.truth_id, theirs, work.truth_last_frame)
    return orjson.dumps(compare(job, truth, work.scene, work.parameters, work.requirements))
