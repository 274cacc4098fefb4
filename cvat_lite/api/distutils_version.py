"""A quick ``distutils.version`` for the imports of aiohttp-apispec.

Its dependencies compare versions with ``distutils``, which Python gave up and setuptools took
over. Importing it there loads all of setuptools, a fifth of this server's start; the one module
that is asked for stands alone.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

PACKAGE = "distutils"
MODULE = "distutils.version"


@contextmanager
def quick_distutils() -> Iterator[None]:
    """Inside the block ``from distutils import version`` is quick; afterwards all is as before.

    Where somebody has imported distutils already, or setuptools is laid out differently, nothing
    is changed, and the import takes its usual way.
    """
    source = None if PACKAGE in sys.modules else version_module()
    if source is None:
        yield
        return
    package = ModuleType(PACKAGE)
    package.__path__ = []
    sys.modules[PACKAGE] = package
    try:
        load(package, source)
        yield
    finally:
        del sys.modules[PACKAGE]
        sys.modules.pop(MODULE, None)


def version_module() -> Path | None:
    """The file of setuptools' version module, found without importing setuptools."""
    found = importlib.util.find_spec("setuptools")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "_distutils" / "version.py"
    return path if path.is_file() else None


def load(package: ModuleType, source: Path) -> None:
    """Load the module from its file into the package."""
    spec = importlib.util.spec_from_file_location(MODULE, source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    package.version = module  # type: ignore[attr-defined]
