"""Validation layouts of tasks and jobs: read, and changed by disabling frames or new honeypots."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cvat_lite.domain.enums import FrameSelectionMethod, JobType, ValidationMode
from cvat_lite.domain.validation import Deal, Generator
from cvat_lite.errors import RuleError, ValidationError
from cvat_lite.services import targets
from cvat_lite.services.context import Context
from cvat_lite.services.targets import Target
from cvat_lite.store import jobs as job_store
from cvat_lite.store import validation as store
from cvat_lite.store.database import Connection
from cvat_lite.store.validation import Layout, Segment

#: Which frames are honeypots is told to those who look after a job, not to who annotates it:
#: they would not find out anything about the work any more.
JOB_SCOPE = "update:stage"


async def of_task(context: Context, task_id: int) -> dict[str, Any]:
    """How the work on a task is checked."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, "tasks", task_id, "view")
        return await task_view(db, target.data_id)


async def of_job(context: Context, job_id: int) -> dict[str, Any]:
    """The honeypots in a job; nothing where its task has none."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, "jobs", job_id, JOB_SCOPE)
        return await job_view(db, target)


async def task_view(db: Connection, data_id: int | None) -> dict[str, Any]:
    """The layout of a task on the wire."""
    layout = await store.get(db, data_id)
    if layout is None:
        return {"mode": None, "frames_per_job_count": None}
    shown = {
        "mode": layout.mode,
        "frames_per_job_count": layout.frames_per_job_count,
        "validation_frames": layout.frames,
        "disabled_frames": layout.disabled_frames,
    }
    if layout.mode == ValidationMode.GT_POOL:
        shown |= honeypot_view(await store.honeypots(db, layout.data_id))
    return shown


async def job_view(db: Connection, target: Target) -> dict[str, Any]:
    """The layout of a job on the wire."""
    layout = await store.get(db, target.data_id)
    job = await job_store.get(db, target.id)
    if layout is None or job is None or layout.mode != ValidationMode.GT_POOL:
        return {}
    found = await store.honeypots(db, layout.data_id, job.start_frame, job.stop_frame)
    return honeypot_view(found)


def honeypot_view(found: Mapping[int, int]) -> dict[str, Any]:
    """Honeypots on the wire: where they are, and what they show."""
    return {
        "honeypot_count": len(found),
        "honeypot_frames": list(found),
        "honeypot_real_frames": list(found.values()),
    }


def check(body: Mapping[str, Any]) -> None:
    """ValidationError where the body's honeypots and its selection method do not fit."""
    method = body.get("frame_selection_method")
    manual = method == FrameSelectionMethod.MANUAL
    if manual and "honeypot_real_frames" not in body:
        raise ValidationError({"honeypot_real_frames": ["This field is required."]})
    if not manual and "honeypot_real_frames" in body:
        raise ValidationError(
            {"honeypot_real_frames": ["Frames can only be given with the method 'manual'."]}
        )


async def update_task(context: Context, task_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Disable validation frames, and change the honeypots of all jobs, or nothing at all."""
    check(body)
    generator = await asyncio.to_thread(Generator)
    async with context.database.writing() as db:
        target = await targets.require(db, context, "tasks", task_id, "update:metadata")
        if body.get("disabled_frames") is not None:
            layout = await configured(db, target)
            unknown = sorted(set(body["disabled_frames"]) - set(layout.frames))
            if unknown:
                raise RuleError(
                    "Unknown frames requested for exclusion from the validation set: "
                    + ", ".join(map(str, unknown))
                )
            await store.disable(db, layout.data_id, set(body["disabled_frames"]))
        if body.get("frame_selection_method") is not None:
            segments = await store.segments(db, task_id)
            await change(db, Change(await pooled(db, target), segments, body, generator))
        return await task_view(db, target.data_id)


async def update_job(context: Context, job_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change the honeypots of one job and its replicas."""
    check(body)
    generator = await asyncio.to_thread(Generator)
    async with context.database.writing() as db:
        target = await targets.require(db, context, "jobs", job_id, JOB_SCOPE)
        if body.get("frame_selection_method") is not None:
            layout = await pooled(db, target)
            job = await job_store.get(db, job_id)
            if job is None or job.type != JobType.ANNOTATION:
                raise RuleError("Honeypots can only be changed in annotation jobs")
            segment = Segment(target.segment_id or 0, job.start_frame, job.stop_frame)
            await change(db, Change(layout, [segment], body, generator))
        return await job_view(db, target)


async def configured(db: Connection, target: Target) -> Layout:
    """The layout of a target; RuleError where it has none."""
    layout = await store.get(db, target.data_id)
    if layout is None:
        raise RuleError("The task has no validation frames")
    return layout


async def pooled(db: Connection, target: Target) -> Layout:
    """The layout of a target that has honeypots; RuleError where it has none."""
    layout = await configured(db, target)
    if layout.mode != ValidationMode.GT_POOL:
        raise RuleError(
            f'Honeypots can only be changed in validation mode "{ValidationMode.GT_POOL}"'
        )
    return layout


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked for: other honeypots in these segments, drawn or as the body names them."""

    layout: Layout
    segments: Sequence[Segment]
    body: Mapping[str, Any]
    generator: Generator

    def chosen(self, held: Sequence[dict[int, int]], others: Counter[int]) -> list[dict[int, int]]:
        """The honeypots of each segment, which ``held`` now has, with their new real frames.

        ``others`` counts how often the rest of the task shows a frame.
        """
        disabled = set(self.layout.disabled_frames)
        if self.body["frame_selection_method"] == FrameSelectionMethod.MANUAL:
            return self.named(held, disabled)
        active = [frame for frame in self.layout.frames if frame not in disabled]
        deal = Deal(active, self.generator, others)
        return [dict(zip(frames, deal.next(len(frames)), strict=True)) for frames in held]

    def named(self, held: Sequence[dict[int, int]], disabled: set[int]) -> list[dict[int, int]]:
        """The honeypots with the real frames that the body gives; RuleError where they are wrong.

        They are given for all honeypots in the order of these, and no job has one twice.
        """
        frames: list[int] = self.body["honeypot_real_frames"]
        count = sum(map(len, held))
        if len(frames) != count:
            raise RuleError(f"Exactly {count} honeypot frames must be given, not {len(frames)}")
        unknown = sorted(set(frames) - set(self.layout.frames))
        if unknown:
            listed = ", ".join(map(str, unknown))
            raise RuleError(f"Honeypots can only show frames of the validation pool, not {listed}")
        if not disabled.isdisjoint(frames):
            listed = ", ".join(map(str, sorted(disabled.intersection(frames))))
            raise RuleError(f"Honeypots cannot show disabled validation frames: {listed}")
        given = iter(frames)
        found = [{frame: next(given) for frame in honeypots} for honeypots in held]
        if any(len(set(real.values())) != len(real) for real in found):
            raise RuleError("Honeypots of one job must show different frames")
        return found


async def change(db: Connection, asked: Change) -> None:
    """Let honeypots show other frames; what was annotated on those that change goes.

    Chunks are known by what they show, so that those asked for from now on are the new ones.
    """
    layout = asked.layout
    every = await store.honeypots(db, layout.data_id)
    frames = list(every)
    held = [
        {
            frame: every[frame]
            for frame in frames[
                bisect_left(frames, segment.start_frame) : bisect_right(frames, segment.stop_frame)
            ]
        }
        for segment in asked.segments
    ]
    changing = {frame for honeypots in held for frame in honeypots}
    others = Counter(real for frame, real in every.items() if frame not in changing)
    # Dealing out a large pool to many jobs takes seconds.
    chosen = await asyncio.to_thread(asked.chosen, held, others)
    touched: list[int] = []
    for segment, before, after in zip(asked.segments, held, chosen, strict=True):
        other = {frame: real for frame, real in after.items() if before[frame] != real}
        if not other:
            continue
        await store.show(db, layout.data_id, other)
        await job_store.touch(db, await store.clear(db, segment.id, other.keys()))
        touched.append(segment.id)
    if touched:
        await store.chunks_changed(db, layout.data_id, touched)
