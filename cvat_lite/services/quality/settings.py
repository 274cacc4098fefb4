"""How work is judged: the settings of tasks and projects."""

from __future__ import annotations

from typing import Any

from cvat_lite.errors import NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import targets
from cvat_lite.services.context import Context
from cvat_lite.services.quality import requirements, settling
from cvat_lite.store import jobs as job_store
from cvat_lite.store import quality as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the settings that the asker may see."""
    subject = context.subject
    engine.authorize(subject, "list", Resource.here(subject, "quality_settings"))
    await settling.settle(context.database)
    selection = select(store.COLLECTION, query, engine.visible(subject, "quality_settings"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
        known = await requirements.of_settings(db, [one["id"] for one in found])
    return count, [{**one, "requirements": known[one["id"]]} for one in found], selection


async def require(db: Connection, context: Context, scope: str, number: int) -> dict[str, Any]:
    """The settings, if the asker may do that to them; NotFoundError or ForbiddenError otherwise."""
    found = await store.get(db, number)
    if found is None:
        raise NotFoundError.of("QualitySettings")
    kind = "tasks" if found["task_id"] is not None else "projects"
    target = await targets.find(db, context, kind, found["task_id"] or found["project_id"])
    asked = targets.as_part(target.resource, "quality_settings")
    engine.authorize(context.subject, scope, asked)
    return found


async def retrieve(context: Context, number: int) -> dict[str, Any]:
    """Settings as the API shows them."""
    await settling.settle(context.database)
    async with context.database.snapshot() as db:
        return await _view(db, await require(db, context, "view", number))


async def update(context: Context, number: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change settings; reports that have been made stay as they are.

    ``requirements`` take the place of all that there are but the base.
    """
    if body.get("job_filter"):
        select(job_store.COLLECTION, ListQuery(filter=body["job_filter"]))
    await settling.settle(context.database)
    async with context.database.writing() as db:
        found = await require(db, context, "update", number)
        await store.update(db, number, body)
        if "requirements" in body:
            await requirements.put_all(db, found, body["requirements"])
        return await _view(db, await store.get(db, number) or found)


async def _view(db: Connection, found: dict[str, Any]) -> dict[str, Any]:
    known = await requirements.of_settings(db, [found["id"]])
    return {**found, "requirements": known[found["id"]]}
