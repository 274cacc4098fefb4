"""Putting down what came out: the report of a task with those of its jobs, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from cvat_lite.domain.quality.summary import summary
from cvat_lite.errors import MediaError
from cvat_lite.services.quality.judging import Data, Judged, Part
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
    truth = {"gt_last_updated": judged.found.truth.updated}
    values = {"task_id": task_id, "target_last_updated": judged.found.updated, **truth}
    parts = [written_part(part, judged.found) for part in judged.parts if part.known is None]
    known = [part.known for part in judged.parts if part.known is not None]
    return Written(task_id, new_report(values, judged.data), parts, known)


def written_part(part: Part, found: Sources) -> NewReport:
    """The report of one job ready to be stored. Takes long: to be called in a thread."""
    values = {
        "job_id": part.job.id,
        "target_last_updated": part.job.updated,
        "gt_last_updated": found.truth.updated,
    }
    return new_report(values, part.data, part.data["conflicts"])


def new_report(
    values: dict[str, Any], data: Data, conflicts: Sequence[dict[str, Any]] = ()
) -> NewReport:
    """A report with its data and what lists tell of it."""
    target = next(kind for kind in ("job", "task", "project") if f"{kind}_id" in values)
    short = orjson.dumps(summary(data, target)).decode()
    return NewReport({**values, "data": dumped(data)}, short, conflicts)


def dumped(data: Data) -> str:
    """The data of a report as it is stored: conflicts are with their frames already."""
    kept: dict[str, Any] = {name: value for name, value in data.items() if name != "conflicts"}
    return orjson.dumps(kept, option=orjson.OPT_NON_STR_KEYS).decode()


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
