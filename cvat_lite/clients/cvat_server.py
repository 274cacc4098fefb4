"""Another CVAT as a client sees it: who asks, calls that answer JSON, and its refusals in words.

It speaks the public API by itself: what moving backups needs is a handful of operations, and the
SDK would bring a hundred megabytes of dependencies for them and hold whole parts in memory.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from yarl import URL

from cvat_lite.errors import in_words

TIMEOUT = aiohttp.ClientTimeout(total=None, connect=20, sock_read=120)
JSON_TYPE = "application/vnd.cvat+json"
PAGE = 100
TRIES = 4
#: Seconds before the second try; each later one waits twice as long.
PAUSE = 0.25
LONGEST_PAUSE = 30.0
BUSY = (429, 502, 503, 504)
LONGEST_WORDS = 500

Query = Mapping[str, str | int]


class RemoteError(Exception):
    """A server that cannot be used at all; one clear line that names it."""


class UntrustedError(RemoteError):
    """A server whose certificate nobody vouches for."""


class RefusedError(RemoteError):
    """An answer that refuses one thing, in the server's own words; ``body`` is its JSON."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(one_line(in_words(body)) or f"status {status}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Login:
    """Where a server is and who asks: with a token, or with a name and password.

    ``organization`` is the slug of the one to work in; None asks in no one's name in particular,
    and what is made belongs to the person. ``verify`` asks for a certificate that can be trusted.
    """

    url: str
    token: str | None = None
    username: str = ""
    password: str = ""
    organization: str | None = None
    verify: bool = True
    use_proxy: bool = True

    def proofs(self) -> tuple[str, ...]:
        """The ``Authorization`` headers that can be meant, the likelier one first.

        A token may be an access token of CVAT 2.50 and later, or the older key of a login.
        """
        if self.token is not None:
            return f"Bearer {self.token}", f"Token {self.token}"
        pair = f"{self.username}:{self.password}".encode()
        return (f"Basic {base64.b64encode(pair).decode()}",)


class CvatServer:
    """A server that has let us in; made by ``connect``."""

    def __init__(self, login: Login, session: aiohttp.ClientSession) -> None:
        self.login = login
        self.url = login.url.rstrip("/")
        self.username = ""
        self._session = session
        self._headers = {"Accept": JSON_TYPE}
        if login.organization is not None:
            self._headers["X-Organization"] = login.organization

    async def enter(self) -> None:
        """Find out whether a CVAT is there, and how it knows us; RemoteError if it does not."""
        about = await self.call("GET", "/api/server/about")
        if not isinstance(about, dict) or "version" not in about:
            raise RemoteError(f"{self.url} is no CVAT server.")
        refused = ""
        for proof in self.login.proofs():
            self._headers["Authorization"] = proof
            try:
                self.username = (await self.call("GET", "/api/users/self"))["username"]
            except RefusedError as error:
                if error.status != 401:
                    raise RemoteError(f"{self.url}: {error}") from error
                refused = str(error)
            else:
                return
        what = "token" if self.login.token is not None else "name and password"
        raise RemoteError(f"{self.url} does not accept the {what}: {refused}")

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        query: Query | None = None,
    ) -> Any:
        """The JSON of an answer (None for an empty one); RefusedError for one that refuses.

        What only asks is tried again where the connection breaks or the server is busy.
        """
        async with self.answer(
            method, path, headers=headers, data=data, again=method == "GET", query=query
        ) as response:
            content = await self._read(response)
        try:
            return orjson.loads(content) if content else None
        except orjson.JSONDecodeError:
            raise RemoteError(f"{self.url} is no CVAT server: its answer is not JSON.") from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            return await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RemoteError(f"{self.url} broke off its answer: {reason(error)}.") from error

    @asynccontextmanager
    async def answer(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        again: bool = False,
        query: Query | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is a success, its body not read yet; RemoteError otherwise.

        A server that is busy is asked ``TRIES`` times, and also one that cannot be reached where
        asking ``again`` does no harm.
        """
        pause = PAUSE
        for tries_left in reversed(range(TRIES)):
            try:
                response = await self._send(method, path, headers, data, query or {})
            except UntrustedError:
                raise
            except RemoteError:
                if not (again and tries_left):
                    raise
            else:
                async with response:
                    if response.status not in BUSY or not tries_left:
                        await self._check(response)
                        yield response
                        return
                    pause = max(pause, wished_pause(response))
            await asyncio.sleep(pause)
            pause *= 2

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        data: bytes | None,
        query: Query,
    ) -> aiohttp.ClientResponse:
        """An answer, whatever it says. Redirects are not followed: the proof is for one server."""
        where = f"{self.url}{path}{'?' if query else ''}{urlencode(query)}"
        try:
            return await self._session.request(
                method,
                URL(where, encoded=True),
                headers={**self._headers, **(headers or {})},
                data=data,
                allow_redirects=False,
            )
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            raise UntrustedError(f"{self.url} cannot be trusted: {reason(error)}.") from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise RemoteError(f"{self.url} does not answer: {reason(error)}.") from error

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        """Let a success pass; RefusedError in the server's words otherwise."""
        if response.status < 300:
            return
        if response.status < 400:
            to = response.headers.get("Location", "another address")
            raise RemoteError(f"{self.url} sends on to {to}: name that server instead.")
        content = await self._read(response)
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError:
            plain = response.content_type == "text/plain"
            body = content.decode(errors="replace") if plain else response.reason or ""
        if response.status == 507:
            raise RemoteError(f"{self.url} has no room left: {one_line(in_words(body))}")
        raise RefusedError(response.status, body)

    async def pages(self, path: str, query: Query | None = None) -> AsyncIterator[dict[str, Any]]:
        """The objects of a list, page by page."""
        number = 1
        while True:
            page = {**(query or {}), "page": number, "page_size": PAGE}
            found = await self.call("GET", path, query=page)
            for one in found["results"]:
                yield one
            if not found["next"]:
                return
            number += 1


@asynccontextmanager
async def connect(login: Login) -> AsyncIterator[CvatServer]:
    """A server for the time of the block; RemoteError in one line if it cannot be used."""
    if not is_address(login.url):
        raise RemoteError(f"{login.url!r} is not an address such as https://cvat.example.org.")
    connector = aiohttp.TCPConnector(ssl=login.verify)
    async with aiohttp.ClientSession(
        connector=connector, timeout=TIMEOUT, trust_env=login.use_proxy
    ) as session:
        server = CvatServer(login, session)
        await server.enter()
        yield server


def is_address(url: str) -> bool:
    """Whether that can be the address of a server."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def wished_pause(response: aiohttp.ClientResponse) -> float:
    """The seconds that a busy server asks us to wait, within reason."""
    wished = response.headers.get("Retry-After", "")
    return min(float(wished), LONGEST_PAUSE) if wished.isdigit() else 0.0


def reason(error: BaseException) -> str:
    """Why a connection failed, in a few words."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    inner = getattr(error, "os_error", error)
    if isinstance(inner, OSError) and inner.errno and inner.errno > 0:
        return os.strerror(inner.errno)
    return one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """The words of a text, not more than a person would read."""
    return " ".join(text.split())[:LONGEST_WORDS]
