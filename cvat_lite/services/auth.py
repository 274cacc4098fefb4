"""Coming in and going out: login, logout, registration, and a new password for the old one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from cvat_lite.domain import clock, passwords
from cvat_lite.errors import RuleError, UnauthorizedError, ValidationError
from cvat_lite.permissions import engine
from cvat_lite.services import events, users
from cvat_lite.services.context import Context, Identity
from cvat_lite.store import sessions
from cvat_lite.store import users as store
from cvat_lite.store.database import Connection
from cvat_lite.store.users import User

INCOMPLETE = 'Must include either "username" or "email" and "password".'
REFUSED = "Unable to log in with provided credentials."
DIFFERENT = "The two password fields didn't match."
WRONG_PASSWORD = "Your old password was entered incorrectly. Please enter it again."  # noqa: S105
#: The group of whoever registers.
NEWCOMERS = ("user",)


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who has come in: the session's key, for a cookie, and the answer's body."""

    session: str
    body: dict[str, Any]


async def login(context: Context, given: dict[str, Any]) -> Entry:
    """Log in by username or address; ValidationError that does not tell which of them is wrong."""
    username, email = given.get("username", ""), given.get("email", "")
    password = given.get("password", "")
    if not password or not (username or email):
        raise RuleError(INCOMPLETE)
    async with context.database.reading() as db:
        user = await (store.by_name(db, username) if username else store.by_email(db, email))
    if not await context.server.identities.check(user, password) or user is None:
        raise ValidationError({"non_field_errors": [REFUSED]})
    async with context.database.writing() as db:
        session, key = await enter(db, context, user.id)
    context.server.identities.forget()
    return Entry(session, {"key": key})


async def enter(db: Connection, context: Context, user_id: int) -> tuple[str, str]:
    """Begin a session, instead of the one the request came with; its key and the API token."""
    session = passwords.new_key()
    if context.session:
        await sessions.delete(db, passwords.digest_key(context.session))
    ends = clock.later(context.config.session_lifetime)
    await sessions.insert(db, passwords.digest_key(session), user_id, ends)
    await store.update(db, user_id, {"last_login": clock.now()})
    return session, await store.token_of(db, user_id, passwords.new_key())


async def logout(context: Context) -> dict[str, str]:
    """End the session and the API token; an access token stays until it is revoked."""
    identity = context.identity
    if identity is not None and identity.access_token_id is None:
        async with context.database.writing() as db:
            if context.session:
                await sessions.delete(db, passwords.digest_key(context.session))
            await store.drop_token(db, identity.user.id)
        context.server.identities.forget()
    return {"detail": "Successfully logged out."}


async def register(context: Context, given: dict[str, Any]) -> Entry:
    """Add the newcomer, and let them in; ValidationError for a name or address that is taken."""
    password = check_pair(given["password1"], given["password2"], "non_field_errors")
    values: dict[str, Any] = {
        name: given.get(name, "") for name in ("username", "email", "first_name", "last_name")
    }
    check_strength("password1", password, known_of(**values))
    async with context.database.reading() as db:
        await users.check(db, await invited(db, values["email"]), values)
    values |= {"password": await context.server.identities.hash(password)}
    async with context.database.writing() as db:
        user_id = await invited(db, values["email"])
        await users.check(db, user_id, values)
        # Nobody has asked whether the address is theirs.
        values |= {"email_verified": 0, "created_via": "registration"}
        if user_id:
            await store.update(db, user_id, values)
        else:
            user_id = await store.insert(db, values, NEWCOMERS)
        user = await users.found_again(db, user_id)
        session, key = await enter(db, context, user_id)
        newcomer = replace(context, identity=Identity(user))
        shape = users.full(newcomer, user)
        await events.record(db, newcomer, "create:user", user_id, shape=shape)
    context.server.identities.forget()
    body = {
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email_verification_required": False,
        "key": key,
    }
    return Entry(session, body)


async def invited(db: Connection, email: str) -> int:
    """The account that was made for an address when it was invited, 0 where there is none.

    It waits for whoever registers with the address, and keeps its invitations.
    """
    user = await store.by_email(db, email) if email else None
    waits = user is not None and user.password == passwords.UNUSABLE
    return user.id if user is not None and waits and user.created_via == "invitation" else 0


async def change_password(context: Context, given: dict[str, Any]) -> dict[str, str]:
    """Replace the old password; what it had opened is closed, but for the session that asks.

    UnauthorizedError for a personal access token: it proves a program, not the person.
    """
    if context.identity is not None and context.identity.access_token_id is not None:
        raise UnauthorizedError
    user = context.user
    engine.authorize(context.subject, "update:personal_data", users.resource(context, user.id))
    identities = context.server.identities
    if not await identities.check(user, given["old_password"]):
        raise ValidationError({"old_password": [WRONG_PASSWORD]})
    password = check_pair(given["new_password1"], given["new_password2"], "new_password2")
    check_strength("new_password2", password, known_of_user(user))
    stored = await identities.hash(password)
    async with context.database.writing() as db:
        await set_password(db, user.id, stored, but_session=context.session)
    identities.forget()
    return {"detail": "New password has been saved."}


async def set_password(db: Connection, user_id: int, stored: str, *, but_session: str = "") -> None:
    """Store a new password; sessions, API token and reset messages of before end."""
    await store.update(db, user_id, {"password": stored})
    kept = passwords.digest_key(but_session) if but_session else ""
    await users.log_out_everywhere(db, user_id, but_session=kept)
    await sessions.delete_resets(db, user_id)


def check_pair(one: str, other: str, field: str) -> str:
    """The password that was given twice; ValidationError if these are two."""
    if one != other:
        raise ValidationError({field: [DIFFERENT]})
    return one


def check_strength(field: str, password: str, known: Iterable[str]) -> None:
    """ValidationError for a password that would be guessed soon."""
    found = passwords.weaknesses(password, known)
    if found:
        raise ValidationError({field: found})


def known_of_user(user: User) -> list[str]:
    """What others know of a user."""
    return known_of(user.username, user.email, user.first_name, user.last_name)


def known_of(
    username: str, email: str = "", first_name: str = "", last_name: str = ""
) -> list[str]:
    """Names and the part of the address that is somebody's own."""
    return [username, email.partition("@")[0], first_name, last_name]
