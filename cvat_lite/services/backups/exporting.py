"""Making a backup of a task or project: a background request whose result is the archive."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from cvat_lite.domain.buckets import BucketSpec
from cvat_lite.errors import BucketError, MediaError, NotFoundError
from cvat_lite.services import data, requests, targets
from cvat_lite.services.backups.writing import Backup, write_backup
from cvat_lite.services.cloud_storages.access import spec_of
from cvat_lite.services.cloud_transfers import Location, deliver
from cvat_lite.services.context import Context, Server
from cvat_lite.services.datasets import name_of
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.store import data as data_store
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "export:backup"
SCOPE = "export:backup"
UNFIT = re.compile(r"[^\w.-]+", re.ASCII)


async def export(
    context: Context, kind: str, number: int, *, lightweight: bool, goal: Location
) -> str:
    """Ask for a backup; answers the id of the request that makes it.

    A lightweight one leaves out media that lie in a cloud storage. RuleError for a task without
    media.
    """
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, kind, number, SCOPE)
        if kind == "tasks":
            await data.of_target(db, context, kind, number, SCOPE)
        name = await name_of(db, target)
    single = kind.removesuffix("s")
    default = f"{single}_{number}_{name}_backup".lower()
    return await requests.submit(
        context,
        Order(
            id=f"action=export&target={single}&target_id={number}&user_id={context.user.id}"
            f"&subresource=backup{'&lightweight=true' if lightweight else ''}",
            operation=OPERATION,
            target=single,
            payload={
                "kind": kind,
                "number": number,
                "lightweight": lightweight,
                "filename": goal.filename or f"{UNFIT.sub('_', default)}.zip",
                **goal.payload,
            },
            project_id=target.project_id,
            task_id=target.task_id,
            organization_id=target.organization_id,
        ),
    )


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Write the archive in a worker process, from one state of the store."""
    asked, config = request.payload, server.config
    name = f"{uuid.uuid4().hex}.zip"
    report(0.1)
    work = Backup(
        database=config.database,
        out=config.exports / name,
        media=config.media,
        assets=config.assets,
        kind=asked["kind"],
        number=asked["number"],
        lightweight=asked["lightweight"],
        max_pixels=config.max_image_pixels,
        buckets=await buckets_of(server, asked["kind"], asked["number"]),
    )
    await server.workers.run(write_backup, work)
    made = Outcome(file=name, name=asked["filename"], seconds=config.export_lifetime)
    return await deliver(server, request, made)


async def buckets_of(server: Server, kind: str, number: int) -> dict[int, BucketSpec]:
    """The buckets that media of a task, or of a project's tasks, lie in, by the data's id."""
    found: dict[int, BucketSpec] = {}
    async with server.database.snapshot() as db:
        for data_id, storage_id in await data_store.in_buckets(db, kind, number):
            try:
                found[data_id] = await spec_of(server.config, db, storage_id)
            except BucketError as error:
                raise MediaError(str(error)) from error
    return found


async def download(context: Context, kind: str, number: int, request_id: str) -> tuple[Path, str]:
    """The file of a finished backup and the name it should be saved under."""
    request = await requests.find(context, "view", request_id)
    target = {"tasks": request.task_id, "projects": request.project_id}
    same = request.operation == OPERATION and request.target == kind.removesuffix("s")
    if not same or target[kind] != number:
        raise NotFoundError
    async with context.database.snapshot() as db:
        # Who has lost the right to make a backup since has lost what was made, too.
        await targets.require(db, context, kind, number, SCOPE)
    return await requests.result_of(context, request)


requests.OPERATIONS[OPERATION] = Operation(run)
