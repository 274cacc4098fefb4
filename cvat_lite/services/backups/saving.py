"""Recording what a backup holds: one transaction, in which the media take their places."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.domain.enums import (
    JobType,
    SegmentType,
    Storage,
)
from cvat_lite.domain.frames import default_chunk_size
from cvat_lite.domain.label_rules import LabelRules
from cvat_lite.domain.labels import Label
from cvat_lite.services import asset_files, events, labels, projects, tasks
from cvat_lite.services.backups import layout
from cvat_lite.services.backups.describing import PLACES
from cvat_lite.services.backups.labeled import read_payload
from cvat_lite.services.backups.reading import GuideText, Ready, TaskReady
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.task_creation import CHARACTERS
from cvat_lite.store import annotations as annotation_store
from cvat_lite.store import assets as asset_store
from cvat_lite.store import consensus as consensus_store
from cvat_lite.store import data as data_store
from cvat_lite.store import guides as guide_store
from cvat_lite.store import labels as label_store
from cvat_lite.store import projects as project_store
from cvat_lite.store import rows
from cvat_lite.store import tasks as task_store
from cvat_lite.store import validation as validation_store
from cvat_lite.store.database import Connection


@dataclass(slots=True)
class Saving:
    """What has been put into its place already, to be removed if the rest fails."""

    context: Context
    media: list[Path] = field(default_factory=list)
    assets: list[Path] = field(default_factory=list)

    async def all(self, db: Connection, ready: Ready) -> int:
        """Record everything; answers the id of the new project or task."""
        if ready.project is None:
            return await self.task(db, ready.tasks[0], None, ())
        entry, now = ready.project, clock.now()
        project_id = await project_store.insert(
            db,
            {
                "name": entry.name,
                "bug_tracker": entry.bug_tracker,
                "status": entry.status,
                "owner_id": self.context.user.id,
                "organization_id": self.context.organization_id,
                "created_date": now,
                "updated_date": now,
            },
        )
        await labels.give(
            self.context, db, {"project_id": project_id}, layout.wire_labels(entry.labels)
        )
        recorded = await label_store.of_project(db, project_id)
        await self.guide(db, {"project_id": project_id}, ready.guide)
        place = Place(self.context.organization_id, project_id)
        made = await projects.shown(self.context, db, project_id)
        await events.record(
            db,
            self.context,
            "create:project",
            project_id,
            place=place,
            shape=made,
            obj_name=entry.name,
        )
        for task in ready.tasks:
            await self.task(db, task, project_id, recorded)
        return project_id

    async def task(
        self, db: Connection, ready: TaskReady, project_id: int | None, shared: Sequence[Label]
    ) -> int:
        """Record a task; in a project it has the ``shared`` labels, else its own."""
        entry, now = ready.entry, clock.now()
        data_id = await self.data(db, ready, now)
        character = CHARACTERS[ready.plan.kind]
        size, overlap = segmentation(entry)
        task_id = await task_store.insert(
            db,
            {
                "name": entry.name,
                "bug_tracker": entry.bug_tracker,
                "status": entry.status,
                "subset": entry.subset,
                "consensus_replicas": entry.consensus_replicas or 0,
                "project_id": project_id,
                "data_id": data_id,
                "owner_id": self.context.user.id,
                "organization_id": self.context.organization_id,
                "mode": character.mode,
                "dimension": character.dimension,
                "media_type": character.media_type,
                "segment_size": size,
                "overlap": overlap,
                "created_date": now,
                "updated_date": now,
            },
        )
        if project_id is None:
            await labels.give(
                self.context, db, {"task_id": task_id}, layout.wire_labels(entry.labels)
            )
            shared = await label_store.of_task(db, task_id)
        await self.guide(db, {"task_id": task_id}, ready.guide)
        jobs = await add_jobs(db, task_id, entry.jobs, now)
        if entry.consensus_replicas:
            await consensus_store.add_settings(db, task_id)
        await annotate(db, ready, jobs, shared)
        place = Place(self.context.organization_id, project_id, task_id)
        made = await tasks.shown(self.context, db, task_id)
        await events.record(
            db, self.context, "create:task", task_id, place=place, shape=made, obj_name=entry.name
        )
        return task_id

    async def data(self, db: Connection, ready: TaskReady, now: str) -> int:
        """Record the media of a task, and put their files where they belong."""
        data_id = await data_store.insert(db)
        plan = ready.plan
        await data_store.update(db, data_id, data_values(ready, now))
        await data_store.add_images(db, data_id, plan.images, plan.related)
        await validation_store.show(db, data_id, dict(ready.placeholders))
        if plan.kind == "audio":
            await data_store.add_audio(
                db, data_id, plan.file, plan.sampling_rate, has_cover=plan.has_cover
            )
        elif plan.file:
            await data_store.add_video(db, data_id, plan.file, plan.width, plan.height)
        await add_validation(db, data_id, ready)
        target = self.context.config.media / str(data_id)
        self.media.append(target)
        await asyncio.to_thread(put, ready.home, target)
        return data_id

    async def guide(self, db: Connection, owner: dict[str, int], guide: GuideText | None) -> None:
        """Record a guide, its assets under new uuids that its text then names."""
        if guide is None:
            return
        names = {old: str(uuid.uuid4()) for old, _, _ in guide.assets}

        def renamed(match: re.Match[str]) -> str:
            old = match[1].lower()
            return f"/api/assets/{names.get(old, old)}"

        markdown = asset_files.REFERENCE.sub(renamed, guide.markdown)
        guide_id = await guide_store.insert(db, {**owner, "markdown": markdown})
        for old, path, kind in guide.assets:
            target = asset_files.path_of(self.context.server, names[old])
            self.assets.append(target)
            await asyncio.to_thread(put, path, target)
            await asset_store.insert(
                db,
                {
                    "uuid": names[old],
                    "guide_id": guide_id,
                    "owner_id": self.context.user.id,
                    "filename": asset_files.bare_name(path.name),
                    "content_type": kind,
                },
            )

    def undo(self) -> None:
        """Remove what was put into its place."""
        for path in self.media:
            shutil.rmtree(path, ignore_errors=True)
        for path in self.assets:
            path.unlink(missing_ok=True)


def put(source: Path, target: Path) -> None:
    """Move a file or directory to where it stays; what may lie there belongs to nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    source.rename(target)
    if target.is_file():
        # It must not count as left over from long ago while nothing refers to it yet.
        os.utime(target)


def data_values(ready: TaskReady, now: str) -> dict[str, Any]:
    """The columns of a task's data."""
    entry, plan = ready.entry.data, ready.plan
    original = CHARACTERS[plan.kind].chunk_type
    # Only of a video there is a choice.
    chunk_type = entry.chunk_type if plan.kind == "video" else original
    size = entry.chunk_size or (
        segmentation(ready.entry)[0]
        if plan.kind == "audio"
        else default_chunk_size(plan.width, plan.height, chunk_type)
    )
    return {
        "kind": plan.kind,
        "size": plan.size,
        "chunk_size": size,
        "image_quality": entry.image_quality,
        "start_frame": plan.start,
        "stop_frame": plan.stop,
        "frame_filter": entry.frame_filter or "",
        "compressed_chunk_type": chunk_type,
        "original_chunk_type": original,
        "storage_method": entry.storage_method,
        "storage": (
            Storage.CLOUD_STORAGE if entry.storage == Storage.CLOUD_STORAGE else Storage.LOCAL
        ),
        "sorting_method": entry.sorting_method,
        "deleted_frames": orjson.dumps(sorted(set(entry.deleted_frames))).decode(),
        "chunks_updated_date": now,
    }


def segmentation(entry: layout.Task) -> tuple[int, int]:
    """The segment size and the overlap of a task, as its jobs show them.

    The size is 0 where jobs are lists of files.
    """
    usual = [job for job in entry.jobs if job.type == JobType.ANNOTATION] or entry.jobs
    if isinstance(usual[0].files, list):
        return 0, 0
    size = usual[0].stop_frame - usual[0].start_frame + 1
    overlap = usual[0].stop_frame - usual[1].start_frame + 1 if len(usual) > 1 else 0
    return size, max(overlap, 0)


async def add_jobs(
    db: Connection, task_id: int, entries: Sequence[layout.Job], now: str
) -> list[int]:
    """Make the jobs and their segments; the ids in order.

    A replica has the segment of the job that it is one of.
    """
    ids: list[int] = []
    parents: dict[tuple[int, int], tuple[int, int]] = {}
    for entry in entries:
        span = (entry.start_frame, entry.stop_frame)
        parent = parents.get(span) if entry.type == JobType.CONSENSUS_REPLICA else None
        segment_id = parent[0] if parent else await add_segment(db, task_id, entry, now)
        stage, state = PLACES[entry.status]
        job_id = await rows.insert(
            db,
            "jobs",
            {
                "segment_id": segment_id,
                "type": entry.type,
                "status": entry.status,
                "stage": entry.stage or stage,
                "state": entry.state or state,
                "parent_job_id": parent[1] if parent else None,
                "created_date": now,
                "updated_date": now,
            },
        )
        ids.append(job_id)
        if entry.type == JobType.ANNOTATION:
            parents[span] = (segment_id, job_id)
    return ids


async def add_segment(db: Connection, task_id: int, entry: layout.Job, now: str) -> int:
    """Make the segment of a job; answers its id."""
    values: dict[str, Any] = {
        "task_id": task_id,
        "start_frame": entry.start_frame,
        "stop_frame": entry.stop_frame,
        "chunks_updated_date": now,
    }
    if isinstance(entry.frames, list):
        values["type"] = SegmentType.SPECIFIC_FRAMES
        values["frames"] = orjson.dumps(sorted(set(entry.frames))).decode()
    return await rows.insert(db, "segments", values)


async def annotate(
    db: Connection, ready: TaskReady, jobs: Sequence[int], recorded: Sequence[Label]
) -> None:
    """Record the annotations of all jobs, one job's in memory at a time."""
    ids, rules = ready.labels.ids(recorded), LabelRules(recorded)
    for job_id, path in zip(jobs, ready.payloads, strict=True):
        data = await asyncio.to_thread(read_payload, path, ids)
        await annotation_store.create(db, job_id, data, rules)


async def add_validation(db: Connection, data_id: int, ready: TaskReady) -> None:
    """Record by which frames the work is checked, where the backup tells."""
    entry = ready.entry.data
    found = entry.validation_layout
    if not found:
        params = entry.validation_params
        if not params:
            return
        truth = (job for job in ready.entry.jobs if job.type == JobType.GROUND_TRUTH)
        job = next(truth, None)
        if job is None:
            return
        numbers = (
            job.frames
            if isinstance(job.frames, list)
            else list(range(job.start_frame, job.stop_frame + 1))
        )
        found = layout.ValidationLayout(
            mode=params.mode, frames=numbers, frames_per_job_count=params.frames_per_job_count
        )
    await validation_store.insert(db, data_id, found.mode, found.frames, found.frames_per_job_count)
    await validation_store.disable(db, data_id, found.disabled_frames)
