"""Start CVAT Lite from a checkout: ``python run.py`` is ``cvat-lite``."""

from cvat_lite.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
