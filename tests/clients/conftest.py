"""One running server for all tests of the published clients, which block while they wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from cvat_sdk import Client, make_client

from cvat_lite.app import make_app
from cvat_lite.config import Config
from tests.client import ADMIN_PASSWORD

PATIENCE = 30


@dataclass(frozen=True)
class Running:
    """A server in a thread of its own: its address and settings."""

    url: str
    config: Config


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server."""
    home = tmp_path_factory.mktemp("clients")
    (home / "share").mkdir()
    config = Config(
        data_dir=home / "data",
        share=home / "share",
        admin_password=ADMIN_PASSWORD,
        rate_limit_per_minute=10_000,
    )
    address: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(make_app(config), access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await stop.wait()
        await runner.cleanup()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except Exception as error:
            if address.done():
                raise
            address.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="server")
    thread.start()
    yield Running(address.result(PATIENCE), config)
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture(scope="package")
def client(running: Running) -> Iterator[Client]:
    """The SDK's client, logged in as the administrator."""
    with make_client(running.url, credentials=("admin", ADMIN_PASSWORD)) as client:
        client.config.status_check_period = 0.02
        yield client


@pytest.fixture
def share(running: Running, request: pytest.FixtureRequest) -> Path:
    """A directory of this test's own below the server's share."""
    assert running.config.share is not None
    directory = running.config.share / request.node.name
    directory.mkdir()
    return directory
