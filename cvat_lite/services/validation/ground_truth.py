"""Ground truth jobs made for tasks that have their frames already, and removed again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import Dimension, JobStage, JobState, JobType, ValidationMode
from cvat_lite.domain.validation import choose
from cvat_lite.errors import NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.services import events, jobs, targets
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.targets import Target
from cvat_lite.services.tasks import may_name
from cvat_lite.services.validation import choosing
from cvat_lite.store import data as data_store
from cvat_lite.store import jobs as job_store
from cvat_lite.store import tasks as task_store
from cvat_lite.store import validation as store
from cvat_lite.store.data import Data
from cvat_lite.store.database import Connection


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """A new ground truth job of a task that has none; errors are in the words of the recordings."""
    async with context.database.writing() as db:
        target = await allowed_target(db, context, body["task_id"])
        if body["type"] != JobType.GROUND_TRUTH:
            raise RuleError(f"Unexpected job type '{body['type']}'")
        data = await free_data(db, target)
        choosing.check(body)
        segments = await store.segments(db, target.id)
        task = await task_store.get(db, target.id)
        frames = await asyncio.to_thread(
            choose,
            choosing.wanted_of(body, body.get("frames", ())),
            data.size,
            [range(segment.start_frame, segment.stop_frame + 1) for segment in segments],
            data.deleted_frames,
            task.segment_size if task else 0,
        )
        values = await columns(db, context, target, body)
        job_id = await store.add_job(db, target.id, frames, data.size, values)
        await store.insert(db, data.id, ValidationMode.GT, frames, None)
        made = await jobs.shown(db, context, job_id)
        place = Place(target.organization_id, target.project_id, target.id, job_id)
        await events.record(db, context, "create:job", job_id, place=place, payload=made)
        return made


async def allowed_target(db: Connection, context: Context, task_id: int) -> Target:
    """The task, if the asker may make jobs of it."""
    try:
        target = await targets.find(db, context, "tasks", task_id)
    except NotFoundError:
        raise RuleError("Task matching query does not exist.") from None
    # Jobs know the people of their task by other names than the task itself.
    names = {"owner": "task:owner", "assignee": "task:assignee"}
    ownerships = frozenset(names.get(name, name) for name in target.resource.ownerships)
    resource = replace(target.resource, namespace="jobs", ownerships=ownerships)
    engine.authorize(context.subject, "create", resource)
    return target


async def free_data(db: Connection, target: Target) -> Data:
    """The media of a task that can have a ground truth job and has none."""
    data = await data_store.get(db, target.data_id) if target.data_id else None
    if data is None or not data.size:
        raise RuleError("This task has no data yet: attach its data first")
    task = await task_store.get(db, target.id)
    if task is not None and task.dimension != Dimension.D2:
        raise RuleError("Ground truth jobs can only be made of 2d tasks")
    layout = await store.get(db, data.id)
    if layout is not None:
        raise RuleError(f'Task with validation mode "{layout.mode}" cannot have more than 1 GT job')
    return data


async def columns(
    db: Connection, context: Context, target: Target, body: dict[str, Any]
) -> dict[str, Any]:
    """What the body says of the new job beside its frames."""
    stage = body.get("stage", JobStage.ANNOTATION)
    state = body.get("state", JobState.NEW)
    values = {"stage": stage, "state": state, "status": jobs.status_of(stage, state)}
    assignee = body.get("assignee")
    if assignee is not None:
        if assignee != context.user.id:
            await may_name(context, db, assignee, target.organization_id)
        values |= {"assignee_id": assignee, "assignee_updated_date": clock.now()}
    return values


async def destroy(context: Context, job_id: int) -> None:
    """Remove a ground truth job; a task keeps its annotation jobs as long as it lives.

    Honeypots show the frames of their pool, whose job stays as long as they do.
    """
    async with context.database.writing() as db:
        target = await targets.require(db, context, "jobs", job_id, "delete")
        job = await jobs.get(db, job_id)
        if job.type != JobType.GROUND_TRUTH:
            raise ValidationError(["Only ground truth jobs can be removed"])
        layout = await store.get(db, target.data_id)
        if layout is not None:
            if layout.mode == ValidationMode.GT_POOL:
                raise RuleError(
                    f'The ground truth job of a task with validation mode "{layout.mode}" '
                    "cannot be removed"
                )
            await store.delete(db, layout.data_id)
        await job_store.delete_segment(db, job_id)
        place = Place(target.organization_id, target.project_id, job.task_id, job_id)
        await events.record(db, context, "delete:job", job_id, place=place)
