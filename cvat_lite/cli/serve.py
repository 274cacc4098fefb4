"""``cvat-lite serve`` and ``cvat-lite open``: from settings to a server, and to its end."""

from __future__ import annotations

import asyncio
import os
import socket
from argparse import Namespace

from aiohttp import web
from aiohttp.log import access_logger

from cvat_lite import __version__
from cvat_lite.api.middleware import SERVER
from cvat_lite.app import FIRST_USER, LOCK, make_app
from cvat_lite.cli import folder, process, settings, sockets
from cvat_lite.cli.settings import SettingError
from cvat_lite.config import Config

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
        asyncio.run(serve(config, opened, options))
    finally:
        sockets.close(opened)


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
        for one in opened:
            await web.SockSite(runner, one).start()
        url = sockets.url_of(config.host, sockets.port_of(opened[0]))
        app[LOCK].note(url)
        announce(app, config, url)
        if options.command == "open":
            await stop.unless_done(folder.open_task(app[SERVER], url, options))
        await stop.wait()
    finally:
        await runner.cleanup()
    process.leave_if_busy(threads)


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
