"""The background request that makes tasks of a dataset: all of them, or nothing, however it ends.

The archive is unpacked and prepared below the directory that it waits in, which goes with it. The
rows are one transaction, in which the project is noted with the request: work that is taken up
again after a crash begins anew, or finds that it is done.
"""

from __future__ import annotations

import asyncio

from cvat_lite.domain import clock
from cvat_lite.domain.labels import Label
from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.services import datasets, labels, requests, targets, upload_requests
from cvat_lite.services.backups import describing, layout
from cvat_lite.services.backups.restoring import owner_context, undo
from cvat_lite.services.backups.saving import Saving
from cvat_lite.services.cloud_transfers import Location, bring, take
from cvat_lite.services.context import Context, Server
from cvat_lite.services.project_import.preparing import Prepared, Work, prepare
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.services.targets import Target
from cvat_lite.services.uploads import Place
from cvat_lite.store import labels as label_store
from cvat_lite.store import projects as project_store
from cvat_lite.store import requests as request_store
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "import:dataset"
SCOPE = "import:dataset"
#: The directory beside an archive in which it is unpacked.
HOME = "importing"


def place_of(project_id: int) -> Place:
    """Where the datasets of a project are uploaded to."""
    return Place("projects/dataset", project_id)


async def may_import(context: Context, project_id: int, format_name: str | None) -> Target:
    """Ask for the right to import; RuleError for a format that does not fit (None: not asked)."""
    async with context.database.snapshot() as db:
        target = await targets.require(db, context, "projects", project_id, SCOPE)
        if format_name is not None:
            await datasets.check_importer(db, target, format_name)
    return target


async def start(
    context: Context,
    project_id: int,
    format_name: str,
    location: Location,
    *,
    masks_to_polygons: bool,
) -> str:
    """Import the archive that was uploaded or lies in a bucket; answers the id of the request that does it."""
    target = await may_import(context, project_id, format_name)
    path, more = await take(context, place_of(project_id), location)
    order = Order(
        id=f"action=import&target=project&target_id={project_id}&subresource=dataset",
        operation=OPERATION,
        target="project",
        payload={
            "format": format_name,
            "masks_to_polygons": masks_to_polygons,
            **more,
        },
        project_id=project_id,
        organization_id=target.organization_id,
        format=format_name,
    )
    return await upload_requests.submit(context, path, order)


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Read the archive in a worker process, then record what it holds, all or nothing."""
    asked = request.payload
    archive = upload_requests.file_of(server, request)
    # Noted means: the server died after everything was made, and before that was told.
    if request.result_id is None:
        await bring(server, request)
        async with server.database.snapshot() as db:
            known = await labels_of(db, request.project_id or 0)
        report(0.1)
        work = Work(
            archive=archive,
            home=archive.parent / HOME,
            format=asked["format"],
            labels=known,
            masks_to_polygons=asked["masks_to_polygons"],
            max_pixels=server.config.max_image_pixels,
        )
        prepared = await server.workers.run(prepare, work)
        report(0.8)
        await save(server, request, prepared, known)
    await upload_requests.drop(server, request)
    return Outcome()


async def labels_of(db: Connection, project_id: int) -> tuple[Label, ...]:
    """The labels of a project; NotFoundError if it has gone."""
    if await project_store.get(db, project_id) is None:
        raise NotFoundError.of("Project")
    return tuple(await label_store.of_project(db, project_id))


async def save(
    server: Server, request: BackgroundRequest, prepared: Prepared, known: tuple[Label, ...]
) -> None:
    """Record the tasks, and the labels that the project lacks."""
    saving = Saving(await owner_context(server, request))
    try:
        async with server.database.writing() as db:
            await record(db, saving, request, prepared, known)
    except BaseException:
        await asyncio.shield(undo(server, request.id, saving))
        raise


async def record(
    db: Connection,
    saving: Saving,
    request: BackgroundRequest,
    prepared: Prepared,
    known: tuple[Label, ...],
) -> None:
    """The rows of what was prepared for a project with the ``known`` labels.

    RuleError if it has others by now: annotations were read for those.
    """
    project_id = request.project_id or 0
    recorded = await labels_of(db, project_id)
    if recorded != known:
        raise RuleError(
            "The labels of the project were changed while the dataset was read. Import it again."
        )
    if prepared.new_labels:
        wanted = layout.wire_labels(describing.labels(prepared.new_labels))
        await labels.give(saving.context, db, {"project_id": project_id}, wanted)
        recorded = await labels_of(db, project_id)
    for task in prepared.tasks:
        await saving.task(db, task, project_id, recorded)
    await rows.update(db, "projects", project_id, {"updated_date": clock.now()})
    await request_store.update(db, request.id, {"result_id": project_id})


requests.OPERATIONS[OPERATION] = Operation(run, upload_requests.drop)
