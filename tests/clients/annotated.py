"""A task with a label of every kind, and annotations of every shape, in the SDK's own models."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cvat_sdk import Client, models
from cvat_sdk.core.proxies.jobs import Job
from cvat_sdk.core.proxies.tasks import Task

from tests.images import png

WIDTH, HEIGHT = 64, 48
FRAMES = 12
SVG = (
    '<line x1="20" y1="20" x2="80" y2="80" data-type="edge" data-node-from="1" '
    'data-node-to="2"></line>'
    '<circle r="1.5" cx="20" cy="20" data-type="element node" data-element-id="1" '
    'data-node-id="1" data-label-name="head"></circle>'
    '<circle r="1.5" cx="80" cy="80" data-type="element node" data-element-id="2" '
    'data-node-id="2" data-label-name="foot"></circle>'
)


def attribute(name: str, kind: str, values: list[str], mutable: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "input_type": kind,
        "mutable": mutable,
        "values": values,
        "default_value": values[0] if values else "",
    }


LABELS = [
    {
        "name": "car",
        "color": "#ff00ff",
        "attributes": [
            attribute("color", "select", ["red", "green", "blue"]),
            attribute("parked", "checkbox", ["false"], mutable=True),
            attribute("speed", "number", ["0", "200", "5"], mutable=True),
            attribute("plate", "text", [""]),
            attribute("side", "radio", ["left", "right"]),
        ],
    },
    {"name": "cat"},
    {
        "name": "person",
        "type": "skeleton",
        "svg": SVG,
        "sublabels": [
            {"name": "head", "type": "points", "attributes": [attribute("hat", "text", ["no"])]},
            {"name": "foot", "type": "points"},
        ],
    },
]

#: Points of a shape of each type that has its points by itself.
OUTLINES: dict[str, list[float]] = {
    "rectangle": [2.0, 3.0, 20.5, 15.25],
    "polygon": [2.0, 3.0, 20.0, 5.0, 9.0, 22.0],
    "polyline": [2.0, 3.0, 20.0, 5.0, 9.0, 22.0],
    "points": [2.0, 3.0, 20.0, 5.0],
    "ellipse": [20.0, 15.0, 30.0, 10.0],
    "cuboid": [5, 6, 5, 12, 11, 6, 11, 12, 13, 5, 13, 11, 7, 5, 7, 11],
    "mask": [0.0, 4.0, 2.0, 3.0, 3.0, 4.0],
}


def create(client: Client, directory: Path, **spec: Any) -> Task:
    """A task of twelve pictures with all these labels."""
    files = [directory / f"im{number:02d}.png" for number in range(FRAMES)]
    for number, path in enumerate(files):
        path.write_bytes(png(WIDTH, HEIGHT, number))
    return client.tasks.create_from_data(
        models.TaskWriteRequest(name="annotated", labels=LABELS, **spec), files
    )


class Names:
    """The ids of a task's labels and attributes by name."""

    def __init__(self, task: Task) -> None:
        labels = task.get_labels()
        every = [one for label in labels for one in (label, *label.sublabels)]
        self.label = {one.name: one.id for one in every}
        self.spec = {spec.name: spec.id for one in every for spec in one.attributes}
        self.name_of = {number: name for name, number in self.label.items()}
        self.spec_name_of = {number: name for name, number in self.spec.items()}

    def values(self, **values: str) -> list[models.AttributeValRequest]:
        """Values of attributes."""
        return [
            models.AttributeValRequest(spec_id=self.spec[name], value=value)
            for name, value in values.items()
        ]

    def shape(self, kind: str, frame: int, **more: Any) -> models.LabeledShapeRequest:
        """A shape of a cat, or what ``more`` says."""
        more = {"label_id": self.label["cat"], "points": OUTLINES[kind], **more}
        return models.LabeledShapeRequest(type=kind, frame=frame, **more)

    def skeleton(self, frame: int) -> models.LabeledShapeRequest:
        """A person's head and foot."""
        elements = [
            models.SubLabeledShapeRequest(
                type="points", frame=frame, label_id=self.label[name], points=at, **more
            )
            for name, at, more in (
                ("head", [4.0, 5.0], {"attributes": self.values(hat="yes"), "occluded": True}),
                ("foot", [14.0, 15.0], {}),
            )
        ]
        return models.LabeledShapeRequest(
            type="skeleton", frame=frame, label_id=self.label["person"], elements=elements
        )

    def track(self, start: int = 7) -> models.LabeledTrackRequest:
        """A car that moves for four frames and leaves."""
        shapes = [
            models.TrackedShapeRequest(
                type="rectangle",
                frame=start + after,
                outside=after == 4,
                occluded=after == 2,
                points=[2.0 + after, 3.0, 22.0 + after, 15.0],
                attributes=self.values(parked="true" if after == 2 else "false", speed="15"),
            )
            for after in (0, 2, 4)
        ]
        return models.LabeledTrackRequest(
            label_id=self.label["car"],
            frame=start,
            shapes=shapes,
            attributes=self.values(color="green", plate="X 1", side="right"),
        )

    def everything(self) -> models.LabeledDataRequest:
        """A shape of every type on frames 0 to 10, two tags and a track from frame 7 on."""
        car = {"label_id": self.label["car"], "occluded": True, "z_order": 2}
        values = self.values(color="blue", parked="true", speed="35", plate="A & B", side="left")
        shapes = [
            self.shape("rectangle", 0, attributes=values, **car),
            self.shape("rectangle", 1, rotation=30.0),
            *(self.shape(kind, n) for n, kind in enumerate(OUTLINES, 2) if kind != "rectangle"),
            self.skeleton(10),
        ]
        tags = [
            models.LabeledImageRequest(frame=0, label_id=self.label["cat"]),
            models.LabeledImageRequest(
                frame=11, label_id=self.label["car"], attributes=self.values(color="green")
            ),
        ]
        return models.LabeledDataRequest(tags=tags, shapes=shapes, tracks=[self.track()])


def plain(found: Iterable[Any], names: Names) -> list[dict[str, Any]]:
    """Annotations for comparison: no ids and no order, labels and attributes by name.

    Values that nobody gave (the server fills in the defaults) are left out.
    """
    return sorted((_plain(one.to_dict(), names) for one in found), key=repr)


def _plain(one: dict[str, Any], names: Names) -> dict[str, Any]:
    defaults = {"parked": "false", "speed": "0", "plate": "", "side": "left", "hat": "no"}
    defaults |= {"color": "red"}
    result = {key: value for key, value in one.items() if key not in ("id", "source", "score")}
    if "label_id" in result:
        result["label"] = names.name_of[result.pop("label_id")]
    if "points" in result:
        result["points"] = [round(value, 2) for value in result["points"]]
    for part in ("elements", "shapes"):
        if part in result:
            result[part] = sorted((_plain(x, names) for x in result[part]), key=repr)
    values = {names.spec_name_of[x["spec_id"]]: x["value"] for x in result.get("attributes", ())}
    result["attributes"] = {
        name: value for name, value in sorted(values.items()) if defaults[name] != value
    }
    fill = {"group": 0, "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0}
    kept = {key: value for key, value in result.items() if value != fill.get(key, ...)}
    kept["type"] = str(kept.get("type", ""))
    return dict(sorted((key, value) for key, value in kept.items() if value not in ([], None)))


def content(target: Task | Job, names: Names) -> dict[str, list[dict[str, Any]]]:
    """What a task or job holds, for comparison."""
    found = target.get_annotations()
    return {kind: plain(getattr(found, kind), names) for kind in ("tags", "shapes", "tracks")}


def expected(data: models.LabeledDataRequest, names: Names) -> dict[str, list[dict[str, Any]]]:
    """What a task should hold after this was saved, for comparison."""
    return {kind: plain(data.get(kind) or [], names) for kind in ("tags", "shapes", "tracks")}
