"""What a worker process does of a report: comparing jobs with their truth, merging what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from cvat_lite.domain.quality.parameters import Annotated, Parameters, Requirement, Scene
from cvat_lite.domain.quality.summary import summary
from cvat_lite.store import annotations as read
from cvat_lite.store.database import connect

Data = dict[str, Any]
#: What a report of a project is made of.
SHORT = ("comparison_summary", "requirements", "requirement_count")


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
    """The data of the job's report as JSON, as it is stored.

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
    return dumped(compare(job, truth, work.scene, work.parameters, work.requirements))


def dumped(data: Data) -> bytes:
    """The data of a report as it is stored: conflicts are with their frames already."""
    kept = {name: value for name, value in data.items() if name != "conflicts"}
    return orjson.dumps(kept, option=orjson.OPT_NON_STR_KEYS)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a report beside its data: what lists show, as JSON, and its conflicts."""

    summary: str
    conflicts: list[Data]


def told(data: Data) -> Told:
    """What is told of the report of a job."""
    conflicts = [one for each in data["frame_results"].values() for one in each["conflicts"]]
    return Told(orjson.dumps(summary(data, "job")).decode(), conflicts)


def told_of(body: bytes) -> Told:
    """What is told of a job's report as it is stored. Takes long: to be called in a thread."""
    return told(orjson.loads(body))


@dataclass(frozen=True, slots=True)
class Merging:
    """Reports of the jobs of a task by their ids; what is told of the ``new`` ones is wanted.

    ``size`` is how many frames the task has, ``jobs`` are all of its jobs, those excluded and
    those that cannot be checked.
    """

    bodies: dict[int, bytes]
    new: frozenset[int]
    parameters: Parameters
    size: int
    jobs: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Merged:
    """A task's report as it is stored, what a project's is made of, what new ones of jobs tell."""

    data: str
    short: Data
    parts: dict[int, Told]


def merge(work: Merging) -> Merged:
    """The report of a task from those of its jobs."""
    # Only the worker needs it, and it loads NumPy.
    from cvat_lite.domain.quality.reports import JobCounts, merge_jobs  # noqa: PLC0415

    reports = {number: orjson.loads(body) for number, body in work.bodies.items()}
    parts = {number: told(reports[number]) for number in sorted(work.new)}
    data = merge_jobs(reports, work.parameters, work.size, JobCounts(*work.jobs))
    short = {name: data[name] for name in SHORT}
    return Merged(dumped(data).decode(), short, parts)
