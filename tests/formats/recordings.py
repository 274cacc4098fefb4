"""Recorded exports and imports of a real CVAT, as datasets and in comparable forms."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import orjson
import PIL.Image
import yaml

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import (
    Dataset,
    Frame,
    Image,
    PartInfo,
    Person,
    Target,
    part_in_memory,
    video_frame_name,
)
from cvat_lite.domain.enums import InputType, LabelType, TaskMode
from cvat_lite.domain.labels import AttributeSpec, Label

DATA = Path(__file__).parent.parent / "data"
ROOT = DATA / "golden_exports"
TASKS = ("boxes", "images", "skeletons", "tags", "video")
# Random keys are compared by the order in which they come up in a file.
KEY = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What the names of pictures of masks have in them; other pictures are compared byte by byte.
PICTURES = ("Segmentation", "annot/", "gtFine", "/semantic", "/instance", "/Masks/")
# Files of text whose coordinates are pixels.
PIXELS = ("gt.txt", "/label_2/")
FRACTION = re.compile(r"\d+\.\d{3,}\b")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


def labels_of(wire: list[dict[str, Any]]) -> tuple[Label, ...]:
    """Labels from the API's form."""
    return tuple(
        Label(
            id=one["id"],
            name=one["name"],
            color=one["color"],
            type=LabelType(one["type"]),
            attributes=tuple(
                AttributeSpec(
                    spec["id"],
                    spec["name"],
                    spec["mutable"],
                    InputType(spec["input_type"]),
                    spec["default_value"],
                    tuple(spec["values"]),
                )
                for spec in one["attributes"]
            ),
            sublabels=labels_of(one.get("sublabels", [])),
            svg=one.get("svg", ""),
        )
        for one in wire
    )


def frames_of(recorded: dict[str, Any]) -> list[Frame]:
    """Frames from the task's data/meta; a video has one entry for all of them."""
    entries, size = recorded["meta"]["frames"], recorded["task"]["size"]
    if recorded["task"]["mode"] == "interpolation":
        one = entries[0]
        return [
            Frame(number, video_frame_name(number), one["width"], one["height"])
            for number in range(size)
        ]
    return [Frame(i, one["name"], one["width"], one["height"]) for i, one in enumerate(entries)]


def recorded_task(name: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((ROOT / name / "task.json").read_text())
    return recorded


def dataset_of(name: str) -> Dataset:
    """The recorded task as a dataset, with its images where they are recorded."""
    recorded = recorded_task(name)
    task, meta = recorded["task"], recorded["meta"]
    info = PartInfo(
        id=task["id"],
        name=task["name"],
        mode=TaskMode(task["mode"]),
        subset=task["subset"],
        size=task["size"],
        overlap=task["overlap"],
        bug_tracker=task["bug_tracker"],
        created_date=task["created_date"],
        updated_date=task["updated_date"],
        start_frame=meta["start_frame"],
        stop_frame=meta["stop_frame"],
        frame_filter=meta["frame_filter"],
        owner=Person(task["owner"]["username"], task["owner"]["username"] + "@cvat.org"),
        source=meta["frames"][0]["name"],
    )
    data = msgspec.json.decode((ROOT / name / "annotations.json").read_bytes(), type=LabeledData)
    image = None
    if (ROOT / name / "media.zip").exists():
        media = zipfile.ZipFile(ROOT / name / "media.zip")

        def image(frame: Frame) -> Image:
            return Image(content=media.read(frame.name))

    part = part_in_memory(info, frames_of(recorded), data, image)
    return Dataset(labels_of(recorded["labels"]), (part,))


def target_of(name: str, labels: list[dict[str, Any]]) -> Target:
    """A fresh task with the recorded one's frames, and these labels."""
    return Target(labels_of(labels), frames_of(recorded_task(name)))


def content(path: Path) -> dict[str, Any]:
    """An archive's files in comparable form: trees of JSON, XML and YAML, pixels, lines."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: _comparable(name, archive.read(name))
            for name in archive.namelist()
            if not name.endswith("/")
        }


def _comparable(name: str, data: bytes) -> Any:
    suffix = name.rpartition(".")[2]
    if suffix == "json":
        keys: dict[bytes, bytes] = {}
        data = KEY.sub(lambda found: keys.setdefault(found[0], b"key %d" % len(keys)), data)
        return _rounded(orjson.loads(data), name)
    if suffix == "xml":
        return _tree(ET.parse(io.BytesIO(data)).getroot())
    if suffix == "yaml":
        return yaml.safe_load(data)
    if (suffix == "png" and any(part in name for part in PICTURES)) or suffix == "bmp":
        picture = PIL.Image.open(io.BytesIO(data))
        return picture.mode, picture.size, picture.tobytes()
    if suffix == "png" and name.startswith("masks/"):
        return (np.asarray(PIL.Image.open(io.BytesIO(data)).convert("L")) > 0).tolist()
    if suffix == "csv":
        return [[_text(cell) for cell in row] for row in csv.reader(io.StringIO(data.decode()))]
    if suffix == "txt" and "wider_face" in name:
        return [[_text(word) for word in line.split(" ")] for line in data.decode().splitlines()]
    if suffix in ("txt", "data", "names"):
        text = data.decode()
        if any(part in name for part in PIXELS):
            text = FRACTION.sub(_two_decimals, text)
        return text.splitlines()
    return data


def _two_decimals(number: re.Match[str]) -> str:
    return str(round(float(number[0]), 2))


def _rounded(value: Any, key: str = "") -> Any:
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, list):
        items = [_rounded(one) for one in value]
        return sorted(items) if key in ("joints", "skeleton") else items
    if isinstance(value, dict):
        return {name: _rounded(one, name) for name, one in value.items()}
    return value


def _tree(node: ET.Element) -> Any:
    """Tag, attributes, text and children; when and where it was written is left out."""
    if node.tag in ("dumped", "segments"):
        return (node.tag,)
    attributes = {name: _text(value) for name, value in node.attrib.items()}
    return (node.tag, attributes, _text((node.text or "").strip()), [_tree(one) for one in node])


def _text(value: str) -> Any:
    return round(float(value), 2) if NUMBER.fullmatch(value) else value


def comparable(data: LabeledData, labels: tuple[Label, ...]) -> dict[str, list[Any]]:
    """Annotations without ids and order, labels and attributes by name, defaults filled in."""
    names = _Names(labels)
    tree = msgspec.to_builtins(data)
    return {
        kind: sorted((names.named(one) for one in tree[kind]), key=repr)
        for kind in ("tags", "shapes", "tracks")
    }


class _Names:
    def __init__(self, labels: tuple[Label, ...]) -> None:
        flat = [one for label in labels for one in (label, *label.sublabels)]
        self._labels = {label.id: label for label in flat}
        self._specs = {spec.id: spec for label in flat for spec in label.attributes}

    def named(self, one: dict[str, Any], kinds: str = "all", label: Label | None = None) -> Any:
        """An annotation by names; ``kinds`` says which attributes it has by default."""
        result = {key: value for key, value in one.items() if key not in ("id", "label_id")}
        if "label_id" in one:
            label = self._labels[one["label_id"]]
            result["label"] = label.name
        if "shapes" in one:
            kinds = "immutable"
            result["shapes"] = [self.named(x, "mutable", label) for x in one["shapes"]]
        if "elements" in one:
            elements = [self.named(element) for element in one["elements"]]
            result["elements"] = sorted(elements, key=repr)
        if "points" in one:
            result["points"] = [round(value, 2) for value in one["points"]]
        wanted = [
            spec
            for spec in (label.attributes if label else ())
            if kinds == "all" or spec.mutable == (kinds == "mutable")
        ]
        values = {spec.name: _text(spec.default_value) for spec in wanted}
        for value in one["attributes"]:
            values[self._specs[value["spec_id"]].name] = _text(value["value"])
        result["attributes"] = values
        return dict(sorted(result.items()))
