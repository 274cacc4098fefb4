"""A server for a data directory: the one that runs on it, else one in this process for a while."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from aiohttp import web

from cvat_lite.api.middleware import SERVER
from cvat_lite.app import FIRST_USER, make_app
from cvat_lite.cli.sockets import url_of
from cvat_lite.clients.cvat_server import Login
from cvat_lite.config import Config
from cvat_lite.errors import StoreError
from cvat_lite.services import bootstrap
from cvat_lite.services.bootstrap import FirstUser
from cvat_lite.store.database import Database, is_current
from cvat_lite.store.lock import DirectoryLock, read_holder

HOST = "127.0.0.1"
ADDRESS = re.compile(r"https?://\S+")
#: Exports are fetched at once; what is left of them after that only fills the disk.
EXPORT_SECONDS = 3600.0


@asynccontextmanager
async def near_server(config: Config, *, create: bool) -> AsyncIterator[tuple[Login, str]]:
    """The administrator's login at a server of the data directory, and words about a new store.

    StoreError where there is no store and none may be made, or it cannot be used.
    """
    if not create and not config.database.is_file():
        raise StoreError(f"There is no store in {config.data_dir}; name one with --data-dir.")
    if is_held(config):
        yield await running(config), ""
        return
    quiet = replace(config, host=HOST, no_login=False, export_lifetime=EXPORT_SECONDS)
    app = make_app(quiet)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    try:
        await runner.setup()
        await web.TCPSite(runner, HOST, 0).start()
        url = url_of(HOST, runner.addresses[0][1])
        yield await login_of(app[SERVER].database, url), words_of(app[FIRST_USER])
    finally:
        await runner.cleanup()


def is_held(config: Config) -> bool:
    """Whether a server runs on the data directory."""
    if not config.data_dir.is_dir():
        return False
    try:
        DirectoryLock(config.data_dir / "lock").release()
    except StoreError:
        return True
    except OSError as error:
        raise StoreError(
            f"The directory {config.data_dir} cannot be used: {error.strerror}."
        ) from error
    return False


async def running(config: Config) -> Login:
    """The login at the server that runs; it tells where it is in its lock."""
    found = ADDRESS.search(read_holder(config.data_dir / "lock"))
    if found is None or not is_current(config.database):
        raise StoreError(
            f"{config.data_dir} is in use by another process that cannot be asked; wait or stop it."
        )
    database = await Database.open(config.database, readers=1)
    try:
        return await login_of(database, found[0])
    finally:
        await database.close()


async def login_of(database: Database, url: str) -> Login:
    """The administrator's login."""
    administrator = await bootstrap.administrator_token(database)
    if administrator is None:
        raise StoreError("The store has no active administrator.")
    # What is on this machine is not asked for through a proxy.
    return Login(url, token=administrator[1], use_proxy=False)


def words_of(first: FirstUser | None) -> str:
    """What the person has to know of a store that was just made."""
    if first is None or not first.generated:
        return ""
    return (
        f"Made a new store; its user is {first.username}, the password {first.password} "
        "(shown only this once)."
    )
