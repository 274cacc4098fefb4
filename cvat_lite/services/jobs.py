"""Jobs: listed, assigned and moved through their stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import JobStage, JobState, JobType, StatusChoice
from cvat_lite.errors import ForbiddenError, NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role
from cvat_lite.services import events, targets
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.quality import immediate
from cvat_lite.services.tasks import may_name, storage_view
from cvat_lite.services.views import basic_user
from cvat_lite.store import jobs as store
from cvat_lite.store import memberships as membership_store
from cvat_lite.store import tasks as task_store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.jobs import Job

#: What a job tells of its task, to those who may see the task.
OF_TASK = ("task_name", "project_name", "target_storage", "source_storage")
SCOPES = {"assignee": "update:assignee", "stage": "update:stage", "state": "update:state"}


def view(context: Context, job: Job, *, whole: bool = True) -> dict[str, Any]:
    """A job on the wire; what is told of its task only where ``whole``."""
    shown = {
        "url": context.link(f"/api/jobs/{job.id}"),
        "id": job.id,
        "task_id": job.task_id,
        "task_name": job.task_name,
        "project_id": job.project_id,
        "project_name": job.project_name,
        "assignee": basic_user(
            context,
            job.assignee_id,
            job.assignee_username,
            job.assignee_first_name,
            job.assignee_last_name,
        ),
        "guide_id": job.guide_id,
        "dimension": job.dimension,
        "mode": job.mode,
        "media_type": job.media_type,
        "bug_tracker": job.bug_tracker,
        "status": job.status,
        "stage": job.stage,
        "state": job.state,
        "frame_count": len(job.frames),
        "start_frame": job.start_frame,
        "stop_frame": job.stop_frame,
        "data_chunk_size": job.chunk_size,
        "data_compressed_chunk_type": job.compressed_chunk_type,
        "data_original_chunk_type": job.original_chunk_type,
        "created_date": job.created_date,
        "updated_date": job.updated_date,
        "issues": {"url": context.link(f"/api/issues?job_id={job.id}"), "count": job.issues},
        "labels": {"url": context.link(f"/api/labels?job_id={job.id}")},
        "type": job.type,
        "organization": job.organization_id,
        "target_storage": storage_view(
            job.target_storage_id, job.target_location, job.target_cloud_storage_id
        ),
        "source_storage": storage_view(
            job.source_storage_id, job.source_location, job.source_cloud_storage_id
        ),
        "assignee_updated_date": job.assignee_updated_date,
        "parent_job_id": job.parent_job_id,
        "replicas_count": job.replicas,
        "consensus_replicas": job.replicas,
    }
    return shown if whole else {**shown, **dict.fromkeys(OF_TASK)}


async def views(db: Connection, context: Context, found: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs on the wire.

    To somebody who has been given a job of a task that is not to be seen by them, the task's
    name, its project's and their storages are not told.
    """
    asker = context.subject.user_id
    roles: dict[int, str] = {}
    if any(job.organization_id for job in found):
        roles = await membership_store.roles(db, asker)
    return [
        view(
            context,
            job,
            whole=engine.allowed(
                context.subject, "view", task_of(job, asker, roles.get(job.organization_id or 0))
            ),
        )
        for job in found
    ]


def task_of(job: Job, asker: int, role: str | None) -> Resource:
    """A job's task as permissions see it; ``role`` is the asker's in its organization."""
    holders = {
        "owner": job.task_owner_id,
        "assignee": job.task_assignee_id,
        "project:owner": job.project_owner_id,
        "project:assignee": job.project_assignee_id,
    }
    named = Role.named(role) if role else None
    return Resource("tasks", job.organization_id, ownerships(asker, holders), named)


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the jobs that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "jobs"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "jobs"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
        return count, await views(db, context, found), selection


async def list_of_task(
    context: Context, task_id: int, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of a task's jobs that the asker may see: the list of jobs, with that ``task_id``.

    NotFoundError where there is no such task, or none of which the asker may see anything.
    """
    seen = engine.visible(context.subject, "jobs")
    only = ListQuery(page_size="1", simple={"task_id": str(task_id)})
    async with context.database.snapshot() as db:
        task = await targets.find(db, context, "tasks", task_id)
        if not engine.allowed(context.subject, "view", task.resource):
            count, _ = await store.page(db, select(store.COLLECTION, only, seen))
            if not count:
                raise NotFoundError.of("Task")
    query = replace(query, simple={**query.simple, "task_id": str(task_id)})
    return await list_page(context, query)


async def retrieve(context: Context, job_id: int) -> dict[str, Any]:
    """A job as the API shows it."""
    async with context.database.snapshot() as db:
        await targets.require(db, context, "jobs", job_id, "view")
        return await shown(db, context, job_id)


async def shown(db: Connection, context: Context, job_id: int) -> dict[str, Any]:
    """The job on the wire; NotFoundError if it has gone."""
    (found,) = await views(db, context, [await get(db, job_id)])
    return found


async def get(db: Connection, job_id: int) -> Job:
    """The job; NotFoundError if it has gone."""
    job = await store.get(db, job_id)
    if job is None:
        raise NotFoundError.of("Job")
    return job


async def update(context: Context, job_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Assign a job or move it on; each field asks for its own permission."""
    if not body.keys() <= SCOPES.keys():
        raise ForbiddenError("Attempted to update an unknown field")
    scopes = [SCOPES[name] for name in body]
    async with context.database.writing() as db:
        target = await targets.require(db, context, "jobs", job_id, *(scopes or ["update:state"]))
        job = await get(db, job_id)
        before = await shown(db, context, job_id)
        now = clock.now()
        values: dict[str, Any] = {"updated_date": now}
        if "assignee" in body:
            if body["assignee"] is not None and body["assignee"] != context.user.id:
                await may_name(context, db, body["assignee"], target.organization_id)
            values["assignee_id"] = body["assignee"]
            values["assignee_updated_date"] = now
        if "stage" in body:
            values["stage"] = body["stage"]
            if body["stage"] != job.stage and "state" not in body:
                # Whoever takes the job in its next stage begins anew.
                values["state"] = JobState.NEW
        if "state" in body:
            values["state"] = body["state"]
        stage, state = values.get("stage", job.stage), values.get("state", job.state)
        values["status"] = status_of(stage, state)
        await store.update(db, job_id, values)
        if "stage" in body or "state" in body:
            await follow(db, job.task_id)
        after = await shown(db, context, job_id)
        place = Place(target.organization_id, target.project_id, job.task_id, job_id)
        await events.record_changes(db, context, "update:job", job_id, before, after, place=place)
    if state == JobState.COMPLETED != job.state:
        await immediate.after_completion(context, job.type, target)
    return after


def status_of(stage: str, state: str) -> StatusChoice:
    """What stage and state come to in the old, single status of a job."""
    if stage == JobStage.ANNOTATION:
        return StatusChoice.ANNOTATION
    if stage == JobStage.ACCEPTANCE and state == JobState.COMPLETED:
        return StatusChoice.COMPLETED
    return StatusChoice.VALIDATION


async def follow(db: Connection, task_id: int) -> None:
    """Bring the status of a task to where its annotation jobs stand: the least of theirs."""
    found = await store.of_task(db, task_id)
    statuses = {job.status for job in found if job.type == JobType.ANNOTATION}
    for status in StatusChoice:
        if status in statuses:
            await task_store.update(db, task_id, {"status": status})
            return
