"""``cvat-lite serve`` and ``cvat-lite open``: from settings to a server, and to its end."""

from __future__ import annotations

import asyncio
import os
import socket
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import orjson
from aiohttp import web
from aiohttp.log import access_logger

from cvat_lite import __version__
from cvat_lite.api.middleware import SERVER
from cvat_lite.app import FIRST_USER, LOCK, make_app
from cvat_lite.cli import folder, process, settings, sockets
from cvat_lite.cli.ephemeral import Ephemeral
from cvat_lite.cli.settings import SettingError
from cvat_lite.config import Config
from cvat_lite.errors import DatasetError, StoreError
from cvat_lite.services import bootstrap
from cvat_lite.services.context import Server

#: Requests that are under way get this long to end by themselves, twice over.
REQUEST_SECONDS = 0.75


def run(options: Namespace) -> None:
    """Serve until told to stop; SettingError or StoreError if that cannot begin."""
    config = settings.read(options, os.environ)
    if options.command == "open":
        folder.check(options.directory)
    process.set_up_logging(verbose=options.verbose)
    opened = listen(config, options)
    try:
        if options.command == "serve" and options.ephemeral:
            serve_ephemeral(config, opened, options)
        else:
            asyncio.run(serve(config, opened, options))
    finally:
        sockets.close(opened)


def serve_ephemeral(config: Config, opened: list[socket.socket], options: Namespace) -> None:
    """Serve a new store, which goes when the process ends; it is for tests, snapshots included."""
    if options.data_dir is not None:
        raise SettingError("--ephemeral makes a directory of its own: leave out --data-dir.")
    place = Ephemeral()
    process.BEFORE_LEAVING.append(place.remove)
    try:
        config = replace(config, data_dir=place.data_dir, allow_snapshots=True)
        asyncio.run(serve(config, opened, options))
    finally:
        place.remove()


def listen(config: Config, options: Namespace) -> list[socket.socket]:
    """The sockets; whoever opens a directory and names no port gets another if it is in use."""
    try:
        return sockets.listen(config.host, config.port)
    except SettingError:
        named = options.port is not None or os.environ.get(settings.variable("port"))
        if options.command != "open" or named:
            raise
        return sockets.listen(config.host, 0)


async def serve(config: Config, opened: list[socket.socket], options: Namespace) -> None:
    """Run the server on those sockets until a signal comes."""
    stop = process.Stop()
    threads = process.use_threads()
    app = make_app(config)
    runner = web.AppRunner(
        app,
        access_log=access_logger if options.verbose else None,
        access_log_format='%a "%r" %s %b %Tf',
        shutdown_timeout=REQUEST_SECONDS,
    )
    try:
        await runner.setup()
        if options.command == "serve" and options.seed is not None:
            await fill(app[SERVER], options.seed)
        for one in opened:
            await web.SockSite(runner, one).start()
        url = sockets.url_of(config.host, sockets.port_of(opened[0]))
        app[LOCK].note(url)
        if options.command == "serve" and options.follow_stdin:
            stop.at_end_of_input()
        if options.command == "serve" and options.print_json:
            await print_json(app, url)
        else:
            announce(app, config, url)
        if options.command == "open":
            await stop.unless_done(folder.open_task(app[SERVER], url, options))
        await stop.wait()
    finally:
        await runner.cleanup()
    process.leave_if_busy(threads)


async def fill(server: Server, path: Path) -> None:
    """Make what a seed file describes, before anybody is let in."""
    from cvat_lite.services import seeding  # noqa: PLC0415  # loads what draws and reads YAML

    try:
        await seeding.seed(server, path)
    except DatasetError as error:
        raise SettingError(str(error)) from error


def announce(app: web.Application, config: Config, url: str) -> None:
    """Tell the person at the terminal where the server is, and the password if it is new."""
    lines = [f"CVAT Lite {__version__} serves {config.data_dir} at {url}/"]
    first = app[FIRST_USER]
    if first is not None:
        lines.append(f"  user:     {first.username}")
        if first.generated:
            lines.append(f"  password: {first.password}   (shown only this once)")
        else:
            lines.append("  password: the one in CVAT_LITE_ADMIN_PASSWORD")
    if config.no_login:
        lines.append("  Whoever comes from this machine is the administrator.")
    if not settings.is_loopback(config.host):
        lines.append(f"  It listens on {config.host}: other machines can reach it.")
    lines.append("  Press Ctrl-C to stop.")
    print("\n".join(lines), flush=True)


async def print_json(app: web.Application, url: str) -> None:
    """Tell the program that started this one how to use it, in one line.

    The password is null where only whoever set it knows it; the token is always there.
    """
    server, first = app[SERVER], app[FIRST_USER]
    administrator = await bootstrap.administrator_token(server.database)
    if administrator is None:
        raise StoreError("The store has no active administrator.")
    username, token = administrator
    about = {
        "url": url,
        "username": username,
        "password": first.password if first is not None else None,
        "token": token,
        "pid": os.getpid(),
    }
    print(orjson.dumps(about).decode(), flush=True)
