"""A relay on the loopback that buckets are reached through, which keeps our own network out of reach.

The library that speaks to buckets looks up names, follows redirects and heeds the proxies of the
environment by itself. It is told to use this relay as its proxy, and the relay connects to the very
address that it has checked. It also ends answers that have no end: an answer is at most
``MOST_ANSWERED`` bytes, and nothing is waited for longer than ``IDLE`` seconds.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import ipaddress
import os
import secrets
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from cvat_lite.clients.downloads import is_public

LOOPBACK = "127.0.0.1"
#: Longest head of a request that the library can send.
MOST_HEAD = 64 * 1024
#: Bytes of one answer: those are lists of keys, or pieces of at most 4 MiB.
MOST_ANSWERED = 32 * 1024 * 1024
PIECE = 256 * 1024
CONNECT, IDLE = 10.0, 60.0
#: Headers between a client and its proxy, which go no further.
HOP = ("proxy-authorization", "proxy-connection", "connection", "keep-alive")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class RefusedError(Exception):
    """A request that the relay answers by itself, with this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request to a proxy, read as far as a proxy must."""

    method: str
    host: str
    port: int
    #: What is sent on to the host before anything else: nothing for a tunnel.
    forwarded: bytes


class Relay:
    """A relay in a thread of its own; ``url`` is what the library is given as its proxy.

    Only who knows the password in ``url`` is served: other people of this machine are not.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        password = secrets.token_urlsafe(24)
        self._proof = b"Basic " + base64.b64encode(f"relay:{password}".encode())
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server((LOOPBACK, 0))
        port = self._socket.getsockname()[1]
        self.url = f"http://relay:{password}@{LOOPBACK}:{port}"
        threading.Thread(target=self._run, name="bucket-relay", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    async def _start(self) -> None:
        await asyncio.start_server(self._serve, sock=self._socket, limit=MOST_HEAD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the library; it ends with the connection to the host."""
        there: Streams | None = None
        try:
            async with asyncio.timeout(CONNECT):
                head = read_head(await reader.readuntil(b"\r\n\r\n"), self._proof)
            there = await self._connect(head)
            if head.method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            there[1].write(head.forwarded)
            await Passage((reader, writer), there).run()
        except RefusedError as error:
            writer.write(refusal(error))
            with contextlib.suppress(OSError):
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # Somebody has gone or says nothing: the library words it for the user.
            pass
        finally:
            for one in (writer, *(there[1:] if there else ())):
                one.close()

    def _may_reach(self, address: str) -> bool:
        """Whether an address is one to connect to; where machines get their secrets never is."""
        if self._allow_private:
            return not ipaddress.ip_address(address.partition("%")[0]).is_link_local
        return is_public(address)

    async def _connect(self, head: Head) -> Streams:
        """A connection to a host's address that may be reached."""
        try:
            async with asyncio.timeout(CONNECT):
                found = await self._loop.getaddrinfo(head.host, head.port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError, UnicodeError):
            raise RefusedError(502, f"'{head.host}' cannot be reached") from None
        allowed = [address for entry in found if self._may_reach(address := str(entry[4][0]))]
        if not allowed:
            raise RefusedError(400, f"'{head.host}' is not a public host")
        status = 502
        for address in allowed:
            try:
                async with asyncio.timeout(CONNECT):
                    return await asyncio.open_connection(address, head.port)
            except TimeoutError:
                status = 504
            except OSError:
                continue
        raise RefusedError(status, f"'{head.host}' cannot be reached")


def read_head(raw: bytes, proof: bytes) -> Head:
    """What a request to a proxy asks; RefusedError for one that does not know the password."""
    request, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    named = [(line.partition(b":")[0].decode("latin-1").lower(), line) for line in lines]
    given = [line.partition(b":")[2].strip() for name, line in named if name == HOP[0]]
    if len(given) != 1 or not hmac.compare_digest(given[0], proof):
        raise RefusedError(407, "The password is missing.")
    try:
        method, target, _ = request.decode("latin-1").split(" ")
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise RefusedError(400, "This is no request to a proxy.") from None
    if not host or (method != "CONNECT" and parts.scheme != "http"):
        raise RefusedError(400, "This is no request to a proxy.")
    if method == "CONNECT":
        return Head(method, host, port or 443, b"")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [line for name, line in named if name not in HOP]
    # One request a connection: the next one may be for another host.
    head = [f"{method} {path} HTTP/1.1".encode("latin-1"), *kept, b"Connection: close"]
    return Head(method, host, port or 80, b"\r\n".join(head) + b"\r\n\r\n")


def refusal(error: RefusedError) -> bytes:
    """The answer to a request that goes nowhere."""
    body = str(error).encode()
    return (
        f"HTTP/1.1 {error.status} Refused\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


class Passage:
    """Bytes on their way between the library and a host, until one of them has enough."""

    def __init__(self, here: Streams, there: Streams) -> None:
        self._here, self._there = here, there
        #: Bytes that came since the library last said something.
        self._answered = 0
        self._spoken = False

    async def run(self) -> None:
        """Pass bytes on, both ways, until the host is done or silent."""
        up = asyncio.create_task(self._up())
        try:
            await self._down()
        finally:
            up.cancel()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await up

    async def _up(self) -> None:
        while piece := await self._here[0].read(PIECE):
            self._answered, self._spoken = 0, True
            self._there[1].write(piece)
            await self._there[1].drain()
        # The library gave up: what still comes is for nobody.
        self._there[1].close()

    async def _down(self) -> None:
        while True:
            piece = await self._piece()
            if not piece:
                return
            self._answered += len(piece)
            if self._answered > MOST_ANSWERED:
                return
            self._here[1].write(piece)
            async with asyncio.timeout(IDLE):
                await self._here[1].drain()

    async def _piece(self) -> bytes:
        """The next bytes of the host; none where nobody says anything."""
        while True:
            self._spoken = False
            try:
                async with asyncio.timeout(IDLE):
                    return await self._there[0].read(PIECE)
            except TimeoutError:
                # A host is rightly silent while the library sends a large part.
                if not self._spoken:
                    return b""


_relays: dict[tuple[int, bool], Relay] = {}
_lock = threading.Lock()


def relay_url(*, allow_private: bool) -> str:
    """The relay of this process, started when first needed."""
    with _lock:
        # A forked process has no threads of its parent.
        key = (os.getpid(), allow_private)
        if key not in _relays:
            _relays[key] = Relay(allow_private=allow_private)
        return _relays[key].url
