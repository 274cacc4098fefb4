"""Exporting and importing annotations in dataset formats, as background requests."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import replace
from pathlib import Path

from cvat_lite.domain import payload
from cvat_lite.domain.dataset import Target
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.formats import registry
from cvat_lite.formats.format import Format
from cvat_lite.formats.registry import UnknownFormatError
from cvat_lite.services import annotations as annotation_service
from cvat_lite.services import cloud_files, data, requests, targets, upload_requests
from cvat_lite.services.cloud_transfers import Location, bring, deliver, take
from cvat_lite.services.context import Context, Server
from cvat_lite.services.dataset_parts import gather
from cvat_lite.services.dataset_work import Export, Import, PartWork, read_archive, write_archive
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.services.uploads import Place
from cvat_lite.store import projects as project_store
from cvat_lite.store import tasks as task_store
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
    goal: Location,
) -> str:
    """Ask for an export; answers the id of the request that makes it."""
    scope = "export:dataset" if save_images else "export:annotations"
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, scope)
        try:
            chosen = await asyncio.to_thread(registry.exporter, format_name)
        except UnknownFormatError:
            raise RuleError("Unknown format specified for the request") from None
        if kind != "projects":
            await data.of_target(db, context, kind, number, scope)
        await check_dimension(db, target, chosen)
        name = await name_of(db, target)
    single = kind.removesuffix("s")
    what = "dataset" if save_images else "annotations"
    form = format_name.replace(" ", "_").replace(".", "~")
    default = f"{single}_{number}_{name}_{what}_{format_name}".lower()
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
                "filename": goal.filename or f"{UNFIT.sub('_', default)}{extension(chosen)}",
                "base_url": context.base_url,
                **goal.payload,
            },
            project_id=target.project_id,
            task_id=target.task_id,
            job_id=number if kind == "jobs" else None,
            organization_id=target.organization_id,
            format=format_name,
        ),
    )


async def check_dimension(db: Connection, target: targets.Target, chosen: Format) -> None:
    """RuleError for a format that is not for what the task, or the project's tasks, hold."""
    held: str | None
    if target.task_id is not None:
        task = await task_store.get(db, target.task_id)
        held = task.dimension if task else None
    else:
        project = await project_store.get(db, target.id)
        held = project.dimension if project else None
    if held and held != chosen.dimension:
        raise RuleError(
            f"The format '{chosen.name}' is for {chosen.dimension} data, "
            f"the {target.kind.removesuffix('s')} has {held} data"
        )


def extension(chosen: Format) -> str:
    """What the names of files of a format end with when it is written."""
    return f".{chosen.write_extensions[0].lower()}"


async def name_of(db: Connection, target: targets.Target) -> str:
    """The name of the project, or of the task that a job is of."""
    if target.task_id is not None:
        task = await task_store.get(db, target.task_id)
        return task.name if task else ""
    project = await project_store.get(db, target.id)
    return project.name if project else ""


async def run_export(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Write the archive in a worker process, from one state of the store."""
    asked, config = request.payload, server.config
    gathered = await gather(server, asked["kind"], asked["number"], asked["base_url"])
    report(0.1)
    chosen = await asyncio.to_thread(registry.exporter, asked["format"])
    name = f"{uuid.uuid4().hex}{extension(chosen)}"
    work = Export(
        database=server.config.database,
        out=server.config.exports / name,
        format=asked["format"],
        save_images=asked["save_images"],
        labels=gathered.labels,
        parts=tuple(apart(part, config.exports / f"{name}.files") for part in gathered.parts),
        project=gathered.project,
    )
    await server.workers.run(write_archive, work)
    made = Outcome(file=name, name=asked["filename"], seconds=server.config.export_lifetime)
    return await deliver(server, request, made)


def apart(part: PartWork, folder: Path) -> PartWork:
    """The part for a worker process, which fetches what lies in a bucket to that directory."""
    return replace(part, source=cloud_files.apart(part.source, folder))


async def download(context: Context, kind: str, number: int, request_id: str) -> tuple[Path, str]:
    """The file of a finished export and the name it should be saved under."""
    request = await requests.find(context, "view", request_id)
    target = {"tasks": request.task_id, "jobs": request.job_id, "projects": request.project_id}
    if target[kind] != number or request.target != kind.removesuffix("s"):
        raise NotFoundError
    async with context.database.snapshot() as db:
        # Who has lost the right to export since has lost what was exported, too.
        await targets.require(db, context, kind, number, "export:annotations")
    return await requests.result_of(context, request)


async def start_import(
    context: Context,
    kind: str,
    number: int,
    format_name: str,
    *,
    location: Location,
    append: bool,
    masks_to_polygons: bool,
) -> str:
    """Import the file that has been uploaded; answers the id of the request that does it."""
    place = Place(f"{kind}/annotations", number)
    target = await may_import(context, kind, number, format_name)
    path, more = await take(context, place, location)
    single = kind.removesuffix("s")
    order = Order(
        id=f"action=import&target={single}&target_id={number}&subresource=annotations",
        operation="import:annotations",
        target=single,
        payload={
            "kind": kind,
            "number": number,
            "format": format_name,
            "append": append,
            "masks_to_polygons": masks_to_polygons,
            **more,
        },
        project_id=target.project_id,
        task_id=target.task_id,
        job_id=number if kind == "jobs" else None,
        organization_id=target.organization_id,
    )
    return await upload_requests.submit(context, path, order)


async def may_import(
    context: Context, kind: str, number: int, format_name: str | None
) -> targets.Target:
    """Ask for the right to import; RuleError for a format that is not known (None: not asked)."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, "import:annotations")
        await data.of_target(db, context, kind, number, "import:annotations")
        if format_name is not None:
            await check_importer(db, target, format_name)
    return target


async def check_importer(db: Connection, target: targets.Target, format_name: str) -> None:
    """RuleError for a format that cannot be read, or not for what the target holds."""
    try:
        chosen = await asyncio.to_thread(registry.importer, format_name)
    except UnknownFormatError:
        raise RuleError(f"Unknown input format '{format_name}'") from None
    await check_dimension(db, target, chosen)


async def run_import(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Read the archive in a worker process, then write what it holds, all or nothing."""
    asked = request.payload
    kind, number = asked["kind"], asked["number"]
    await bring(server, request)
    gathered = await gather(server, kind, number, "")
    part = gathered.parts[0]
    info = part.info
    first = (info.start_frame - info.data_start_frame) // info.frame_step
    report(0.1)
    work = Import(
        path=upload_requests.file_of(server, request),
        format=asked["format"],
        masks_to_polygons=asked["masks_to_polygons"],
        target=Target(
            labels=gathered.labels,
            frames=part.frames,
            start_frame=info.data_start_frame,
            frame_step=info.frame_step,
            source=info.source,
            span=range(first, first + info.size),
        ),
    )
    text = await server.workers.run(read_archive, work)
    report(0.7)
    found = await asyncio.to_thread(payload.decode, text)
    await annotation_service.write_imported(server, kind, number, found, append=asked["append"])
    await upload_requests.drop(server, request)
    return Outcome()


for what in ("annotations", "dataset"):
    requests.OPERATIONS[f"export:{what}"] = Operation(run_export)
requests.OPERATIONS["import:annotations"] = Operation(run_import, upload_requests.drop)
