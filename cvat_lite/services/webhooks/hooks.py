"""Webhooks: made, listed, changed and removed."""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.domain import webhook_events
from cvat_lite.domain.enums import WebhookType
from cvat_lite.errors import ForbiddenError, NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Privilege, Role
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import memberships, targets
from cvat_lite.store import webhooks as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.webhooks import Webhook

CHANGEABLE = ("target_url", "description", "content_type", "secret")
SWITCHES = ("is_active", "enable_ssl")


def view(context: Context, webhook: Webhook) -> dict[str, Any]:
    """A webhook on the wire; what has never delivered anything has no last status."""
    shown = {
        "id": webhook.id,
        "url": context.link(f"/api/webhooks/{webhook.id}"),
        "target_url": webhook.target_url,
        "description": webhook.description,
        "type": webhook.type,
        "content_type": webhook.content_type,
        "is_active": bool(webhook.is_active),
        "enable_ssl": bool(webhook.enable_ssl),
        "created_date": webhook.created_date,
        "updated_date": webhook.updated_date,
        "owner": basic_user(
            context,
            webhook.owner_id,
            webhook.owner_username,
            webhook.owner_first_name,
            webhook.owner_last_name,
        ),
        "project_id": webhook.project_id,
        "organization": webhook.organization_id,
        "events": sorted(orjson.loads(webhook.events)),
    }
    if webhook.last_delivery_date is not None:
        shown["last_status"] = webhook.last_status
        shown["last_delivery_date"] = webhook.last_delivery_date
    return shown


def events_of(context: Context, kind: str | None) -> dict[str, Any]:
    """The events that webhooks of a type can ask for; ValidationError for an unknown type."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "webhooks"))
    name = webhook_events.ALL if kind is None else kind
    if name not in webhook_events.EVENTS:
        raise ValidationError("Incorrect value of type parameter")
    return {
        "webhook_type": name,
        "events": [
            {"key": event, "group": {"display_name": webhook_events.group(event)}}
            for event in webhook_events.EVENTS[name]
        ],
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the webhooks that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "webhooks"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "webhooks"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(db: Connection, context: Context, scope: str, webhook_id: int) -> Webhook:
    """The webhook, if the asker may do that to it; NotFoundError or ForbiddenError otherwise."""
    webhook = await store.get(db, webhook_id)
    if webhook is None:
        raise NotFoundError.of("Webhook")
    user_id = context.subject.user_id
    holders = {"owner": webhook.owner_id}
    if webhook.project_id is not None:
        facts = await targets.get(db, "projects", webhook.project_id, user_id)
        holders["project:owner"] = facts.project_owner if facts else None
    role = None
    if webhook.organization_id is not None:
        role = (await memberships.roles(db, user_id)).get(webhook.organization_id)
    resource = Resource(
        "webhooks",
        webhook.organization_id,
        ownerships(user_id, holders),
        Role.named(role) if role else None,
    )
    engine.authorize(context.subject, scope, resource)
    if webhook.type == WebhookType.SERVER:
        require_administrator(context)
    return webhook


def require_administrator(context: Context) -> None:
    """ForbiddenError for anybody else: events of the whole server are nobody's own."""
    if context.subject.privilege is not Privilege.ADMIN:
        raise ForbiddenError


async def retrieve(context: Context, webhook_id: int) -> dict[str, Any]:
    """A webhook as the API shows it."""
    async with context.database.snapshot() as db:
        return view(context, await require(db, context, "view", webhook_id))


async def get(db: Connection, webhook_id: int) -> Webhook:
    """The webhook; NotFoundError if it has gone."""
    webhook = await store.get(db, webhook_id)
    if webhook is None:
        raise NotFoundError.of("Webhook")
    return webhook


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Make a webhook of a project, of the request's organization, or of the server."""
    async with context.database.writing() as db:
        project_id, organization_id = await place_of(db, context, body)
        check_events(body["type"], body["events"])
        webhook_id = await store.insert(
            db,
            {
                **values_of(body),
                "type": body["type"],
                "owner_id": context.user.id,
                "project_id": project_id,
                "organization_id": organization_id,
            },
        )
        return view(context, await get(db, webhook_id))


async def place_of(
    db: Connection, context: Context, body: dict[str, Any]
) -> tuple[int | None, int | None]:
    """The project and the organization of a webhook to be made, if the asker may make it there."""
    kind, subject = body["type"], context.subject
    if kind == WebhookType.SERVER:
        here = Resource.here(subject, "webhooks")
        engine.authorize(subject, "create@organization", here)
        require_administrator(context)
        return None, None
    if kind == WebhookType.PROJECT:
        number = body.get("project_id")
        facts = await targets.get(db, "projects", number, subject.user_id) if number else None
        if number is not None and facts is None:
            raise RuleError("Project matching query does not exist.")
        if facts is None:
            raise ValidationError({"project_id": ["This field is required."]})
        resource = Resource(
            "webhooks",
            facts.organization_id,
            ownerships(subject.user_id, {"project:owner": facts.project_owner}),
            Role.named(facts.role) if facts.role else None,
        )
        engine.authorize(subject, "create@project", resource)
        return number, facts.organization_id
    engine.authorize(subject, "create@organization", Resource.here(subject, "webhooks"))
    if context.organization_id is None:
        raise RuleError("You need an organization context to make a webhook of an organization.")
    return None, context.organization_id


def check_events(kind: str, events: list[str]) -> None:
    """ValidationError for no events at all, or for some that are not of this type."""
    if not events or not set(events) <= set(webhook_events.EVENTS[kind]):
        raise ValidationError({"non_field_errors": [f"Invalid events list for {kind} webhook"]})


def values_of(body: dict[str, Any]) -> dict[str, Any]:
    """The columns that a body sets."""
    values = {name: body[name] for name in CHANGEABLE if name in body}
    values |= {name: int(body[name]) for name in SWITCHES if name in body}
    if "events" in body:
        values["events"] = orjson.dumps(body["events"]).decode()
    return values


async def update(context: Context, webhook_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change a webhook; its type, its project and its organization stay."""
    async with context.database.writing() as db:
        webhook = await require(db, context, "update", webhook_id)
        if "events" in body:
            check_events(webhook.type, body["events"])
        await store.update(db, webhook_id, values_of(body))
        return view(context, await get(db, webhook_id))


async def destroy(context: Context, webhook_id: int) -> None:
    """Remove a webhook with the record of its deliveries; what waits is not sent."""
    async with context.database.writing() as db:
        await require(db, context, "delete", webhook_id)
        await store.delete(db, webhook_id)
