"""Measure the server: ``python -m benchmarks [NAME ...]``; without names, everything."""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from benchmarks import backups, cloud, formats, lists, quality
from benchmarks.server import PASSWORD, Client, peak, resident, running

SHAPES = 100_000
FRAMES = 1000


def say(name: str, value: float, unit: str, target: str) -> None:
    """One line of the report."""
    digits = max(0, 2 - int(math.log10(value))) if value > 0 else 0
    print(f"| {name} | {value:,.{digits}f} {unit} | {target} |", flush=True)


def photographs(directory: Path, count: int, width: int = 1280, height: int = 720) -> list[str]:
    """Pictures of smooth noise as JPEG files; a few different ones, copied."""
    made = []
    for seed in range(8):
        noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        path = directory / f".source{seed}.jpg"
        Image.fromarray(noise).resize((width, height)).save(path, quality=85)
        made.append(path.read_bytes())
        path.unlink()
    names = []
    for number in range(count):
        name = f"{number // 1000:03d}/{number:06d}.jpg"
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(made[number % 8])
        names.append(name)
    return names


def video(path: Path, seconds: int = 60) -> None:
    """A 1080p H.264 video."""
    noise = np.random.default_rng(0).integers(0, 256, (27, 48, 3), dtype=np.uint8)
    base = np.asarray(Image.fromarray(noise).resize((1920, 1080)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(seconds * 25):
            frame = av.VideoFrame.from_ndarray(np.roll(base, number * 4, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def rectangles(label: int, count: int = SHAPES, frames: int = FRAMES) -> dict[str, Any]:
    """A payload of rectangles over the frames."""
    chance = random.Random(0)
    shapes = []
    for number in range(count):
        x, y = chance.uniform(0, 1000), chance.uniform(0, 600)
        points = [round(v, 2) for v in (x, y, x + chance.uniform(5, 200), y + 90)]
        shapes.append(
            {
                "type": "rectangle",
                "label_id": label,
                "frame": number * frames // count,
                "points": points,
                "occluded": False,
                "z_order": 0,
                "rotation": 0,
                "attributes": [],
                "group": 0,
                "source": "manual",
            }
        )
    return {"version": 0, "tags": [], "shapes": shapes, "tracks": []}


def start(_: Path) -> None:
    """From the start of the process to the first answer, and memory at rest."""
    times, sizes = [], []
    for _ in range(5):
        with running() as (_client, pid, seconds):
            times.append(seconds)
            time.sleep(0.5)
            sizes.append(resident(pid))
    say("start to first answer (median of 5)", statistics.median(times), "s", "< 0.7 s")
    say("memory at rest", statistics.median(sizes), "MB", "< 120 MB")


def creation(share: Path) -> None:
    """Tasks of 1,000 images and of a 60 s 1080p video; chunk and frame reads."""
    photographs(share, FRAMES)
    video(share / "video.mp4")
    with running(share) as (client, _, _):
        task, seconds = client.task_in_place(["000"])
        say("task of 1,000 images", seconds, "s", "< 1 s")
        where = f"/tasks/{task}/data/"
        begun = time.perf_counter()
        client.send("GET", f"{where}?type=chunk&number=0&quality=compressed")
        say("first chunk of images, 1280x720", time.perf_counter() - begun, "s", "")
        begun = time.perf_counter()
        for _ in range(200):
            client.send("GET", f"{where}?type=chunk&number=0&quality=compressed")
        say("the chunk again", (time.perf_counter() - begun) / 200 * 1000, "ms", "")
        begun = time.perf_counter()
        for number in range(200):
            client.send("GET", f"{where}?type=frame&number={number}&quality=original")
        say("an original frame", (time.perf_counter() - begun) / 200 * 1000, "ms", "")
        task, seconds = client.task_in_place(["video.mp4"])
        say("task of a 60 s 1080p video", seconds, "s", "")
        where = f"/tasks/{task}/data/"
        begun = time.perf_counter()
        client.send("GET", f"{where}?type=chunk&number=10&quality=compressed")
        say("first chunk of the video", time.perf_counter() - begun, "s", "")
        begun = time.perf_counter()
        client.send("GET", f"{where}?type=frame&number=777&quality=compressed")
        say("a frame of the video", time.perf_counter() - begun, "s", "")


def many(share: Path) -> None:
    """A task of 100,000 images of a folder in place."""
    photographs(share, 100_000, 64, 48)
    with running(share) as (client, pid, _):
        task, seconds = client.task_in_place(["/"])
        say("task of 100,000 images in place", seconds, "s", "< 15 s")
        begun = time.perf_counter()
        client.call("GET", f"/tasks/{task}/data/meta")
        say("its meta", time.perf_counter() - begun, "s", "")
        say("memory at the most", peak(pid), "MB", "")


def annotations(share: Path) -> None:
    """PUT, GET, small saves and exports of 100,000 rectangles."""
    photographs(share, FRAMES)
    with running(share) as (client, pid, _):
        task, _ = client.task_in_place(["000"])
        label = client.call("GET", "/labels", task_id=task)["results"][0]["id"]
        job = client.call("GET", "/jobs", task_id=task)["results"][0]["id"]
        payload = rectangles(label)
        body = json.dumps(payload).encode()
        where = f"/tasks/{task}/annotations/"
        begun = time.perf_counter()
        client.call("PUT", where, body)
        say("PUT 100,000 rectangles", time.perf_counter() - begun, "s", "< 2 s")
        begun = time.perf_counter()
        client.send("PUT", where, body)
        say("PUT them again (replacing)", time.perf_counter() - begun, "s", "")
        begun = time.perf_counter()
        client.send("GET", where)
        say("GET them", time.perf_counter() - begun, "s", "< 0.6 s")
        small = json.dumps(rectangles(label, 10)).encode()
        times = []
        for _ in range(100):
            begun = time.perf_counter()
            client.send("PATCH", f"/jobs/{job}/annotations/?action=create", small)
            times.append(time.perf_counter() - begun)
        say("save 10 shapes beside them (median)", statistics.median(times) * 1e3, "ms", "< 5 ms")
        for name in ("COCO 1.0", "CVAT for images 1.1", "YOLO 1.1", "PASCAL VOC 1.1"):
            begun = time.perf_counter()
            answer = client.call("POST", f"/tasks/{task}/dataset/export", format=name)
            client.finish(answer["rq_id"])
            target = "< 3 s" if name.startswith("COCO") else ""
            say(f"export {name}", time.perf_counter() - begun, "s", target)
        latency(client, task)
        say("memory at the most", peak(pid), "MB", "")


def latency(client: Client, task: int) -> None:
    """How long ``GET /users/self`` takes while an export and an import run."""
    times: list[float] = []
    done = threading.Event()

    def ask() -> None:
        other = Client(client.connection.port)
        while not done.is_set():
            begun = time.perf_counter()
            other.send("GET", "/users/self")
            times.append(time.perf_counter() - begun)
            time.sleep(0.002)

    thread = threading.Thread(target=ask)
    thread.start()
    archive, _ = formats.export(client, task, "COCO 1.0")
    seconds = formats.import_archive(client, task, "COCO 1.0", archive)
    say("import COCO 1.0", seconds, "s", "")
    done.set()
    thread.join()
    times.sort()
    worst = times[int(len(times) * 0.99)]
    say("GET /users/self meanwhile (99th percentile)", worst * 1e3, "ms", "< 50 ms")


def requests(_: Path) -> None:
    """List requests a second, from one connection and from eight."""
    with running() as (client, _, _):
        for number in range(100):
            client.call("POST", "/tasks", {"name": f"task {number}", "labels": [{"name": "a"}]})
        token = client.call("POST", "/auth/login", {"username": "admin", "password": PASSWORD})
        for connections in (1, 8):
            print_rate(client.connection.port, token["key"], connections)


def print_rate(port: int, token: str, connections: int) -> None:
    """The rate of ``GET /tasks?page_size=10`` over some seconds."""
    per = 3000 // connections

    def work(_: int) -> None:
        one = Client(port)
        one.headers = {"Authorization": f"Token {token}"}
        for _ in range(per):
            one.send("GET", "/tasks?page_size=10")

    begun = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    rate = per * connections / (time.perf_counter() - begun)
    say(f"GET /tasks?page_size=10, {connections} connection(s)", rate, "/s", "> 1,500 /s")


ALL: dict[str, Callable[[Path], None]] = {
    "start": start,
    "requests": requests,
    "creation": creation,
    "annotations": annotations,
    "many": many,
    "formats": lambda share: formats.formats(share, photographs),
    "backups": lambda share: backups.backups(share, say),
    "lists": lists.lists,
    "quality": quality.quality,
    "cloud": cloud.cloud,
    "million": lambda share: formats.million(share, photographs),
}


def main() -> None:
    """Run the benchmarks named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, []], help="which; all if none is named")
    names = parser.parse_args().names or list(ALL)
    print("| what | measured | target |\n|---|---|---|")
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            ALL[name](Path(directory))


if __name__ == "__main__":
    main()
