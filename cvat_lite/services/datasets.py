"""Exporting and importing annotations in dataset formats, as background requests."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvat_lite.domain import payload
from cvat_lite.domain.dataset import (
    Frame,
    PartInfo,
    Person,
    Segment,
    Target,
    video_frame_name,
)
from cvat_lite.domain.enums import TaskMode
from cvat_lite.domain.frames import frame_step
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.formats import registry
from cvat_lite.formats.registry import UnknownFormatError
from cvat_lite.services import annotations as annotation_service
from cvat_lite.services import data, requests, targets, uploads
from cvat_lite.services.context import Context, Server
from cvat_lite.services.dataset_work import Export, Import, read_archive, write_archive
from cvat_lite.services.requests import InProgressError, Operation, Order, Outcome, Report
from cvat_lite.services.uploads import Place
from cvat_lite.store import data as data_store
from cvat_lite.store import dataset_facts
from cvat_lite.store import jobs as job_store
from cvat_lite.store import labels as label_store
from cvat_lite.store import tasks as task_store
from cvat_lite.store import annotations as spans
from cvat_lite.store.data import Data
from cvat_lite.store.database import Connection
from cvat_lite.store.requests import BackgroundRequest

UNFIT = re.compile(r"[^\w.-]+")


async def export(
    context: Context,
    kind: str,
    number: int,
    format_name: str,
    *,
    save_images: bool,
    filename: str | None,
) -> str:
    """Ask for an export; answers the id of the request that makes it."""
    scope = "export:dataset" if save_images else "export:annotations"
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, scope)
        try:
            registry.exporter(format_name)
        except UnknownFormatError:
            raise RuleError("Unknown format specified for the request") from None
        await data.of_target(db, context, kind, number, scope)
        task = await task_store.get(db, target.task_id or 0)
    single = kind.removesuffix("s")
    what = "dataset" if save_images else "annotations"
    form = format_name.replace(" ", "_").replace(".", "~")
    default = f"{single}_{number}_{task.name if task else ''}_{what}_{format_name}".lower()
    return await requests.submit(
        context,
        Order(
            id=f"action=export&target={single}&target_id={number}&user_id={context.user.id}"
            f"&format={form}&subresource={what}",
            operation=f"export:{what}",
            target=single,
            payload={
                "kind": kind,
                "number": number,
                "format": format_name,
                "save_images": save_images,
                "filename": filename or f"{UNFIT.sub('_', default)}.zip",
                "base_url": context.base_url,
            },
            project_id=target.project_id,
            task_id=target.task_id,
            job_id=number if kind == "jobs" else None,
            organization_id=target.organization_id,
            format=format_name,
        ),
    )


async def run_export(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Write the archive in a worker process, from one state of the store."""
    asked = request.payload
    gathered = await gather(server, asked["kind"], asked["number"], asked["base_url"])
    report(0.1)
    name = f"{uuid.uuid4().hex}.zip"
    work = Export(
        database=server.config.database,
        out=server.config.exports / name,
        format=asked["format"],
        save_images=asked["save_images"],
        labels=gathered.labels,
        info=gathered.info,
        frames=gathered.frames,
        spans=tuple(gathered.spans),
        source=gathered.source,
    )
    await server.workers.run(write_archive, work)
    return Outcome(file=name, name=asked["filename"], seconds=server.config.export_lifetime)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an export or import needs to know of a task or job, annotations aside."""

    labels: tuple[Any, ...]
    info: PartInfo
    frames: tuple[Frame, ...]
    spans: list[Any]
    source: Any


async def gather(server: Server, kind: str, number: int, base_url: str) -> Gathered:
    """The facts of a task or job, from one state of the store; NotFoundError if it has gone."""
    async with server.database.snapshot() as db:
        job = await job_store.get(db, number) if kind == "jobs" else None
        task_id = job.task_id if job else number
        task = await task_store.get(db, task_id)
        media = await data_store.get(db, task.data_id) if task and task.data_id else None
        if task is None or media is None:
            raise NotFoundError.of("Task")
        numbers = job.frames if job else range(media.size)
        held = await spans.of_job(db, number) if job else await spans.of_task(db, task_id)
        people = await dataset_facts.people(db, task_id, job.id if job else None)
        return Gathered(
            labels=tuple(await label_store.of_task(db, task_id)),
            info=PartInfo(
                id=number,
                name=task.name,
                kind=kind.removesuffix("s"),
                mode=TaskMode(task.mode),
                subset=task.subset,
                size=len(numbers),
                overlap=task.overlap or 0,
                bug_tracker=task.bug_tracker,
                created_date=job.created_date if job else task.created_date,
                updated_date=job.updated_date if job else task.updated_date,
                start_frame=media.start_frame + numbers[0] * frame_step(media.frame_filter),
                stop_frame=media.start_frame + numbers[-1] * frame_step(media.frame_filter),
                frame_filter=media.frame_filter,
                segments=tuple(
                    Segment(id_, start, stop, f"{base_url}/api/jobs/{job_id}")
                    for id_, start, stop, job_id in await dataset_facts.segments(db, task_id)
                    if job is None or job_id == job.id
                ),
                owner=Person(*people.owner) if people.owner else None,
                assignee=Person(*people.assignee) if people.assignee else None,
                source=media.file or "",
                data_start_frame=media.start_frame,
            ),
            frames=tuple(await frames_of(db, media, numbers)),
            spans=list(held),
            source=await data.source_of(db, server, media, list(numbers)),
        )


async def frames_of(db: Connection, media: Data, numbers: Any) -> list[Frame]:
    """The frames of a task or job, deleted ones left out."""
    deleted = set(media.deleted_frames)
    kept = [number for number in numbers if number not in deleted]
    if media.kind == "video":
        step = frame_step(media.frame_filter)
        return [
            Frame(
                number,
                video_frame_name(media.start_frame + number * step),
                media.width or 0,
                media.height or 0,
            )
            for number in kept
        ]
    wanted = set(kept)
    return [
        Frame(*row)
        for row in await dataset_facts.images(db, media.id, numbers[0], numbers[-1])
        if row[0] in wanted
    ]


async def download(context: Context, kind: str, number: int, request_id: str) -> tuple[Path, str]:
    """The file of a finished export and the name it should be saved under."""
    request = await requests.find(context, "view", request_id)
    target = {"tasks": request.task_id, "jobs": request.job_id, "projects": request.project_id}
    if target[kind] != number or request.target != kind.removesuffix("s"):
        raise NotFoundError
    if request.result_file is None:
        raise RuleError("The result of the request is not ready")
    path = context.config.exports / request.result_file
    if not await asyncio.to_thread(path.is_file):
        raise NotFoundError("The result of the request has expired")
    return path, request.result_name or path.name


async def start_import(
    context: Context,
    kind: str,
    number: int,
    format_name: str,
    *,
    filename: str | None,
    append: bool,
    masks_to_polygons: bool,
) -> str:
    """Import the file that has been uploaded; answers the id of the request that does it."""
    place = Place(f"{kind}/annotations", number)
    target = await may_import(context, kind, number, format_name)
    path = await uploads.take(context, place, filename)
    single = kind.removesuffix("s")
    order = Order(
        id=f"action=import&target={single}&target_id={number}&subresource=annotations",
        operation="import:annotations",
        target=single,
        payload={
            "kind": kind,
            "number": number,
            "format": format_name,
            "file": path.relative_to(context.config.uploads).as_posix(),
            "append": append,
            "masks_to_polygons": masks_to_polygons,
        },
        project_id=target.project_id,
        task_id=target.task_id,
        job_id=number if kind == "jobs" else None,
        organization_id=target.organization_id,
    )
    try:
        return await requests.submit(context, order)
    except InProgressError:
        await uploads.release(context.server, path)
        raise


async def may_import(
    context: Context, kind: str, number: int, format_name: str | None
) -> targets.Target:
    """Ask for the right to import; RuleError for a format that is not known (None: not asked)."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, "import:annotations")
        await data.of_target(db, context, kind, number, "import:annotations")
    if format_name is not None:
        try:
            registry.importer(format_name)
        except UnknownFormatError:
            raise RuleError(f"Unknown input format '{format_name}'") from None
    return target


async def run_import(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Read the archive in a worker process, then write what it holds, all or nothing."""
    asked = request.payload
    kind, number = asked["kind"], asked["number"]
    gathered = await gather(server, kind, number, "")
    report(0.1)
    work = Import(
        path=server.config.uploads / asked["file"],
        format=asked["format"],
        masks_to_polygons=asked["masks_to_polygons"],
        target=Target(
            labels=gathered.labels,
            frames=gathered.frames,
            start_frame=gathered.info.data_start_frame,
            frame_step=gathered.info.frame_step,
        ),
    )
    text = await server.workers.run(read_archive, work)
    report(0.7)
    found = await asyncio.to_thread(payload.decode, text)
    await annotation_service.write_imported(server, kind, number, found, append=asked["append"])
    await uploads.release(server, work.path)
    return Outcome()


async def drop_upload(server: Server, request: BackgroundRequest) -> None:
    """Remove the file of an import that failed."""
    await uploads.release(server, server.config.uploads / request.payload["file"])


for what in ("annotations", "dataset"):
    requests.OPERATIONS[f"export:{what}"] = Operation(run_export)
requests.OPERATIONS["import:annotations"] = Operation(run_import, drop_upload)
