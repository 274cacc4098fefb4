"""Judging a task: every job that has changed is held against the ground truth by a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson

from cvat_lite.domain.quality.parameters import Label, Parameters, Requirement, Scene
from cvat_lite.services.context import Server
from cvat_lite.services.quality import requirements
from cvat_lite.services.quality.work import (
    Comparing,
    Data,
    Merged,
    Merging,
    compare_job,
    merge,
)
from cvat_lite.services.requests import Report
from cvat_lite.store import labels as label_store
from cvat_lite.store import quality as store
from cvat_lite.store import quality_records as records
from cvat_lite.store import quality_sources as sources
from cvat_lite.store.database import Connection
from cvat_lite.store.quality_records import Last
from cvat_lite.store.quality_sources import Source, Sources


@dataclass(frozen=True, slots=True)
class Rules:
    """What a task is judged by, and when that was last changed."""

    parameters: Parameters
    updated: str
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The report of one job as it is stored: ``known`` is the id of one that still holds."""

    job: Source
    body: bytes
    known: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A task that has been judged."""

    found: Sources
    merged: Merged
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs that are to be judged, those changed longest ago first, and by what."""

    found: Sources
    rules: Rules
    jobs: tuple[Source, ...]
    labels: tuple[Label, ...]


async def rules_of(db: Connection, task_id: int) -> Rules:
    """The rules for a task: its project's where it inherits them."""
    own = await store.of_target(db, "task", task_id) or {}
    project_id = await sources.project_of(db, task_id)
    chosen, inherited = own, bool(own.get("inherit")) and project_id is not None
    if inherited:
        chosen = await store.of_target(db, "project", project_id or 0) or own
    dates = (str(one.get("updated_date", "")) for one in (own, chosen))
    rules = parameters(chosen, inherited=inherited)
    if not chosen:
        return Rules(rules, "")
    rules, wanted = await requirements.to_compare(db, chosen["id"], rules)
    return Rules(rules, max(dates), wanted)


def parameters(found: Mapping[str, Any], *, inherited: bool) -> Parameters:
    """The rules that settings hold."""
    names = {one.name for one in fields(Parameters)}
    known = {name: value for name, value in found.items() if name in names}
    return Parameters(**{**known, "inherited": inherited})


async def judge(
    server: Server, task_id: int, what: tuple[Sources, Rules], report: Report
) -> Judged:
    """Compare the jobs of a task, one by one; those that have not changed since keep theirs.

    RuleError if the filter of jobs is no rule.
    """
    plan = await planned(server, task_id, what)
    parts: list[Part] = []
    for done, job in enumerate(plan.jobs):
        parts.append(await still_good(server, plan, job) or await compared(server, plan, job))
        report(0.9 * (done + 1) / len(plan.jobs))
    merged = await server.workers.run(merge, merging(plan, parts))
    return Judged(plan.found, merged, parts)


async def planned(server: Server, task_id: int, what: tuple[Sources, Rules]) -> Plan:
    """What is to be done of a task."""
    found, rules = what
    async with server.database.snapshot() as db:
        chosen = await sources.chosen(db, task_id, rules.parameters.job_filter)
        labels = tuple(
            Label(one.id, one.name, one.parent_id, {a.id: a.name for a in one.attributes})
            for one in await label_store.of_task(db, task_id)
        )
    # Stored reports of CVAT are in this order, hence so are their ids.
    jobs = sorted(found.jobs, key=lambda job: (job.updated, job.id))
    return Plan(found, rules, tuple(job for job in jobs if job.id in chosen), labels)


def frames_of(found: Sources, job: Source) -> dict[int, int]:
    """The frames of a job that it is judged by, and those of the truth that they show."""
    return {at: to for at, to in found.frames.items() if job.start <= at <= job.stop}


async def still_good(server: Server, plan: Plan, job: Source) -> Part | None:
    """The last report of a job if a new one would be the same."""
    if any(at != to for at, to in frames_of(plan.found, job).items()):
        # Reports do not tell which frame a honeypot showed when they were made.
        return None
    async with server.database.reading() as db:
        last = await records.latest(db, job.id)
    if (
        last is None
        or last.created_date <= plan.rules.updated
        or (last.target_last_updated, last.gt_last_updated)
        != (job.updated, plan.found.truth.updated)
    ):
        return None
    same = await asyncio.to_thread(is_same, plan, job, last)
    return Part(job, last.data.encode(), last.id) if same else None


def is_same(plan: Plan, job: Source, last: Last) -> bool:
    """Whether the rules, labels, frames and requirements of a report are those of now."""
    # NumPy is loaded when it is needed.
    from cvat_lite.domain.quality.reports import data_of_parameters  # noqa: PLC0415
    from cvat_lite.domain.quality.scores import label_names  # noqa: PLC0415

    data: Data = orjson.loads(last.data)
    if data["parameters"] != orjson.loads(
        orjson.dumps(data_of_parameters(plan.rules.parameters))
    ) or sorted(data["comparison_summary"]["frames"] or []) != sorted(frames_of(plan.found, job)):
        return False
    labels = data["comparison_summary"]["annotations"]["confusion_matrix"]["labels"]
    required = [one["requirement_id"] for one in data.get("requirements") or []]
    same = tuple(labels) == label_names(plan.labels).names
    wanted = [one.id for one in plan.rules.requirements if one.enabled]
    return same and required == wanted


async def compared(server: Server, plan: Plan, job: Source) -> Part:
    """A job held against the ground truth."""
    truth, frames = plan.found.truth, frames_of(plan.found, job)
    sizes = {frame: plan.found.sizes[frame] for frame in frames}
    work = Comparing(
        server.config.database,
        job.id,
        truth.id,
        job.stop,
        truth.stop,
        Scene(frames, job.stop - job.start + 1, plan.labels, sizes),
        plan.rules.parameters,
        plan.rules.requirements,
    )
    body = await server.workers.run(compare_job, work)
    return Part(job, body, None)


def merging(plan: Plan, parts: Sequence[Part]) -> Merging:
    """What the report of the task is made of."""
    chosen = {job.id for job in plan.jobs}
    return Merging(
        {part.job.id: part.body for part in parts},
        frozenset(part.job.id for part in parts if part.known is None),
        plan.rules.parameters,
        plan.found.size,
        (
            tuple(job.id for job in plan.found.jobs),
            tuple(job.id for job in plan.found.jobs if job.id not in chosen),
            tuple(sorted(job.id for job in plan.jobs if not frames_of(plan.found, job))),
        ),
    )
