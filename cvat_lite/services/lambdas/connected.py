"""The functions that are connected to a server: read from its settings, described and called."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import cvat_lite
from cvat_lite.background.function_process import FunctionProcess
from cvat_lite.clients import nuclio
from cvat_lite.config import Config
from cvat_lite.domain.functions import (
    ID,
    Function,
    FunctionKind,
    as_list,
    as_object,
    read_function,
)
from cvat_lite.errors import FunctionError, NotFoundError, StoreError

LOG = logging.getLogger("cvat_lite")
WORKER = "cvat_lite.services.lambdas.worker"


class Connection(Protocol):
    """A function behind one way to call it."""

    async def describe(self) -> Function:
        """What the function is; FunctionError where it does not say."""

    async def call(self, request: Mapping[str, Any], images: Sequence[bytes]) -> Any:
        """What it answers to a request with these images; FunctionError where it does not."""

    async def close(self) -> None:
        """Let go of it."""


class HttpFunction:
    """A function served elsewhere; what it is stands in the settings."""

    def __init__(self, function: Function, url: str, seconds: float) -> None:
        self._function = function
        self._url = url
        self._seconds = seconds

    async def describe(self) -> Function:
        """What the settings say."""
        return self._function

    async def call(self, request: Mapping[str, Any], images: Sequence[bytes]) -> Any:
        """Post the request; a function that compares two frames gets two images."""
        names = ("image0", "image1") if self._function.kind is FunctionKind.REID else ("image",)
        named = dict(zip(names, images, strict=True))
        return await nuclio.call(self._url, request, named, self._seconds)

    async def close(self) -> None:
        """There is nothing to let go of."""


class PythonFunction:
    """A Python function in a process of its own; it says itself what it is."""

    def __init__(self, name: str, what: str, config: Config) -> None:
        self._name = name
        self._seconds = config.function_timeout
        command = (sys.executable, "-m", WORKER, what, str(config.max_image_pixels))
        self._process = FunctionProcess(command, environment())
        self._function: Function | None = None

    async def describe(self) -> Function:
        """Ask the function, once."""
        if self._function is None:
            told = await self._process.call({"method": "describe"}, (), self._seconds)
            try:
                told = {"name": self._name, **told, "id": self._name}
                self._function = read_function(told)
            except (TypeError, ValueError) as error:
                raise FunctionError(f"The function's spec cannot be used: {error}") from error
        return self._function

    async def call(self, request: Mapping[str, Any], images: Sequence[bytes]) -> Any:
        """Have the process do it."""
        return await self._process.call({**request, "method": "call"}, images, self._seconds)

    async def close(self) -> None:
        """End the process."""
        await self._process.close()


def environment() -> dict[str, str]:
    """The environment of a function: without the server's own settings, passwords among them."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("CVAT_LITE_")}
    home = str(Path(cvat_lite.__file__).resolve().parent.parent)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (home, found.get("PYTHONPATH"))))
    return found


class Functions:
    """All functions of a server, and the batches that they are run in."""

    def __init__(self, connections: Mapping[str, Connection]) -> None:
        self._connections = dict(connections)
        #: What the states of trackers are signed with; they do not outlive the server.
        self.secret = secrets.token_bytes(32)
        #: Batches under way, by the ids of their requests, and those that are to stop.
        self.running: dict[str, asyncio.Future[Any]] = {}
        self.stopped: set[str] = set()

    def __len__(self) -> int:
        return len(self._connections)

    @classmethod
    def read(cls, config: Config) -> Functions:
        """The functions that the settings name; StoreError with one line where they are wrong."""
        connections: dict[str, Connection] = {}
        for function, url, seconds in declared(config):
            if function.id in connections:
                raise StoreError(
                    f"{config.functions}: the function {function.id!r} is there twice."
                )
            connections[function.id] = HttpFunction(function, url, seconds)
        for text in config.function:
            name, _, what = text.partition("=")
            if not ID.match(name) or not what:
                raise StoreError(
                    f"The function {text!r} is not of the form NAME=file.py or NAME=module."
                )
            if what.endswith(".py"):
                path = Path(what).expanduser().absolute()
                if not path.is_file():
                    raise StoreError(f"The function {name!r}: there is no file {path}.")
                what = str(path)
            if name in connections:
                raise StoreError(f"There are two functions called {name!r}.")
            connections[name] = PythonFunction(name, what, config)
        return cls(connections)

    async def described(self) -> list[Function]:
        """All functions that can be used; those that cannot be loaded are told in the log."""
        found = await asyncio.gather(
            *(connection.describe() for connection in self._connections.values()),
            return_exceptions=True,
        )
        functions = []
        for name, one in zip(self._connections, found, strict=True):
            if isinstance(one, FunctionError):
                LOG.warning("the function %s cannot be used: %s", name, one)
            elif isinstance(one, BaseException):
                raise one
            else:
                functions.append(one)
        return functions

    async def find(self, function_id: str) -> tuple[Function, Connection]:
        """The function of that id; NotFoundError where there is none."""
        connection = self._connections.get(function_id)
        if connection is None:
            raise NotFoundError(f"There is no function {function_id!r}.")
        return await connection.describe(), connection

    async def close(self) -> None:
        """End all processes."""
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))


def declared(config: Config) -> list[tuple[Function, str, float]]:
    """The functions of the settings file, each with its address and seconds."""
    if config.functions is None:
        return []
    import yaml  # noqa: PLC0415  # few servers have such a file

    try:
        # JSON is YAML as well.
        content = yaml.safe_load(config.functions.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            content = content.get("functions", [])
        return [read_declared(one, config) for one in as_list(content, "the list of functions")]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        line = " ".join(str(error).split())
        raise StoreError(f"The file of functions {config.functions}: {line}") from error


def read_declared(given: Any, config: Config) -> tuple[Function, str, float]:
    """One function of the settings file."""
    described = as_object(given, "a function")
    function = read_function(described)
    url = str(described.get("url", ""))
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{function.id}: url: {url!r} is not an http or https address")
    seconds = described.get("timeout", config.function_timeout)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        raise ValueError(f"{function.id}: timeout: {seconds!r} is not a number of seconds")
    return function, url, float(seconds)
