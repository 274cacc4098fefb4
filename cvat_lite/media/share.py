"""The share: a directory of the server's machine that users may take media from."""

from __future__ import annotations

import mimetypes
import os
from dataclasses import dataclass
from pathlib import Path

from cvat_lite.errors import MediaError
from cvat_lite.media import kinds


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (``REG``) or directory (``DIR``) of the share."""

    name: str
    type: str
    mime_type: str


def inside(root: Path, name: str) -> Path:
    """The place in the share that a client's name means; MediaError if it lies outside.

    Links within the share may point anywhere: whoever owns the share decides that.
    """
    if "\x00" in name:
        raise MediaError("A name may not contain null characters.")
    place = Path(os.path.normpath(root / name.lstrip("/\\")))
    if place != root and root not in place.parents:
        raise MediaError(f"{name!r} is outside the share.")
    return place


def browse(root: Path, directory: str, search: str) -> list[Entry]:
    """What lies in a directory of the share, hidden things left out, by name.

    ``search`` keeps the names that begin so. MediaError where there is no such directory.
    """
    place = inside(root, directory)
    found = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.startswith(search):
                    continue
                if entry.is_dir():
                    found.append(Entry(entry.name, "DIR", "DIR"))
                elif entry.is_file():
                    found.append(Entry(entry.name, "REG", mime_type(entry.name)))
    except OSError:
        raise MediaError(f"{directory} is an invalid directory") from None
    return sorted(found, key=lambda entry: (entry.type != "DIR", entry.name))


def mime_type(name: str) -> str:
    """The kind of media as CVAT's clients know it: image, video, archive ..., else unknown."""
    kind = kinds.kind_of(name)
    return str(kind) if kind is not None else mimetypes.guess_type(name)[0] or "unknown"
