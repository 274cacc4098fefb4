"""From a proof (session, token, password, access token) to the user it stands for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from cvat_lite.domain import passwords
from cvat_lite.errors import UnauthorizedError
from cvat_lite.services.context import Identity
from cvat_lite.store import access_tokens, users
from cvat_lite.store.database import Database
from cvat_lite.store.users import User

REMEMBERED = 4096
SECONDS = 5.0
#: A password check takes its time by design; more at once would starve everything else.
CHECKS_AT_ONCE = 2


class Identities:
    """Recognizes callers, and remembers for a few seconds whom it has recognized.

    What is remembered is found by a keyed digest of the proof, so that neither passwords nor
    tokens lie in memory. Whatever changes users, tokens or sessions calls ``forget``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    def forget(self) -> None:
        """Recognize everybody anew from now on."""
        self._known.clear()

    async def session(self, key: str) -> Identity | None:
        """Who logged in with this session; None for a session that is over."""

        async def look() -> Identity | None:
            async with self._database.reading() as db:
                user = await users.by_session(db, passwords.digest_key(key))
            return Identity(user) if user and user.is_active else None

        return await self._remember("session", key, look)

    async def token(self, key: str) -> Identity:
        """Whose API token this is."""

        async def look() -> Identity | None:
            async with self._database.reading() as db:
                return identity_of(await users.by_token(db, key))

        return required(await self._remember("token", key, look))

    async def password(self, username: str, password: str) -> Identity:
        """The user of that name, if this is the password."""

        async def look() -> Identity | None:
            async with self._database.reading() as db:
                user = await users.by_name(db, username)
            if await self.check(user, password):
                return identity_of(user)
            return None

        found = await self._remember("password", f"{username}\n{password}", look)
        if found is None:
            raise UnauthorizedError("Invalid username/password.")
        return found

    async def access_token(self, key: str) -> Identity:
        """The owner of a personal access token, with the token's limits."""

        async def look() -> Identity | None:
            prefix = key.partition(".")[0]
            async with self._database.reading() as db:
                token = await access_tokens.by_prefix(db, prefix)
                owner = await users.get(db, token.owner_id) if token else None
            if token is None or owner is None or not owner.is_active:
                return None
            if not await asyncio.to_thread(matches, key, token.hashed_key):
                return None
            async with self._database.writing() as db:
                await access_tokens.touch(db, token.id)
            return Identity(owner, bool(token.read_only), token.id)

        return required(await self._remember("access", key, look))

    async def administrator(self) -> Identity | None:
        """The administrator of the lowest id: whoever needs no login acts as that one."""

        async def look() -> Identity | None:
            async with self._database.reading() as db:
                return identity_of(await users.first_administrator(db))

        return await self._remember("administrator", "", look)

    async def check(self, user: User | None, password: str) -> bool:
        """Whether that is the user's password; as slow for a user who does not exist."""
        stored = user.password if user and user.is_active else passwords.UNUSABLE
        async with self._checks:
            right = await asyncio.to_thread(verify, password, stored)
        if right and user and passwords.outdated(stored):
            await self._renew(user, password)
        return right

    async def _renew(self, user: User, password: str) -> None:
        """Replace a hash that another server made, now that the password is known."""
        stored = await asyncio.to_thread(passwords.hash_password, password)
        async with self._database.writing() as db:
            await users.update(db, user.id, {"password": stored})
        self.forget()

    async def _remember(
        self, kind: str, proof: str, look: Callable[[], Awaitable[Identity | None]]
    ) -> Identity | None:
        key = hmac.digest(self._secret, f"{kind}\n{proof}".encode(), hashlib.sha256)
        known = self._known.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        found = await look()
        if found is not None:
            self._known[key] = (time.monotonic() + SECONDS, found)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


def verify(password: str, stored: str) -> bool:
    """Check a password; where there is none to check against, take as long and say no."""
    if stored.startswith(passwords.UNUSABLE):
        passwords.hash_password(password)
        return False
    return passwords.verify_password(password, stored)


def matches(key: str, stored: str) -> bool:
    """Whether an access token is the stored one: our plain digest, or a hash Django made."""
    if stored.startswith("sha256$"):
        return hmac.compare_digest(stored, f"sha256${passwords.digest_key(key)}")
    return passwords.verify_password(key, stored)


def identity_of(user: User | None) -> Identity | None:
    """The identity of a user; UnauthorizedError for one who has been barred."""
    if user is not None and not user.is_active:
        raise UnauthorizedError("User inactive or deleted.")
    return Identity(user) if user else None


def required(found: Identity | None) -> Identity:
    """The identity, or UnauthorizedError in the words for tokens."""
    if found is None:
        raise UnauthorizedError("Invalid token.")
    return found
