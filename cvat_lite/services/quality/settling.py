"""Settings of quality come with the first look at them, with their base requirement."""

from __future__ import annotations

from cvat_lite.store import quality as store
from cvat_lite.store import quality_requirements as requirements
from cvat_lite.store.database import Database


async def settle(database: Database) -> None:
    """See that all tasks and projects have settings, and all settings their base requirement."""
    async with database.reading() as db:
        if await store.settled(db) and await requirements.settled(db):
            return
    async with database.writing() as db:
        await store.settle(db)
        await requirements.settle(db)
