"""The states of trackers, which clients keep for the next call: signed, so that none is made up.

A function may well run what a state tells it to; only what it answered to the same person may come
back to it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson

from cvat_lite.errors import RuleError


def sign(state: Any, secret: bytes, about: str) -> str | None:
    """The state as text that only ``opened`` with the same secret and ``about`` takes."""
    if state is None:
        return None
    content = base64.urlsafe_b64encode(orjson.dumps(state)).decode()
    return f"{content}.{seal(content, secret, about)}"


def opened(text: Any, secret: bytes, about: str) -> Any:
    """The state again; RuleError for one that this server has not given out for this."""
    if text is None:
        return None
    content, _, given = text.partition(".") if isinstance(text, str) else ("", "", "")
    expected = seal(content, secret, about).encode()
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
        raise RuleError("Invalid or expired tracking state")
    try:
        return orjson.loads(base64.urlsafe_b64decode(content))
    except (binascii.Error, orjson.JSONDecodeError):
        raise RuleError("Invalid or expired tracking state") from None


def seal(content: str, secret: bytes, about: str) -> str:
    """What proves that the content was signed here."""
    message = f"{about}\n{content}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
