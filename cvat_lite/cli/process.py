"""The life of the process: signals, logging, and an end within a few seconds, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

LOG = logging.getLogger("cvat_lite")
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
#: After a signal to stop, the process is gone by then.
LAST_SECONDS = 4.5
#: Threads that are done need a moment to end.
THREAD_SECONDS = 0.5
THREADS = 16
#: What is done even where the process ends without coming back to its main function.
BEFORE_LEAVING: list[Callable[[], None]] = []


def set_up_logging(*, verbose: bool) -> None:
    """Warnings and errors to the standard error; with ``verbose`` each request as well."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # The loop's remarks on its own selector are nobody's concern.
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class Stop:
    """Set by the first SIGINT or SIGTERM; the second ends the process at once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._signals = 0
        for number in SIGNALS:
            signal.signal(number, self._receive)

    def at_end_of_input(self) -> None:
        """Stop, too, when the standard input ends: whoever started the process has gone."""
        threading.Thread(target=self._follow_input, name="follow_input", daemon=True).start()

    def _follow_input(self) -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        with contextlib.suppress(RuntimeError):
            # The loop may be closed by now.
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Return when the process was told to stop."""
        await self._event.wait()

    async def unless_done(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work, given up when the process is told to stop; raises what the work raises."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._event.wait())
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not task.done():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            os._exit(128 + number)
        timer = threading.Timer(LAST_SECONDS, give_up)
        timer.daemon = True
        timer.start()
        with contextlib.suppress(RuntimeError):
            # The loop has been closed: the process is about to end by itself.
            self._loop.call_soon_threadsafe(self._event.set)


def give_up() -> None:
    """End although something is not done; the store is as safe as after a power cut."""
    LOG.warning("stopped without waiting any longer; the rest is done at the next start")
    leave()


def leave() -> None:
    """End the process with success, whatever its threads are doing."""
    for action in BEFORE_LEAVING:
        action()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def use_threads() -> ThreadPoolExecutor:
    """Give the running loop threads that do not hold up the end."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="cvat_lite")
    asyncio.get_running_loop().set_default_executor(threads)
    return threads


def leave_if_busy(threads: ThreadPoolExecutor) -> None:
    """End the process if a thread is still at work that nobody will ask for any more.

    Python would wait for it; a frame of a large video may take longer than the end should.
    """
    threads.shutdown(wait=False, cancel_futures=True)
    until = time.monotonic() + THREAD_SECONDS
    while any(
        not one.daemon and one is not threading.main_thread() for one in threading.enumerate()
    ):
        if time.monotonic() > until:
            leave()
        time.sleep(0.01)
