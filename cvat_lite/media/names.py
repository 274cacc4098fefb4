"""Names of files that came from strangers: relative, with ``/``, and never out of their directory."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from cvat_lite.errors import MediaError

_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
MAX_PART_BYTES = 255
MAX_NAME_BYTES = 1024


def checked_name(raw: str, refuse: Callable[[str], MediaError] = MediaError) -> str:
    r"""The name with ``/`` between its parts and without ``.`` and empty ones.

    Windows' ``\`` counts as ``/``. Raises what ``refuse`` makes of the reason for an absolute
    name, a ``..``, a character that no file's name should have, or too long a name.
    """
    name = raw.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":":
        raise refuse(f"the name '{raw}' is absolute")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise refuse(f"the name '{raw}' leads out of its directory")
    if _UNFIT.search(name):
        raise refuse(f"the name {raw!r} has control characters")
    if not parts:
        raise refuse("a name is empty")
    if any(len(part.encode()) > MAX_PART_BYTES for part in parts) or len(raw) > MAX_NAME_BYTES:
        raise refuse(f"the name '{raw[:80]}...' is too long")
    return "/".join(parts)


def below(root: Path, name: str) -> Path:
    """The path of a name below ``root``; MediaError where it would lead out."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
        raise MediaError(f"The name {name!r} leads out of its directory")
    return root / path
