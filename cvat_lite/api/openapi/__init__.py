"""The OpenAPI document, made from what the handlers declare when somebody first asks for it."""

from __future__ import annotations

import functools
import threading
from typing import Any

import orjson
from aiohttp import web

from cvat_lite.api.openapi.operations import Operation, operations

Document = dict[str, Any]

_MAKING = threading.Lock()


def document(app: web.Application) -> Document:
    """The OpenAPI 3.0.3 document of the application's routes; not to be changed.

    It takes some tenths of a second the first time: call it outside the event loop.
    """
    return _document(operations(app.router))


def as_json(app: web.Application) -> bytes:
    """The document as JSON; slow the first time, as ``document`` is."""
    return _as_json(operations(app.router))


def as_yaml(app: web.Application) -> bytes:
    """The document as YAML; slow the first time, as ``document`` is."""
    return _as_yaml(operations(app.router))


def _document(found: tuple[Operation, ...]) -> Document:
    with _MAKING:
        return _make(found)


@functools.lru_cache(maxsize=2)
def _make(found: tuple[Operation, ...]) -> Document:
    # apispec and what it needs take longer to import than the rest of this package.
    from cvat_lite.api.openapi.making import make  # noqa: PLC0415

    return make(found)


@functools.lru_cache(maxsize=2)
def _as_json(found: tuple[Operation, ...]) -> bytes:
    return orjson.dumps(_document(found))


@functools.lru_cache(maxsize=2)
def _as_yaml(found: tuple[Operation, ...]) -> bytes:
    # What the server does not need to start is imported when it is needed.
    import yaml  # noqa: PLC0415

    # libyaml's where it is there: the pure one takes seconds for a document of this size.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    # By way of JSON: the same part may stand in several places, which YAML would write as an
    # anchor and its aliases.
    plain = orjson.loads(_as_json(found))
    text: str = yaml.dump(plain, Dumper=dumper, sort_keys=False, allow_unicode=True, width=100)
    return text.encode()
