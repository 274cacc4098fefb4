"""``python -m cvat_lite`` is ``cvat-lite``."""

from __future__ import annotations

from cvat_lite.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
