"""Worker processes for what computes long in Python, so that the event loop goes on answering."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

T = TypeVar("T")

#: An idle pool is closed: its processes hold memory that a small machine can use.
IDLE_SECONDS = 60.0


class WorkerCrashError(Exception):
    """A worker process died under its work (out of memory, killed, a fault in a library)."""

    def __init__(self) -> None:
        super().__init__("The worker process died; the work was not done.")


class Workers:
    """A pool of processes, started when first needed and closed when idle."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a module's function in a worker; everything must be picklable.

        Raises what the function raises, or WorkerCrashError if the process died.
        """
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
        pool = self._pool = self._pool or self._start()
        self._busy += 1
        try:
            return await loop.run_in_executor(pool, function, *arguments)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise WorkerCrashError from None
        finally:
            self._busy -= 1
            if self._busy == 0:
                self._timer = loop.call_later(IDLE_SECONDS, self.close)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=prepare_worker,
        )

    def close(self) -> None:
        """End the processes, whatever they do; their work is taken up again at the next start."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pool, self._pool = self._pool, None
        if pool is None:
            return
        processes = list((pool._processes or {}).values())  # noqa: SLF001  # 3.14 has kill_workers
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()


def prepare_worker() -> None:
    """Make a worker live exactly as long as the server wants it.

    Signals to stop are the server's: a terminal and a service manager send them to every process
    of a group, and work that died of them would count as failed. A server that was killed cannot
    end its workers: they notice by themselves that it is gone.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=follow_server, name="follow_server", daemon=True).start()


def follow_server() -> None:
    """Wait until the server's process is gone, then end this one, whatever it does."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)
