"""Organizations: the context of a request, and the place where teams keep their work."""

from __future__ import annotations

from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions.facts import OrganizationContext, Subject
from cvat_lite.permissions.rules import Privilege, Role
from cvat_lite.services.context import Identity, Server
from cvat_lite.store import organizations as store
from cvat_lite.store.organizations import Belonging


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
        elif named.isascii() and named.isdigit():
            found = await store.belonging(db, "id", int(named), user_id)
        else:
            found = None
    if found is None:
        raise NotFoundError(f"{named} organization does not exist.")
    return found
