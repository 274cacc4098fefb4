"""What the recordings would hold where this server differs from CVAT on purpose.

A module here defines ``CORRECTED``: a case such as ``export COCO 1.0-boxes``, and what changes the
recorded content into the meant one. The reasons stand in ``tests/data/format_differences.txt``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

CORRECTED: dict[str, Callable[[Any], None]] = {}
for _module in iter_modules(__path__, __name__ + "."):
    CORRECTED |= import_module(_module.name).CORRECTED
