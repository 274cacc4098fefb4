"""Annotation guides: written, changed, removed, together with the assets that they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import asset_files, events, targets
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.targets import Target
from cvat_lite.store import assets as asset_store
from cvat_lite.store import guides as store
from cvat_lite.store.database import Connection
from cvat_lite.store.guides import Guide

KINDS = {"task_id": "tasks", "project_id": "projects"}
MODELS = {"task_id": "Task", "project_id": "Project"}


def view(guide: Guide) -> dict[str, Any]:
    """A guide on the wire."""
    return {
        "id": guide.id,
        "task_id": guide.task_id,
        "project_id": guide.project_id,
        "created_date": guide.created_date,
        "updated_date": guide.updated_date,
        "markdown": guide.markdown,
    }


def resource(target: Target, *, has_job: bool = False) -> Resource:
    """The guide of a task or project as permissions see it."""
    found = {f"target:{name}" for name in target.resource.ownerships & {"owner", "assignee"}}
    if has_job:
        found.add("job:assignee")
    own = target.resource
    return Resource("guides", own.organization_id, frozenset(found), own.role)


def place_of(target: Target) -> Place:
    """Where in the tree of work the guide of a task or project is."""
    return Place(target.organization_id, target.project_id, target.task_id)


async def require(
    db: Connection, context: Context, scope: str, guide_id: int
) -> tuple[Guide, Target]:
    """The guide and its task or project, if the asker may do that to it.

    NotFoundError or ForbiddenError otherwise.
    """
    guide = await store.get(db, guide_id)
    if guide is None:
        raise NotFoundError.of("AnnotationGuide")
    column = "task_id" if guide.task_id is not None else "project_id"
    target = await targets.find(db, context, KINDS[column], getattr(guide, column))
    has_job = await store.has_job(db, guide_id, context.subject.user_id)
    engine.authorize(context.subject, scope, resource(target, has_job=has_job))
    return guide, target


async def retrieve(context: Context, guide_id: int) -> dict[str, Any]:
    """A guide as the API shows it."""
    async with context.database.snapshot() as db:
        guide, _ = await require(db, context, "view", guide_id)
    return view(guide)


def named_target(body: dict[str, Any]) -> tuple[str, int]:
    """The column and the id of what a new guide is for; RuleError unless it is one thing."""
    named = [(name, body[name]) for name in KINDS if body.get(name) is not None]
    if not named:
        raise RuleError("One of project_id or task_id must be specified")
    if len(named) > 1:
        raise RuleError("Both project_id and task_id must not be specified")
    return named[0]


async def require_target(db: Connection, context: Context, column: str, number: int) -> Target:
    """The task or project to write a guide for, if the asker may."""
    try:
        target = await targets.find(db, context, KINDS[column], number)
    except NotFoundError:
        raise RuleError(f"{MODELS[column]} matching query does not exist.") from None
    engine.authorize(context.subject, "create", resource(target))
    return target


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Write the guide of a task or project."""
    column, number = named_target(body)
    async with context.database.snapshot() as db:
        await require_target(db, context, column, number)
        shown = await shown_assets(db, context, body.get("markdown", ""))
    async with asset_files.copied(context, shown) as copies:
        async with context.database.writing() as db:
            target = await require_target(db, context, column, number)
            if await store.of_target(db, column, number) is not None:
                raise RuleError(f"The {MODELS[column].lower()} has an annotation guide already.")
            markdown = copies.in_text(body.get("markdown", ""))
            guide_id = await store.insert(db, {column: number, "markdown": markdown})
            await copies.insert(db, guide_id)
            made = await get(db, guide_id)
            await store.touch_target(db, made)
            await events.record(
                db, context, "create:annotationguide", guide_id, place=place_of(target)
            )
        copies.keep()
    return view(made)


async def get(db: Connection, guide_id: int) -> Guide:
    """The guide; NotFoundError if it has gone."""
    guide = await store.get(db, guide_id)
    if guide is None:
        raise NotFoundError.of("AnnotationGuide")
    return guide


async def shown_assets(db: Connection, context: Context, markdown: str) -> list[asset_store.Asset]:
    """The assets that a text shows; ForbiddenError for one of a guide that the asker may not see.

    What is not, or no longer, an asset is passed over: it is shown as a broken picture.
    """
    found = []
    for uuid in asset_files.references(markdown):
        asset = await asset_store.get(db, uuid)
        if asset is not None:
            await require(db, context, "view", asset.guide_id)
            found.append(asset)
    return found


async def update(context: Context, guide_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change the text of a guide.

    Assets of other guides that the text shows are copied to this one, and the own ones that it
    shows no more are removed.
    """
    async with context.database.snapshot() as db:
        guide, _ = await require(db, context, "update", guide_id)
        check_target(guide, body)
        if "markdown" not in body:
            return view(guide)
        shown = await shown_assets(db, context, body["markdown"])
    foreign = [asset for asset in shown if asset.guide_id != guide_id]
    async with asset_files.copied(context, foreign) as copies:
        async with context.database.writing() as db:
            guide, target = await require(db, context, "update", guide_id)
            markdown = copies.in_text(body["markdown"])
            await copies.insert(db, guide_id)
            unused = await drop_unused(db, guide_id, markdown)
            await store.update(db, guide_id, {"markdown": markdown})
            changed = await get(db, guide_id)
            await store.touch_target(db, changed)
            await events.record(
                db, context, "update:annotationguide", guide_id, place=place_of(target)
            )
        copies.keep()
    await asset_files.remove_files(context.server, unused)
    return view(changed)


def check_target(guide: Guide, body: dict[str, Any]) -> None:
    """RuleError for a guide that should move: it stays with its task or project."""
    for name in KINDS:
        if name in body and body[name] != getattr(guide, name):
            raise RuleError("A guide cannot be moved to another task or project")


async def drop_unused(db: Connection, guide_id: int, markdown: str) -> Sequence[str]:
    """Remove the guide's assets that its text shows no more; answers their uuids."""
    used = asset_files.references(markdown)
    unused = [
        asset.uuid for asset in await asset_store.of_guide(db, guide_id) if asset.uuid not in used
    ]
    for uuid in unused:
        await asset_store.delete(db, uuid)
    return unused


async def destroy(context: Context, guide_id: int) -> None:
    """Remove a guide with its assets."""
    async with context.database.writing() as db:
        guide, target = await require(db, context, "delete", guide_id)
        gone = [asset.uuid for asset in await asset_store.of_guide(db, guide_id)]
        await store.delete(db, guide_id)
        await store.touch_target(db, guide)
        await events.record(db, context, "delete:annotationguide", guide_id, place=place_of(target))
    await asset_files.remove_files(context.server, gone)
