"""Exports that go to a cloud storage, and files of imports that come from one.

A request that names no place has its project's or task's own. Whether the asker may use the storage
is asked when the request is made; the bucket is spoken to when it runs.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from cvat_lite.clients.buckets import open_bucket
from cvat_lite.domain.buckets import BucketSpec
from cvat_lite.errors import BucketError, MediaError, RuleError, ValidationError
from cvat_lite.services import staging, uploads
from cvat_lite.services.cloud_files import download
from cvat_lite.services.cloud_storages.access import require_named, spec_of
from cvat_lite.services.context import Context, Server
from cvat_lite.services.requests import Outcome
from cvat_lite.services.upload_requests import file_of
from cvat_lite.services.uploads import Place
from cvat_lite.store import jobs as job_store
from cvat_lite.store import projects as project_store
from cvat_lite.store import tasks as task_store
from cvat_lite.store.requests import BackgroundRequest

CLOUD = "cloud_storage"
#: What the storage, and the key in it, are called in the payload of a request.
STORAGE, KEY = "cloud_storage_id", "cloud_key"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a file is to go or lies: under that name in a cloud storage, or with the client."""

    filename: str | None = None
    storage_id: int | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """What a request notes of it."""
        return {} if self.storage_id is None else {STORAGE: self.storage_id}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of a location; ``may_default`` is whether it leaves that to the target."""

    location: str | None
    storage_id: int | None
    filename: str | None
    may_default: bool = True


async def goal(context: Context, asked: Asked, kind: str, number: int) -> Location:
    """Where an export goes; RuleError or ForbiddenError for a storage that cannot be used."""
    return await resolve(context, asked, (kind, number, "target"))


async def origin(
    context: Context, asked: Asked, kind: str = "", number: int = 0
) -> Location | None:
    """The object of a cloud storage that is to be imported; None where the client sends a file."""
    found = await resolve(context, asked, (kind, number, "source"))
    if found.storage_id is None:
        return None
    if not found.filename:
        raise RuleError("The filename was not specified")
    return found


async def resolve(context: Context, asked: Asked, default: tuple[str, int, str]) -> Location:
    """The location that a request names, else that of its project, task or job."""
    location, storage_id = asked.location, asked.storage_id
    if location not in (None, "local", CLOUD):
        raise ValidationError({"location": [f'"{location}" is not a valid choice.']})
    if location is None and asked.may_default:
        location, storage_id = await own_location(context, *default)
    if location != CLOUD:
        return Location(asked.filename)
    if storage_id is None:
        raise RuleError("Cloud storage id was not specified")
    async with context.database.snapshot() as db:
        await require_named(db, context, storage_id)
    return Location(asked.filename, storage_id)


async def own_location(
    context: Context, kind: str, number: int, which: str
) -> tuple[str | None, int | None]:
    """Where a project, task or job has its exports go (``target``) or come from (``source``)."""
    stores: dict[str, Any] = {"tasks": task_store, "projects": project_store, "jobs": job_store}
    if kind not in stores:
        return None, None
    async with context.database.reading() as db:
        found = await stores[kind].get(db, number)
    if found is None:
        return None, None
    return getattr(found, f"{which}_location"), getattr(found, f"{which}_cloud_storage_id")


async def deliver(server: Server, request: BackgroundRequest, made: Outcome) -> Outcome:
    """Send the file of an export where it was asked for; then nothing of it stays here.

    MediaError or NotFoundError where the bucket does not take it.
    """
    if STORAGE not in request.payload or made.file is None:
        return made
    path = server.config.exports / made.file
    try:
        spec = await spec_for(server, request)
        await open_bucket(spec).write(within(spec, made.name or made.file), path)
    except BucketError as error:
        raise MediaError(str(error)) from error
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return replace(made, file=None, name=None)


async def spec_for(server: Server, request: BackgroundRequest) -> BucketSpec:
    """The bucket that a request is about; NotFoundError if the storage has gone since."""
    async with server.database.reading() as db:
        return await spec_of(server.config, db, request.payload[STORAGE])


def within(spec: BucketSpec, name: str) -> str:
    """The key of a file of that name: below the prefix that the storage has, if it has one."""
    name = name.lstrip("/")
    prefix = spec.attributes.get("prefix", "")
    return name if name.startswith(prefix) else f"{prefix}{name}"


async def take(context: Context, place: Place, location: Location) -> tuple[Path, dict[str, Any]]:
    """The file for a request to import: one that was uploaded, or where one will be fetched to.

    With it what the request has to note. RuleError where no file was uploaded.
    """
    if location.storage_id is None or location.filename is None:
        return await uploads.take(context, place, location.filename), {}
    name = staging.accepted(PurePosixPath(location.filename).name)
    path = context.config.uploads / staging.TAKEN / uuid.uuid4().hex / name
    return path, {**location.payload, KEY: location.filename}


async def bring(server: Server, request: BackgroundRequest) -> None:
    """Fetch the file that a request imports; done already where an earlier run got so far.

    MediaError or NotFoundError where the bucket does not give it.
    """
    if STORAGE not in request.payload:
        return
    path = file_of(server, request)
    if await asyncio.to_thread(path.is_file):
        return
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        spec = await spec_for(server, request)
        key = within(spec, request.payload[KEY])
        await download(open_bucket(spec), key, part, server.config.max_upload_bytes)
    except BucketError as error:
        raise MediaError(str(error)) from error
    await asyncio.to_thread(part.replace, path)
