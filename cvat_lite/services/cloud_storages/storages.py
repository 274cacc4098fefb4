"""Cloud storages: made, listed, changed and removed; their buckets are asked before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import orjson

from cvat_lite.clients.buckets import open_bucket
from cvat_lite.domain.buckets import (
    BucketSpec,
    Credentials,
    CredentialsType,
    ProviderType,
    Status,
    parse_attributes,
)
from cvat_lite.errors import BucketError, BucketErrorKind, TextError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import events
from cvat_lite.services.cloud_storages.access import get, require, spec_from, spec_now
from cvat_lite.services.cloud_storages.sealing import seal
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.views import basic_user
from cvat_lite.store import cloud_storages as store
from cvat_lite.store.cloud_storages import CloudStorage
from cvat_lite.store.filters import ListQuery, Selection, select

SECRETS = tuple(field.name for field in fields(Credentials))
#: What a bucket is reached by: where any of it changes, the bucket is asked anew.
REACHED_BY = ("provider_type", "resource", "credentials_type", "specific_attributes", *SECRETS)
COLUMNS = (
    "provider_type",
    "resource",
    "display_name",
    "credentials_type",
    "specific_attributes",
    "description",
)
#: The credentials that each provider takes, and what each kind of them needs.
KINDS = {
    ProviderType.AWS_S3_BUCKET: (
        CredentialsType.KEY_SECRET_KEY_PAIR,
        CredentialsType.ANONYMOUS_ACCESS,
    ),
    ProviderType.GOOGLE_CLOUD_STORAGE: (
        CredentialsType.KEY_FILE_PATH,
        CredentialsType.ANONYMOUS_ACCESS,
    ),
    ProviderType.AZURE_CONTAINER: (
        CredentialsType.ACCOUNT_NAME_TOKEN_PAIR,
        CredentialsType.CONNECTION_STRING,
        CredentialsType.ANONYMOUS_ACCESS,
    ),
}
NEEDED = {
    CredentialsType.KEY_SECRET_KEY_PAIR: ("key", "secret_key"),
    CredentialsType.ACCOUNT_NAME_TOKEN_PAIR: ("account_name", "session_token"),
    CredentialsType.KEY_FILE_PATH: ("key_file",),
    CredentialsType.CONNECTION_STRING: ("connection_string",),
    CredentialsType.ANONYMOUS_ACCESS: (),
}
#: What is kept of credentials of a kind, beside what it needs.
KEPT = {
    CredentialsType.KEY_SECRET_KEY_PAIR: ("session_token",),
    CredentialsType.ANONYMOUS_ACCESS: ("account_name",),
}


def view(context: Context, storage: CloudStorage) -> dict[str, Any]:
    """A cloud storage on the wire; its credentials are never shown."""
    return {
        "id": storage.id,
        "owner": basic_user(
            context,
            storage.owner_id,
            storage.owner_username,
            storage.owner_first_name,
            storage.owner_last_name,
        ),
        "manifests": orjson.loads(storage.manifests),
        "created_date": storage.created_date,
        "updated_date": storage.updated_date,
        "provider_type": storage.provider_type,
        "resource": storage.resource,
        "display_name": storage.display_name,
        "credentials_type": storage.credentials_type,
        "specific_attributes": storage.specific_attributes,
        "description": storage.description,
        "organization": storage.organization_id,
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the cloud storages that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "cloudstorages"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "cloudstorages"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def retrieve(context: Context, storage_id: int) -> dict[str, Any]:
    """A cloud storage as the API shows it."""
    async with context.database.snapshot() as db:
        return view(context, await require(db, context, "view", storage_id))


def wrong(field: str, message: str) -> TextError:
    """What is wrong with a field, as CVAT tells it here: in plain words."""
    return TextError(f"{field}: {message}\n")


def credentials_of(body: Mapping[str, Any], kind: str, before: Credentials) -> Credentials:
    """The credentials of a kind: what the body gives, and what was there before."""
    kept = (*NEEDED[CredentialsType(kind)], *KEPT.get(CredentialsType(kind), ()))
    given = {name: body[name] for name in SECRETS if name in body}
    found = replace(before, **given)
    return Credentials(**{name: getattr(found, name) for name in kept})


def check_kind(spec: BucketSpec) -> None:
    """TextError where provider and credentials do not go together, or something is missing."""
    kind = CredentialsType(spec.credentials_type)
    if kind not in KINDS[ProviderType(spec.provider_type)]:
        raise wrong("credentials_type", f"{kind} is not for {spec.provider_type}.")
    for name in NEEDED[kind]:
        if not getattr(spec.credentials, name):
            raise wrong(name, "This field is required.")
    azure = spec.provider_type == ProviderType.AZURE_CONTAINER
    if azure and kind == CredentialsType.ANONYMOUS_ACCESS and not spec.credentials.account_name:
        raise wrong("account_name", "This field is required.")


async def check_bucket(spec: BucketSpec, manifests: Iterable[str]) -> None:
    """TextError if the bucket cannot be used, or a manifest is not in it."""
    field = "resource"
    try:
        bucket = open_bucket(spec)
        match await bucket.check():
            case Status.NOT_FOUND:
                message = f"The resource {spec.resource} not found. It may have been deleted."
                raise wrong(field, message)
            case Status.FORBIDDEN:
                raise wrong(field, f"Access to the resource {spec.resource} is denied.")
        field = "manifests"
        for name in manifests:
            await bucket.head(name)
    except BucketError as error:
        if field == "resource" and error.kind == BucketErrorKind.INVALID:
            field = "specific_attributes"
        raise wrong(field, str(error)) from error


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Make a cloud storage of a bucket that can be used; TextError where it cannot."""
    engine.authorize(context.subject, "create", Resource.here(context.subject, "cloudstorages"))
    spec = BucketSpec(
        body["provider_type"],
        body["resource"],
        body["credentials_type"],
        credentials_of(body, body["credentials_type"], Credentials()),
        parse_attributes(body.get("specific_attributes", "")),
        context.config.allow_private_addresses,
    )
    check_kind(spec)
    await check_bucket(spec, body.get("manifests", ()))
    values = {name: body[name] for name in COLUMNS if name in body}
    values["credentials"] = await asyncio.to_thread(seal, context.config, spec.credentials)
    values["owner_id"] = context.user.id
    values["organization_id"] = context.organization_id
    async with context.database.writing() as db:
        storage_id = await store.insert(db, values, body.get("manifests", ()))
        made = view(context, await get(db, storage_id))
        await events.record(
            db,
            context,
            "create:cloudstorage",
            storage_id,
            place=Place(context.organization_id),
            obj_name=made["display_name"],
        )
    return made


@dataclass(frozen=True, slots=True)
class Change:
    """What a change comes to: columns, manifests (None: as they are), and whom to ask."""

    values: dict[str, Any]
    manifests: list[str] | None
    asked: BucketSpec | None
    added: tuple[str, ...]


def change_of(context: Context, storage: CloudStorage, body: dict[str, Any]) -> Change:
    """What a body changes of a cloud storage; TextError where it does not fit together."""
    values = {name: body[name] for name in COLUMNS if name in body}
    manifests = body.get("manifests")
    known = orjson.loads(storage.manifests)
    reached = any(
        name in body and (name in SECRETS or body[name] != getattr(storage, name))
        for name in REACHED_BY
    )
    added = tuple(manifests or ()) if reached else tuple(set(manifests or ()) - set(known))
    if not reached:
        asked = spec_now(context.config, storage) if added else None
        return Change(values, manifests, asked, added)
    kind = body.get("credentials_type", storage.credentials_type)
    try:
        before = spec_from(context.config, storage)
    except BucketError:
        # The key is lost: credentials that are entered anew need none of the old ones.
        before = BucketSpec(storage.provider_type, storage.resource, storage.credentials_type)
    spec = replace(
        before,
        provider_type=body.get("provider_type", storage.provider_type),
        resource=body.get("resource", storage.resource),
        credentials_type=kind,
        credentials=credentials_of(body, kind, before.credentials),
        attributes=parse_attributes(body.get("specific_attributes", storage.specific_attributes)),
        allow_private=context.config.allow_private_addresses,
    )
    check_kind(spec)
    values["credentials"] = seal(context.config, spec.credentials)
    return Change(values, manifests, spec, added)


async def update(context: Context, storage_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change a cloud storage; the bucket is asked if it is to be reached in another way.

    Credentials that the body leaves out stay as they are, and so do manifests.
    """
    async with context.database.snapshot() as db:
        storage = await require(db, context, "update", storage_id)
    change = await asyncio.to_thread(change_of, context, storage, body)
    if change.asked is not None:
        await check_bucket(change.asked, change.added)
    async with context.database.writing() as db:
        storage = await require(db, context, "update", storage_id)
        await store.update(db, storage_id, change.values)
        if change.manifests is not None:
            await store.set_manifests(db, storage_id, change.manifests)
        before, after = view(context, storage), view(context, await get(db, storage_id))
        await events.record_changes(
            db,
            context,
            "update:cloudstorage",
            storage_id,
            before,
            after,
            place=Place(storage.organization_id),
        )
    return after


async def destroy(context: Context, storage_id: int) -> None:
    """Forget a bucket; nothing in it changes."""
    async with context.database.writing() as db:
        storage = await require(db, context, "delete", storage_id)
        await store.delete(db, storage_id)
        await events.record(
            db,
            context,
            "delete:cloudstorage",
            storage_id,
            place=Place(storage.organization_id),
            obj_name=storage.display_name,
        )
    await asyncio.to_thread(context.server.cache.remove, f"cloud_storages/{storage_id}")
