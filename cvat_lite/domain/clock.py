"""Dates as the API writes them: UTC, ISO 8601 with microseconds and Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> str:
    """The present moment, as it is stored and answered."""
    return write(datetime.now(UTC))


def later(seconds: float) -> str:
    """The moment that many seconds from now."""
    return write(datetime.now(UTC) + timedelta(seconds=seconds))


def write(moment: datetime) -> str:
    """A moment as text; text of this form sorts as time does."""
    # Not strftime, which leaves the zeros of early years out on some systems.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read(text: str) -> datetime:
    """The moment of an ISO 8601 text; one without a zone is UTC. ValueError if it is none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
