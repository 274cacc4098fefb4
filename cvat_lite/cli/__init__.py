"""The command line: words to a command, a command to an exit status.

What a command needs is imported when it runs: ``--help`` and worker processes, which import the
main module again, need none of it.
"""

from __future__ import annotations

import gc
import sys
from argparse import Namespace
from collections.abc import Sequence

from cvat_lite.cli.arguments import parse
from cvat_lite.cli.settings import SettingError
from cvat_lite.errors import StoreError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; answers the exit status of the process."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        run(options)
    except (SettingError, StoreError) as error:
        print(f"cvat-lite: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    return 0


def run(options: Namespace) -> None:
    """Run the chosen command."""
    if options.command == "user":
        from cvat_lite.cli import people  # noqa: PLC0415  # see the module's docstring

        people.run(options)
    elif options.command == "import-cvat":
        from cvat_lite.cli import importing  # noqa: PLC0415

        importing.run(options)
    elif options.command == "snapshot":
        from cvat_lite.cli import snapshots  # noqa: PLC0415

        snapshots.run(options)
    elif options.command == "seed":
        from cvat_lite.cli import seed  # noqa: PLC0415

        seed.run(options)
    elif options.command in ("push", "pull"):
        from cvat_lite.cli import moving  # noqa: PLC0415

        moving.run(options)
    else:
        # The modules stay as long as the process: looking for garbage among them, again and again
        # while they are loaded and ever after, would take a tenth of the start.
        gc.disable()
        from cvat_lite.cli import serve  # noqa: PLC0415

        gc.freeze()
        gc.enable()
        serve.run(options)
