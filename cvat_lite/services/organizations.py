"""Organizations: the context of a request, and the place where teams keep their work."""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.errors import NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import OrganizationContext, Resource, Subject
from cvat_lite.permissions.rules import Privilege, Role
from cvat_lite.services import events
from cvat_lite.services.context import Context, Identity, Server
from cvat_lite.services.events import Place
from cvat_lite.services.views import basic_user
from cvat_lite.store import organizations as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.organizations import Belonging, Organization

#: Digits that always fit into an INTEGER of SQLite; no id has more.
LONGEST_ID = 18


async def subject(
    server: Server, identity: Identity | None, slug: str | None, number: str | None
) -> tuple[Subject, int | None]:
    """Who asks, for the permission engine, and the id of the organization the request names.

    ``slug`` is the ``org`` parameter or the ``X-Organization`` header, ``number`` the ``org_id``
    parameter: both absent means everywhere, an empty one the personal sandbox.
    """
    if slug is not None and number is not None:
        raise RuleError('You cannot specify "org_id" query parameter with "org" query parameter.')
    named = slug if slug is not None else number
    user = identity.user if identity else None
    user_id = user.id if user else 0
    privilege = (
        Privilege.of(user.groups, is_superuser=user.is_superuser) if user else Privilege.NONE
    )
    analytics = bool(user and user.has_analytics_access)
    if not named or user is None:
        everywhere = named is None
        return Subject(user_id, privilege, everywhere=everywhere, analytics=analytics), None
    found = await find(server, user_id, slug, named)
    role = Role.named(found.role) if found.role else None
    context = OrganizationContext(found.id, found.owner_id, role)
    return Subject(user_id, privilege, context, analytics=analytics), found.id


async def find(server: Server, user_id: int, slug: str | None, named: str) -> Belonging:
    """The organization that a request names; NotFoundError in CVAT's words."""
    async with server.database.reading() as db:
        if slug is not None:
            found = await store.belonging(db, "slug", slug, user_id)
        elif named.isascii() and named.isdigit() and len(named) <= LONGEST_ID:
            found = await store.belonging(db, "id", int(named), user_id)
        else:
            found = None
    if found is None:
        raise NotFoundError(f"{named} organization does not exist.")
    return found


def view(context: Context, found: Organization) -> dict[str, Any]:
    """An organization on the wire."""
    return {
        "id": found.id,
        "slug": found.slug,
        "name": found.name,
        "description": found.description,
        "created_date": found.created_date,
        "updated_date": found.updated_date,
        "contact": orjson.loads(found.contact),
        "owner": basic_user(
            context,
            found.owner_id,
            found.owner_username,
            found.owner_first_name,
            found.owner_last_name,
        ),
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the organizations that the asker belongs to."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "organizations"))
    condition = engine.visible(context.subject, "organizations")
    selection = select(store.COLLECTION, query, condition)
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(
    db: Connection, context: Context, scope: str, organization_id: int
) -> Organization:
    """The organization, if the asker may do that to it; else NotFoundError or ForbiddenError."""
    user_id = context.subject.user_id
    found = await store.get(db, organization_id)
    if found is None:
        raise NotFoundError.of("Organization")
    belonging = await store.belonging(db, "id", organization_id, user_id)
    role = Role.named(belonging.role) if belonging and belonging.role else None
    engine.authorize(context.subject, scope, resource(user_id, found, role))
    return found


def resource(user_id: int, found: Organization, role: Role | None) -> Resource:
    """The organization as permissions see it.

    Other members may hold the owner's role; what only the one owner may, they may not: to them
    the role is that of a maintainer.
    """
    if found.owner_id == user_id:
        return Resource("organizations", found.id, frozenset(("owner",)), role)
    if role is None:
        return Resource("organizations", found.id)
    ownership = min(role, Role.MAINTAINER).wire
    return Resource("organizations", found.id, frozenset((ownership,)), role)


async def retrieve(context: Context, organization_id: int) -> dict[str, Any]:
    """An organization as the API shows it."""
    async with context.database.snapshot() as db:
        return view(context, await require(db, context, "view", organization_id))


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Found an organization; the asker owns it."""
    engine.authorize(context.subject, "create", Resource.here(context.subject, "organizations"))
    async with context.database.writing() as db:
        await check_slug(db, body["slug"], None)
        organization_id = await store.insert(db, {**columns_of(body), "owner_id": context.user.id})
        made = await get(db, organization_id)
        await events.record(
            db,
            context,
            "create:organization",
            organization_id,
            place=Place(organization_id),
            payload={"slug": made.slug, "name": made.name},
            shape=view(context, made),
        )
    context.server.identities.forget()
    return view(context, made)


async def get(db: Connection, organization_id: int) -> Organization:
    """The organization; NotFoundError if it has gone."""
    found = await store.get(db, organization_id)
    if found is None:
        raise NotFoundError.of("Organization")
    return found


async def check_slug(db: Connection, slug: str, organization_id: int | None) -> None:
    """ValidationError if another organization has that short name."""
    other = await store.by_slug(db, slug)
    if other is not None and other.id != organization_id:
        raise ValidationError({"slug": ["organization with this slug already exists."]})


def columns_of(body: dict[str, Any]) -> dict[str, Any]:
    """The columns that a body names."""
    values: dict[str, Any] = {
        name: body[name] for name in ("slug", "name", "description") if name in body
    }
    if "contact" in body:
        values["contact"] = orjson.dumps(body["contact"]).decode()
    return values


async def update(context: Context, organization_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Change what an organization is called and how it is reached."""
    async with context.database.writing() as db:
        found = await require(db, context, "update", organization_id)
        if "slug" in body:
            await check_slug(db, body["slug"], organization_id)
        await store.update(db, organization_id, columns_of(body))
        before, after = view(context, found), view(context, await get(db, organization_id))
        await events.record_changes(
            db,
            context,
            "update:organization",
            organization_id,
            before,
            after,
            place=Place(organization_id),
        )
    context.server.identities.forget()
    return after


async def destroy(context: Context, organization_id: int) -> None:
    """Dissolve an organization: its projects and tasks become their owners' own again."""
    async with context.database.writing() as db:
        found = await require(db, context, "delete", organization_id)
        await store.delete(db, organization_id)
        await events.record(
            db,
            context,
            "delete:organization",
            organization_id,
            place=Place(organization_id),
            payload={"slug": found.slug},
            shape=view(context, found),
        )
    context.server.identities.forget()
