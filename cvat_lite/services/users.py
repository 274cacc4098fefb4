"""People: who sees whom, who may change what, and the last administrator who stays."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain.people import GROUPS
from cvat_lite.errors import NotFoundError, RuleError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.permissions.rules import Privilege, Role
from cvat_lite.services import events
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import organizations
from cvat_lite.store import users as store
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.users import User

#: Fields that only an administrator changes, by the scope they ask for; the rest are one's own.
SCOPES = {
    "email": "update:email",
    "groups": "update:permissions",
    "is_staff": "update:permissions",
    "is_superuser": "update:permissions",
    "is_active": "update:permissions",
}
NAME_TAKEN = "A user with that username already exists."
EMAIL_TAKEN = "A user is already registered with this e-mail address."
LAST_ADMINISTRATOR = "The last active administrator cannot be removed, deactivated or demoted."


async def list_page(context: Context, query: ListQuery) -> tuple[int, list[Any], Selection]:
    """A page of the people whom the asker may see: in an organization, its members.

    Only administrators see more than names in a list, as in CVAT.
    """
    engine.authorize(context.subject, "list", Resource.here(context.subject, "users"))
    condition = engine.visible(context.subject, "users")
    selection = select(store.COLLECTION, query, condition)
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    view = full if context.subject.privilege is Privilege.ADMIN else basic
    return count, [view(context, user) for user in found], selection


def me(context: Context) -> dict[str, Any]:
    """The asker."""
    engine.authorize(context.subject, "view", resource(context, context.user.id))
    return full(context, context.user)


async def retrieve(context: Context, user_id: int) -> dict[str, Any]:
    """A person; NotFoundError where there is none."""
    async with context.database.snapshot() as db:
        user = await find(db, context, "view", user_id)
    return seen(context, user)


async def find(db: Connection, context: Context, scope: str, user_id: int) -> User:
    """The user, if the asker may do that to them."""
    user = await store.get(db, user_id)
    if user is None:
        raise NotFoundError.of("User")
    role = None
    if context.organization_id is not None:
        found = await organizations.belonging(db, "id", context.organization_id, user_id)
        role = Role.named(found.role) if found and found.role else None
    engine.authorize(context.subject, scope, resource(context, user_id, role))
    return user


def resource(context: Context, user_id: int, role: Role | None = None) -> Resource:
    """A user as permissions see it; ``role`` is theirs in the organization of the request."""
    mine = frozenset(("self",)) if user_id == context.user.id else frozenset[str]()
    return Resource.here(context.subject, "users", mine, role)


async def update(context: Context, user_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Change a person; RuleError for what would leave no administrator.

    Who is deactivated is logged out everywhere.
    """
    scopes = sorted({SCOPES.get(name, "update:personal_data") for name in changes})
    columns = {name: value for name, value in changes.items() if name != "groups"}
    groups = tuple(changes["groups"]) if "groups" in changes else None
    async with context.database.writing() as db:
        for scope in scopes or ["update:personal_data"]:
            before = await find(db, context, scope, user_id)
        await check(db, user_id, changes)
        await store.update(db, user_id, columns)
        if groups is not None:
            await store.set_groups(db, user_id, groups)
        if changes.get("is_active") is False:
            await log_out_everywhere(db, user_id)
        after = await found_again(db, user_id)
        await keep_an_administrator(db, before, after)
        old, new = full(context, before), full(context, after)
        await events.record_changes(db, context, "update:user", user_id, old, new)
    context.server.identities.forget()
    return seen(context, after)


async def check(db: Connection, user_id: int, changes: dict[str, Any]) -> None:
    """ValidationError for a name or address that somebody else has, or an unknown group."""
    errors: dict[str, list[str]] = {}
    if await store.name_is_taken(db, changes.get("username", ""), but=user_id):
        errors["username"] = [NAME_TAKEN]
    if await store.email_is_taken(db, changes.get("email", ""), but=user_id):
        errors["email"] = [EMAIL_TAKEN]
    unknown = [name for name in changes.get("groups", ()) if name not in GROUPS]
    if unknown:
        errors["groups"] = [f"Object with name={unknown[0]} does not exist."]
    if errors:
        raise ValidationError(errors)


async def found_again(db: Connection, user_id: int) -> User:
    """The user as it is now, within the transaction that found it before."""
    user = await store.get(db, user_id)
    if user is None:
        raise NotFoundError.of("User")
    return user


async def keep_an_administrator(db: Connection, before: User, after: User | None) -> None:
    """RuleError if the change takes the last active administrator away."""
    was = before.is_active and before.is_administrator
    is_still = after is not None and after.is_active and after.is_administrator
    if was and not is_still and not await store.another_administrator(db, before.id):
        raise RuleError(LAST_ADMINISTRATOR)


async def log_out_everywhere(db: Connection, user_id: int, *, but_session: str = "") -> None:
    """End what a password has opened: sessions (but the one of that digest) and the API token."""
    await store.drop_sessions(db, user_id, but_session)
    await store.drop_token(db, user_id)


async def destroy(context: Context, user_id: int) -> None:
    """Remove a person; what they made stays, without an owner."""
    async with context.database.writing() as db:
        user = await find(db, context, "delete", user_id)
        await keep_an_administrator(db, user, None)
        await store.delete(db, user_id)
        await events.record(
            db,
            context,
            "delete:user",
            user_id,
            shape=full(context, user),
            obj_name="username",
            obj_val=user.username,
        )
    context.server.identities.forget()


def seen(context: Context, user: User) -> dict[str, Any]:
    """A person as the asker sees it: all to the person and to administrators, else the names."""
    if user.id == context.user.id or context.subject.privilege is Privilege.ADMIN:
        return full(context, user)
    return basic(context, user)


def basic(context: Context, user: User) -> dict[str, Any]:
    """A person by name."""
    view = basic_user(context, user.id, user.username, user.first_name, user.last_name)
    return view or {}


def full(context: Context, user: User) -> dict[str, Any]:
    """A person with everything that is known but the password."""
    return {
        **basic(context, user),
        "email": user.email,
        "groups": list(user.groups),
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "is_active": user.is_active,
        "last_login": user.last_login,
        "date_joined": user.date_joined,
        "has_analytics_access": user.has_analytics_access,
        "cvat_usage_reason": user.cvat_usage_reason,
        "primary_role": user.primary_role,
        "planned_activities": list(user.planned_activities),
        "data_types": list(user.data_types),
        "discovery_source": user.discovery_source,
        "email_verified": user.email_verified,
        "created_via": user.created_via,
    }
