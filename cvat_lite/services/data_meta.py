"""What is known of the frames of tasks and jobs, and which of them are deleted."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.domain.enums import JobType, SegmentType, Storage, ValidationMode
from cvat_lite.domain.frames import frame_step
from cvat_lite.errors import RuleError, ValidationError
from cvat_lite.services.cloud_storages.access import require_named
from cvat_lite.services.context import Context
from cvat_lite.services.data import Media, of_target
from cvat_lite.store import data as store
from cvat_lite.store import validation as validation_store
from cvat_lite.store.database import Connection


async def meta(context: Context, kind: str, number: int) -> dict[str, Any]:
    """What is known of the frames of a task or job."""
    async with context.database.snapshot() as db:
        media = await of_target(db, context, kind, number, "view:metadata")
        return await meta_view(db, media)


async def meta_view(db: Connection, media: Media) -> dict[str, Any]:
    """The description of the frames on the wire; a job's frames are counted within the media.

    A job of single frames tells the sizes of all between them, but only the names of its own.
    """
    found, job = media.data, media.job
    step = frame_step(found.frame_filter)
    first, last = media.frames[0], media.frames[-1]
    specific = job is not None and job.segment_type == SegmentType.SPECIFIC_FRAMES
    if job is not None:
        first, last = job.start_frame, job.stop_frame
    deleted = await deleted_of(db, media)
    changed = await store.chunks_date(db, job.id) if job else found.chunks_updated_date
    if found.kind == "video":
        one = {"width": found.width, "height": found.height, "name": found.file}
        frames: Any = [{**one, "related_files": 0, "has_related_context": False}]
    elif found.kind == "audio":
        frames = [{"name": found.file, "related_files": 0, "has_related_context": False}]
    else:
        included = media.frames if specific else None
        frames = orjson.Fragment(await store.frames_json(db, found.id, first, last, included))
    shown = {
        "chapters": [] if found.kind == "video" else None,
        "chunks_updated_date": changed,
        "chunk_size": found.chunk_size,
        "size": len(media.frames),
        "image_quality": found.image_quality,
        "start_frame": found.start_frame + first * step,
        "stop_frame": found.stop_frame if job is None else found.start_frame + last * step,
        "frame_filter": found.frame_filter,
        "frames": frames,
        "deleted_frames": deleted,
        "included_frames": list(media.frames) if specific else None,
        "storage": found.storage,
        "cloud_storage_id": found.cloud_storage_id,
    }
    if found.kind == "audio":
        del shown["image_quality"]
    return shown


async def patch_meta(
    context: Context, kind: str, number: int, body: dict[str, Any]
) -> dict[str, Any]:
    """Change which frames are deleted (a job only its own), and where a task's files lie."""
    async with context.database.writing() as db:
        media = await of_target(db, context, kind, number, "update:metadata")
        if "deleted_frames" in body:
            wanted = set(body["deleted_frames"])
            unknown = sorted(frame for frame in wanted if frame not in media.held)
            if unknown:
                listed = ", ".join(str(frame) for frame in unknown)
                raise ValidationError(
                    {"deleted_frames": [f"Unknown frames {listed} requested for removal"]}
                )
            await set_deleted(db, media, wanted)
            await touch(db, media)
        moved = "cloud_storage_id" in body and await connect(db, context, media, body)
        changed = await of_target(db, context, kind, number, "update:metadata")
        shown = await meta_view(db, changed)
    if moved:
        await asyncio.to_thread(context.server.cache.remove, str(media.data.id))
    return shown


async def connect(db: Connection, context: Context, media: Media, body: dict[str, Any]) -> bool:
    """Read the files of a task from that cloud storage from now on; whether it is another one.

    So a task that was restored from a lightweight backup gets its files. ValidationError where
    the files are not in a cloud storage, RuleError or ForbiddenError for one that cannot be used.
    """
    wanted, data = body["cloud_storage_id"], media.data
    if wanted == data.cloud_storage_id:
        return False
    if data.storage != Storage.CLOUD_STORAGE:
        raise ValidationError(
            {"cloud_storage_id": ["The files of this task are not in a cloud storage"]}
        )
    if wanted is not None:
        await require_named(db, context, wanted, "list:content")
    now = clock.now()
    await store.update(db, data.id, {"cloud_storage_id": wanted, "chunks_updated_date": now})
    await touch(db, media)
    return True


async def deleted_of(db: Connection, media: Media) -> list[int]:
    """The deleted frames on the wire: of a ground truth job those that nothing is checked by."""
    if media.job is None:
        return media.data.deleted_frames
    if media.job.type == JobType.GROUND_TRUTH:
        layout = await validation_store.get(db, media.data.id)
        return layout.disabled_frames if layout else []
    return [frame for frame in media.data.deleted_frames if frame in media.held]


async def set_deleted(db: Connection, media: Media, wanted: set[int]) -> None:
    """Delete those of the frames, and bring the others back.

    To delete a frame in a ground truth job is to check nothing by it; the task keeps it.
    """
    layout = await validation_store.get(db, media.data.id)
    if layout is not None and media.job is not None and media.job.type == JobType.GROUND_TRUTH:
        await validation_store.disable(db, media.data.id, wanted)
        return
    before = set(media.data.deleted_frames)
    after = wanted | {frame for frame in before if frame not in media.held}
    if layout is not None and layout.mode == ValidationMode.GT_POOL:
        pooled = sorted((before ^ after).intersection(layout.frames))
        if pooled:
            listed = ", ".join(map(str, pooled))
            raise RuleError(
                f"Frames of the validation pool ({listed}) are deleted and restored "
                "in the ground truth job or the validation layout"
            )
    await store.set_deleted_frames(db, media.data.id, after)


async def touch(db: Connection, media: Media) -> None:
    """Note that the task of this data has changed now."""
    await db.execute(
        "UPDATE tasks SET updated_date = ? WHERE data_id = ?", (clock.now(), media.data.id)
    )
