"""Webhooks: where events of a project, an organization or the whole server are told of."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain import clock
from cvat_lite.domain.enums import WebhookType
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
w.id, w.target_url, w.description, w.type, w.content_type, w.is_active, w.enable_ssl, w.events,
w.owner_id, ow.username, ow.first_name, ow.last_name, w.organization_id, w.project_id,
w.created_date, w.updated_date, last.status_code, last.updated_date, w.secret
"""
FROM = """
webhooks w LEFT JOIN users ow ON ow.id = w.owner_id
LEFT JOIN webhook_deliveries last ON last.id =
(SELECT max(d.id) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.attempt IS NOT 0)
"""

NAMES = ("description", "id", "owner", "project_id", "target_url", "type", "updated_date")
COLLECTION = Collection(
    fields={
        "description": Field("w.description"),
        "id": Field("w.id", Kind.INTEGER),
        "owner": Field("ow.username"),
        "project_id": Field("w.project_id", Kind.INTEGER),
        "target_url": Field("w.target_url"),
        "type": Field("w.type", choices=tuple(WebhookType)),
        "updated_date": Field("w.updated_date", Kind.DATE),
    },
    filter=NAMES,
    search=("description", "owner", "target_url"),
    ordering=NAMES,
    simple=("owner", "project_id", "target_url", "type"),
)


class Webhook(rows.Struct, frozen=True):
    """A webhook as its answers need it; ``events`` is a JSON list, ``secret`` is never shown.

    ``last_status`` and ``last_delivery_date`` are those of the newest delivery that was tried.
    """

    id: int
    target_url: str
    description: str
    type: str
    content_type: str
    is_active: int
    enable_ssl: int
    events: str
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    organization_id: int | None
    project_id: int | None
    created_date: str
    updated_date: str
    last_status: int | None
    last_delivery_date: str | None
    secret: str


WIDTH = len(Webhook.__struct_fields__)


async def get(db: Connection, webhook_id: int) -> Webhook | None:
    """The webhook, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE w.id = ?", (webhook_id,))
    return Webhook(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Webhook]]:
    """A page of webhooks and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Webhook(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a webhook; answers its id."""
    now = clock.now()
    return await rows.insert(db, "webhooks", {**values, "created_date": now, "updated_date": now})


async def update(db: Connection, webhook_id: int, values: dict[str, Any]) -> None:
    """Set columns of a webhook; it counts as changed now."""
    await rows.update(db, "webhooks", webhook_id, {**values, "updated_date": clock.now()})


async def delete(db: Connection, webhook_id: int) -> None:
    """Remove a webhook with the record of its deliveries."""
    await rows.delete(db, "webhooks", webhook_id)


async def listening(
    db: Connection, event: str, project_id: int | None, organization_id: int | None
) -> list[int]:
    """The active webhooks that want to be told of an event in that project and organization."""
    found = await rows.fetch_all(
        db,
        "SELECT w.id FROM webhooks w WHERE w.is_active = 1"
        " AND (w.type = 'server' OR (w.type = 'project' AND w.project_id = ?)"
        " OR (w.type = 'organization' AND w.organization_id = ?))"
        " AND EXISTS (SELECT 1 FROM json_each(w.events) e WHERE e.value = ?) ORDER BY w.id",
        (project_id, organization_id, event),
    )
    return [row[0] for row in found]


async def outlive(db: Connection, project_id: int) -> None:
    """Let the webhooks of a project that goes stay until what they have to tell is told.

    They are switched off: nothing new is added to them, and ``forget_outlived`` removes them.
    """
    await db.execute(
        "UPDATE webhooks SET project_id = NULL, is_active = 0 WHERE id IN"
        " (SELECT w.id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id"
        " WHERE w.project_id = ? AND w.type = 'project' AND d.due IS NOT NULL)",
        (project_id,),
    )


async def forget_outlived(db: Connection) -> None:
    """Remove the webhooks that have outlived their project and have told everything."""
    await db.execute(
        "DELETE FROM webhooks WHERE type = 'project' AND project_id IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = webhooks.id"
        " AND d.due IS NOT NULL)"
    )
