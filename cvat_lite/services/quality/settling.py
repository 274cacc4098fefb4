"""Settings of quality come with the first look at them, with their base requirement."""

from __future__ import annotations

from cvat_lite.services.context import Context
from cvat_lite.store import quality as store
from cvat_lite.store import quality_requirements as requirements


async def settle(context: Context) -> None:
    """See that all tasks and projects have settings, and all settings their base requirement."""
    async with context.database.reading() as db:
        if await store.settled(db) and await requirements.settled(db):
            return
    async with context.database.writing() as db:
        await store.settle(db)
        await requirements.settle(db)
