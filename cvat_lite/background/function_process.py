"""A process that runs somebody's function: called over pipes, killed when it hangs, started anew.

A message is its length in four bytes and JSON; a request is followed by its images, each with its
length before it. The process says ``{"ready": true}`` when it has loaded the function.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from cvat_lite.errors import FunctionError, FunctionTimeoutError

#: Loading a function may mean loading gigabytes of weights.
LOAD_SECONDS = 300.0
LENGTH = 4
MOST_BYTES = 256 * 1024 * 1024


class FunctionProcess:
    """One function's process, started when first needed; it does one call at a time."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = tuple(command)
        self._environment = dict(environment)
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def call(
        self, request: Mapping[str, Any], images: Sequence[bytes], seconds: float
    ) -> Any:
        """What the function answers.

        FunctionError if it cannot be loaded, raises or dies; FunctionTimeoutError if it takes
        longer than ``seconds``: then, and when the caller gives up, its process is killed.
        """
        async with self._turn:
            process = self._process or await self._start()
            try:
                async with asyncio.timeout(seconds):
                    await send(process, {**request, "images": len(images)}, images)
                    answer = await receive(process)
            except TimeoutError:
                await self._end()
                raise FunctionTimeoutError(
                    f"The function took longer than {seconds:g} seconds."
                ) from None
            except (EOFError, OSError, ValueError):
                raise FunctionError(f"The function's process died{await self._end()}.") from None
            except BaseException:
                # Whoever asked has gone: what the function is still at would answer somebody else.
                await asyncio.shield(self._end())
                raise
        return result_of(answer)

    async def _start(self) -> Process:
        """A new process with the function loaded."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, env=self._environment
        )
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                result_of(await receive(self._process))
        except TimeoutError:
            await self._end()
            raise FunctionTimeoutError(
                f"The function was not loaded within {LOAD_SECONDS:g} seconds."
            ) from None
        except (EOFError, OSError, ValueError):
            raise FunctionError(
                f"The function's process died while it was loaded{await self._end()}."
            ) from None
        except BaseException:
            await asyncio.shield(self._end())
            raise
        return self._process

    async def _end(self) -> str:
        """Kill the process; how it had ended by itself, if it had."""
        process, self._process = self._process, None
        if process is None:
            return ""
        with contextlib.suppress(TimeoutError):
            # One that closed its pipes is about to end: how it does is worth knowing.
            if process.stdout is not None and process.stdout.at_eof():
                await asyncio.wait_for(process.wait(), 1)
        code = process.returncode
        if code is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            return ""
        return f" of signal {-code}" if code < 0 else f" with status {code}"

    async def close(self) -> None:
        """End the process, whatever it does."""
        await self._end()


async def send(process: Process, request: Mapping[str, Any], images: Sequence[bytes]) -> None:
    """Write a request and its images."""
    pipe = process.stdin
    if pipe is None:
        raise EOFError
    for part in (orjson.dumps(request), *images):
        pipe.write(len(part).to_bytes(LENGTH))
        pipe.write(part)
        await pipe.drain()


async def receive(process: Process) -> Any:
    """Read an answer; EOFError where the process has gone, ValueError where it is none."""
    pipe = process.stdout
    if pipe is None:
        raise EOFError
    size = int.from_bytes(await pipe.readexactly(LENGTH))
    if size > MOST_BYTES:
        raise ValueError("the answer is too large")
    return await asyncio.to_thread(orjson.loads, await pipe.readexactly(size))


def result_of(answer: Any) -> Any:
    """The result of an answer; FunctionError with what the function raised."""
    if not isinstance(answer, dict):
        raise FunctionError("The function's process answered something else than a result.")
    if "error" in answer:
        raise FunctionError(str(answer["error"]))
    return answer.get("result")
