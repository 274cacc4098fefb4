"""A report of quality over many frames: how long the comparison takes, and how much memory.

``quality`` of ``python -m benchmarks``. Both sides have the same number of shapes, those of the
job a little off; boxes alone, and then a mix of boxes, polygons, masks, points and polylines.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.server import children, peak, reset_peak, resident, running
from cvat_lite.domain.annotations import LabeledData, Shape
from cvat_lite.domain.enums import ShapeType
from cvat_lite.domain.masks import mask_of_bitmap
from cvat_lite.domain.quality.comparison import compare
from cvat_lite.domain.quality.parameters import Annotated, Label, Parameters, Scene

FRAMES, SHAPES = 10_000, 100_000
WIDTH, HEIGHT = 1280, 720
LABELS = 10
MEGABYTE = 1 << 10


def _box(x: float, y: float) -> list[float]:
    return [x, y, x + 80, y + 60]


def _polygon(x: float, y: float) -> list[float]:
    return [x, y + 20, x + 40, y, x + 80, y + 25, x + 70, y + 60, x + 30, y + 50]


def _line(x: float, y: float) -> list[float]:
    return [x, y, x + 40, y + 20, x + 80, y + 5]


def _points(x: float, y: float) -> list[float]:
    return [x, y, x + 40, y + 30, x + 80, y + 60]


def _mask(x: float, y: float) -> list[float]:
    rows, columns = np.mgrid[0:60, 0:80]
    found = mask_of_bitmap(((rows - 30) / 30) ** 2 + ((columns - 40) / 40) ** 2 <= 1)
    left, top, right, bottom = found[-4:]
    return [*found[:-4], left + int(x), top + int(y), right + int(x), bottom + int(y)]


KINDS: dict[ShapeType, Callable[[float, float], list[float]]] = {
    ShapeType.RECTANGLE: _box,
    ShapeType.POLYGON: _polygon,
    ShapeType.MASK: _mask,
    ShapeType.POINTS: _points,
    ShapeType.POLYLINE: _line,
}
BOXES = (ShapeType.RECTANGLE,)
MIX = (ShapeType.RECTANGLE, ShapeType.RECTANGLE, *KINDS)


def side(kinds: tuple[ShapeType, ...], shift: float, seed: int) -> LabeledData:
    """One side's shapes: where they are is the same for all, but for the shift in pixels."""
    places, noise = np.random.default_rng(1), np.random.default_rng(seed)
    shapes = []
    for number in range(SHAPES):
        x, y = places.uniform(0, WIDTH - 100), places.uniform(0, HEIGHT - 80)
        dx, dy = noise.uniform(0, shift, 2)
        kind = kinds[number // FRAMES % len(kinds)]
        shapes.append(
            Shape(
                id=number + seed * SHAPES,
                label_id=number % LABELS,
                type=kind,
                frame=number % FRAMES,
                points=KINDS[kind](float(x + dx), float(y + dy)),
            )
        )
    return LabeledData(shapes=shapes)


def measure(name: str) -> None:
    """Compare, and print a line of the table."""
    kinds = {"boxes": BOXES, "mix": MIX}[name]
    job, truth = side(kinds, 20, 2), side(kinds, 4, 3)
    scene = Scene(
        frames={frame: frame for frame in range(FRAMES)},
        total_frames=FRAMES,
        labels=tuple(Label(number, f"thing{number}") for number in range(LABELS)),
        sizes=dict.fromkeys(range(FRAMES), (WIDTH, HEIGHT)),
    )
    start = time.perf_counter()
    data = compare(
        Annotated(1, job, FRAMES - 1), Annotated(2, truth, FRAMES - 1), scene, Parameters()
    )
    took = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    conflicts = data["comparison_summary"]["conflict_count"]
    what = f"report over {FRAMES:,} frames, {SHAPES:,} shapes a side ({name})"
    print(f"| {what}, {conflicts:,} conflicts | {took:.1f} s, {memory:.0f} MB | < 20 s, 500 MB |")


def quality(share: Path) -> None:
    """Every kind in a process of its own, so that its memory is its own; then through the API."""
    for name in ("boxes", "mix"):
        subprocess.run([sys.executable, "-m", "benchmarks.quality", name], check=True)
    served(share)


def served(share: Path) -> None:
    """A report asked for as clients do, of a task in ten jobs; what server and workers took."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "JPEG")
    for number in range(FRAMES):
        (share / f"{number:05d}.jpg").write_bytes(picture.getvalue())
    with running(share) as (client, pid, _):
        labels = [{"name": f"thing{number}"} for number in range(LABELS)]
        body = {"name": "judged", "labels": labels, "segment_size": FRAMES // 10}
        task = client.call("POST", "/tasks", body)["id"]
        files = {"image_quality": 70, "server_files": ["/"]}
        client.finish(client.call("POST", f"/tasks/{task}/data/", files)["rq_id"])
        truth = {"type": "ground_truth", "task_id": task, "frame_selection_method": "manual"}
        job = client.call("POST", "/jobs", {**truth, "frames": list(range(FRAMES))})["id"]
        known = client.call("GET", "/labels", task_id=task, page_size=LABELS)["results"]
        numbers = [one["id"] for one in known]
        for where, shift, seed in ((f"/tasks/{task}", 20, 2), (f"/jobs/{job}", 4, 3)):
            client.call("PUT", f"{where}/annotations/", payload(side(BOXES, shift, seed), numbers))
        client.call("PATCH", f"/jobs/{job}", {"stage": "acceptance", "state": "completed"})
        print(f"| the server before it | {resident(pid):.0f} MB | |")
        for what in ("report through the API, ten jobs", "the same of what has not changed"):
            reset_peak(pid)
            before = time.perf_counter()
            asked = client.call("POST", "/quality/reports", {"task_id": task})
            client.finish(asked["rq_id"])
            took = time.perf_counter() - before
            print(f"| {what} | {took:.1f} s, {peak(pid):.0f} MB | < 20 s, 500 MB |")
        print("| its workers at the most |", [round(peak(one)) for one in children(pid)], "MB | |")
        before = time.perf_counter()
        client.call("GET", "/quality/reports", task_id=task)
        print(f"| list of its reports | {1e3 * (time.perf_counter() - before):.0f} ms | |")
        print(f"| the server then | {resident(pid):.0f} MB | |")
        reset_peak(pid)
        before = time.perf_counter()
        report = client.call("GET", "/quality/reports", target="task")["results"][0]["id"]
        size = len(client.send("GET", f"/quality/reports/{report}/data")[1])
        took = time.perf_counter() - before
        print(f"| its data, {size / 1e6:.0f} MB | {took:.1f} s, {peak(pid):.0f} MB | |")


def payload(data: LabeledData, labels: list[int]) -> dict[str, Any]:
    """Shapes as the API takes them."""
    shapes = [
        {
            "type": str(one.type),
            "label_id": labels[one.label_id],
            "frame": one.frame,
            "points": one.points,
        }
        for one in data.shapes
    ]
    return {"version": 0, "tags": [], "tracks": [], "shapes": shapes}


if __name__ == "__main__":
    measure(sys.argv[1])
