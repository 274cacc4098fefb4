"""Consensus: what several people have annotated in replicas of a job, made into one."""

from __future__ import annotations

import asyncio
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import JobStage, JobState, JobType
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.errors import ForbiddenError, MediaError, NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import annotations as annotation_service
from cvat_lite.services import requests, targets
from cvat_lite.services.consensus_work import Merge, merge_replicas
from cvat_lite.services.context import Context, Server
from cvat_lite.services.jobs import status_of
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.store import annotations as annotation_store
from cvat_lite.store import consensus as store
from cvat_lite.store import jobs as job_store
from cvat_lite.store import labels as label_store
from cvat_lite.store.consensus import Merging, Settings
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.requests import BackgroundRequest

OPERATIONS = ("merge:task", "merge:job")
SECONDS = 300.0
NOTHING = (
    "No annotation jobs in the annotation stage or no consensus_replica jobs "
    "not in the annotation - new state found"
)


def view(settings: Settings) -> dict[str, Any]:
    """Settings on the wire."""
    return {
        "id": settings.id,
        "task_id": settings.task_id,
        "iou_threshold": settings.iou_threshold,
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the settings of tasks that the asker may see."""
    subject = context.subject
    engine.authorize(subject, "list", Resource.here(subject, "consensus_settings"))
    selection = select(store.COLLECTION, query, engine.visible(subject, "consensus_settings"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(one) for one in found], selection


async def require(db: Connection, context: Context, scope: str, settings_id: int) -> Settings:
    """The settings, if the asker may do that to them; NotFoundError or ForbiddenError otherwise."""
    found = await store.get(db, settings_id)
    if found is None:
        raise NotFoundError.of("ConsensusSettings")
    target = await targets.find(db, context, "tasks", found.task_id)
    asked = targets.as_part(target.resource, "consensus_settings")
    engine.authorize(context.subject, scope, asked)
    return found


async def retrieve(context: Context, settings_id: int) -> dict[str, Any]:
    """Settings as the API shows them."""
    async with context.database.snapshot() as db:
        return view(await require(db, context, "view", settings_id))


async def update(context: Context, settings_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change settings; what has been merged stays as it is."""
    async with context.database.writing() as db:
        found = await require(db, context, "update", settings_id)
        await store.update(db, settings_id, body)
        return view(await store.get(db, settings_id) or found)


async def create_merge(context: Context, body: dict[str, Any]) -> str:
    """Have a task, or one job, filled from its replicas; answers the id of the request."""
    kind = "job" if "job_id" in body else "task"
    if not body:
        raise ForbiddenError("Either task_id or job_id must be specified")
    number = body[f"{kind}_id"]
    async with context.database.snapshot() as db:
        try:
            target = await targets.find(db, context, f"{kind}s", number)
        except NotFoundError:
            raise RuleError(f"The specified {kind} does not exist") from None
        asked = targets.as_part(target.resource, "consensus_merges")
        engine.authorize(context.subject, "create", asked)
        task_id = number if kind == "task" else target.task_id or 0
        if await store.of_task(db, task_id) is None:
            raise RuleError("Consensus is not enabled in this task")
        job_id = await parent_of(db, number) if kind == "job" else None
        if not await store.mergeable(db, task_id, job_id):
            raise RuleError(NOTHING)
    return await requests.submit(
        context,
        Order(
            id=f"action=merge&target={kind}&target_id={number}",
            operation=f"merge:{kind}",
            target=kind,
            payload={"task_id": task_id, "job_id": job_id},
            project_id=target.project_id,
            task_id=task_id,
            job_id=number if kind == "job" else None,
            organization_id=target.organization_id,
        ),
    )


async def parent_of(db: Connection, job_id: int) -> int:
    """The job itself; RuleError for one that has no replicas to be filled from."""
    job = await job_store.get(db, job_id)
    if job is None or job.type != JobType.ANNOTATION:
        raise RuleError("Only annotation jobs can be merged")
    return job_id


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Merge each job in a worker process, and put all results in place at once."""
    task_id, job_id = request.payload["task_id"], request.payload["job_id"]
    async with server.database.snapshot() as db:
        settings = await store.of_task(db, task_id)
        jobs = await store.mergeable(db, task_id, job_id)
    if settings is None or not jobs:
        raise MediaError(NOTHING)
    merged: list[bytes] = []
    for done, job in enumerate(jobs):
        work = Merge(server.config.database, job.replicas, job.last_frame, settings.iou_threshold)
        merged.append(await server.workers.run(merge_replicas, work))
        report(0.9 * (done + 1) / len(jobs))
    await save(server, task_id, jobs, merged)
    return Outcome(seconds=SECONDS)


async def save(server: Server, task_id: int, jobs: list[Merging], bodies: list[bytes]) -> None:
    """Put what was agreed on into the jobs, which are done by that, all or nothing."""
    async with server.database.snapshot() as db:
        rules = LabelRules(await label_store.of_task(db, task_id))
    merged = [await asyncio.to_thread(annotation_service.decode, body, rules) for body in bodies]
    stage, state = JobStage.ACCEPTANCE, JobState.COMPLETED
    values = {"stage": stage, "state": state, "status": status_of(stage, state)}
    async with server.database.writing() as db:
        for job, data in zip(jobs, merged, strict=True):
            await annotation_store.replace(db, job.job_id, data, rules)
            await job_store.update(db, job.job_id, {**values, "updated_date": clock.now()})
        await job_store.touch(db, [job.job_id for job in jobs])


for _operation in OPERATIONS:
    requests.OPERATIONS[_operation] = Operation(run)
