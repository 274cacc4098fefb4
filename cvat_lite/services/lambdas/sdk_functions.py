"""Functions of cvat-sdk's auto-annotation protocol, as the process that runs one sees them.

Each adapter tells what its function is (``describe``) and answers calls in the form of CVAT's HTTP
functions, so that the server reads one form only. cvat-sdk is imported here and nowhere else.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cvat_lite.domain.masks import bitmap_of_mask, polygon_bitmap
from cvat_lite.errors import FunctionError
from cvat_lite.services.lambdas.sdk_tracking import TrackerAdapter

INSTALL = "it needs cvat-sdk, which is not installed: pip install 'cvat-lite[functions]'"


class Adapter(Protocol):
    """A function behind the server's form of calls."""

    def describe(self) -> dict[str, Any]:
        """What the function is, as settings would say it."""

    def call(self, request: dict[str, Any], images: Sequence[Any]) -> Any:
        """What it answers; ``images`` are Pillow's."""


def load(what: str) -> Adapter:
    """The function in a Python file or module; FunctionError where there is none to be used.

    A module with a function ``create`` is asked to create it, as ``cvat-cli`` does.
    """
    try:
        from cvat_sdk import auto_annotation  # noqa: PLC0415  # an optional dependency
    except ImportError as error:
        raise FunctionError(f"The function {what!r} cannot be loaded: {INSTALL}.") from error
    module = module_of(what)
    function = module.create() if hasattr(module, "create") else module
    spec = getattr(function, "spec", None)
    if isinstance(spec, auto_annotation.DetectionFunctionSpec):
        return DetectorAdapter(function)
    if isinstance(spec, auto_annotation.InteractionFunctionSpec):
        return InteractorAdapter(function)
    if isinstance(spec, auto_annotation.TrackingFunctionSpec):
        return TrackerAdapter(function)
    raise FunctionError(
        f"The function {what!r} has no 'spec' of cvat-sdk's auto-annotation protocol."
    )


def module_of(what: str) -> Any:
    """The module of a name, or of a path that ends in ``.py``."""
    if not what.endswith(".py"):
        return importlib.import_module(what)
    path = Path(what)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FunctionError(f"The file {what!r} is not there.")
    # What lies beside a file can be imported by it, as when it is run.
    sys.path.insert(0, str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class DetectionContext:
    """What a detector is told of the frame."""

    frame_name: str
    conf_threshold: float | None
    conv_mask_to_poly: bool


class DetectorAdapter:
    """A detection function."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._labels = {label.id: label for label in function.spec.labels}

    def describe(self) -> dict[str, Any]:
        """The labels that it finds."""
        labels = [described(label) for label in self._labels.values()]
        return {"kind": "detector", "labels": labels}

    def call(self, request: dict[str, Any], images: Sequence[Any]) -> Any:
        """All that it finds on the image."""
        context = DetectionContext(
            str(request.get("frame_name", "")),
            request.get("threshold"),
            bool(request.get("conv_mask_to_poly")),
        )
        return [self.found(one, self._labels) for one in self._function.detect(context, images[0])]

    def found(self, annotation: Any, labels: dict[int, Any]) -> dict[str, Any]:
        """One annotation of the SDK, with names in place of the ids of the spec."""
        label = labels.get(annotation.label_id)
        if label is None:
            raise FunctionError(f"It found a label with the id {annotation.label_id} it has not.")
        specs = {spec.id: spec.name for spec in getattr(label, "attributes", None) or ()}
        kind = getattr(annotation, "type", None)
        parts = {part.id: part for part in getattr(label, "sublabels", None) or ()}
        return {
            "label": label.name,
            "type": "tag" if kind is None else str(getattr(kind, "value", kind)),
            "points": [float(value) for value in getattr(annotation, "points", None) or ()],
            "rotation": float(getattr(annotation, "rotation", None) or 0),
            "occluded": bool(getattr(annotation, "occluded", False)),
            "outside": bool(getattr(annotation, "outside", False)),
            "group": int(getattr(annotation, "group", None) or 0),
            "confidence": score_of(annotation),
            "attributes": [
                {"name": name_in(specs, one.spec_id), "value": str(one.value)}
                for one in getattr(annotation, "attributes", None) or ()
            ],
            "elements": [
                self.found(one, parts) for one in getattr(annotation, "elements", None) or ()
            ],
        }


def score_of(annotation: Any) -> float | None:
    """How sure the function is of an annotation, where it says so."""
    score = getattr(annotation, "score", None)
    return None if score is None else float(score)


def name_in(specs: dict[int, str], number: int) -> str:
    """The attribute of that id."""
    if number not in specs:
        raise FunctionError(f"It found an attribute with the id {number} that its label has not.")
    return specs[number]


def described(label: Any) -> dict[str, Any]:
    """A label of a spec as settings would describe it."""
    kind = getattr(label, "type", "any")
    return {
        "name": label.name,
        "type": str(getattr(kind, "value", kind)),
        "attributes": [
            {
                "name": one.name,
                "input_type": str(getattr(one.input_type, "value", one.input_type)),
                "values": list(getattr(one, "values", None) or ()),
            }
            for one in getattr(label, "attributes", None) or ()
        ],
        "sublabels": [described(one) for one in getattr(label, "sublabels", None) or ()],
        "svg": getattr(label, "svg", ""),
    }


@dataclass(frozen=True, slots=True)
class Prompts:
    """What somebody has pointed at."""

    pos_points: list[tuple[float, float]]
    neg_points: list[tuple[float, float]]
    bounding_box: tuple[tuple[float, float], tuple[float, float]] | None


class InteractorAdapter:
    """An interaction function: its shapes become one bitmap of the image, as clients expect."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def describe(self) -> dict[str, Any]:
        """What it needs to be shown."""
        spec = self._function.spec
        return {
            "kind": "interactor",
            "min_pos_points": spec.min_pos_points,
            "min_neg_points": -1 if spec.min_neg_points is None else spec.min_neg_points,
            "boxes": spec.min_bounding_boxes,
        }

    def call(self, request: dict[str, Any], images: Sequence[Any]) -> Any:
        """The pixels of the thing that was pointed at, row by row."""
        image = images[0]
        prompted = {
            key: [(x, y) for x, y in request.get(key) or ()] for key in ("pos_points", "neg_points")
        }
        box = request.get("obj_bbox")
        corners = ((box[0][0], box[0][1]), (box[1][0], box[1][1])) if box else None
        made = image
        if hasattr(self._function, "preprocess_image"):
            made = self._function.preprocess_image(object(), image)
        found = self._function.detect(object(), made, Prompts(**prompted, bounding_box=corners))
        width, height = image.size
        mask = np.zeros((height, width), dtype=np.bool_)
        for shape in found:
            if shape.type == "mask":
                mask |= bitmap_of_mask(shape.points, width, height)
            elif shape.type == "polygon":
                mask |= polygon_bitmap(shape.points, width, height)
            else:
                raise FunctionError(f"It found a {shape.type}: only masks and polygons count.")
        return {"mask": mask.astype(int).tolist()}
