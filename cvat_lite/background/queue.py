"""The order in which background requests run: a few at a time, fair between their owners."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

LOG = logging.getLogger("cvat_lite")

Run = Callable[[str], Awaitable[None]]


class Queue:
    """Runs requests by their id; what they are and what became of them is kept elsewhere.

    Each owner has a line of its own; the lines are served in turn, so that one person's hundred
    exports do not keep another's first one waiting.
    """

    def __init__(self, workers: int) -> None:
        self._limit = workers
        self._lines: OrderedDict[int | None, deque[str]] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, float] = {}
        self._run: Run | None = None
        self._open = False

    def start(self, run: Run) -> None:
        """Begin to take requests; ``run`` does one and never raises for what the request did."""
        self._run = run
        self._open = True
        self._fill()

    def submit(self, request_id: str, owner: int | None) -> None:
        """Put a request at the end of its owner's line."""
        self._lines.setdefault(owner, deque()).append(request_id)
        self._fill()

    def withdraw(self, request_id: str) -> bool:
        """Take a waiting request out of its line; whether it was waiting."""
        for line in self._lines.values():
            if request_id in line:
                line.remove(request_id)
                return True
        return False

    def report(self, request_id: str, progress: float) -> None:
        """Note how far a running request has come, from 0 to 1."""
        if request_id in self._running:
            self._progress[request_id] = min(max(progress, 0.0), 1.0)

    def progress(self, request_id: str) -> float | None:
        """How far a running request has come; None if it does not run."""
        return self._progress.get(request_id)

    async def stop(self, seconds: float) -> None:
        """Take nothing more; give what runs some seconds to end, then cancel it."""
        self._open = False
        running = list(self._running.values())
        if not running:
            return
        _, left = await asyncio.wait(running, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def drop(self) -> bool:
        """Forget what waits, end what runs, and take nothing until started again.

        Answers whether anything ran.
        """
        busy = bool(self._running)
        self._lines.clear()
        await self.stop(0)
        self._lines.clear()
        return busy

    async def join(self) -> None:
        """Wait until nothing waits and nothing runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def _fill(self) -> None:
        while self._open and len(self._running) < self._limit:
            request_id = self._next()
            if request_id is None:
                return
            self._begin(request_id)

    def _next(self) -> str | None:
        for owner in list(self._lines):
            line = self._lines.pop(owner)
            if line:
                request_id = line.popleft()
                if line:
                    # The owner goes to the end of the owners, not to the front again.
                    self._lines[owner] = line
                return request_id
        return None

    def _begin(self, request_id: str) -> None:
        if self._run is None:
            raise RuntimeError("the queue has not been started")
        task = asyncio.ensure_future(self._run(request_id))
        self._running[request_id] = task
        self._progress[request_id] = 0.0
        task.add_done_callback(lambda done: self._end(request_id, done))

    def _end(self, request_id: str, task: asyncio.Task[None]) -> None:
        del self._running[request_id]
        self._progress.pop(request_id, None)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("background request %s broke", request_id, exc_info=task.exception())
        self._fill()
