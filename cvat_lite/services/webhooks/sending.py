"""The sender: takes what is due, posts it, and records what came back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from cvat_lite.clients import webhook_posts
from cvat_lite.clients.webhook_posts import Answer
from cvat_lite.domain import clock
from cvat_lite.errors import StoreError
from cvat_lite.services.context import Server
from cvat_lite.store import webhook_deliveries as store
from cvat_lite.store import webhooks
from cvat_lite.store.webhook_deliveries import Due

LOG = logging.getLogger("cvat_lite")
#: So many receivers are served at the same time, each with one delivery.
AT_ONCE = 8
#: Seconds until the next attempt, after the first, the second, and so on.
BACK_OFF = (10.0, 60.0, 300.0, 1800.0)
#: Answers of somebody who may do better later.
PASSING = frozenset((408, 425, 429, *range(500, 600)))
LONGEST_SLEEP = 60.0


async def run(server: Server) -> None:
    """Send whatever is due, until cancelled.

    What was under way when the server ended is still due when it starts again: a receiver may
    get something twice, but never not at all.
    """
    busy: dict[int, asyncio.Task[None]] = {}
    try:
        while True:
            server.deliveries_due.clear()
            for task in [task for task in busy.values() if task.done()]:
                end(task)
            busy = {key: task for key, task in busy.items() if not task.done()}
            try:
                found, pause = await waiting(server, tuple(busy))
            except (OSError, StoreError):
                LOG.exception("what webhooks have to deliver could not be read")
                found, pause = [], LONGEST_SLEEP
            for one in found:
                task = asyncio.create_task(attempt(server, one))
                task.add_done_callback(lambda _: server.deliveries_due.set())
                busy[one.webhook_id] = task
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await server.deliveries_due.wait()
    finally:
        for task in busy.values():
            task.cancel()
        await asyncio.gather(*busy.values(), return_exceptions=True)


def end(task: asyncio.Task[None]) -> None:
    """Tell of an attempt that broke; it is still due and will be made again."""
    if not task.cancelled() and task.exception() is not None:
        LOG.error("a delivery of a webhook broke", exc_info=task.exception())


async def waiting(server: Server, busy: tuple[int, ...]) -> tuple[list[Due], float]:
    """What is to be sent now, and after how many seconds to look again.

    The writer is taken for it: whoever rang is in a transaction until then.
    """
    found: list[Due] = []
    first = None
    room = AT_ONCE - len(busy)
    async with server.gate.inside(), server.database.writing() as db:
        await webhooks.forget_outlived(db)
        found = await store.due(db, busy, room) if room else []
        first = await store.next_due(db)
    if first is None or len(found) == room:
        return found, LONGEST_SLEEP
    seconds = (clock.read(first) - datetime.now(UTC)).total_seconds()
    # What is due but not taken waits for its receiver, whose end rings.
    return found, LONGEST_SLEEP if seconds <= 0 else min(seconds, LONGEST_SLEEP)


async def attempt(server: Server, one: Due) -> None:
    """Post a delivery, record the answer, and have a failure that may pass tried again."""
    answer = await post(server, one)
    later = None
    if answer.status in PASSING and one.attempt < len(BACK_OFF):
        later = clock.later(BACK_OFF[one.attempt])
    async with server.gate.inside():
        await record(server, one, answer, later)


async def post(server: Server, one: Due) -> Answer:
    """Post a delivery once."""
    body = one.request.encode()
    return await webhook_posts.post(
        one.target_url,
        body,
        webhook_posts.headers(body, one.secret),
        verify=bool(one.enable_ssl),
        allow_private=server.config.allow_private_addresses,
    )


async def record(server: Server, one: Due, answer: Answer, due: str | None = None) -> None:
    """Record what came back, and when the next attempt is due if there is to be one."""
    async with server.database.writing() as db:
        await store.record(
            db,
            one,
            {
                "status_code": answer.status,
                "response": answer.text,
                "request_duration": answer.milliseconds,
                "attempt": one.attempt + 1,
                "due": due,
            },
        )
