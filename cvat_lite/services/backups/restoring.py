"""Restoring a backup as a new task or project: all of it, or nothing, however it ends.

The archive is unpacked and prepared below the directory that it waits in, which goes with it. The
rows are one transaction, in which the id of what was made is noted with the request: work that is
taken up again after a crash begins anew, or finds that it is done.
"""

from __future__ import annotations

import asyncio
import uuid

from cvat_lite.errors import NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, Subject
from cvat_lite.permissions.rules import Privilege
from cvat_lite.services import requests, upload_requests
from cvat_lite.services.backups.reading import Ready, Restore, read_backup
from cvat_lite.services.backups.saving import Saving
from cvat_lite.services.cloud_transfers import Location, bring, take
from cvat_lite.services.context import Context, Identity, Server
from cvat_lite.services.requests import Operation, Order, Outcome, Report
from cvat_lite.services.uploads import Place
from cvat_lite.store import requests as request_store
from cvat_lite.store import users
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "import:backup"
SCOPE = "import:backup"
#: The directory beside an archive in which it is unpacked.
HOME = "restoring"


def may_restore(context: Context, kind: str) -> None:
    """Ask for the right to restore a backup (``tasks`` or ``projects``) here."""
    engine.authorize(context.subject, SCOPE, Resource.here(context.subject, kind))


def place_of(context: Context, kind: str) -> Place:
    """Where somebody's backups are uploaded to."""
    return Place(f"{kind}/backup", context.user.id)


async def start(context: Context, kind: str, location: Location) -> str:
    """Restore the backup that has been uploaded or lies in a bucket; answers the id of the request that does it."""
    may_restore(context, kind)
    path, more = await take(context, place_of(context, kind), location)
    single = kind.removesuffix("s")
    order = Order(
        id=f"action=import&target={single}&id={uuid.uuid4()}&subresource=backup",
        operation=OPERATION,
        target=single,
        payload={
            "kind": kind,
            **more,
        },
        organization_id=context.organization_id,
    )
    return await upload_requests.submit(context, path, order)


async def run(server: Server, request: BackgroundRequest, report: Report) -> Outcome:
    """Read the archive in a worker process, then record what it holds, all or nothing."""
    asked = request.payload
    archive = upload_requests.file_of(server, request)
    if request.result_id is None:
        await bring(server, request)
        report(0.1)
        work = Restore(
            archive=archive,
            home=archive.parent / HOME,
            kind=asked["kind"],
            max_pixels=server.config.max_image_pixels,
            max_json_bytes=server.config.max_json_bytes,
        )
        ready = await server.workers.run(read_backup, work)
        report(0.8)
        number = await save(server, request, ready)
    else:
        # The server died after it was made, and before that was told.
        number = request.result_id
    await upload_requests.drop(server, request)
    return Outcome(result_id=number)


async def save(server: Server, request: BackgroundRequest, ready: Ready) -> int:
    """Record what a backup holds; answers the id of the new task or project."""
    saving = Saving(await owner_context(server, request))
    try:
        async with server.database.writing() as db:
            number = await saving.all(db, ready)
            await request_store.update(db, request.id, {"result_id": number})
    except BaseException:
        await asyncio.shield(undo(server, request.id, saving))
        raise
    return number


async def undo(server: Server, request_id: str, saving: Saving) -> None:
    """Remove the files of what was not recorded; a cancelled caller may have been too late."""
    async with server.database.reading() as db:
        request = await request_store.get(db, request_id)
    if request is None or request.result_id is None:
        await asyncio.to_thread(saving.undo)


async def owner_context(server: Server, request: BackgroundRequest) -> Context:
    """The context of whoever has asked; NotFoundError if they have gone since."""
    async with server.database.reading() as db:
        user = await users.get(db, request.owner_id or 0)
    if user is None:
        raise NotFoundError.of("User")
    privilege = Privilege.of(user.groups, is_superuser=user.is_superuser)
    return Context(
        server=server,
        identity=Identity(user),
        subject=Subject(user.id, privilege, everywhere=True),
        base_url=request.payload["base_url"],
        organization_id=request.organization_id,
    )


requests.OPERATIONS[OPERATION] = Operation(run, upload_requests.drop)
