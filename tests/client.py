"""A client for tests: every call states the status it expects."""

from __future__ import annotations

import asyncio
import base64
from types import TracebackType
from typing import Any

import aiohttp

from tests.openapi_check import checks
from tests.sdk_check import deserialize

ADMIN_PASSWORD = "correct horse battery"


def basic(username: str, password: str) -> str:
    """The header that proves a user by password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class Api:
    """Calls below ``/api`` with Basic authentication, or none."""

    def __init__(self, url: str, login: tuple[str, str] | None) -> None:
        self.url = url
        self.headers = {"Authorization": basic(*login)} if login else {}
        self.session: aiohttp.ClientSession

    async def __aenter__(self) -> Api:
        self.session = aiohttp.ClientSession(
            headers=self.headers, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int = 200,
        documented: bool = True,
        **more: Any,
    ) -> aiohttp.ClientResponse:
        """Send a request and check the status; the answer's body has been read.

        The answer has to be as the server's own document says, unless it is known not to be, and
        one that the SDK's deserializer takes, where the SDK has the operation.
        """
        if body is not None:
            more["json"] = body
        response = await self.session.request(method, f"{self.url}/api{path}", **more)
        data = await response.read()
        assert response.status == expect, (
            f"{method} {path}: {response.status} instead of {expect}: {data[:2000]!r}"
        )
        if documented:
            kind = response.content_type
            path = response.url.path
            checks().check(method, path, response.status, kind, data)
            operation = checks().operation(method, path)
            if operation and method != "HEAD" and 200 <= response.status < 300:
                deserialize(operation["operationId"], kind, data)
        return response

    async def _json(self, method: str, path: str, body: Any, expect: int, **more: Any) -> Any:
        response = await self.call(method, path, body, expect=expect, **more)
        if "json" in response.content_type:
            return await response.json(content_type=None)
        return await response.read()

    async def get(self, path: str, *, expect: int = 200, **more: Any) -> Any:
        """The JSON (or the bytes) at a path."""
        return await self._json("GET", path, None, expect, **more)

    async def post(self, path: str, body: Any = None, *, expect: int = 201, **more: Any) -> Any:
        """What a POST answers."""
        return await self._json("POST", path, body, expect, **more)

    async def patch(self, path: str, body: Any = None, *, expect: int = 200, **more: Any) -> Any:
        """What a PATCH answers."""
        return await self._json("PATCH", path, body, expect, **more)

    async def put(self, path: str, body: Any = None, *, expect: int = 200, **more: Any) -> Any:
        """What a PUT answers."""
        return await self._json("PUT", path, body, expect, **more)

    async def delete(self, path: str, *, expect: int = 204, **more: Any) -> Any:
        """What a DELETE answers."""
        return await self._json("DELETE", path, None, expect, **more)

    async def finished(self, rq_id: str, *, status: str = "finished") -> dict[str, Any]:
        """The background request once it has ended, as expected."""
        for _ in range(1200):
            request: dict[str, Any] = await self.get(f"/requests/{rq_id}")
            if request["status"] in ("finished", "failed"):
                assert request["status"] == status, request
                return request
            await asyncio.sleep(0.025)
        raise AssertionError(f"{rq_id} has not ended")
