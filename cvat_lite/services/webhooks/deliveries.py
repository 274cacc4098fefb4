"""Deliveries of a webhook: listed, looked at, made again, and the ping."""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.errors import NotFoundError
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.services.webhooks import hooks, sending
from cvat_lite.store import webhook_deliveries as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.webhook_deliveries import Delivery


def view(delivery: Delivery) -> dict[str, Any]:
    """A delivery on the wire."""
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event": delivery.event,
        "status_code": delivery.status_code,
        "redelivery": bool(delivery.redelivery),
        "attempt": delivery.attempt,
        "request_duration": delivery.request_duration,
        "created_date": delivery.created_date,
        "updated_date": delivery.updated_date,
        "changed_fields": delivery.changed_fields,
        "request": orjson.loads(delivery.request),
        "response": delivery.response,
    }


async def list_page(
    context: Context, webhook_id: int, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of a webhook's deliveries, the newest first."""
    selection = select(store.COLLECTION, query, ("d.webhook_id = ?", (webhook_id,)))
    async with context.database.snapshot() as db:
        await hooks.require(db, context, "view", webhook_id)
        count, found = await store.page(db, selection)
    return count, [view(one) for one in found], selection


async def retrieve(context: Context, webhook_id: int, delivery_id: int) -> dict[str, Any]:
    """One delivery as the API shows it."""
    async with context.database.snapshot() as db:
        await hooks.require(db, context, "view", webhook_id)
        return view(await of_webhook(db, webhook_id, delivery_id))


async def of_webhook(db: Connection, webhook_id: int, delivery_id: int) -> Delivery:
    """The delivery, if it is one of this webhook; else NotFoundError."""
    found = await store.get(db, delivery_id)
    if found is None or found.webhook_id != webhook_id:
        raise NotFoundError.of("WebhookDelivery")
    return found


async def redeliver(context: Context, webhook_id: int, delivery_id: int) -> None:
    """Send the same again, as a delivery of its own."""
    async with context.database.writing() as db:
        await hooks.require(db, context, "update", webhook_id)
        found = await of_webhook(db, webhook_id, delivery_id)
        await store.insert(
            db,
            {
                "webhook_id": webhook_id,
                "event": found.event,
                "changed_fields": found.changed_fields,
                "request": found.request,
                "redelivery": 1,
            },
        )
    context.server.deliveries_due.set()


async def ping(context: Context, webhook_id: int) -> dict[str, Any]:
    """Send the webhook itself, wait for the answer, and show the delivery.

    There is one attempt: somebody is waiting for what becomes of it.
    """
    async with context.database.writing() as db:
        webhook = await hooks.require(db, context, "update", webhook_id)
        user = context.user
        body = {
            "event": "ping",
            "webhook": hooks.view(context, webhook),
            "sender": basic_user(context, user.id, user.username, user.first_name, user.last_name),
            "webhook_id": webhook_id,
        }
        values = {
            "webhook_id": webhook_id,
            "event": "ping",
            "request": orjson.dumps(body).decode(),
            "due": None,
        }
        delivery_id = await store.insert(db, values)
        made = await of_webhook(db, webhook_id, delivery_id)
    one = store.Due(
        made.id,
        webhook_id,
        made.request,
        0,
        made.created_date,
        webhook.target_url,
        webhook.secret,
        webhook.enable_ssl,
    )
    await sending.record(context.server, one, await sending.post(context.server, one))
    async with context.database.reading() as db:
        return view(await of_webhook(db, webhook_id, delivery_id))
