"""The operations of the API, as the router knows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from cvat_lite.api.declare import Handler

#: A part of a path with the expression that it must match: ``{id:\\d+}``.
WITH_EXPRESSION = re.compile(r"\{(\w+):[^{}]*\}")
VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """A method on a path and the handler that declares what it does; its name is the id."""

    method: str
    path: str
    handler: Handler

    @property
    def operation_id(self) -> str:
        """The name under which clients know the operation."""
        return str(getattr(self.handler, "__name__", ""))

    @property
    def declared(self) -> dict[str, Any]:
        """What the decorators have left on the handler; not to be changed."""
        declared: dict[str, Any] = self.handler.__apispec__  # type: ignore[attr-defined]
        return declared

    @property
    def variables(self) -> list[str]:
        """The names of the parameters in the path, in order."""
        return VARIABLE.findall(self.path)


def operations(router: web.UrlDispatcher) -> tuple[Operation, ...]:
    """The declared operations in the order of their routes.

    Every path is answered with and without a slash at its end; the one that was added first is
    the one that is documented. ``HEAD`` is documented only where it has a handler of its own.
    """
    found: dict[tuple[str, str], Operation] = {}
    readers: set[tuple[str, Handler]] = set()
    for route in router.routes():
        handler = route.handler
        if not hasattr(handler, "__apispec__") or route.resource is None:
            continue
        path = WITH_EXPRESSION.sub(r"{\1}", route.resource.canonical)
        operation = Operation(route.method, path, handler)
        found.setdefault((route.method, path.rstrip("/")), operation)
        if route.method == "GET":
            readers.add((path, handler))
    return tuple(
        operation
        for operation in found.values()
        if operation.method != "HEAD" or (operation.path, operation.handler) not in readers
    )
