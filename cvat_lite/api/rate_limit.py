"""How often strangers may knock: a bucket of calls for each address, refilled over a minute."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web

from cvat_lite.errors import TooManyRequestsError

REMEMBERED = 10_000
MINUTE = 60.0
#: An address of IPv6 is one of 2**64 that its holder has.
HOLDER_BITS = 64


class RateLimiter:
    """Counts calls of addresses, in memory; ``per_minute`` of 0 means no limit at all.

    An address may make ``per_minute`` calls at once, and gets that many back in a minute. The
    addresses seen last are remembered, so that memory does not grow with their number.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, door: str) -> None:
        """Count one call at a door; TooManyRequestsError for one too many."""
        left = self._left(address, door)
        if left < 1:
            raise TooManyRequestsError(self._wait(left))
        self._keep(address, door, left - 1)

    def check(self, address: str, door: str) -> None:
        """TooManyRequestsError where ``take`` would raise it; counts nothing."""
        left = self._left(address, door)
        if left < 1:
            raise TooManyRequestsError(self._wait(left))

    def _left(self, address: str, door: str) -> float:
        if self._per_minute <= 0:
            return math.inf
        full = float(self._per_minute)
        left, then = self._buckets.get(key_of(address, door), (full, self._now()))
        return min(full, left + (self._now() - then) * full / MINUTE)

    def _wait(self, left: float) -> int:
        return math.ceil((1 - left) * MINUTE / self._per_minute)

    def _keep(self, address: str, door: str, left: float) -> None:
        if self._per_minute <= 0:
            return
        key = key_of(address, door)
        self._buckets[key] = (left, self._now())
        self._buckets.move_to_end(key)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)


LIMITER: web.AppKey[RateLimiter] = web.AppKey("rate_limiter", RateLimiter)


def key_of(address: str, door: str) -> str:
    """Under what an address is counted: networks of IPv6 as one, and each door by itself."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"{door} {address}"
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is None:
        return f"{door} {ipaddress.ip_network((number, HOLDER_BITS), strict=False)}"
    return f"{door} {address}"


def knock(request: web.Request, door: str) -> None:
    """Count this request at a door; TooManyRequestsError if its address knocks too often."""
    request.app[LIMITER].take(request.remote or "", door)


def check(request: web.Request, door: str) -> None:
    """TooManyRequestsError if the request's address has knocked too often; counts nothing."""
    request.app[LIMITER].check(request.remote or "", door)
