"""Fixtures: a real server on a real socket, and a client that states what it expects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from cvat_lite.api.middleware import SERVER
from cvat_lite.app import make_app
from cvat_lite.config import Config
from cvat_lite.services.context import Server
from tests.client import ADMIN_PASSWORD, Api

if TYPE_CHECKING:
    from tests.s3 import S3

ADDRESS = web.AppKey("address", list)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The settings of the server under test; tests override this to change them."""
    share = tmp_path / "share"
    share.mkdir()
    return Config(data_dir=tmp_path / "data", share=share, admin_password=ADMIN_PASSWORD, port=0)


@pytest.fixture
async def app(config: Config) -> AsyncIterator[web.Application]:
    """A running server."""
    app = make_app(config)
    address: list[str] = []
    app[ADDRESS] = address
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield app
    await runner.cleanup()


@pytest.fixture
def server(app: web.Application) -> Server:
    """The parts of the running server, to look at its store and files."""
    return app[SERVER]


@pytest.fixture
def url(app: web.Application) -> str:
    """The address of the running server."""
    return app[ADDRESS][0]


@pytest.fixture
async def api(url: str) -> AsyncIterator[Api]:
    """A client logged in as the administrator."""
    async with Api(url, ("admin", ADMIN_PASSWORD)) as api:
        yield api


@pytest.fixture
async def nobody(url: str) -> AsyncIterator[Api]:
    """A client without credentials."""
    async with Api(url, None) as api:
        yield api


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A real S3 server with as many buckets as tests want."""
    # Few tests need it, and Amazon's library is large.
    from tests.s3 import serving

    with serving() as s3:
        yield s3
