"""The way in: closed for the moment in which the whole store is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

Task = asyncio.Task[Any]


class Gate:
    """Knows who is inside; closed, it lets nobody in and waits until everybody is out.

    Whoever works on the store in several steps stays inside meanwhile, and so works on one state.
    """

    def __init__(self) -> None:
        self._inside: set[Task] = set()
        self._dropped: set[Task] = set()
        self._left = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    async def enter(self) -> Task:
        """Go in, once that is possible; what is answered has to be given to ``leave``."""
        while not self._open.is_set():
            await self._open.wait()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only tasks go in")
        self._inside.add(task)
        return task

    def leave(self, task: Task) -> None:
        """Be out again."""
        self._inside.discard(task)
        self._dropped.discard(task)
        self._left.set()

    def dropped(self, task: Task) -> bool:
        """Whether a task was cancelled because it took too long to come out.

        If so it is no longer cancelled: it can say so to whom it works for.
        """
        if task not in self._dropped:
            return False
        self._dropped.discard(task)
        task.uncancel()
        return True

    @asynccontextmanager
    async def inside(self) -> AsyncIterator[None]:
        """Be inside during the block: for work that is nobody's request.

        The block is given up, without an error, where it takes too long to come out.
        """
        task = await self.enter()
        try:
            yield
        except asyncio.CancelledError:
            if not self.dropped(task):
                raise
        finally:
            self.leave(task)

    @asynccontextmanager
    async def closed(self, seconds: float) -> AsyncIterator[None]:
        """Nobody is inside during the block, but the one whose block it is.

        Those inside get some seconds to end by themselves, then they are dropped; who comes
        meanwhile waits.
        """
        me = asyncio.current_task()
        self._open.clear()
        try:
            try:
                async with asyncio.timeout(seconds):
                    await self._until_out(me)
            except TimeoutError:
                self._drop(me)
                await self._until_out(me)
            yield
        finally:
            self._open.set()

    async def _until_out(self, me: Task | None) -> None:
        while self._inside - {me}:
            self._left.clear()
            await self._left.wait()

    def _drop(self, me: Task | None) -> None:
        for task in self._inside - {me}:
            self._dropped.add(task)
            task.cancel()
