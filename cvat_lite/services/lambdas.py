"""Functions that annotate: none are connected to this server."""

from __future__ import annotations

from typing import Any, NoReturn

from cvat_lite.errors import UnavailableError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services.context import Context


def functions(context: Context) -> NoReturn:
    """Raise UnavailableError: clients take it, as from a CVAT without Nuclio, for no models."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "lambda"))
    raise UnavailableError("No functions are connected to this server.")


def calls(context: Context) -> list[dict[str, Any]]:
    """The calls of functions under way: without functions there are none."""
    engine.authorize(context.subject, "list:offline", Resource.here(context.subject, "lambda"))
    return []
