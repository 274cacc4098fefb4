"""What the web client has asked people: everybody's own answers, kept for them.

A server that works offline asks nobody for a star: ``github_prompt_enabled`` is always false.
"""

from __future__ import annotations

from typing import Any

from cvat_lite.errors import NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.services.context import Context
from cvat_lite.services.users import basic, resource
from cvat_lite.store import growth as store
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.growth import Growth


async def list_page(context: Context, query: ListQuery) -> tuple[int, list[Any], Selection]:
    """A page of the asker's answers: there is one row, and it is always there."""
    engine.authorize(context.subject, "view", resource(context, context.user.id))
    selection = select(store.COLLECTION, query, ("u.id = ?", (context.user.id,)))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, growth) for growth in found], selection


async def retrieve(context: Context, growth_id: int) -> dict[str, Any]:
    """The asker's answers; NotFoundError for anybody else's."""
    engine.authorize(context.subject, "view", resource(context, context.user.id))
    return await shown(context, growth_id)


async def update(context: Context, growth_id: int, changes: dict[str, bool]) -> dict[str, Any]:
    """Keep new answers of the asker; NotFoundError for anybody else's."""
    mine = resource(context, context.user.id)
    engine.authorize(context.subject, "update:personal_data", mine)
    if growth_id == context.user.id:
        async with context.database.writing() as db:
            await store.update(db, growth_id, changes)
    return await shown(context, growth_id)


async def shown(context: Context, growth_id: int) -> dict[str, Any]:
    """The answers on the wire."""
    async with context.database.reading() as db:
        growth = await store.get(db, growth_id)
    if growth is None or growth.id != context.user.id:
        raise NotFoundError.of("UserGrowthData")
    return view(context, growth)


def view(context: Context, growth: Growth) -> dict[str, Any]:
    """The asker's answers on the wire."""
    return {
        "id": growth.id,
        "owner": basic(context, context.user),
        "github_prompt_shown": growth.github_prompt_shown,
        "github_prompt_support_clicked": growth.github_prompt_support_clicked,
        "github_prompt_enabled": False,
        "promotion_notifications_allowed": growth.promotion_notifications_allowed,
    }
