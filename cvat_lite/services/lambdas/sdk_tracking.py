"""Tracking functions of cvat-sdk's protocol; their states stay in the process that made them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cvat_lite.errors import FunctionError

#: States hold pieces of images: beyond so many, the one not used for longest is forgotten.
MOST_STATES = 1000
BOX = "rectangle"


@dataclass(frozen=True, slots=True)
class Followed:
    """A shape that is being followed; ``plain`` if the caller writes shapes as bare points."""

    state: Any
    type: str
    plain: bool


@dataclass(frozen=True, slots=True)
class ShapeContext:
    """What a tracker is told of the shape."""

    original_shape_type: str


class TrackerAdapter:
    """A tracking function: a state is a random name for what the process keeps."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._states: OrderedDict[str, Followed] = OrderedDict()

    def describe(self) -> dict[str, Any]:
        """The types of shapes that it follows."""
        types = sorted(self._function.spec.supported_shape_types)
        return {"kind": "tracker", "supported_shape_types": types}

    def call(self, request: dict[str, Any], images: Sequence[Any]) -> Any:
        """Where the shapes of ``states`` are now; where there are none, ``shapes`` begin."""
        image = images[0]
        if hasattr(self._function, "preprocess_image"):
            image = self._function.preprocess_image(object(), image)
        states = request.get("states") or []
        shapes = request.get("shapes") or []
        found: list[Any] = []
        names: list[Any] = []
        for index in range(max(len(states), len(shapes))):
            name = states[index] if index < len(states) else None
            if name is None:
                names.append(self.begin(image, shapes[index]))
                found.append(shapes[index])
            else:
                names.append(name)
                found.append(self.follow(image, name))
        return {"shapes": found, "states": names}

    def begin(self, image: Any, shape: Any) -> str:
        """Start to follow a shape; the name of its state."""
        from cvat_sdk.auto_annotation.interface import TrackableShape  # noqa: PLC0415

        plain = isinstance(shape, list)
        if not plain and not isinstance(shape, dict):
            raise FunctionError("What it is to follow is no shape.")
        kind = BOX if plain else str(shape.get("type", BOX))
        if kind not in self._function.spec.supported_shape_types:
            raise FunctionError(f"It does not follow shapes of the type {kind!r}.")
        try:
            points = [float(value) for value in (shape if plain else shape["points"])]
        except (KeyError, TypeError, ValueError):
            raise FunctionError("What it is to follow has no points.") from None
        trackable = TrackableShape(type=kind, points=points)
        state = self._function.init_tracking_state(ShapeContext(kind), image, trackable)
        name = secrets.token_hex(16)
        self._states[name] = Followed(state, kind, plain)
        if len(self._states) > MOST_STATES:
            self._states.popitem(last=False)
        return name

    def follow(self, image: Any, name: Any) -> Any:
        """Where a followed shape is on this image; None if it is not there."""
        followed = self._states.get(name)
        if followed is None:
            raise FunctionError("The state of a shape is no longer known: begin to track it again.")
        self._states.move_to_end(name)
        shape = self._function.track(ShapeContext(followed.type), image, followed.state)
        if shape is None:
            return None
        points = [float(value) for value in shape.points]
        return points if followed.plain else {"type": shape.type, "points": points}
