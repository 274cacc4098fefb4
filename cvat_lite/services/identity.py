"""From a proof (session, token, password, access token) to the user it stands for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from cvat_lite.domain import clock, passwords
from cvat_lite.errors import UnauthorizedError
from cvat_lite.services.context import Identity
from cvat_lite.store import access_tokens, sessions, users
from cvat_lite.store.database import Database
from cvat_lite.store.users import User

REMEMBERED = 4096
SECONDS = 5.0
#: A password check takes its time by design; more at once would starve everything else.
CHECKS_AT_ONCE = 2
#: A session in use is made to last longer after this part of its time, not at each request.
EXTENDED_AFTER = 1 / 24
#: The use of an access token is noted at most this often: each note is a write to the disk.
NOTED_AFTER = 60.0


class Identities:
    """Recognizes callers, and remembers for a few seconds whom it has recognized.

    What is remembered is found by a keyed digest of the proof, so that neither passwords nor
    tokens lie in memory. Whatever changes users, tokens or sessions calls ``forget``.
    """

    def __init__(self, database: Database, session_lifetime: float = 14 * 24 * 3600.0) -> None:
        self._database = database
        self._session_lifetime = session_lifetime
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()
        self._forgotten = 0
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    def forget(self) -> None:
        """Recognize everybody anew from now on, those included who are being looked up."""
        self._known.clear()
        self._forgotten += 1

    async def session(self, key: str) -> Identity | None:
        """Who logged in with this session; None for a session that is over."""

        async def look() -> Identity | None:
            async with self._database.snapshot() as db:
                session = await sessions.get(db, passwords.digest_key(key))
                user = await users.get(db, session.user_id) if session else None
            if session is None or user is None or not user.is_active:
                return None
            lifetime = self._session_lifetime
            if session.expiry_date < clock.later(lifetime * (1 - EXTENDED_AFTER)):
                async with self._database.writing() as db:
                    await sessions.extend(db, session.digest, clock.later(lifetime))
            return Identity(user)

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
            async with self._database.snapshot() as db:
                token = await access_tokens.by_prefix(db, prefix)
                owner = await users.get(db, token.owner_id) if token else None
            if token is None or owner is None or not owner.is_active:
                return None
            if not await asyncio.to_thread(passwords.verify_key, key, token.hashed_key):
                return None
            if not token.last_used_date or token.last_used_date < clock.later(-NOTED_AFTER):
                async with self._database.writing() as db:
                    await access_tokens.touch(db, token.id)
            return Identity(owner, token.read_only, token.id)

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

    async def hash(self, password: str) -> str:
        """The text to store for a new password; waits its turn as checks do."""
        async with self._checks:
            return await asyncio.to_thread(passwords.hash_password, password)

    async def _renew(self, user: User, password: str) -> None:
        """Replace a hash that another server made, now that the password is known."""
        stored = await self.hash(password)
        async with self._database.writing() as db:
            now = await users.get(db, user.id)
            if now is not None and now.password == user.password:
                await users.update(db, user.id, {"password": stored})

    async def _remember(
        self, kind: str, proof: str, look: Callable[[], Awaitable[Identity | None]]
    ) -> Identity | None:
        text = f"{kind}\n{proof}".encode(errors="surrogatepass")
        key = hmac.digest(self._secret, text, hashlib.sha256)
        known = self._known.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        forgotten = self._forgotten
        found = await look()
        # What was read before something changed is an answer to this request, and to no other.
        if found is not None and forgotten == self._forgotten:
            self._known[key] = (time.monotonic() + SECONDS, found)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


def verify(password: str, stored: str) -> bool:
    """Check a password.

    A check takes as long where there is nothing to check against, and where the stored hash is a
    quick one of another server: the time tells nothing about who exists.
    """
    if passwords.outdated(stored):
        passwords.hash_password(password)
    return passwords.verify_password(password, stored)


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
