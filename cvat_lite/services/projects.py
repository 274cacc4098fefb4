"""Projects: made, listed, changed and removed with their tasks."""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.errors import ForbiddenError, NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import data, events, labels, targets, transfers
from cvat_lite.services.context import Context
from cvat_lite.services.data import Made, Media
from cvat_lite.services.events import Place
from cvat_lite.services.tasks import (
    check_people,
    check_storage,
    discard_uploads,
    remove_media,
    storage_view,
)
from cvat_lite.services.views import basic_user
from cvat_lite.store import data as data_store
from cvat_lite.store import projects as store
from cvat_lite.store import tasks as task_store
from cvat_lite.store import transfers as transfer_store
from cvat_lite.store import uploads as upload_store
from cvat_lite.store import webhooks as webhook_store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.projects import Project

#: What each field of a change asks permission for. Giving a project away to another organization
#: takes it from where it is, which is as much as deleting it there.
SCOPES = {
    "name": "update:desc",
    "bug_tracker": "update:desc",
    "labels": "update:desc",
    "owner_id": "update:owner",
    "assignee_id": "update:assignee",
    "organization_id": "delete",
    "source_storage": "update:associated_storage",
    "target_storage": "update:associated_storage",
}


def view(context: Context, project: Project) -> dict[str, Any]:
    """A project on the wire."""
    return {
        "url": context.link(f"/api/projects/{project.id}"),
        "id": project.id,
        "name": project.name,
        "owner": basic_user(
            context,
            project.owner_id,
            project.owner_username,
            project.owner_first_name,
            project.owner_last_name,
        ),
        "assignee": basic_user(
            context,
            project.assignee_id,
            project.assignee_username,
            project.assignee_first_name,
            project.assignee_last_name,
        ),
        "guide_id": project.guide_id,
        "bug_tracker": project.bug_tracker,
        "created_date": project.created_date,
        "updated_date": project.updated_date,
        "status": project.status,
        "dimension": project.dimension,
        "organization": project.organization_id,
        "organization_id": project.organization_id,
        "target_storage": storage_view(
            project.target_storage_id, project.target_location, project.target_cloud_storage_id
        ),
        "source_storage": storage_view(
            project.source_storage_id, project.source_location, project.source_cloud_storage_id
        ),
        "tasks": {
            "count": project.tasks,
            "url": context.link(f"/api/tasks?project_id={project.id}"),
        },
        "labels": {"url": context.link(f"/api/labels?project_id={project.id}")},
        "assignee_updated_date": project.assignee_updated_date,
        "task_subsets": orjson.loads(project.task_subsets),
    }


async def list_page(
    context: Context, query: ListQuery, *, names_only: bool = False
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the projects that the asker may see; ``names_only`` leaves id and name."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "projects"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "projects"))
    async with context.database.reading() as db:
        if names_only:
            count, names = await store.page_of_names(db, selection)
            return count, [{"id": number, "name": name} for number, name in names], selection
        count, found = await store.page(db, selection)
    return count, [view(context, project) for project in found], selection


async def retrieve(context: Context, project_id: int) -> dict[str, Any]:
    """A project as the API shows it."""
    async with context.database.snapshot() as db:
        await targets.require(db, context, "projects", project_id, "view")
        return await shown(context, db, project_id)


async def shown(context: Context, db: Connection, project_id: int) -> dict[str, Any]:
    """The project on the wire; NotFoundError if it has gone."""
    project = await store.get(db, project_id)
    if project is None:
        raise NotFoundError.of("Project")
    return view(context, project)


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Make a project without tasks, with its labels."""
    engine.authorize(context.subject, "create", Resource.here(context.subject, "projects"))
    organization_id = context.organization_id
    async with context.database.writing() as db:
        await check_people(context, db, body, organization_id)
        now = clock.now()
        project_id = await store.insert(
            db,
            {
                "name": body["name"],
                "owner_id": body.get("owner_id") or context.user.id,
                "assignee_id": body.get("assignee_id"),
                "assignee_updated_date": now if body.get("assignee_id") else None,
                "bug_tracker": body.get("bug_tracker", ""),
                "organization_id": organization_id,
                "created_date": now,
                "updated_date": now,
            },
        )
        await labels.give(context, db, {"project_id": project_id}, body.get("labels", ()))
        await set_storages(context, db, project_id, body)
        made = await shown(context, db, project_id)
        place = Place(organization_id, project_id)
        name = made["name"]
        await events.record(
            db, context, "create:project", project_id, place=place, shape=made, obj_name=name
        )
        return made


async def set_storages(
    context: Context, db: Connection, project_id: int, body: dict[str, Any]
) -> None:
    """Remember where the project's exports go and imports come from."""
    for name in ("source_storage", "target_storage"):
        if name in body:
            await check_storage(context, db, body[name])
            await task_store.set_storage(db, "projects", project_id, f"{name}_id", body[name])


async def update(context: Context, project_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change a project; each field asks for its own permission.

    Changed labels are those of the project's tasks at once: they have none of their own.
    """
    if not body.keys() <= SCOPES.keys():
        raise ForbiddenError("Attempted to update an unknown field")
    scopes = sorted({SCOPES[name] for name in body}) or ["update:desc"]
    async with context.database.writing() as db:
        target = await targets.require(db, context, "projects", project_id, *scopes)
        before = await shown(context, db, project_id)
        organization_id = await transfers.destination(
            context, db, "projects", target.organization_id, body
        )
        if organization_id != target.organization_id:
            await transfer_store.move_project(db, project_id, organization_id)
        await check_people(context, db, body, organization_id)
        now = clock.now()
        values: dict[str, Any] = {
            name: body[name] for name in ("name", "bug_tracker") if name in body
        }
        if body.get("owner_id") is not None:
            values["owner_id"] = body["owner_id"]
        if "assignee_id" in body:
            values["assignee_id"] = body["assignee_id"]
            values["assignee_updated_date"] = now
        await labels.apply(context, db, {"project_id": project_id}, body.get("labels", ()))
        await set_storages(context, db, project_id, body)
        await store.update(db, project_id, {**values, "updated_date": now})
        after = await shown(context, db, project_id)
        place = Place(organization_id, project_id)
        await events.record_changes(
            db, context, "update:project", project_id, before, after, place=place
        )
        return after


async def destroy(context: Context, project_id: int) -> None:
    """Remove a project with its tasks, their annotations and media."""
    async with context.database.writing() as db:
        target = await targets.require(db, context, "projects", project_id, "delete")
        gone = await shown(context, db, project_id)
        uploaded = await upload_store.places_around(db, project_id=project_id)
        place = Place(target.organization_id, project_id)
        name = gone["name"]
        await events.record(
            db, context, "delete:project", project_id, place=place, shape=gone, obj_name=name
        )
        await webhook_store.outlive(db, project_id)
        held = await store.delete(db, project_id)
    await discard_uploads(context.server, uploaded)
    for data_id in held:
        await remove_media(context.server, data_id)


async def preview(context: Context, project_id: int) -> Made | None:
    """The preview of the first task that has media; None where no task has."""
    async with context.database.snapshot() as db:
        await targets.require(db, context, "projects", project_id, "view")
        for member in await store.members(db, project_id):
            found = await data_store.get(db, member.data_id)
            whole = Media(found, range(found.size)) if found is not None else None
            made = await data.preview_of(context.server, db, whole) if whole else None
            if made is not None:
                return made
        return None
