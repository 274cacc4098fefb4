"""Memberships: listed, given another role, ended."""

from __future__ import annotations

from typing import Any

from cvat_lite.errors import NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role
from cvat_lite.services import events
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.views import basic_user
from cvat_lite.store import memberships as store
from cvat_lite.store import organizations
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.memberships import Membership


def view(context: Context, found: Membership) -> dict[str, Any]:
    """A membership on the wire."""
    return {
        "id": found.id,
        "user": basic_user(
            context, found.user_id, found.username, found.first_name, found.last_name
        ),
        "organization": found.organization_id,
        "is_active": bool(found.is_active),
        "joined_date": found.joined_date,
        "role": found.role,
        "invitation": found.invitation,
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the memberships of the organization, or of the asker's own."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "memberships"))
    condition = engine.visible(context.subject, "memberships")
    selection = select(store.COLLECTION, query, condition)
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(
    db: Connection, context: Context, membership_id: int, scope: str, role: str | None = None
) -> Membership:
    """The membership, if the asker may do that to it, and to one of that role.

    NotFoundError or ForbiddenError otherwise.
    """
    user_id = context.subject.user_id
    found = await store.get(db, membership_id)
    if found is None:
        raise NotFoundError.of("Membership")
    asker = await role_of(db, found.organization_id, user_id)
    mine = ownerships(user_id, {"self": found.user_id})
    for target in (found.role, role) if role else (found.role,):
        asked = Resource("memberships", found.organization_id, mine, asker, Role.named(target))
        engine.authorize(context.subject, scope, asked)
    return found


async def role_of(db: Connection, organization_id: int, user_id: int) -> Role | None:
    """The active role of a user in an organization."""
    belonging = await organizations.belonging(db, "id", organization_id, user_id)
    return Role.named(belonging.role) if belonging and belonging.role else None


async def retrieve(context: Context, membership_id: int) -> dict[str, Any]:
    """A membership as the API shows it."""
    async with context.database.snapshot() as db:
        return view(context, await require(db, context, membership_id, "view"))


async def update(context: Context, membership_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Give a member another role.

    Only an owner, who alone may remove maintainers, makes members maintainers or owners: without
    this a maintainer could raise an accomplice above everybody.
    """
    role = body.get("role")
    given = min(Role.named(role), Role.MAINTAINER).wire if role else None
    async with context.database.writing() as db:
        found = await require(db, context, membership_id, "change:role", given)
        if role is not None:
            await store.update(db, membership_id, {"role": role})
        changed = await store.get(db, membership_id) or found
        before, after = view(context, found), view(context, changed)
        await events.record_changes(
            db,
            context,
            "update:membership",
            membership_id,
            before,
            after,
            place=Place(found.organization_id),
        )
    context.server.identities.forget()
    return after


async def destroy(context: Context, membership_id: int) -> None:
    """Remove a member, or leave; the owner can do neither to oneself."""
    async with context.database.writing() as db:
        found = await require(db, context, membership_id, "delete")
        await store.delete(db, membership_id)
        await events.record(
            db,
            context,
            "delete:membership",
            membership_id,
            place=Place(found.organization_id),
            payload={"user": found.user_id, "role": found.role},
            shape=view(context, found),
        )
    context.server.identities.forget()
