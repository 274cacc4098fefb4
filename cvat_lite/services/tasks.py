"""Tasks: made, listed, changed and removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import Dimension, LabelType
from cvat_lite.domain.labels import Label
from cvat_lite.errors import ForbiddenError, NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.permissions.rules import Role
from cvat_lite.services import events, keeping, labels, targets, transfers, uploads
from cvat_lite.services.cloud_storages.access import require_named
from cvat_lite.services.context import Context, Server
from cvat_lite.services.events import Place
from cvat_lite.services.views import basic_user
from cvat_lite.store import labels as label_store
from cvat_lite.store import organizations, rows, users
from cvat_lite.store import tasks as store
from cvat_lite.store import transfers as transfer_store
from cvat_lite.store import uploads as upload_store
from cvat_lite.store.annotations.relabel import relabel
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.tasks import Task

#: What each field of a change asks permission for.
SCOPES = {
    "name": "update:desc",
    "bug_tracker": "update:desc",
    "subset": "update:desc",
    "labels": "update:desc",
    "owner_id": "update:owner",
    "assignee_id": "update:assignee",
    "project_id": "update:project",
    "organization_id": "delete",
    "source_storage": "update:associated_storage",
    "target_storage": "update:associated_storage",
}


def view(context: Context, task: Task) -> dict[str, Any]:
    """A task on the wire."""
    shown: dict[str, Any] = {
        "url": context.link(f"/api/tasks/{task.id}"),
        "id": task.id,
        "name": task.name,
        "project_id": task.project_id,
        "project_name": task.project_name,
        "owner": basic_user(
            context,
            task.owner_id,
            task.owner_username,
            task.owner_first_name,
            task.owner_last_name,
        ),
        "assignee": basic_user(
            context,
            task.assignee_id,
            task.assignee_username,
            task.assignee_first_name,
            task.assignee_last_name,
        ),
        "bug_tracker": task.bug_tracker,
        "created_date": task.created_date,
        "updated_date": task.updated_date,
        "overlap": task.overlap,
        "segment_size": task.segment_size,
        "status": task.status,
        "guide_id": task.guide_id,
        "data": task.data_id,
        "dimension": task.dimension,
        "mode": task.mode,
        "media_type": task.media_type,
        "subset": task.subset,
        "organization_id": task.organization_id,
        "organization": task.organization_id,
        "target_storage": storage_view(
            task.target_storage_id, task.target_location, task.target_cloud_storage_id
        ),
        "source_storage": storage_view(
            task.source_storage_id, task.source_location, task.source_cloud_storage_id
        ),
        "jobs": {
            "count": task.jobs,
            "completed": task.completed,
            "validation": task.validation,
            "url": context.link(f"/api/jobs?task_id={task.id}"),
        },
        "labels": {"url": context.link(f"/api/labels?task_id={task.id}")},
        "assignee_updated_date": task.assignee_updated_date,
        "validation_mode": task.validation_mode,
        "consensus_enabled": task.consensus_replicas > 0,
    }
    if task.data_id is not None:
        shown["data_cloud_storage_id"] = task.data_cloud_storage_id
        shown["size"] = task.size
        if task.size:
            shown["data_chunk_size"] = task.chunk_size
            shown["data_original_chunk_type"] = task.original_chunk_type
            shown["data_compressed_chunk_type"] = task.compressed_chunk_type
            if task.dimension != Dimension.D1:
                shown["image_quality"] = task.image_quality
    return shown


def storage_view(
    number: int | None, location: str | None, cloud_storage_id: int | None
) -> dict[str, Any] | None:
    """A source or target storage on the wire."""
    if number is None:
        return None
    return {"id": number, "location": location, "cloud_storage_id": cloud_storage_id}


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the tasks that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "tasks"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "tasks"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, task) for task in found], selection


async def retrieve(context: Context, task_id: int) -> dict[str, Any]:
    """A task as the API shows it."""
    async with context.database.snapshot() as db:
        await targets.require(db, context, "tasks", task_id, "view")
        return await shown(context, db, task_id)


async def shown(context: Context, db: Connection, task_id: int) -> dict[str, Any]:
    """The task on the wire; NotFoundError if it has gone."""
    task = await store.get(db, task_id)
    if task is None:
        raise NotFoundError.of("Task")
    return view(context, task)


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Make a task without data; its labels, or its project's, with it."""
    project_id = body.get("project_id")
    if project_id is not None and body.get("labels"):
        raise RuleError("Task must have only one of Label set or project_id")
    async with context.database.writing() as db:
        organization_id = await may_create(context, db, project_id)
        await check_people(context, db, body, organization_id)
        now = clock.now()
        task_id = await store.insert(
            db,
            {
                "name": body["name"],
                "project_id": project_id,
                "owner_id": body.get("owner_id") or context.user.id,
                "assignee_id": body.get("assignee_id"),
                "assignee_updated_date": now if body.get("assignee_id") else None,
                "bug_tracker": body.get("bug_tracker", ""),
                "overlap": body.get("overlap"),
                "segment_size": body.get("segment_size", 0),
                "subset": body.get("subset", ""),
                "consensus_replicas": body.get("consensus_replicas", 0),
                "organization_id": organization_id,
                "created_date": now,
                "updated_date": now,
            },
        )
        await labels.give(context, db, {"task_id": task_id}, body.get("labels", ()))
        await set_storages(context, db, task_id, body)
        if project_id is not None:
            await rows.update(db, "projects", project_id, {"updated_date": now})
        made = await shown(context, db, task_id)
        place = Place(organization_id, project_id, task_id)
        name = made["name"]
        await events.record(
            db, context, "create:task", task_id, place=place, shape=made, obj_name=name
        )
        return made


async def may_create(context: Context, db: Connection, project_id: int | None) -> int | None:
    """Ask for the right to make a task; answers the organization it will be in."""
    if project_id is None:
        engine.authorize(context.subject, "create", Resource.here(context.subject, "tasks"))
        return context.organization_id
    try:
        project = await targets.find(db, context, "projects", project_id)
    except NotFoundError:
        raise RuleError("Project matching query does not exist.") from None
    place = targets.as_part(project.resource, "tasks")
    mine = frozenset(f"project:{name}" for name in place.ownerships)
    engine.authorize(
        context.subject,
        "create@project",
        Resource("tasks", place.organization_id, mine, place.role),
    )
    return project.organization_id


async def check_people(
    context: Context, db: Connection, body: dict[str, Any], organization_id: int | None
) -> None:
    """Whoever is made owner or assignee must be somebody that the asker may see."""
    for name in ("owner_id", "assignee_id"):
        user_id = body.get(name)
        if user_id is None or user_id == context.user.id:
            continue
        await may_name(context, db, user_id, organization_id)


async def may_name(
    context: Context, db: Connection, user_id: int, organization_id: int | None
) -> None:
    """ForbiddenError unless the asker may see that user, as an administrator or a fellow member."""
    user = await users.get(db, user_id)
    membership = None
    if organization_id is not None and user is not None:
        membership = await organizations.belonging(db, "id", organization_id, user_id)
    role = Role.named(membership.role) if membership and membership.role else None
    own = (
        await organizations.belonging(db, "id", organization_id, context.user.id)
        if (organization_id is not None)
        else None
    )
    asked = Resource(
        "users",
        organization_id,
        role=Role.named(own.role) if own and own.role else None,
        target_role=role,
    )
    engine.authorize(context.subject, "view", asked)
    if user is None:
        raise ForbiddenError


async def set_storages(
    context: Context, db: Connection, task_id: int, body: dict[str, Any]
) -> None:
    """Remember where the task's exports go and imports come from."""
    for name in ("source_storage", "target_storage"):
        if name in body:
            storage = body[name]
            await check_storage(context, db, storage)
            await store.set_storage(db, "tasks", task_id, f"{name}_id", storage)


async def check_storage(context: Context, db: Connection, storage: dict[str, Any] | None) -> None:
    """RuleError for a cloud storage that is not there, ForbiddenError for one of others."""
    if storage and storage.get("cloud_storage_id") is not None:
        await require_named(db, context, storage["cloud_storage_id"])


async def update(context: Context, task_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change a task; each field asks for its own permission."""
    if not body.keys() <= SCOPES.keys():
        raise ForbiddenError("Attempted to update an unknown field")
    scopes = sorted({SCOPES[name] for name in body})
    async with context.database.writing() as db:
        target = await targets.require(db, context, "tasks", task_id, *(scopes or ["update:desc"]))
        before = await shown(context, db, task_id)
        organization_id = await transfers.destination(
            context, db, "tasks", target.organization_id, body
        )
        if organization_id != target.organization_id:
            if target.project_id is not None:
                raise RuleError("A task is in the organization of its project")
            await transfer_store.move_task(db, task_id, organization_id)
        await check_people(context, db, body, organization_id)
        now = clock.now()
        values: dict[str, Any] = {
            name: body[name] for name in ("name", "bug_tracker", "subset") if name in body
        }
        if body.get("owner_id") is not None:
            values["owner_id"] = body["owner_id"]
        if "assignee_id" in body:
            values["assignee_id"] = body["assignee_id"]
            values["assignee_updated_date"] = now
        if "labels" in body:
            if target.project_id is not None:
                raise RuleError("Task must have only one of Label set or project_id")
            await labels.apply(context, db, {"task_id": task_id}, body["labels"])
        if body.get("project_id", target.project_id) != target.project_id:
            values |= await move(context, db, target, body["project_id"])
        await set_storages(context, db, task_id, body)
        await store.update(db, task_id, {**values, "updated_date": now})
        after = await shown(context, db, task_id)
        place = Place(organization_id, after["project_id"], task_id)
        await events.record_changes(db, context, "update:task", task_id, before, after, place=place)
        return after


async def move(
    context: Context, db: Connection, target: targets.Target, project_id: int | None
) -> dict[str, Any]:
    """Move a task into a project, whose labels of the same names its annotations then have."""
    if project_id is None:
        raise RuleError("A task cannot be taken out of its project")
    if target.project_id is not None:
        raise RuleError("A task that is in a project cannot be moved to another")
    await may_create(context, db, project_id)
    project = await targets.find(db, context, "projects", project_id)
    if project.organization_id != target.organization_id:
        raise RuleError("The task and the project must be in the same organization")
    pairs = paired(
        await label_store.of_task(db, target.id), await label_store.of_project(db, project_id)
    )
    await relabel(db, target.id, pairs)
    await rows.update(db, "projects", project_id, {"updated_date": clock.now()})
    return {"project_id": project_id}


def paired(mine: Sequence[Label], theirs: Sequence[Label]) -> list[tuple[Label, Label]]:
    """The labels of a task, each with its project's of the same name.

    RuleError where there is none, or where a skeleton would not keep its points.
    """
    named = {label.name: label for label in theirs}
    pairs = []
    for label in mine:
        other = named.get(label.name)
        if other is None:
            raise RuleError(f"Target project does not have label with name '{label.name}'")
        if LabelType.SKELETON in (label.type, other.type) and bones(label) != bones(other):
            raise RuleError(
                f"The skeleton '{label.name}' of the target project has other sublabels"
            )
        pairs.append((label, other))
    return pairs


def bones(label: Label) -> tuple[LabelType, set[str]]:
    """What skeletons must share for the annotations of one to be those of the other."""
    return label.type, {sublabel.name for sublabel in label.sublabels}


async def destroy(context: Context, task_id: int) -> None:
    """Remove a task with its jobs, annotations and media."""
    async with context.database.writing() as db:
        target = await targets.require(db, context, "tasks", task_id, "delete")
        gone = await shown(context, db, task_id)
        uploaded = await upload_store.places_around(db, task_id=task_id)
        data_id = await store.delete(db, task_id)
        place = Place(target.organization_id, target.project_id, task_id)
        name = gone["name"]
        await events.record(
            db, context, "delete:task", task_id, place=place, shape=gone, obj_name=name
        )
    await discard_uploads(context.server, uploaded)
    await remove_media(context.server, data_id)


async def discard_uploads(server: Server, places: Sequence[tuple[str, int]]) -> None:
    """Remove what was still being sent to what is no longer there."""
    for target, number in places:
        await uploads.discard(server, uploads.Place(target, number))


async def remove_media(server: Server, data_id: int | None) -> None:
    """Remove the files of a data that no task has any more, unless a snapshot names it."""
    if data_id is None:
        return
    server.cache.remove(str(data_id))
    await keeping.remove_media(server.config, server.keeping, (data_id,))
