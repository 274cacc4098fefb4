"""``cvat-lite seed``: a store filled from a description."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace

from aiohttp import web

from cvat_lite.api.middleware import SERVER
from cvat_lite.app import FIRST_USER, make_app
from cvat_lite.cli import settings
from cvat_lite.cli.settings import SettingError
from cvat_lite.config import Config
from cvat_lite.errors import DatasetError
from cvat_lite.services import seeding


def run(options: Namespace) -> None:
    """Fill the store; SettingError names the place of the file that cannot be done."""
    asyncio.run(fill(settings.read(options, os.environ), options))


async def fill(config: Config, options: Namespace) -> None:
    """Open the store as a server does that nobody can reach, and fill it."""
    app = make_app(config)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        made = await seeding.seed(app[SERVER], options.file)
    except DatasetError as error:
        raise SettingError(str(error)) from error
    finally:
        await runner.cleanup()
    print(f"Made {made} in {config.data_dir}.")
    first = app[FIRST_USER]
    if first is not None and first.generated:
        print(f"The administrator is {first.username}, password {first.password}")
