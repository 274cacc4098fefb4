"""The gate: closed, nobody is inside and nobody comes in."""

from __future__ import annotations

import asyncio

import pytest

from cvat_lite.services.gate import Gate

LONG, SHORT = 30.0, 0.01


async def test_who_is_inside_is_waited_for_and_who_comes_waits() -> None:
    gate, order = Gate(), []
    going = asyncio.Event()

    async def work(name: str, until: asyncio.Event | None = None) -> None:
        async with gate.inside():
            if until:
                await until.wait()
            order.append(name)

    async def close() -> None:
        async with gate.closed(LONG):
            order.append("closed")

    async with asyncio.TaskGroup() as group:
        group.create_task(work("early", going))
        await asyncio.sleep(0)
        group.create_task(close())
        await asyncio.sleep(0)
        group.create_task(work("late"))
        await asyncio.sleep(0)
        assert order == []
        going.set()
    assert order == ["early", "closed", "late"]


async def test_the_one_who_closes_it_may_be_inside() -> None:
    gate = Gate()
    async with gate.inside(), gate.closed(LONG):
        pass
    async with gate.inside():
        pass


async def test_work_that_takes_too_long_is_given_up_and_its_task_goes_on() -> None:
    gate, order = Gate(), []

    async def work() -> None:
        async with gate.inside():
            await asyncio.sleep(LONG)
            order.append("not reached")
        await asyncio.sleep(0)
        order.append("went on")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with gate.closed(SHORT):
        order.append("closed")
    await task
    assert sorted(order) == ["closed", "went on"]


async def test_being_cancelled_by_somebody_else_is_no_dropping() -> None:
    gate = Gate()

    async def work() -> None:
        async with gate.inside():
            await asyncio.sleep(LONG)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with gate.closed(SHORT):
        pass


async def test_a_failure_while_it_is_closed_opens_it_again() -> None:
    gate = Gate()
    with pytest.raises(ZeroDivisionError):
        async with gate.closed(SHORT):
            raise ZeroDivisionError
    await asyncio.wait_for(gate.enter(), LONG)
