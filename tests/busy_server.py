"""A server whose first background request keeps a worker process busy for as long as it lives."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cvat_lite.cli import main
from cvat_lite.services import requests
from cvat_lite.services.context import Server
from cvat_lite.services.requests import Operation, Outcome, Report
from cvat_lite.store.requests import BackgroundRequest

OPERATION = "sleep:test"


def sleep(place: str) -> None:
    """Write down which process this is, and do nothing else."""
    Path(place).write_text(str(os.getpid()))
    time.sleep(600)


async def run(server: Server, request: BackgroundRequest, _report: Report) -> Outcome:
    """Keep a worker busy."""
    await server.workers.run(sleep, request.payload["place"])
    return Outcome()


if __name__ == "__main__":
    requests.OPERATIONS[OPERATION] = Operation(run)
    raise SystemExit(main())
