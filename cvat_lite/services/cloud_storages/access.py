"""A cloud storage as something that can be opened: who may, and with what."""

from __future__ import annotations

from cvat_lite.config import Config
from cvat_lite.domain.buckets import BucketSpec, parse_attributes
from cvat_lite.errors import (
    ApiError,
    BucketError,
    BucketErrorKind,
    ForbiddenError,
    NotFoundError,
    RuleError,
)
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role
from cvat_lite.services.cloud_storages.sealing import unseal
from cvat_lite.services.context import Context
from cvat_lite.store import cloud_storages as store
from cvat_lite.store import memberships
from cvat_lite.store.cloud_storages import CloudStorage
from cvat_lite.store.database import Connection


async def require(db: Connection, context: Context, scope: str, storage_id: int) -> CloudStorage:
    """The cloud storage, if the asker may do that to it; NotFoundError or ForbiddenError."""
    storage = await get(db, storage_id)
    user_id = context.subject.user_id
    role = None
    if storage.organization_id is not None:
        role = (await memberships.roles(db, user_id)).get(storage.organization_id)
    resource = Resource(
        "cloudstorages",
        storage.organization_id,
        ownerships(user_id, {"owner": storage.owner_id}),
        Role.named(role) if role else None,
    )
    engine.authorize(context.subject, scope, resource)
    return storage


async def get(db: Connection, storage_id: int) -> CloudStorage:
    """The cloud storage; NotFoundError if there is none."""
    storage = await store.get(db, storage_id)
    if storage is None:
        raise NotFoundError.of("CloudStorage")
    return storage


async def may_use(context: Context, storage_id: int | None, scope: str = "list:content") -> None:
    """Ask whether the asker may use a storage for files of a task; none is always allowed.

    RuleError where there is no such storage: it is a value of a body, not the object of a call.
    """
    if storage_id is None:
        return
    async with context.database.snapshot() as db:
        await require_named(db, context, storage_id, scope)


async def require_named(
    db: Connection, context: Context, storage_id: int, scope: str = "view"
) -> CloudStorage:
    """``require`` for a storage that a body or a query names."""
    try:
        return await require(db, context, scope, storage_id)
    except NotFoundError:
        raise RuleError("CloudStorage matching query does not exist.") from None


async def spec_for_reading(
    context: Context, storage_id: int, scope: str = "list:content"
) -> BucketSpec:
    """The bucket of a cloud storage, if the asker may see what is in it.

    NotFoundError, ForbiddenError, or RuleError if the credentials cannot be read any more.
    """
    async with context.database.snapshot() as db:
        storage = await require(db, context, scope, storage_id)
    return spec_now(context.config, storage)


def spec_now(config: Config, storage: CloudStorage) -> BucketSpec:
    """``spec_from`` for an answer: what is wrong with the credentials is a RuleError."""
    try:
        return spec_from(config, storage)
    except BucketError as error:
        raise as_api_error(error) from error


async def spec_of(config: Config, db: Connection, storage_id: int) -> BucketSpec:
    """The bucket of a cloud storage, for work that was granted before; nobody is asked.

    NotFoundError if the storage has gone, BucketError if its credentials cannot be read.
    """
    return spec_from(config, await get(db, storage_id))


def spec_from(config: Config, storage: CloudStorage) -> BucketSpec:
    """The bucket of a row; BucketError if its credentials cannot be read."""
    return BucketSpec(
        provider_type=storage.provider_type,
        resource=storage.resource,
        credentials_type=storage.credentials_type,
        credentials=unseal(config, storage.credentials, storage.credentials_type),
        attributes=parse_attributes(storage.specific_attributes),
        allow_private=config.allow_private_addresses,
    )


def as_api_error(error: BucketError) -> ApiError:
    """What a caller is answered; a bucket that does not answer is told as a wrong request.

    So does CVAT, and clients that try again by themselves would not make it answer.
    """
    match error.kind:
        case BucketErrorKind.NOT_FOUND:
            return NotFoundError(str(error))
        case BucketErrorKind.FORBIDDEN:
            return ForbiddenError(str(error))
    return RuleError(str(error))
