"""Files fetched from elsewhere, and a guard that keeps this server's own network out of reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from cvat_lite.errors import MediaError

PIECE = 1 << 20
MOST_REDIRECTS = 5
TIMEOUT = aiohttp.ClientTimeout(total=None, connect=20, sock_read=60)
REDIRECTS = (301, 302, 303, 307, 308)


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's, not of this machine or its networks."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(number, "ipv4_mapped", None)
    number = mapped or number
    return number.is_global and not number.is_multicast


class GuardedResolver(AbstractResolver):
    """Resolves names as usual and drops addresses that are not public.

    The connection goes to the very address that was checked: a name that changes its mind
    between the check and the connection gains nothing.
    """

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a host; OSError if it has none."""
        found = await self._resolver.resolve(host, port, family)
        public = [entry for entry in found if is_public(entry["host"])]
        if not public:
            raise OSError(f"'{host}' is not a public host")
        return public

    async def close(self) -> None:
        """Nothing is kept."""


def check_url(url: str, *, allow_private: bool) -> None:
    """MediaError for an address that cannot be fetched or must not be."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MediaError(f"'{url}' is not an http or https address")
    if allow_private:
        return
    try:
        ipaddress.ip_address(parts.hostname)
    except ValueError:
        if parts.hostname.lower().rstrip(".") == "localhost":
            raise MediaError(f"'{url}' is not on a public host") from None
        return
    if not is_public(parts.hostname):
        raise MediaError(f"'{url}' is not on a public host")


def name_in(url: str) -> str:
    """The file name that an address ends in."""
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    if not name or name in (".", ".."):
        raise MediaError(f"'{url}' does not end in a file name")
    return name


async def download(
    url: str,
    target: Path,
    *,
    allow_private: bool,
    limit: int,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Fetch a file to a path; redirects are followed, each checked as the first address was.

    ``limit`` is the most bytes. Raises MediaError in words for the user, whatever goes wrong.
    """
    resolver = ThreadedResolver() if allow_private else GuardedResolver()
    connector = aiohttp.TCPConnector(resolver=resolver)
    try:
        async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
            for _ in range(MOST_REDIRECTS + 1):
                check_url(url, allow_private=allow_private)
                async with session.get(url, allow_redirects=False) as response:
                    if response.status in REDIRECTS and "Location" in response.headers:
                        url = urljoin(url, response.headers["Location"])
                        continue
                    if response.status != 200:
                        raise MediaError(f"'{url}' answered {response.status}")
                    await save(response, target, url, limit, progress)
                    return
            raise MediaError(f"'{url}' redirects too often")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise MediaError(f"'{url}' could not be fetched: {error}") from error


async def save(
    response: aiohttp.ClientResponse,
    target: Path,
    url: str,
    limit: int,
    progress: Callable[[int], None] | None,
) -> None:
    """Write the body of an answer to a file, up to the limit."""
    done = 0
    file: IO[bytes] = await asyncio.to_thread(target.open, "wb")
    try:
        async for piece in response.content.iter_chunked(PIECE):
            done += len(piece)
            if done > limit:
                raise MediaError(f"'{url}' is larger than {limit} bytes")
            await asyncio.to_thread(file.write, piece)
            if progress is not None:
                progress(done)
    finally:
        await asyncio.to_thread(file.close)
