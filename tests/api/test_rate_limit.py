"""How often an address may knock, on a clock that the test turns."""

from __future__ import annotations

import pytest

from cvat_lite.api import rate_limit
from cvat_lite.api.rate_limit import RateLimiter
from cvat_lite.errors import TooManyRequestsError


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> RateLimiter:
    return RateLimiter(6, clock)


def knock(limiter: RateLimiter, times: int, address: str = "192.0.2.1", door: str = "in") -> int:
    """How many of so many knocks are answered."""
    answered = 0
    for _ in range(times):
        try:
            limiter.take(address, door)
        except TooManyRequestsError:
            continue
        answered += 1
    return answered


def test_as_many_calls_as_a_minute_has_are_answered_at_once(limiter: RateLimiter) -> None:
    assert knock(limiter, 10) == 6


def test_time_gives_calls_back_one_by_one(limiter: RateLimiter, clock: Clock) -> None:
    knock(limiter, 6)
    clock.seconds += 9.5
    assert knock(limiter, 1) == 0
    clock.seconds += 1
    assert knock(limiter, 3) == 1
    clock.seconds += 3600
    assert knock(limiter, 10) == 6


def test_the_refusal_says_when_to_come_again(limiter: RateLimiter, clock: Clock) -> None:
    knock(limiter, 6)
    with pytest.raises(TooManyRequestsError) as refused:
        limiter.take("192.0.2.1", "in")
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "10"}
    assert refused.value.body == {
        "detail": "Request was throttled. Expected available in 10 seconds."
    }
    clock.seconds += 10
    assert knock(limiter, 1) == 1


def test_asking_whether_one_may_counts_nothing(limiter: RateLimiter) -> None:
    for _ in range(20):
        limiter.check("192.0.2.1", "in")
    knock(limiter, 6)
    with pytest.raises(TooManyRequestsError):
        limiter.check("192.0.2.1", "in")


def test_addresses_and_doors_are_counted_apart(limiter: RateLimiter) -> None:
    knock(limiter, 6)
    assert knock(limiter, 6, address="192.0.2.2") == 6
    assert knock(limiter, 6, door="other") == 6


def test_the_addresses_of_one_holder_are_counted_together(limiter: RateLimiter) -> None:
    assert knock(limiter, 6, address="2001:db8::1") == 6
    assert knock(limiter, 6, address="2001:db8::ffff:2") == 0
    assert knock(limiter, 6, address="2001:db8:0:1::1") == 6
    assert knock(limiter, 6, address="fe80::1%eth0") == 6
    assert knock(limiter, 6, address="::ffff:192.0.2.1") == 6
    assert knock(limiter, 6, address="::ffff:192.0.2.2") == 6


def test_no_limit_is_no_limit(clock: Clock) -> None:
    assert knock(RateLimiter(0, clock), 1000) == 1000


def test_only_so_many_addresses_are_remembered(
    limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "REMEMBERED", 3)
    knock(limiter, 6)
    for number in range(3):
        knock(limiter, 1, address=f"192.0.2.{10 + number}")
    assert knock(limiter, 1) == 1
    assert len(limiter._buckets) == 3
