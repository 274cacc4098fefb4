"""A small dump of a CVAT and its data directory, to be brought in as it is or spoiled first."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cvat_lite.config import Config
from cvat_lite.services.cvat_dump.importing import import_dump
from cvat_lite.services.cvat_dump.report import Report
from tests.images import png

DUMP = Path(__file__).parent / "data" / "cvat_dump" / "data.json"
SHARED = Path(__file__).parent.parent.parent / "shared"
PASSWORD = "three blind mice"
ASSET = "0f0f0f0f-1111-4222-8333-444444444444"
#: What the data directory holds below ``home/django/data``.
FILES = {
    "data/9/raw/cats/a.png": png(4, 3, 1),
    "data/9/raw/cats/b.png": png(5, 3, 2),
    "data/9/raw/cats/related_images/b_png/side.png": png(6, 3, 3),
    "data/9/raw/manifest.jsonl": b"{}\n",
    f"assets/{ASSET}/sketch.png": png(7, 3, 4),
    "jobs/21/preview.jpeg": b"not asked for",
}

Objects = list[dict[str, Any]]


def objects() -> Objects:
    """The objects of the small dump."""
    found: Objects = json.loads(DUMP.read_text(encoding="utf-8"))
    return found


def one(found: Objects, model: str, pk: Any) -> dict[str, Any]:
    """The fields of an object."""
    return next(item["fields"] for item in found if (item["model"], item["pk"]) == (model, pk))


def write_dump(folder: Path, change: Callable[[Objects], object] | None = None) -> Path:
    """The dump as a file, after something was changed in it."""
    found = objects()
    if change is not None:
        change(found)
    path = folder / "dump.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def write_files(folder: Path, without: str = "", **more: bytes) -> Path:
    """The data directory, without one of its files."""
    root = folder / "cvat_data"
    for name, content in {**FILES, **more}.items():
        if name != without:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return root


def write_archive(folder: Path, kind: str = "bz2") -> Path:
    """The data directory as an archive with the names that CVAT's instructions give it."""
    path = folder / f"cvat_data.tar.{kind}"
    with tarfile.open(path, f"w:{kind}") as archive:
        archive.add(write_files(folder), "home/django/data")
    return path


def bring_in(config: Config, dump: Path, files: Path) -> Report:
    """Import without anybody watching."""
    return import_dump(config, dump, files, lambda what, done, total: None)
