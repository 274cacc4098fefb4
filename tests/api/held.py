"""What a server holds, counted before and after: to see that nothing was left behind."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from cvat_lite.config import Config
from cvat_lite.services.context import Server
from cvat_lite.store import rows

#: The tables that a restored backup and an imported dataset fill.
TABLES = ("tasks", "projects", "data", "images", "labels", "segments", "jobs", "shapes", "guides")


async def counts(server: Server) -> dict[str, int]:
    """How many rows the tables hold."""
    found = {}
    async with server.database.reading() as db:
        for table in TABLES:
            row = await rows.fetch_one(db, f"SELECT count(*) AS n FROM {table}")
            assert row is not None
            found[table] = row["n"]
    return found


def files(config: Config) -> list[str]:
    """All files of media, assets and uploads."""
    places = (config.media, config.assets, config.uploads)
    return sorted(str(path) for place in places for path in place.rglob("*") if path.is_file())


def packed(members: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()
