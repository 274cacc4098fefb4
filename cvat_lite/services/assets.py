"""Assets: shown with their guide, added to it and taken from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.services import asset_files, events, guides
from cvat_lite.services.asset_files import Upload
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import assets as store
from cvat_lite.store import guides as guide_store
from cvat_lite.store.assets import Asset
from cvat_lite.store.database import Connection


def view(context: Context, asset: Asset) -> dict[str, Any]:
    """An asset on the wire."""
    return {
        "uuid": asset.uuid,
        "filename": asset.filename,
        "created_date": asset.created_date,
        "owner": basic_user(
            context,
            asset.owner_id,
            asset.owner_username,
            asset.owner_first_name,
            asset.owner_last_name,
        ),
        "guide_id": asset.guide_id,
    }


async def require(
    db: Connection, context: Context, scope: str, uuid: str
) -> tuple[Asset, events.Place]:
    """The asset and where it is, if the asker may do that to its guide.

    Else NotFoundError or ForbiddenError.
    """
    asset = await store.get(db, uuid.lower())
    if asset is None:
        raise NotFoundError.of("Asset")
    _, target = await guides.require(db, context, scope, asset.guide_id)
    return asset, guides.place_of(target)


async def retrieve(context: Context, uuid: str) -> tuple[Path, str]:
    """The file of an asset and its type."""
    async with context.database.snapshot() as db:
        asset, _ = await require(db, context, "view", uuid)
    return asset_files.path_of(context.server, asset.uuid), asset.content_type


async def require_guide(db: Connection, context: Context, guide_id: int) -> events.Place:
    """Where the guide is; RuleError or ForbiddenError unless the asker may change such a guide."""
    if await guide_store.get(db, guide_id) is None:
        raise RuleError("AnnotationGuide matching query does not exist.")
    _, target = await guides.require(db, context, "update", guide_id)
    return guides.place_of(target)


async def create(context: Context, guide_id: int, upload: Upload) -> dict[str, Any]:
    """Give a received file to a guide; RuleError if it has too many then."""
    async with context.database.writing() as db:
        place = await require_guide(db, context, guide_id)
        asset_files.check_room(len(await store.of_guide(db, guide_id)) + 1)
        values = {
            "uuid": upload.uuid,
            "guide_id": guide_id,
            "owner_id": context.user.id,
            "filename": upload.filename,
            "content_type": upload.content_type,
        }
        await store.insert(db, values)
        made = await store.get(db, upload.uuid)
        await note(db, context, "create:asset", upload.uuid, upload.filename, place)
    if made is None:
        raise NotFoundError.of("Asset")
    return view(context, made)


async def destroy(context: Context, uuid: str) -> None:
    """Take an asset from its guide, whose text is left as it is."""
    async with context.database.writing() as db:
        asset, place = await require(db, context, "update", uuid)
        await store.delete(db, asset.uuid)
        await note(db, context, "delete:asset", asset.uuid, asset.filename, place)
    await asset_files.remove_files(context.server, [asset.uuid])


async def note(
    db: Connection, context: Context, scope: str, uuid: str, filename: str, place: events.Place
) -> None:
    """Record what happened to an asset; it has no number, so that the event tells its uuid."""
    await events.record(db, context, scope, place=place, payload={"uuid": uuid}, obj_name=filename)
