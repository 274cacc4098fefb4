"""From files to frames: data is attached to a task, and a background request makes its frames."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace
from typing import Any

from cvat_lite.domain import clock, frames, segments
from cvat_lite.domain.enums import (
    ChunkType,
    Dimension,
    MediaType,
    SortingMethod,
    Storage,
    StorageMethod,
    TaskMode,
)
from cvat_lite.errors import MediaError, NotFoundError, RuleError, ValidationError
from cvat_lite.media.ingest import Plan, plan
from cvat_lite.media.material import Material
from cvat_lite.services import cloud_media, remote_files, requests, targets, uploads
from cvat_lite.services.cloud_storages.access import may_use
from cvat_lite.services.context import Context, Server
from cvat_lite.services.requests import InProgressError, Operation, Order, Outcome, Report
from cvat_lite.services.uploads import Place
from cvat_lite.services.validation import choosing, creation
from cvat_lite.store import consensus as consensus_store
from cvat_lite.store import data as data_store
from cvat_lite.store import jobs as job_store
from cvat_lite.store import requests as request_store
from cvat_lite.store import rows
from cvat_lite.store import tasks as task_store
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "create:task"
DEFAULT_QUALITY = 70
#: More images than this are measured in a worker process.
MANY = 5000
#: How long the record of a created task is kept, as CVAT does.
SECONDS = 500.0

#: A sound may be cut by the millisecond, a video by the frame: nobody wants as many jobs.
MAX_JOBS = 100_000


@dataclass(frozen=True, slots=True)
class Character:
    """What a task is, and how it is sent, by what it is made of."""

    mode: TaskMode
    dimension: Dimension
    media_type: MediaType
    chunk_type: ChunkType


_STILLS = Character(TaskMode.ANNOTATION, Dimension.D2, MediaType.IMAGE, ChunkType.IMAGESET)
CHARACTERS = {
    "images": _STILLS,
    "pdf": _STILLS,
    "video": Character(TaskMode.INTERPOLATION, Dimension.D2, MediaType.IMAGE, ChunkType.VIDEO),
    "audio": Character(TaskMode.INTERPOLATION, Dimension.D1, MediaType.AUDIO, ChunkType.AUDIO_MP3),
    "point_cloud": Character(
        TaskMode.ANNOTATION, Dimension.D3, MediaType.POINT_CLOUD, ChunkType.IMAGESET
    ),
}

STATES = {"queued": "Queued", "started": "Started", "finished": "Finished", "failed": "Failed"}


def request_id(task_id: int) -> str:
    """The id of the request that makes a task's frames."""
    return f"action=create&target=task&target_id={task_id}"


async def status(context: Context, task_id: int) -> dict[str, Any]:
    """How the creation of a task goes, the old way to ask."""
    async with context.database.snapshot() as db:
        await targets.require(db, context, "tasks", task_id, "view")
        request = await request_store.get(db, request_id(task_id))
    if request is None:
        raise NotFoundError
    progress = context.server.queue.progress(request.id) or 0.0
    return {"state": STATES[request.status], "message": request.message, "progress": progress}


async def may_attach(context: Context, task_id: int) -> None:
    """Ask for the right to give a task its data.

    RuleError if it has some, InProgressError while it gets some.
    """
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, "tasks", task_id, "upload:data")
        data = await data_store.get(db, target.data_id) if target.data_id else None
        request = await request_store.get(db, request_id(task_id))
    if data is not None and data.size:
        raise RuleError("Adding more data is not supported")
    if request is not None and request.status in requests.UNDER_WAY:
        # What has been uploaded is being worked on: nothing may be added or taken away.
        raise InProgressError({"rq_id": request.id})


async def attach(
    context: Context, task_id: int, body: dict[str, Any], root: str | None = None
) -> str:
    """Make frames from what has been uploaded or what the body names; answers the request's id.

    ``root`` is a directory of this machine that the server files are in, used in place, instead
    of the share; it never comes from a request.
    """
    await may_attach(context, task_id)
    check(context, body)
    await may_use(context, body.get("cloud_storage_id"))
    uploaded = await uploads.gathered(context, Place("tasks/data", task_id))
    if body.get("cloud_storage_id") is not None and (uploaded or body.get("remote_files")):
        raise RuleError("Files of a cloud storage cannot be used together with others")
    async with context.database.writing() as db:
        target = await targets.require(db, context, "tasks", task_id, "upload:data")
        data_id = target.data_id
        if data_id is None:
            data_id = await data_store.insert(db)
            await task_store.update(db, task_id, {"data_id": data_id})
    return await requests.submit(
        context,
        Order(
            id=request_id(task_id),
            operation=OPERATION,
            target="task",
            payload={"body": body, "uploaded": uploaded, "data_id": data_id, "root": root},
            project_id=target.project_id,
            task_id=task_id,
            organization_id=target.organization_id,
        ),
    )


def check(context: Context, body: dict[str, Any]) -> None:
    """Refuse at once what can be seen to be wrong without looking at the files."""
    frames.frame_step(body.get("frame_filter", ""))
    for field in ("server_files", "server_files_exclude"):
        errors = [
            {"file": ["path contains a '..' segment"]} if ".." in name.split("/") else {}
            for name in body.get(field, ())
        ]
        if any(errors):
            raise ValidationError({field: errors})
    choosing.check_params(body)
    for url in body.get("remote_files", ()):
        remote_files.check_url(url, context.config)


@dataclass(frozen=True, slots=True)
class Making:
    """The making of one task's frames."""

    server: Server
    task_id: int
    data_id: int
    body: dict[str, Any]
    uploaded: list[str]
    root: str | None

    @property
    def material(self) -> Material:
        """Where the files are and what is to be made of them."""
        config, body = self.server.config, self.body
        return Material(
            home=config.media / str(self.data_id),
            staging=uploads.directory(config, Place("tasks/data", self.task_id)),
            share=config.share,
            in_place=self.root,
            uploaded=tuple(self.uploaded),
            server_files=tuple(body.get("server_files", ())),
            exclude=tuple(body.get("server_files_exclude", ())),
            pattern=body.get("filename_pattern"),
            copy=bool(body.get("copy_data")),
            sorting=SortingMethod(body.get("sorting_method", SortingMethod.LEXICOGRAPHICAL)),
            order=tuple(body.get("upload_file_order", ())),
            mapping=tuple(tuple(job) for job in body.get("job_file_mapping", ())),
            # A seed that was given makes the whole choice the same, the order it is made in too.
            seed=(body.get("validation_params") or {}).get("random_seed", self.task_id),
            start=body.get("start_frame", 0),
            stop=body.get("stop_frame"),
            step=frames.frame_step(body.get("frame_filter", "")),
            max_pixels=config.max_image_pixels,
        )


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Make the frames of a task; done again from the start if the server dies under it."""
    payload = request.payload
    making = Making(
        server,
        request.task_id or 0,
        payload["data_id"],
        payload["body"],
        payload["uploaded"],
        payload["root"],
    )
    async with server.database.reading() as db:
        data = await data_store.get(db, making.data_id)
    if data is None:
        raise MediaError("The task has been deleted")
    if not data.size:
        remote = making.body.get("remote_files", [])
        if remote:
            home = making.material.home
            making = replace(making, uploaded=await remote_files.fetch(server.config, home, remote))
        many = len(making.uploaded) > MANY or bool(making.body.get("server_files"))
        made: Plan | Material = making.material
        if storage_id := making.body.get("cloud_storage_id"):
            made = await cloud_media.planned(server, making.material, storage_id)
        if isinstance(made, Material):
            made = await (server.workers.run(plan, made) if many else asyncio.to_thread(plan, made))
        report(0.8)
        await save(making, made)
    await uploads.discard(server, Place("tasks/data", making.task_id))
    return Outcome(seconds=SECONDS)


async def save(making: Making, made: Plan) -> None:
    """Record the frames, segments and jobs of a task, all at once."""
    body, now = making.body, clock.now()
    async with making.server.database.writing() as db:
        task = await task_store.get(db, making.task_id)
        if task is None:
            raise MediaError("The task has been deleted")
        character = CHARACTERS[made.kind]
        overlap = 0 if made.kind == "audio" and task.overlap is None else task.overlap
        cut = (
            segments.mapped([len(job) for job in making.material.mapping])
            if making.material.mapping
            else segments.split(made.size, task.segment_size, overlap, character.mode)
        )
        if len(cut.spans) > MAX_JOBS:
            raise MediaError(f"Segments of {cut.segment_size} make more than {MAX_JOBS} jobs")
        checked = await asyncio.to_thread(
            creation.arranged, made, cut, body.get("validation_params")
        )
        made, cut = checked.made, checked.cut
        zipped = body.get("use_zip_chunks", False) and made.kind == "video"
        chunk_type = ChunkType.IMAGESET if zipped else character.chunk_type
        await data_store.add_images(db, making.data_id, made.images, made.related)
        if made.kind == "audio":
            await data_store.add_audio(
                db, making.data_id, made.file, made.sampling_rate, has_cover=made.has_cover
            )
        elif made.file:
            await data_store.add_video(db, making.data_id, made.file, made.width, made.height)
        await data_store.update(
            db,
            making.data_id,
            {
                "kind": made.kind,
                "root": made.root,
                "size": made.size,
                "chunk_size": body.get("chunk_size")
                or (
                    # A sound's chunk is what one job needs.
                    cut.segment_size
                    if made.kind == "audio"
                    else frames.default_chunk_size(made.width, made.height, chunk_type)
                ),
                "image_quality": body.get("image_quality", DEFAULT_QUALITY),
                "start_frame": made.start,
                "stop_frame": made.stop,
                "frame_filter": body.get("frame_filter", ""),
                "compressed_chunk_type": chunk_type,
                "original_chunk_type": character.chunk_type,
                "storage_method": body.get("storage_method", StorageMethod.CACHE),
                **whereabouts(made, body),
                "sorting_method": making.material.sorting,
                "chunks_updated_date": now,
            },
        )
        await task_store.update(
            db,
            making.task_id,
            {
                "mode": character.mode,
                "dimension": character.dimension,
                "media_type": character.media_type,
                "segment_size": cut.segment_size,
                "overlap": cut.overlap,
                "updated_date": now,
            },
        )
        await job_store.add_ranges(db, making.task_id, cut.spans)
        await creation.save(db, making.task_id, making.data_id, checked)
        if task.consensus_replicas:
            await consensus_store.add_settings(db, making.task_id)
            await consensus_store.add_replicas(db, making.task_id, task.consensus_replicas)
        if task.project_id is not None:
            await rows.update(db, "projects", task.project_id, {"updated_date": now})


def whereabouts(made: Plan, body: dict[str, Any]) -> dict[str, Any]:
    """Where the files of the data lie; what was copied from a bucket has nothing to do with it."""
    if made.is_remote:
        return {
            "storage": Storage.CLOUD_STORAGE,
            "cloud_storage_id": body["cloud_storage_id"],
        }
    return {"storage": Storage.SHARE if made.root else Storage.LOCAL}


async def clean_up(server: Server, request: BackgroundRequest) -> None:
    """Leave nothing of a task whose frames could not be made; its data can be sent again."""
    home = server.config.media / str(request.payload["data_id"])
    await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
    await uploads.discard(server, Place("tasks/data", request.task_id or 0))


requests.OPERATIONS[OPERATION] = Operation(run, clean_up)
