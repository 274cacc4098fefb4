"""The process of a function: it survives nothing, and its server survives everything."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cvat_lite.background import function_process
from cvat_lite.background.function_process import FunctionProcess
from cvat_lite.errors import FunctionError, FunctionTimeoutError
from cvat_lite.services.lambdas.connected import WORKER, environment
from tests.images import png

SOURCE = """
import os, sys, time
from pathlib import Path
import cvat_sdk.auto_annotation as cvataa

spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec("cat", 0)])
(Path(__file__).parent / "pid").write_text(str(os.getpid()))
calls = 0

def detect(context, image):
    global calls
    calls += 1
    os.write(1, b"noise")
    how = context.frame_name
    if how == "hang":
        time.sleep(600)
    if how == "exit":
        sys.exit(3)
    if how == "crash":
        os.abort()
    return [cvataa.tag(0)] * calls
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "cats.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
async def process(source: Path) -> AsyncIterator[FunctionProcess]:
    command = (sys.executable, "-m", WORKER, str(source), "1000000")
    process = FunctionProcess(command, environment())
    yield process
    await process.close()


async def calls(process: FunctionProcess, how: str = "", seconds: float = 60) -> int:
    """How often the function has been called since its process began."""
    request = {"method": "call", "frame_name": how}
    return len(await process.call(request, [png()], seconds))


def gone(source: Path) -> bool:
    """Whether the process that last loaded the function has ended."""
    try:
        os.kill(int((source.parent / "pid").read_text()), 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_function_is_loaded_once_and_called_often(process: FunctionProcess) -> None:
    assert [await calls(process) for _ in range(3)] == [1, 2, 3]


async def test_a_function_that_hangs_is_killed_and_begins_anew(
    process: FunctionProcess, source: Path
) -> None:
    assert await calls(process) == 1
    with pytest.raises(FunctionTimeoutError, match=r"longer than 0\.2 seconds"):
        await calls(process, "hang", 0.2)
    assert gone(source)
    assert await calls(process) == 1


@pytest.mark.parametrize(("how", "words"), [("exit", "with status 3"), ("crash", "of signal 6")])
async def test_a_function_that_dies_is_told_of_and_begins_anew(
    process: FunctionProcess, how: str, words: str
) -> None:
    with pytest.raises(FunctionError, match=words):
        await calls(process, how)
    assert await calls(process) == 1


async def test_a_caller_who_gives_up_leaves_no_answer_for_the_next(
    process: FunctionProcess, source: Path
) -> None:
    await calls(process)
    waiting = asyncio.ensure_future(calls(process, "hang"))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert gone(source)
    assert await calls(process) == 1


async def test_what_is_no_image_is_an_error_and_not_the_end(process: FunctionProcess) -> None:
    with pytest.raises(FunctionError, match="cannot identify image"):
        await process.call({"method": "call", "frame_name": "a.png"}, [b"text"], 60)
    assert await calls(process) == 1


async def test_a_function_that_is_never_loaded_is_given_up(
    source: Path, process: FunctionProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.write_text("import time\ntime.sleep(600)")
    monkeypatch.setattr(function_process, "LOAD_SECONDS", 0.2)
    with pytest.raises(FunctionTimeoutError, match="not loaded"):
        await calls(process)


async def test_the_settings_of_the_server_are_not_told_to_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CVAT_LITE_ADMIN_PASSWORD", "secret")
    assert "secret" not in environment().values()


async def test_without_the_sdk_it_says_what_to_install(source: Path, tmp_path: Path) -> None:
    (tmp_path / "hidden" / "cvat_sdk").mkdir(parents=True)
    (tmp_path / "hidden" / "cvat_sdk" / "__init__.py").write_text("raise ImportError('hidden')")
    more = environment()
    more["PYTHONPATH"] = os.pathsep.join((str(tmp_path / "hidden"), more["PYTHONPATH"]))
    process = FunctionProcess((sys.executable, "-m", WORKER, str(source), "1000000"), more)
    with pytest.raises(FunctionError, match=r"pip install 'cvat-lite\[functions\]'"):
        await calls(process)
    await process.close()
