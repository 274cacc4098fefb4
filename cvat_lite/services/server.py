"""What the server says about itself, and the share that it offers."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import Any

from cvat_lite import API_VERSION
from cvat_lite.errors import MediaError, UnavailableError, ValidationError
from cvat_lite.formats import registry
from cvat_lite.media import share
from cvat_lite.permissions.engine import authorize
from cvat_lite.permissions.facts import Resource
from cvat_lite.services.context import Context, Server
from cvat_lite.store.rows import fetch_one

NAME = "Computer Vision Annotation Tool"
SUBTITLE = "Open Data Annotation Platform"
DESCRIPTION = (
    "CVAT Lite: the annotation server's REST API in one process, for one person, a team, or a "
    "test suite."
)


def about(context: Context) -> dict[str, Any]:
    """Name and version; the version is that of the API spoken, which clients compare with theirs."""
    authorize(context.subject, "view", Resource("server"))
    return {
        "name": NAME,
        "description": DESCRIPTION,
        "version": API_VERSION,
        "logo_url": context.link("/static/logo.svg"),
        "subtitle": SUBTITLE,
    }


async def formats(context: Context) -> dict[str, Any]:
    """The dataset formats in both directions; their modules are loaded when first asked for."""
    authorize(context.subject, "view", Resource("server"))
    return await asyncio.to_thread(registry.listing)


def plugins(context: Context) -> dict[str, bool]:
    """Which optional parts of CVAT are there."""
    authorize(context.subject, "view", Resource("server"))
    return {"ANALYTICS": False, "MODELS": False}


async def browse(context: Context, directory: str, search: str) -> list[dict[str, Any]]:
    """A directory of the share; there is none to browse if the server was started without."""
    authorize(context.subject, "list:content", Resource("server"))
    root = context.config.share
    if root is None:
        return []
    try:
        entries = await asyncio.to_thread(share.browse, root, directory, search)
    except MediaError as error:
        raise ValidationError({"directory": [str(error)]}) from None
    return [asdict(entry) for entry in entries]


async def health(server: Server) -> dict[str, str]:
    """Whether the store answers and the data directory can be written; else UnavailableError."""
    async with server.database.reading() as db:
        await fetch_one(db, "SELECT 1")
    if not await asyncio.to_thread(os.access, server.config.data_dir, os.W_OK):
        raise UnavailableError("The data directory cannot be written.")
    return {"database": "working", "media": "working"}
