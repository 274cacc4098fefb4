"""Annotations: tags, shapes, tracks and their keyframes, intervals, and attribute values.

What an annotation's attributes are is text in its own row. They begin as the defaults of its
label; the values that the dump holds as objects of their own are laid over them at the end.
"""

from __future__ import annotations

from collections.abc import Iterable

from cvat_lite.domain.label_rules import SpecSet
from cvat_lite.services.cvat_dump.known import Attributes
from cvat_lite.services.cvat_dump.records import (
    KEY,
    Column,
    Model,
    Record,
    Row,
    made,
    many,
    model,
    table,
)
from cvat_lite.services.cvat_dump.values import (
    flag,
    integer,
    optional,
    points,
    real_text,
    text,
    whole,
)

EMPTY = SpecSet.of(())


def all_defaults(record: Record) -> str:
    """The defaults of all attributes of the label."""
    specs = record.known.attributes.every
    return specs.get(record.read("label", integer), EMPTY).default_text


def track_defaults(record: Record) -> str:
    """The defaults of the attributes that a track has for all of its frames."""
    specs = record.known.attributes.immutable
    return specs.get(record.read("label", integer), EMPTY).default_text


def specs_of(attributes: Attributes, table_name: str, label_id: int) -> SpecSet:
    """The attributes that rows of a table may have when they are of that label."""
    if table_name == "tracks":
        return attributes.immutable.get(label_id, EMPTY)
    if table_name == "tracked_shapes":
        return attributes.mutable.get(label_id, EMPTY)
    return attributes.every.get(label_id, EMPTY)


PLACE: dict[str, Column] = {
    "id": KEY,
    "job_id": ("job", integer),
    "label_id": ("label", integer),
    "group": whole,
    "source": text,
}
GEOMETRY: dict[str, Column] = {
    "type": text,
    "frame": integer,
    "occluded": flag,
    "outside": flag,
    "z_order": integer,
    "rotation": real_text,
    "points": points,
}


def values(name: str, owner: str, table_name: str) -> Model:
    """A model of attribute values, which belong to the object that ``owner`` names."""

    def row(record: Record) -> Iterable[Row]:
        spec, value = record.read("spec", integer), record.read("value", text)
        return [(table_name, record.number(), record.read(owner, integer), spec, value)]

    columns = "owner_table pk owner spec value"
    return model(
        name,
        many("dump_values", columns, row, owner, "spec", "value"),
        # The job stands with the annotation.
        redundant=("job",),
    )


VALUES = {
    "tags": values("engine.labeledimageattributeval", "image", "tags"),
    "shapes": values("engine.labeledshapeattributeval", "shape", "shapes"),
    "tracks": values("engine.labeledtrackattributeval", "track", "tracks"),
    "tracked_shapes": values("engine.trackedshapeattributeval", "shape", "tracked_shapes"),
    "intervals": values("engine.labeledintervalattributeval", "interval", "intervals"),
}

MODELS = (
    model(
        "engine.labeledimage",
        table("tags", **PLACE, frame=integer, attributes=made(all_defaults)),
    ),
    model(
        "engine.labeledshape",
        table(
            "shapes",
            **PLACE,
            **GEOMETRY,
            parent_id=("parent", optional(integer)),
            score=real_text,
            attributes=made(all_defaults),
        ),
    ),
    model(
        "engine.labeledtrack",
        table(
            "tracks",
            **PLACE,
            frame=integer,
            parent_id=("parent", optional(integer)),
            attributes=made(track_defaults),
        ),
    ),
    model(
        "engine.trackedshape",
        table("tracked_shapes", **GEOMETRY, id=KEY, track_id=("track", integer)),
    ),
    model(
        "engine.labeledinterval",
        table(
            "intervals",
            **PLACE,
            start=integer,
            stop=optional(integer),
            score=real_text,
            attributes=made(all_defaults),
        ),
    ),
    *VALUES.values(),
)
