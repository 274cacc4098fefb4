"""Every format both ways: 100,000 shapes timed, a million exported within how much memory.

``formats`` and ``million`` of ``python -m benchmarks``. What the formats hold differs, and so does
what they are given: boxes where they hold boxes, else masks, polygons, skeletons or tags.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.server import Client, children, peak, reset_peak, running
from cvat_lite.domain.masks import mask_of_bitmap
from cvat_lite.formats import registry

SHAPES, FRAMES = 100_000, 1000
WIDTH, HEIGHT = 640, 480
LABELS = 20
POINTS = 5
IMPORTERS = {"CVAT for images 1.1": "CVAT 1.1", "CVAT for video 1.1": "CVAT 1.1"}
KINDS = {
    "Segmentation mask 1.1": "masks",
    "CamVid 1.0": "masks",
    "Cityscapes 1.0": "masks",
    "KITTI 1.0": "masks",
    "MOTS PNG 1.0": "outlined",
    "MOT 1.1": "tracks",
    "CVAT for video 1.1": "tracks",
    "Ultralytics YOLO Detection Track 1.0": "tracks",
    "ICDAR Segmentation 1.0": "masks",
    "Ultralytics YOLO Segmentation 1.0": "polygons",
    "COCO Keypoints 1.0": "skeletons",
    "Ultralytics YOLO Pose 1.0": "skeletons",
    "ImageNet 1.0": "tags",
    "LFW 1.0": "tags",
    "Ultralytics YOLO Classification 1.0": "tags",
    "ICDAR Recognition 1.0": "texts",
    "Market-1501 1.0": "persons",
}
#: Formats that are measured with a second kind as well.
ALSO = {"COCO 1.0": "masks", "PASCAL VOC 1.1": "masks", "CVAT for images 1.1": "masks"}
#: How many keyframes a track has, which are what counts as shapes.
KEYFRAMES = 100


def labels() -> list[dict[str, Any]]:
    """The labels of the tasks: plain ones, a skeleton, and those that formats prescribe."""
    plain: list[dict[str, Any]] = [{"name": f"thing{number}"} for number in range(LABELS)]
    edges = "".join(
        f'<line data-type="edge" data-node-from="{n}" data-node-to="{n + 1}"></line>'
        for n in range(1, POINTS)
    )
    nodes = "".join(
        f'<circle data-type="element node" data-element-id="{n}" data-node-id="{n}" '
        f'data-label-name="p{n}" cx="{n * 9}" cy="{n * 9}" r="1"></circle>'
        for n in range(1, POINTS + 1)
    )
    person = {
        "name": "person",
        "type": "skeleton",
        "svg": edges + nodes,
        "sublabels": [{"name": f"p{number}", "type": "points"} for number in range(1, POINTS + 1)],
    }
    return [*plain, person, _texts("icdar", "text"), _texts("market-1501", "person_id")]


def _texts(name: str, *attributes: str) -> dict[str, Any]:
    specs = [
        {"name": one, "mutable": False, "input_type": "text", "default_value": "", "values": []}
        for one in attributes
    ]
    return {"name": name, "attributes": specs}


class Payloads:
    """Annotations of each kind over the frames of a task."""

    def __init__(self, wire_labels: list[dict[str, Any]]) -> None:
        self._labels = {one["name"]: one for one in wire_labels}
        self._plain = [self._labels[f"thing{number}"]["id"] for number in range(LABELS)]

    def parts(self, kind: str, count: int, frames: int) -> Iterator[bytes]:
        """Bodies of requests that together create ``count`` annotations, in order of frames."""
        make: Callable[[random.Random, int], dict[str, Any]] = getattr(self, f"_{kind}")
        top = "tags" if kind in ("tags", "texts", "persons") else "shapes"
        at_once, last = SHAPES // 2, frames
        if kind == "persons":
            count = frames
        if kind in ("tracks", "outlined"):
            top, count, at_once, last = "tracks", count // KEYFRAMES, 500, frames - KEYFRAMES
        chance = random.Random(0)
        for start in range(0, count, at_once):
            items = [
                self._placed(make(chance, number), number * last // count)
                for number in range(start, min(start + at_once, count))
            ]
            empty: dict[str, Any] = {"version": 0, "tags": [], "shapes": [], "tracks": []}
            yield json.dumps(empty | {top: items}).encode()

    def _placed(self, item: dict[str, Any], frame: int) -> dict[str, Any]:
        """An annotation on a frame, a track with all its keyframes from there on."""
        if "shapes" in item:
            (one,) = item["shapes"]
            keys = range(frame, frame + KEYFRAMES)
            end = {**one, "frame": keys.stop, "outside": True}
            item = item | {"shapes": [*({**one, "frame": key} for key in keys), end]}
        return item | {"frame": frame}

    def _tracks(self, chance: random.Random, number: int) -> dict[str, Any]:
        return self._track(self._boxes(chance, number))

    def _outlined(self, chance: random.Random, number: int) -> dict[str, Any]:
        return self._track(self._polygons(chance, number))

    def _track(self, shape: dict[str, Any]) -> dict[str, Any]:
        return {"label_id": shape.pop("label_id"), "shapes": [shape]}

    def _boxes(self, chance: random.Random, number: int) -> dict[str, Any]:
        x, y = chance.uniform(0, WIDTH - 101), chance.uniform(0, HEIGHT - 81)
        points = [x, y, x + chance.uniform(5, 100), y + chance.uniform(5, 80)]
        return self._shape("rectangle", number, points)

    def _polygons(self, chance: random.Random, number: int) -> dict[str, Any]:
        x, y = chance.uniform(50, WIDTH - 50), chance.uniform(50, HEIGHT - 50)
        angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        radius = chance.uniform(5, 40)
        points = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], 1)
        return self._shape("polygon", number, points.ravel().tolist())

    def _masks(self, chance: random.Random, number: int) -> dict[str, Any]:
        x, y = chance.randrange(0, WIDTH - 50), chance.randrange(0, HEIGHT - 50)
        radius = chance.randrange(4, 22)
        rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        points = mask_of_bitmap(rows**2 + columns**2 <= radius**2)
        left, top, right, bottom = points[-4:]
        return self._shape(
            "mask", number, [*points[:-4], left + x, top + y, right + x, bottom + y], digits=0
        )

    def _skeletons(self, chance: random.Random, number: int) -> dict[str, Any]:
        label = self._labels["person"]
        x, y = chance.uniform(0, WIDTH - 101), chance.uniform(0, HEIGHT - 101)
        elements = [
            {
                "type": "points",
                "label_id": sublabel["id"],
                "frame": 0,
                "points": [round(x + place * 20, 2), round(y + place * 15, 2)],
            }
            for place, sublabel in enumerate(label["sublabels"])
        ]
        return {"type": "skeleton", "label_id": label["id"], "elements": elements}

    def _tags(self, _: random.Random, number: int) -> dict[str, Any]:
        return {"label_id": self._plain[number % LABELS]}

    def _texts(self, _: random.Random, number: int) -> dict[str, Any]:
        return self._worded("icdar", f"word {number}")

    def _persons(self, _: random.Random, number: int) -> dict[str, Any]:
        return self._worded("market-1501", f"{number % 1500:04d}")

    def _worded(self, name: str, value: str) -> dict[str, Any]:
        label = self._labels[name]
        spec = label["attributes"][0]["id"]
        return {"label_id": label["id"], "attributes": [{"spec_id": spec, "value": value}]}

    def _shape(
        self, kind: str, number: int, points: list[float], digits: int = 2
    ) -> dict[str, Any]:
        rounded = [round(value, digits) for value in points]
        return {"type": kind, "label_id": self._plain[number % LABELS], "points": rounded}


def fill(client: Client, task: int, kind: str, count: int, frames: int) -> None:
    """Give a task these annotations instead of what it has."""
    found = client.call("GET", "/labels", task_id=task, page_size=100)["results"]
    client.send("DELETE", f"/tasks/{task}/annotations/")
    payloads = Payloads([one for one in found if not one["has_parent"]])
    for body in payloads.parts(kind, count, frames):
        where = f"/tasks/{task}/annotations/?action=create"
        client.call("PATCH", where, body)


def export(client: Client, task: int, name: str) -> tuple[bytes, float]:
    """An archive of a task, and the seconds until it was there to be downloaded."""
    begun = time.perf_counter()
    answer = client.call("POST", f"/tasks/{task}/dataset/export", format=name)
    client.finish(answer["rq_id"])
    seconds = time.perf_counter() - begun
    request = client.call("GET", f"/requests/{answer['rq_id']}")
    archive: bytes = client.send("GET", request["result_url"].split("/api", 1)[1])[1]
    return archive, seconds


def import_archive(client: Client, task: int, name: str, archive: bytes) -> float:
    """Read an archive into a task; the seconds from sending it until its shapes are there."""
    boundary = "benchmark"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="annotation_file"; '
        'filename="a.zip"\r\n\r\n'
    )
    form = head.encode() + archive + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    begun = time.perf_counter()
    where = f"/tasks/{task}/annotations/?format={name.replace(' ', '+')}"
    status, data = client.send("POST", where, form, kind)
    if status != 202:
        raise RuntimeError(f"{status} {data!r}")
    client.finish(f"action=import&target=task&target_id={task}&subresource=annotations")
    return time.perf_counter() - begun


def chosen() -> Iterator[tuple[str, str]]:
    """Every format of 2D annotations that is written, with the kind that it is given."""
    names = [one.name for one in registry.exporters() if one.dimension == "2d"]
    pairs = [(KINDS.get(name, "boxes"), name) for name in names]
    pairs += [(kind, name) for name, kind in ALSO.items()]
    # Equal kinds together: a task is filled once for all of them.
    for kind, name in sorted(pairs, key=lambda pair: pair[0]):
        if name != "Generic TSV 1.0":
            yield kind, name


def formats(share: Path, photographs: Callable[[Path, int, int, int], list[str]]) -> None:
    """A row a format: seconds to export and to import 100,000 shapes on 1,000 images."""
    photographs(share, FRAMES, WIDTH, HEIGHT)
    with running(share) as (client, pid, _):
        task, _ = client.task_in_place(["000"], labels())
        other, _ = client.task_in_place(["000"], labels())
        filled = ""
        readers = {one.name for one in registry.importers()}
        print("| format | given | export | import | archive | memory |\n|---|---|---|---|---|---|")
        for kind, name in chosen():
            if kind != filled:
                fill(client, task, kind, SHAPES, FRAMES)
                filled = kind
            _reset(pid)
            archive, seconds = export(client, task, name)
            reader = IMPORTERS.get(name, name)
            back = ""
            if reader in readers:
                client.send("DELETE", f"/tasks/{other}/annotations/")
                back = f"{import_archive(client, other, reader, archive):.1f} s"
            size = len(archive) / 1e6
            print(
                f"| {name} | {kind} | {seconds:.1f} s | {back} | {size:.1f} MB"
                f" | {_peak(pid):.0f} MB |",
                flush=True,
            )


def million(share: Path, photographs: Callable[[Path, int, int, int], list[str]]) -> None:
    """A row a format: seconds and memory to export 1,000,000 shapes on 2,000 images."""
    photographs(share, 2 * FRAMES, WIDTH, HEIGHT)
    with running(share) as (client, pid, _):
        task, _ = client.task_in_place(["/"], labels())
        filled = ""
        print("| format | given | export | archive | memory |\n|---|---|---|---|---|")
        for kind, name in chosen():
            if kind != filled:
                fill(client, task, kind, 10 * SHAPES, 2 * FRAMES)
                filled = kind
            _reset(pid)
            archive, seconds = export(client, task, name)
            size = len(archive) / 1e6
            print(
                f"| {name} | {kind} | {seconds:.0f} s | {size:.0f} MB | {_peak(pid):.0f} MB |",
                flush=True,
            )


def _reset(pid: int) -> None:
    for one in (pid, *children(pid)):
        reset_peak(one)


def _peak(pid: int) -> float:
    """The most megabytes that the server or one of its workers has held."""
    return max(peak(one) for one in (pid, *children(pid)))
