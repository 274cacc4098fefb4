"""Remote files of a task: fetched into its own directory before its frames are made."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from cvat_lite.clients import downloads
from cvat_lite.config import Config
from cvat_lite.errors import MediaError, ValidationError
from cvat_lite.media.material import PART, RAW
from cvat_lite.media.names import checked_name


def check_url(url: str, config: Config) -> None:
    """ValidationError for an address that cannot be fetched or must not be."""
    try:
        downloads.check_url(url, allow_private=config.allow_private_addresses)
        downloads.name_in(url)
    except MediaError as error:
        raise ValidationError({"remote_files": [str(error)]}) from None


async def fetch(config: Config, home: Path, urls: Sequence[str]) -> list[str]:
    """Fetch the files below ``home``, all or none; answers their names, in order.

    Done already where an earlier run got so far. MediaError if one cannot be fetched.
    """
    names: list[str] = []
    for url in urls:
        name = checked_name(downloads.name_in(url))
        if name in names:
            name = f"{len(names)}_{name}"
        names.append(name)
    raw, part = home / RAW, home / PART
    if await asyncio.to_thread(raw.is_dir):
        return names
    await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
    await asyncio.to_thread(part.mkdir, parents=True)
    for url, name in zip(urls, names, strict=True):
        await downloads.download(
            url,
            part / name,
            allow_private=config.allow_private_addresses,
            limit=config.max_upload_bytes,
        )
    await asyncio.to_thread(part.rename, raw)
    return names
