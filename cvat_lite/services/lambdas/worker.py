"""The process that runs one Python function: ``python -m cvat_lite.services.lambdas.worker WHAT``.

The server holds the other ends of its pipes. What the function prints goes to the standard error.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from typing import Any, BinaryIO, NoReturn

import orjson

from cvat_lite.background.function_process import LENGTH
from cvat_lite.errors import FunctionError, MediaError
from cvat_lite.media.images import read_image_bytes
from cvat_lite.services.lambdas.sdk_functions import INSTALL, Adapter, load

Message = tuple[dict[str, Any], list[bytes]]


def main(what: str, max_pixels: int) -> None:
    """Load the function, say so, and answer calls until the server is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A terminal sends them to every process of its group; the server closes the pipe.
        signal.signal(number, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    came: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=follow, args=(sys.stdin.buffer, came), daemon=True).start()
    try:
        adapter = load(what)
    except Exception as error:  # noqa: BLE001  # whatever somebody's module raises
        traceback.print_exc()
        answer(out, {"error": loading_error(what, error)})
        return
    answer(out, {"result": True})
    while True:
        request, contents = came.get()
        answer(out, reply(adapter, request, contents, max_pixels))


def loading_error(what: str, error: Exception) -> str:
    """Why a function cannot be loaded, in a line."""
    if isinstance(error, FunctionError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("cvat_sdk"):
        return f"The function {what!r} cannot be loaded: {INSTALL}."
    return f"The function {what!r} cannot be loaded: {type(error).__name__}: {error}"


def reply(
    adapter: Adapter, request: dict[str, Any], contents: list[bytes], max_pixels: int
) -> dict[str, Any]:
    """What to answer to a call."""
    try:
        if request["method"] == "describe":
            return {"result": adapter.describe()}
        name = str(request.get("frame_name", ""))
        images = [read_image_bytes(content, max_pixels, name) for content in contents]
        return {"result": adapter.call(request, [image.convert("RGB") for image in images])}
    except (FunctionError, MediaError) as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001  # whatever somebody's function raises
        traceback.print_exc()
        return {"error": f"The function raised {type(error).__name__}: {error}"}


def answer(out: BinaryIO, message: dict[str, Any]) -> None:
    """Write an answer."""
    try:
        content = orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        content = orjson.dumps({"error": f"The function's answer cannot be sent: {error}"})
    out.write(len(content).to_bytes(LENGTH) + content)
    out.flush()


def follow(pipe: BinaryIO, came: queue.Queue[Message]) -> None:
    """Take calls as they come; when the server has gone, end, whatever the function is at."""
    try:
        while True:
            request = orjson.loads(part(pipe))
            came.put((request, [part(pipe) for _ in range(request["images"])]))
    finally:
        os._exit(0)


def part(pipe: BinaryIO) -> bytes:
    """One part of a message; EOFError at the end."""
    size = pipe.read(LENGTH)
    content = pipe.read(int.from_bytes(size)) if len(size) == LENGTH else b""
    if len(size) < LENGTH or len(content) < int.from_bytes(size):
        raise EOFError
    return content


def run(what: str, max_pixels: int) -> NoReturn:
    """Be the process of a function until its end, which waits for no thread of somebody's module."""
    code: Any = 1
    try:
        main(what, max_pixels)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001  # there is nobody left to take it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]))
