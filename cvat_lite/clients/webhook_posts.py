"""Posting to somebody's webhook, whoever he is: bounded in time and size, and never redirected."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.resolver import ThreadedResolver

from cvat_lite.clients.downloads import GuardedResolver, check_url
from cvat_lite.errors import MediaError

TIMEOUT = aiohttp.ClientTimeout(total=10)
#: Of an answer, so much is kept; the rest is not even read.
MOST_BYTES = 64 * 1024
BAD_GATEWAY, GATEWAY_TIMEOUT = 502, 504
SIGNATURE = "X-Signature-256"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, the beginning of the body, and how many milliseconds it took.

    Where nothing came back, the status is 502, or 504 for somebody too slow, as CVAT records it.
    """

    status: int
    text: str
    milliseconds: int


def headers(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a delivery; with a secret, one that proves who sent it.

    The signature is the HMAC of the body's bytes with SHA-256, in hexadecimal digits.
    """
    found = {"Content-Type": "application/json"}
    if secret:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        found[SIGNATURE] = f"sha256={digest}"
    return found


async def post(
    url: str, body: bytes, head: Mapping[str, str], *, verify: bool, allow_private: bool
) -> Answer:
    """Send a body; whatever the receiver does, there is an answer after at most ten seconds.

    ``verify`` asks for a certificate that can be trusted. Addresses of this machine and its
    networks are not reached unless ``allow_private``; a redirect is an answer like any other.
    """
    began = time.monotonic()

    def answer(status: int, text: str) -> Answer:
        return Answer(status, text, round((time.monotonic() - began) * 1000))

    try:
        check_url(url, allow_private=allow_private)
        resolver = ThreadedResolver() if allow_private else GuardedResolver()
        connector = aiohttp.TCPConnector(resolver=resolver)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session,
            session.post(
                url,
                data=body,
                headers=head,
                allow_redirects=False,
                ssl=True if verify else unverified(),
            ) as response,
        ):
            return answer(response.status, await beginning(response))
    except MediaError as error:
        return answer(BAD_GATEWAY, str(error))
    except TimeoutError:
        return answer(GATEWAY_TIMEOUT, f"No answer within {TIMEOUT.total:.0f} seconds.")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return answer(BAD_GATEWAY, str(error) or type(error).__name__)


def unverified() -> ssl.SSLContext:
    """TLS with whoever answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def beginning(response: aiohttp.ClientResponse) -> str:
    """The first bytes of an answer as text."""
    found = bytearray()
    async for piece in response.content.iter_chunked(MOST_BYTES):
        found += piece
        if len(found) >= MOST_BYTES:
            break
    # A character may be cut in two at the end.
    return bytes(found[:MOST_BYTES]).decode("utf-8", "replace").replace("\x00", "\ufffd")
