"""Annotations of tasks and jobs: read, put, patched and removed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from cvat_lite.domain import merging, payload
from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.enums import ValidationMode
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.segments import JobSpan, overlapping
from cvat_lite.errors import NotFoundError, RuleError, TextError
from cvat_lite.services import targets
from cvat_lite.services.context import Context, Server
from cvat_lite.services.targets import Target
from cvat_lite.store import annotations as store
from cvat_lite.store import jobs as job_store
from cvat_lite.store import labels as label_store
from cvat_lite.store import targets as target_store
from cvat_lite.store import validation as validation_store
from cvat_lite.store.database import Connection

Write = Callable[[Connection, int, LabeledData, LabelRules], Awaitable[None]]


async def delete_sent(db: Connection, job_id: int, data: LabeledData, _: LabelRules) -> None:
    """Remove what the payload names by id."""
    await store.delete(db, job_id, data)


ACTIONS: dict[str, Write] = {
    "create": store.create,
    "update": store.update,
    "delete": delete_sent,
}


async def retrieve(context: Context, kind: str, number: int) -> bytes:
    """All annotations of a task or job as JSON text."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, "view:annotations")
        spans = await spans_of(db, target)
    return await store.answer(context.database.path, spans)


async def spans_of(db: Connection, target: Target) -> list[JobSpan]:
    """The jobs that hold the annotations of a task or job; TextError before there is data."""
    if target.kind == "jobs":
        return await store.of_job(db, target.id)
    spans = await store.of_task(db, target.id)
    if not spans:
        raise TextError("The task has no data yet")
    return spans


async def put(context: Context, kind: str, number: int, body: bytes) -> bytes:
    """Put the body's annotations in place of all there are; answers them with their ids."""
    return await write(context, kind, number, body, store.replace)


async def patch(context: Context, kind: str, number: int, body: bytes, action: str | None) -> bytes:
    """Create, update or delete the body's annotations; answers them with their ids."""
    if action not in ACTIONS:
        raise RuleError("Please specify a correct 'action' for the request")
    return await write(context, kind, number, body, ACTIONS[action])


async def write(context: Context, kind: str, number: int, body: bytes, action: Write) -> bytes:
    """Check a payload outside the transaction, write it inside, all or nothing."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, "update:annotations")
        rules = LabelRules(await label_store.of_task(db, target.task_id or 0))
    data = await asyncio.to_thread(decode, body, rules)
    async with context.database.writing() as db:
        target = await targets.require(db, context, kind, number, "update:annotations")
        spans = await spans_of(db, target)
        if action is not delete_sent:
            merging.check_frames(data, spans)
            await check_tracks(db, target.data_id, data)
        answer = await write_parts(db, spans, data, rules, action)
    return await asyncio.to_thread(payload.encode, answer, deleted=action is ACTIONS["delete"])


async def check_tracks(db: Connection, data_id: int | None, data: LabeledData) -> None:
    """RuleError for tracks among honeypots: what lies side by side there belongs not together."""
    if not data.tracks:
        return
    layout = await validation_store.get(db, data_id)
    if layout is not None and layout.mode == ValidationMode.GT_POOL:
        raise RuleError(f'Tracks cannot be used in tasks with validation mode "{layout.mode}"')


def decode(body: bytes, rules: LabelRules) -> LabeledData:
    """The annotations of a body, checked in form and against the labels."""
    data = payload.decode(body)
    rules.check(data)
    return data


async def write_parts(
    db: Connection,
    spans: Sequence[JobSpan],
    data: LabeledData,
    rules: LabelRules,
    action: Write,
) -> LabeledData:
    """Write each job's part of the payload; what was written, with ids, as one payload again."""
    parts = merging.split(data, spans)
    if action is delete_sent:
        await store.delete_task(db, spans, data)
    elif action is store.update:
        await store.update_task(db, spans, parts, rules)
    else:
        for span, part in zip(spans, parts, strict=True):
            await action(db, span.job_id, part, rules)
    await job_store.touch(db, [span.job_id for span in spans])
    if len(spans) == 1 or action is delete_sent:
        return data
    if overlapping(spans):
        return merging.merge(list(zip(spans, parts, strict=True)))
    # Shapes are the very ones that were sent; tracks may have been cut at the jobs' borders.
    data.tracks = [track for part in parts for track in part.tracks]
    return data


async def destroy(context: Context, kind: str, number: int) -> None:
    """Remove all annotations of a task or job."""
    async with context.database.writing() as db:
        target = await targets.require(db, context, kind, number, "delete:annotations")
        jobs = [span.job_id for span in await spans_of(db, target)]
        await store.delete_all(db, jobs)
        await job_store.touch(db, jobs)


async def write_imported(
    server: Server, kind: str, number: int, data: LabeledData, *, append: bool
) -> None:
    """Write what an archive held, in place of what there is or beside it, all or nothing."""
    async with server.database.snapshot() as db:
        facts = await target_store.get(db, kind, number, 0)
        if facts is None:
            raise NotFoundError.of(targets.MODELS[kind])
        rules = LabelRules(await label_store.of_task(db, facts.task_id or 0))
        await check_tracks(db, facts.data_id, data)
    await asyncio.to_thread(rules.check, data)
    async with server.database.writing() as db:
        of_kind = store.of_job if kind == "jobs" else store.of_task
        spans = await of_kind(db, number)
        await write_parts(db, spans, data, rules, store.create if append else store.replace)
