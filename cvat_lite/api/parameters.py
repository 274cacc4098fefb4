"""Reading what a request names: ids in paths, numbers and flags in the query string."""

from __future__ import annotations

from aiohttp import web

from cvat_lite.errors import NotFoundError, RuleError, ValidationError

LARGEST = 2**63 - 1


def number(request: web.Request, name: str = "id") -> int:
    """The id in the path; NotFoundError for what cannot be one."""
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > LARGEST:
        raise NotFoundError
    return int(text)


def integer(request: web.Request, name: str) -> int | None:
    """A number of the query string, None if absent; ValidationError for anything else."""
    text = request.query.get(name)
    if text is None or text == "":
        return None
    try:
        value = int(text)
    except ValueError:
        raise ValidationError({name: ["A valid integer is required."]}) from None
    if abs(value) > LARGEST:
        raise ValidationError({name: ["A valid integer is required."]})
    return value


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """A flag of the query string."""
    text = request.query.get(name)
    if text is None or text == "":
        return default
    return text.lower() in ("1", "true", "yes", "on", "t")


def request_id(request: web.Request) -> str:
    """The id of the background request whose result is asked for; RuleError without one."""
    text = request.query.get("rq_id")
    if not text:
        raise RuleError("Missing request id in the query parameters")
    return text


def header_flag(request: web.Request, name: str) -> bool:
    """Whether a header that says so by being there is there: clients send it empty, too."""
    value = request.headers.get(name)
    return value is not None and value.lower() not in ("false", "0")
