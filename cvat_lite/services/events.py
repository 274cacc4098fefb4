"""Events: recorded by the services themselves, and taken from clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.errors import ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services.context import Context
from cvat_lite.services.webhooks import outbox
from cvat_lite.store import events as store
from cvat_lite.store import organizations
from cvat_lite.store.database import Connection

#: What a client may say that its user did; the names are those of CVAT's own clients.
CLIENT_SCOPES = frozenset(
    (
        "action:redo",
        "action:undo",
        "change:frame",
        "click:element",
        "copy:object",
        "debug:info",
        "delete:object",
        "drag:object",
        "draw:object",
        "fit:image",
        "group:objects",
        "join:objects",
        "load:cvat",
        "load:job",
        "merge:objects",
        "paste:object",
        "propagate:object",
        "redo:action",
        "resize:object",
        "restore:job",
        "rotate:image",
        "run:annotations_action",
        "save:job",
        "send:debug_info",
        "send:exception",
        "slice:object",
        "split:objects",
        "undo:action",
        "upload:annotations",
        "zoom:image",
    )
)
#: Fields of an object that tell nothing about who changed it.
UNTOLD = frozenset(("created_date", "updated_date", "url"))
LONGEST_VALUE = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """What an event happened to lies in."""

    organization_id: int | None = None
    project_id: int | None = None
    task_id: int | None = None
    job_id: int | None = None


NOWHERE = Place()


async def record(
    db: Connection,
    context: Context,
    scope: str,
    number: int | None = None,
    *,
    place: Place = NOWHERE,
    payload: Mapping[str, Any] | None = None,
    shape: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """Record that the asker did ``scope`` (``create:task``) to the object of that number.

    Called inside the transaction that does it, so that either both stay or neither. ``shape`` is
    the object on the wire, for the webhooks that are told of it. ``more`` are ``obj_name``,
    ``obj_val``, ``count``, ``duration`` (milliseconds).
    """
    await store.insert_many(
        db, [event(context, scope, number, place=place, payload=payload, **more)]
    )
    if shape is not None:
        await outbox.note(
            db,
            context,
            scope,
            shape,
            project_id=place.project_id,
            organization_id=place.organization_id,
        )


async def record_changes(
    db: Connection,
    context: Context,
    scope: str,
    number: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    place: Place = NOWHERE,
) -> None:
    """Record an ``update`` as one event for each field that differs between two wire shapes.

    Webhooks are told of it once, with what the changed fields were.
    """
    found = [
        event(
            context,
            scope,
            number,
            place=place,
            payload={"old_value": plain(before.get(name))},
            obj_name=name,
            obj_val=text(value),
        )
        for name, value in after.items()
        if name not in UNTOLD and value != before.get(name)
    ]
    if found:
        await store.insert_many(db, found)
        await outbox.note(
            db,
            context,
            scope,
            after,
            project_id=place.project_id,
            organization_id=place.organization_id,
            before=outbox.differences(before, after),
        )


def event(
    context: Context,
    scope: str,
    number: int | None,
    *,
    place: Place,
    payload: Mapping[str, Any] | None,
    **more: Any,
) -> dict[str, Any]:
    """A server event as the store takes it."""
    user = context.user
    return {
        "timestamp": clock.now(),
        "scope": scope,
        "user_id": user.id,
        "organization_id": place.organization_id,
        "project_id": place.project_id,
        "task_id": place.task_id,
        "job_id": place.job_id,
        "fields": {
            "obj_id": number,
            "source": "server",
            "user_name": user.username,
            "user_email": user.email,
            "payload": orjson.dumps(payload or {}).decode(),
            **more,
        },
    }


def plain(value: Any) -> Any:
    """A value of a wire shape; of people and other objects only the id, if they have one."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


def text(value: Any) -> str | None:
    """A value as an event tells it."""
    shown = plain(value)
    if shown is None:
        return None
    written = shown if isinstance(shown, str) else orjson.dumps(shown).decode()
    return written[:LONGEST_VALUE]


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Record what a client did.

    Clocks of clients are wrong: the time of each event is moved by as much as the time of sending
    differs from now. Who did it, and in which organization, is what the server knows.
    """
    engine.authorize(context.subject, "send:events", Resource.here(context.subject, "events"))
    correction = datetime.now(UTC) - clock.read(body["timestamp"])
    slug = await slug_of(context)
    shown = [client_event(context, item, slug, correction) for item in body.get("events", ())]
    async with context.database.writing() as db:
        await store.insert_many(db, [as_stored(item) for item in shown])
    return {
        "events": shown,
        "previous_event": body.get("previous_event"),
        "timestamp": body["timestamp"],
    }


async def slug_of(context: Context) -> str | None:
    """The short name of the organization that the request names."""
    if context.organization_id is None:
        return None
    async with context.database.reading() as db:
        found = await organizations.get(db, context.organization_id)
    return found.slug if found else None


def client_event(
    context: Context, item: dict[str, Any], slug: str | None, correction: timedelta
) -> dict[str, Any]:
    """A client's event as it is answered; ValidationError in CVAT's shape if it is none."""
    if item["scope"] not in CLIENT_SCOPES:
        raise ValidationError(
            {"scope": f"Event scope **{item['scope']}** is not allowed from client"}
        )
    payload = item.get("payload") or "{}"
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise ValidationError({"payload": "JSON payload is not valid in passed event"}) from None
    try:
        moment = clock.write(clock.read(item["timestamp"]) + correction)
    except OverflowError:
        raise ValidationError({"timestamp": "The event is beyond the calendar"}) from None
    user = context.user
    return {
        **item,
        "timestamp": moment,
        "source": "client",
        "payload": payload,
        "org_id": context.organization_id,
        "org_slug": slug,
        "user_id": user.id,
        "user_name": user.username,
        "user_email": user.email,
    }


def as_stored(item: Mapping[str, Any]) -> dict[str, Any]:
    """A client's event as the store takes it."""
    columns = {name: item.get(name) for name in store.KEYS}
    columns["organization_id"] = item.get("org_id")
    rest = {name: value for name, value in item.items() if name not in {*store.KEYS, "org_id"}}
    return {**columns, "fields": rest}
