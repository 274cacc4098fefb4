"""``cvat-lite import-cvat``: a full CVAT's dump and files into a new store."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace

from cvat_lite.cli import settings
from cvat_lite.services.cvat_dump.importing import import_dump

WIDTH = 30
#: How often the bar is drawn anew.
SECONDS = 0.1


def run(options: Namespace) -> None:
    """Import and say what was done; DumpError or StoreError where it cannot be."""
    config = settings.read(options, os.environ)
    bar = Bar()
    try:
        report = import_dump(config, options.dump, options.files, bar)
    finally:
        bar.clear()
    for line in report.lines():
        print(line)
    print(f"The store is {config.data_dir}; people log in with their old passwords.")


class Bar:
    """A line on the terminal that shows how far things are; nothing where there is none."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = 0.0
        self._length = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Draw the line, unless it was drawn just now."""
        now = time.monotonic()
        if not self._shown or (now < self._next and done != total):
            return
        self._next = now + SECONDS
        self._draw(line(what, done, total))

    def clear(self) -> None:
        """Take the line away."""
        if self._length:
            self._draw("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def _draw(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._length))
        sys.stderr.flush()
        self._length = len(text)


def line(what: str, done: int, total: int) -> str:
    """``Reading the dump  [######......]  50%``; only a number where the total is not known."""
    if not total:
        return f"{what}  {done or ''}".rstrip()
    share = min(done / total, 1.0)
    full = int(share * WIDTH)
    return f"{what}  [{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}"
