"""The composition root: what a server consists of, wired on one screen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from cvat_lite.api import NAMESPACES
from cvat_lite.api.addresses import CONFIG
from cvat_lite.api.declare import close_fixed_paths, register
from cvat_lite.api.middleware import SERVER, answer
from cvat_lite.api.pages import add_pages
from cvat_lite.api.rate_limit import LIMITER, RateLimiter
from cvat_lite.background.queue import Queue
from cvat_lite.background.workers import Workers
from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.media.cache import Cache
from cvat_lite.services import asset_files, bootstrap, leftovers, requests, upload_sweep
from cvat_lite.services.bootstrap import FirstUser
from cvat_lite.services.cloud_storages import sealing
from cvat_lite.services.context import Server
from cvat_lite.services.identity import Identities
from cvat_lite.services.keeping import Keeping
from cvat_lite.services.lambdas.connected import Functions
from cvat_lite.services.webhooks import sending
from cvat_lite.store.database import Database
from cvat_lite.store.lock import DirectoryLock

LOG = logging.getLogger("cvat_lite")
#: The administrator that this start has made, if it was the first.
FIRST_USER: web.AppKey[FirstUser | None] = web.AppKey("first_user", object)  # type: ignore[arg-type]
#: The lock that keeps other servers off the data directory.
LOCK: web.AppKey[DirectoryLock] = web.AppKey("lock", DirectoryLock)
STOP_SECONDS = 2.0
HOUSEKEEPING_SECONDS = 600.0


def make_app(config: Config) -> web.Application:
    """The application; its store is opened when it starts and closed when it ends."""
    app = web.Application(middlewares=[answer], client_max_size=config.max_json_bytes)
    app[CONFIG] = config
    app[LIMITER] = RateLimiter(config.rate_limit_per_minute)
    app.cleanup_ctx.append(lambda running: run_server(running, config))
    app.on_shutdown.append(stop_background)
    for routes in NAMESPACES:
        register(app, routes)
    close_fixed_paths(app.router)
    add_pages(app, config)
    return app


async def run_server(app: web.Application, config: Config) -> AsyncIterator[None]:
    """Open the parts of the server, and close them in the opposite order.

    Raises StoreError with one clear line where the data directory or the store cannot be used.
    """
    async with contextlib.AsyncExitStack() as parts:
        app[LOCK] = await asyncio.to_thread(take_data_directory, config)
        parts.callback(app[LOCK].release)
        database = await Database.open(config.database)
        parts.push_async_callback(database.close)
        server = Server(
            config=config,
            database=database,
            identities=Identities(database, config.session_lifetime),
            queue=Queue(config.background_workers),
            workers=Workers(config.background_workers),
            cache=Cache(config.cache, config.cache_bytes),
            keeping=await asyncio.to_thread(Keeping.read, config),
            functions=await asyncio.to_thread(Functions.read, config),
        )
        parts.callback(server.workers.close)
        parts.push_async_callback(server.functions.close)
        app[SERVER] = server
        app[FIRST_USER] = await bootstrap.ensure_administrator(database, config)
        await sealing.seal_store(config, database)
        await leftovers.remove(server)
        await requests.take_up(server)
        lasting = [
            asyncio.create_task(keep_house(server)),
            asyncio.create_task(sending.run(server)),
        ]
        yield
        for task in lasting:
            task.cancel()
        await asyncio.gather(*lasting, return_exceptions=True)


def take_data_directory(config: Config) -> DirectoryLock:
    """Make the data directory where it is missing, and keep other servers off it."""
    try:
        for directory in (config.media, config.uploads, config.cache, config.exports):
            directory.mkdir(parents=True, exist_ok=True)
        return DirectoryLock(config.data_dir / "lock")
    except OSError as error:
        raise StoreError(
            f"The data directory {config.data_dir} cannot be written: {error.strerror}."
        ) from error


async def stop_background(app: web.Application) -> None:
    """Let background work end, or put it back, while the last requests are answered."""
    await app[SERVER].queue.stop(STOP_SECONDS)


async def keep_house(server: Server) -> None:
    """From time to time, drop what has expired."""
    while True:
        try:
            async with server.gate.inside():
                await requests.forget_expired(server)
                await upload_sweep.sweep(server)
                await asset_files.sweep(server)
        except OSError:
            LOG.exception("housekeeping failed")
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
