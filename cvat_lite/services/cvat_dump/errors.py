"""What is wrong with a dump or its files, in one line for the person at the terminal."""

from __future__ import annotations

from cvat_lite.errors import StoreError


class DumpError(StoreError):
    """A dump, or a data directory, that cannot be brought in; the message names the object."""
