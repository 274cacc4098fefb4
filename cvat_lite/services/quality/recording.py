"""Putting down what came out: the report of a task with those of its jobs, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from cvat_lite.domain.quality.summary import summary
from cvat_lite.errors import MediaError
from cvat_lite.services.quality.judging import Judged, Part
from cvat_lite.services.quality.work import Told
from cvat_lite.store import quality_records as records
from cvat_lite.store import quality_sources as sources
from cvat_lite.store.database import Connection
from cvat_lite.store.quality_records import NewReport
from cvat_lite.store.quality_sources import Sources


@dataclass(frozen=True, slots=True)
class Written:
    """The reports of a task as they are to be stored, and ids of those of jobs that still hold."""

    task_id: int
    whole: NewReport
    parts: list[NewReport]
    known: list[int]


def written(task_id: int, judged: Judged) -> Written:
    """A task's reports ready to be stored. Takes long: to be called in a thread."""
    found, merged = judged.found, judged.merged
    truth = {"gt_last_updated": found.truth.updated}
    values = {"task_id": task_id, "target_last_updated": found.updated, "data": merged.data}
    shown = orjson.dumps(summary(merged.short, "task")).decode()
    parts = [
        written_part(part, found, merged.parts[part.job.id])
        for part in judged.parts
        if part.known is None
    ]
    known = [part.known for part in judged.parts if part.known is not None]
    return Written(task_id, NewReport({**values, **truth}, shown), parts, known)


def written_part(part: Part, found: Sources, said: Told) -> NewReport:
    """The report of one job ready to be stored."""
    values = {
        "job_id": part.job.id,
        "target_last_updated": part.job.updated,
        "gt_last_updated": found.truth.updated,
        "data": part.body.decode(),
    }
    return NewReport(values, said.summary, said.conflicts)


async def record(db: Connection, made: Written, parent: int | None) -> int:
    """Store the reports of a task and of its jobs; answers the id of the task's.

    MediaError if the task or one of the jobs is gone meanwhile.
    """
    place = await sources.place(db, "task", made.task_id)
    if place is None:
        raise MediaError("The task is gone")
    assignees = await sources.assignees(db, made.task_id)
    if any(part.values["job_id"] not in assignees for part in made.parts):
        raise MediaError("A job of the task is gone")
    made.whole.values["assignee_id"] = place.assignee_id
    for part in made.parts:
        whose, since = assignees[part.values["job_id"]]
        part.values.update(assignee_id=whose, assignee_last_updated=since)
    (whole,) = await records.add(db, [made.whole], parent)
    await records.add(db, made.parts, whole)
    await records.attach(db, made.known, whole)
    return whole


async def record_job(db: Connection, task_id: int, made: NewReport) -> int:
    """Store the report of one job, which its completion asked for; answers its id.

    MediaError if the job is gone meanwhile.
    """
    assignees = await sources.assignees(db, task_id)
    job_id = made.values["job_id"]
    if job_id not in assignees:
        raise MediaError("The job is gone")
    whose, since = assignees[job_id]
    values = {**made.values, "assignee_id": whose, "assignee_last_updated": since}
    (number,) = await records.add(db, [replace(made, values=values, immediate=True)], None)
    return number
