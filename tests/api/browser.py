"""A browser for tests: keeps cookies, and reads the CSRF value from them as pages do."""

from __future__ import annotations

from typing import Any, Self

import aiohttp
from yarl import URL

from tests.client import Api


class Browser(Api):
    """Calls below ``/api`` with cookies and no ``Authorization``."""

    def __init__(self, url: str) -> None:
        super().__init__(url, None)

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it has of the server."""
        found = self.session.cookie_jar.filter_cookies(URL(self.url))
        return {name: cookie.value for name, cookie in found.items()}

    @property
    def csrf(self) -> dict[str, str]:
        """The header that pages send."""
        return {"X-CSRFTOKEN": self.cookies["csrftoken"]}

    async def log_in(self, username: str, password: str) -> dict[str, Any]:
        """Log in; what the server answers."""
        body = {"username": username, "password": password}
        found: dict[str, Any] = await self.post("/auth/login", body, expect=200)
        return found
