"""The shapes of annotations, for the document; bodies are checked by ``domain.payload``."""

from __future__ import annotations

from marshmallow import Schema, fields

from cvat_lite.domain.enums import ShapeType
from cvat_lite.schemas.base import Choice, Integer, Number, String, Wire


class AttributeVal(Wire):
    """The value of an attribute."""

    spec_id = fields.Integer(required=True)
    value = fields.String(required=True)


class AttributeValRequest(AttributeVal):
    """The value of an attribute."""

    value = String(required=True, blank=True, longest=4096)


def labeled(request: bool) -> dict[str, fields.Field]:
    """The fields that all annotations share."""
    values = AttributeValRequest if request else AttributeVal
    return {
        "id": fields.Integer(allow_none=True),
        "label_id": Integer(required=True, minimum=0),
        "group": Integer(allow_none=True, minimum=0),
        "source": String() if request else fields.String(),
        "attributes": fields.List(fields.Nested(values)),
    }


def figure() -> dict[str, fields.Field]:
    """The fields of a figure on a frame."""
    return {
        "type": Choice(ShapeType, required=True),
        "frame": Integer(required=True, minimum=0),
        "occluded": fields.Boolean(),
        "outside": fields.Boolean(),
        "z_order": fields.Integer(),
        "rotation": Number(minimum=0, maximum=360),
        "points": fields.List(fields.Float()),
    }


def shape(name: str, about: str, **more: fields.Field) -> type[Schema]:
    """A schema of these fields; for requests if its name says so."""
    return type(name, (Wire,), {"__doc__": about, "__module__": __name__, **more})


def framed(request: bool) -> dict[str, fields.Field]:
    """An annotation that begins on a frame."""
    return {**labeled(request), "frame": Integer(required=True, minimum=0)}


def score() -> dict[str, fields.Field]:
    """How sure the annotation is."""
    return {"score": Number(minimum=0, maximum=1)}


def family(suffix: str) -> dict[str, type[Schema]]:
    """All schemas of annotations, for answers or (suffix ``Request``) for bodies."""
    request = bool(suffix)
    values = AttributeValRequest if request else AttributeVal
    tag = shape(f"LabeledImage{suffix}", "A label put on a whole frame.", **framed(request))
    element = shape(
        f"SubLabeledShape{suffix}",
        "A shape within a skeleton.",
        **labeled(request),
        **figure(),
        **score(),
    )
    labeled_shape = shape(
        f"LabeledShape{suffix}",
        "A figure on one frame.",
        **labeled(request),
        **figure(),
        **score(),
        elements=fields.List(fields.Nested(element)),
    )
    tracked = shape(
        f"TrackedShape{suffix}",
        "A keyframe of a track.",
        id=fields.Integer(allow_none=True),
        **figure(),
        attributes=fields.List(fields.Nested(values)),
    )
    keyframes = {"shapes": fields.List(fields.Nested(tracked), required=True)}
    part = shape(
        f"SubLabeledTrack{suffix}", "A track within a skeleton's.", **framed(request), **keyframes
    )
    track = shape(
        f"LabeledTrack{suffix}",
        "A figure over frames.",
        **framed(request),
        **keyframes,
        elements=fields.List(fields.Nested(part)),
    )
    interval = shape(
        f"LabeledInterval{suffix}",
        "A span of time of a sound.",
        **labeled(request),
        **score(),
        start=Integer(required=True, minimum=0),
        stop=Integer(required=True, allow_none=True, minimum=0),
    )
    data = {
        "version": fields.Integer(),
        "tags": fields.List(fields.Nested(tag)),
        "shapes": fields.List(fields.Nested(labeled_shape)),
        "tracks": fields.List(fields.Nested(track)),
        "intervals": fields.List(fields.Nested(interval)),
    }
    return {
        "data": shape(f"LabeledData{suffix}", "All annotations of a task or job.", **data),
        "patch": shape(f"PatchedLabeledData{suffix}", "Some annotations of a task or job.", **data),
    }


_ANSWER, _REQUEST = family(""), family("Request")
LabeledData = _ANSWER["data"]
LabeledDataRequest = _REQUEST["data"]
PatchedLabeledDataRequest = _REQUEST["patch"]


class AnnotationFileRequest(Wire):
    """A file with annotations."""

    annotation_file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
