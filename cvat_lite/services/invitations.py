"""Invitations to organizations: sent, accepted, declined, withdrawn."""

from __future__ import annotations

import logging
import secrets
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cvat_lite.domain import clock, passwords
from cvat_lite.errors import ForbiddenError, NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role
from cvat_lite.services import events
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.memberships import role_of
from cvat_lite.services.memberships import view as membership_view
from cvat_lite.services.views import basic_user
from cvat_lite.store import invitations as store
from cvat_lite.store import memberships, users
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.invitations import Invitation

LOG = logging.getLogger("cvat_lite")
KEY_LETTERS = string.ascii_letters + string.digits
KEY_LENGTH = 64
EXPIRY = timedelta(days=7)


def view(context: Context, found: Invitation) -> dict[str, Any]:
    """An invitation on the wire."""
    return {
        "key": found.key,
        "created_date": found.created_date,
        "owner": basic_user(
            context,
            found.owner_id,
            found.owner_username,
            found.owner_first_name,
            found.owner_last_name,
        ),
        "role": found.role,
        "user": basic_user(
            context, found.user_id, found.username, found.first_name, found.last_name
        ),
        "organization": found.organization_id,
        "expired": expired(found),
        "accepted": bool(found.accepted),
        "organization_info": {"id": found.organization_id, "slug": found.slug},
    }


def expired(found: Invitation) -> bool | None:
    """Whether it is too late to accept; None for an invitation that was never sent."""
    if found.sent_date is None:
        return None
    return clock.read(found.sent_date) + EXPIRY <= datetime.now(UTC)


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the invitations of the organization, or of the asker's own."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "invitations"))
    condition = engine.visible(context.subject, "invitations")
    selection = select(store.COLLECTION, query, condition)
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(db: Connection, context: Context, key: str, scope: str) -> Invitation:
    """The invitation, if the asker may do that to it; else NotFoundError or ForbiddenError."""
    user_id = context.subject.user_id
    found = await store.get(db, key)
    if found is None:
        raise NotFoundError.of("Invitation")
    asked = Resource(
        "invitations",
        found.organization_id,
        ownerships(user_id, {"owner": found.owner_id, "invitee": found.user_id}),
        await role_of(db, found.organization_id, user_id),
        Role.named(found.role),
    )
    engine.authorize(context.subject, scope, asked)
    return found


async def retrieve(context: Context, key: str) -> dict[str, Any]:
    """An invitation as the API shows it."""
    async with context.database.snapshot() as db:
        return view(context, await require(db, context, key, "view"))


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Invite somebody into the organization of the request.

    Who has no account yet gets one without a password. Unless the server is set to have
    invitations confirmed, the invited are members at once.
    """
    role = Role.named(body["role"])
    asked = Resource.here(context.subject, "invitations", target_role=role)
    engine.authorize(context.subject, "create", asked)
    organization_id = context.organization_id
    if organization_id is None:
        # An administrator may create invitations anywhere, but not to nowhere.
        raise ForbiddenError
    key = "".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH))
    async with context.database.writing() as db:
        user_id = await invited_user(db, body["email"])
        if await memberships.of_user(db, organization_id, user_id) is not None:
            raise RuleError("The user is a member of the organization already.")
        now, confirm = clock.now(), context.config.confirm_invitations
        membership_id = await memberships.insert(
            db,
            {
                "user_id": user_id,
                "organization_id": organization_id,
                "is_active": int(not confirm),
                "joined_date": None if confirm else now,
                "role": role.wire,
            },
        )
        await store.insert(
            db,
            {
                "key": key,
                "membership_id": membership_id,
                "owner_id": context.user.id,
                "created_date": now,
                "sent_date": now if confirm else None,
            },
        )
        made = await get(db, key)
        place = Place(organization_id)
        payload = {"user": user_id, "role": role.wire}
        await events.record(
            db,
            context,
            "create:membership",
            membership_id,
            place=place,
            payload=payload,
            shape=await membership(db, context, membership_id),
        )
        await events.record(
            db,
            context,
            "create:invitation",
            place=place,
            payload=payload,
            shape=view(context, made),
        )
    context.server.identities.forget()
    if confirm:
        announce(context, made)
    return view(context, made)


async def membership(db: Connection, context: Context, membership_id: int) -> dict[str, Any]:
    """The membership that an invitation is about, on the wire."""
    found = await memberships.get(db, membership_id)
    if found is None:
        raise NotFoundError.of("Membership")
    return membership_view(context, found)


async def get(db: Connection, key: str) -> Invitation:
    """The invitation; NotFoundError if it has gone."""
    found = await store.get(db, key)
    if found is None:
        raise NotFoundError.of("Invitation")
    return found


async def invited_user(db: Connection, email: str) -> int:
    """The id of the user of that address, who is made if there is none."""
    user = await users.by_email(db, email)
    if user is not None:
        return user.id
    if await users.by_name(db, email) is not None:
        raise ValidationError({"email": ["A user of that name has another address."]})
    values = {
        "username": email,
        "email": email,
        "password": passwords.UNUSABLE,
        "email_verified": 0,
        "created_via": "invitation",
    }
    return await users.insert(db, values, ("user",))


def announce(context: Context, found: Invitation) -> None:
    """Say in the server's log where the invited can answer, for somebody to pass it on."""
    where = urlencode({"email": found.email or "", "key": found.key})
    LOG.warning(
        "%s is invited to the organization %s: %s",
        found.email,
        found.slug,
        context.link(f"/auth/register/invitation?{where}"),
    )


async def accept(context: Context, key: str) -> dict[str, Any]:
    """Join the organization; ValidationError for an invitation that is over."""
    async with context.database.writing() as db:
        found = await require(db, context, key, "accept")
        if found.accepted:
            raise ValidationError("Your invitation is already accepted.")
        if expired(found):
            raise ValidationError(
                "Your invitation is expired. Please contact organization owner to renew it."
            )
        before = await membership(db, context, found.membership_id)
        await memberships.update(
            db, found.membership_id, {"is_active": 1, "joined_date": clock.now()}
        )
        await events.record_changes(
            db,
            context,
            "update:membership",
            found.membership_id,
            before,
            await membership(db, context, found.membership_id),
            place=Place(found.organization_id),
        )
    context.server.identities.forget()
    return {"organization_slug": found.slug}


async def decline(context: Context, key: str) -> None:
    """Do not join; the membership that was offered goes. ValidationError for a member."""
    async with context.database.writing() as db:
        found = await require(db, context, key, "decline")
        if found.accepted:
            raise ValidationError("Your invitation is already accepted.")
        await drop(db, context, found)
    context.server.identities.forget()


async def drop(db: Connection, context: Context, found: Invitation) -> None:
    """Remove an invitation, and the membership too if it has only been offered."""
    if found.accepted:
        await store.delete(db, found.key)
    else:
        await memberships.delete(db, found.membership_id)
    await events.record(
        db,
        context,
        "delete:invitation",
        place=Place(found.organization_id),
        payload={"user": found.user_id, "role": found.role},
        shape=view(context, found),
    )


async def resend(context: Context, key: str) -> None:
    """Send an invitation again; its time starts anew."""
    async with context.database.writing() as db:
        found = await require(db, context, key, "resend")
        if found.accepted:
            raise ValidationError("This invitation is already accepted.")
        await store.update(db, key, {"sent_date": clock.now()})
    announce(context, found)


async def destroy(context: Context, key: str) -> None:
    """Withdraw an invitation; who has accepted it remains a member."""
    async with context.database.writing() as db:
        found = await require(db, context, key, "delete")
        await drop(db, context, found)
    context.server.identities.forget()
