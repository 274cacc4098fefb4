"""Calling functions that annotate over HTTP: JSON with images in base64, as Nuclio serves them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from cvat_lite.errors import FunctionError, FunctionTimeoutError

#: A mask of every pixel of a large image, told as text, stays below.
MOST_BYTES = 256 * 1024 * 1024
PIECE = 64 * 1024
TOLD = 300


async def call(
    url: str, request: Mapping[str, Any], images: Mapping[str, bytes], seconds: float
) -> Any:
    """What a function answers to a request with these images, in at most so many seconds.

    FunctionError for an address that does not answer, a status that is no success, an answer that
    is too large or no JSON; FunctionTimeoutError for one that is too slow. Redirects are not
    followed: the address is the operator's own.
    """
    body = await asyncio.to_thread(encode, request, images)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response,
        ):
            answer = await read(response)
            if not 200 <= response.status < 300:
                said = answer[:TOLD].decode("utf-8", "replace")
                raise FunctionError(f"The function answered with status {response.status}: {said}")
    except TimeoutError:
        raise FunctionTimeoutError(f"The function took longer than {seconds:g} seconds.") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise FunctionError(f"The function cannot be reached: {why}") from error
    try:
        return await asyncio.to_thread(orjson.loads, answer)
    except orjson.JSONDecodeError as error:
        raise FunctionError(f"The function answered something that is no JSON: {error}") from error


def encode(request: Mapping[str, Any], images: Mapping[str, bytes]) -> bytes:
    """The body of a call."""
    texts = {name: base64.b64encode(content).decode() for name, content in images.items()}
    return orjson.dumps({**request, **texts})


async def read(response: aiohttp.ClientResponse) -> bytearray:
    """The whole answer, unless it is larger than any answer can be."""
    found = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        found += piece
        if len(found) > MOST_BYTES:
            raise FunctionError(f"The function's answer is larger than {MOST_BYTES} bytes.")
    return found
