"""Somebody's web server, which is told of events and does as it likes with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Received:
    """A delivery as it came in."""

    headers: dict[str, str]
    body: bytes
    json: Any


@dataclass
class Receiver:
    """A server on a free port; ``behave`` says what the next deliveries are answered."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    behaviour: list[str] = field(default_factory=list)
    reached: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """Take a delivery."""
        body = await request.read()
        self.received.append(Received(dict(request.headers), body, await request.json()))
        self.came.set()
        how = self.behaviour.pop(0) if self.behaviour else "ok"
        if how == "fail":
            return web.Response(status=500, text="out of order")
        if how == "redirect":
            raise web.HTTPFound(f"{self.url}/secret")
        if how == "close":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if how == "endless":
            answer = web.StreamResponse()
            await answer.prepare(request)
            while True:
                await answer.write(b"x" * 65536)
        return web.Response(text="thanks")

    async def secret(self, _: web.Request) -> web.Response:
        """A place that only a redirect leads to."""
        self.reached += 1
        return web.Response(text="the crown jewels")

    async def wait(self, count: int) -> list[Received]:
        """What has come in, as soon as it is so much."""
        async with asyncio.timeout(20):
            while len(self.received) < count:
                self.came.clear()
                await self.came.wait()
        return self.received


@asynccontextmanager
async def running() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.hook)
    app.router.add_route("*", "/secret", receiver.secret)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
