"""Personal access tokens: made, shown without their secret, changed and revoked by their owner."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain import clock, passwords
from cvat_lite.errors import NotFoundError, RuleError, UnauthorizedError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import events
from cvat_lite.services.context import Context
from cvat_lite.services.users import basic
from cvat_lite.store import access_tokens as store
from cvat_lite.store.access_tokens import AccessToken
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select

PREFIX, SECRET = 8, 32
MOST = 50


async def list_page(context: Context, query: ListQuery) -> tuple[int, list[Any], Selection]:
    """A page of the asker's tokens in force."""
    engine.authorize(context.subject, "list", Resource("access_tokens"))
    sql, parameters = engine.visible(context.subject, "access_tokens")
    condition = (f"({sql}) AND {store.IN_FORCE}", (*parameters, clock.now()))
    selection = select(store.COLLECTION, query, condition)
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, token) for token in found], selection


async def retrieve(context: Context, token_id: int) -> dict[str, Any]:
    """A token of the asker's."""
    async with context.database.reading() as db:
        return view(context, await find(db, context, "view", token_id))


async def retrieve_self(context: Context) -> dict[str, Any]:
    """The token that the request came with; UnauthorizedError if it came with none."""
    if context.identity is None or context.identity.access_token_id is None:
        raise UnauthorizedError
    return await retrieve(context, context.identity.access_token_id)


async def find(db: Connection, context: Context, scope: str, token_id: int) -> AccessToken:
    """The token, if the asker may do that to it; NotFoundError for one not in force."""
    token = await store.get(db, token_id)
    if token is None:
        raise NotFoundError.of("AccessToken")
    mine = frozenset(("owner",)) if token.owner_id == context.user.id else frozenset[str]()
    engine.authorize(context.subject, scope, Resource("access_tokens", ownerships=mine))
    return token


async def create(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    """Make a token; the answer is the only one that tells its value."""
    engine.authorize(context.subject, "create", Resource("access_tokens"))
    check_expiry(given)
    prefix = passwords.new_key(PREFIX)
    value = f"{prefix}.{passwords.new_key(SECRET)}"
    owner = context.user.id
    async with context.database.writing() as db:
        if await store.count_of(db, owner) >= MOST:
            raise RuleError(f"There are {MOST} access tokens already; revoke one first.")
        values = {"prefix": prefix, "hashed_key": passwords.hash_key(value), "owner_id": owner}
        token_id = await store.insert(db, {**given, **values})
        token = await find(db, context, "view", token_id)
        await events.record(db, context, "create:token", token_id, obj_name=token.name)
    return {**view(context, token), "value": value}


async def update(context: Context, token_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Change name, expiry or limits of a token."""
    check_expiry(changes)
    async with context.database.writing() as db:
        before = view(context, await find(db, context, "update", token_id))
        await store.update(db, token_id, changes)
        token = await find(db, context, "view", token_id)
        after = view(context, token)
        await events.record_changes(db, context, "update:token", token_id, before, after)
    context.server.identities.forget()
    return after


async def destroy(context: Context, token_id: int) -> None:
    """Revoke a token: nobody is let in by it any more."""
    async with context.database.writing() as db:
        token = await find(db, context, "delete", token_id)
        await store.revoke(db, token_id)
        await events.record(db, context, "delete:token", token_id, obj_name=token.name)
    context.server.identities.forget()


def check_expiry(given: dict[str, Any]) -> None:
    """ValidationError for a date that has passed: the token would never be good."""
    expiry = given.get("expiry_date")
    if expiry is not None and expiry <= clock.now():
        raise ValidationError({"expiry_date": ["Expiry date must be in the future."]})


def view(context: Context, token: AccessToken) -> dict[str, Any]:
    """A token as its owner, the asker, sees it."""
    return {
        "id": token.id,
        "name": token.name,
        "created_date": token.created_date,
        "updated_date": token.updated_date,
        "expiry_date": token.expiry_date,
        "last_used_date": token.last_used_date,
        "read_only": token.read_only,
        "owner": basic(context, context.user),
    }
