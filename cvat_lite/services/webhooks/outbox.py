"""What webhooks are to be told, put down in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from cvat_lite.domain.webhook_events import KNOWN
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import webhook_deliveries
from cvat_lite.store import webhooks as store
from cvat_lite.store.database import Connection


async def note(
    db: Connection,
    context: Context,
    event: str,
    shape: Mapping[str, Any],
    *,
    project_id: int | None = None,
    organization_id: int | None = None,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Put an event down for every webhook that wants it.

    ``shape`` is the object on the wire, as it is now or was last; ``before`` what its changed
    fields were. Both stand in the same transaction as the change, so that neither a crash nor a
    power cut loses or invents a delivery.
    """
    if event not in KNOWN:
        return
    hooks = await store.listening(db, event, project_id, organization_id)
    if not hooks:
        return
    user = context.user
    body: dict[str, Any] = {
        "event": event,
        event.partition(":")[2].partition("[")[0]: shape,
        "sender": basic_user(context, user.id, user.username, user.first_name, user.last_name),
    }
    if before is not None:
        body["before_update"] = before
    for webhook_id in hooks:
        body["webhook_id"] = webhook_id
        await webhook_deliveries.insert(
            db,
            {
                "webhook_id": webhook_id,
                "event": event,
                "changed_fields": ",".join(before or ()),
                "request": orjson.dumps(body).decode(),
            },
        )
    context.server.deliveries_due.set()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields were that are no longer what they were."""
    return {name: before.get(name) for name, value in after.items() if before.get(name) != value}
