"""Putting a project or task into another organization."""

from __future__ import annotations

from typing import Any

from cvat_lite.errors import RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.permissions.rules import Role
from cvat_lite.services.context import Context
from cvat_lite.store import organizations
from cvat_lite.store.database import Connection


async def destination(
    context: Context,
    db: Connection,
    namespace: str,
    current: int | None,
    body: dict[str, Any],
) -> int | None:
    """The organization a changed project or task is in, after asking for the right to put it there.

    RuleError for one that is not there.
    """
    wanted: int | None = body.get("organization_id", current)
    if wanted == current:
        return current
    role = None
    if wanted is not None:
        found = await organizations.belonging(db, "id", wanted, context.user.id)
        if found is None:
            raise RuleError("Organization matching query does not exist.")
        role = Role.named(found.role) if found.role else None
    engine.authorize(context.subject, "create", Resource(namespace, wanted, role=role))
    return wanted
