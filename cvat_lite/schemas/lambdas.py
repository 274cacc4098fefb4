"""The shapes of functions that annotate: calls on a frame, and batches."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.schemas.base import (
    INT_LIMIT,
    Boolean,
    Integer,
    List,
    Nested,
    Number,
    String,
    Wire,
    check_list,
)

REGION = validate.Length(equal=4, error="The region has to be left, top, right and bottom.")


class Dict(fields.Dict):
    """An object whose keys are free."""

    default_error_messages = {
        "required": "This field is required.",
        "null": "This field may not be null.",
        "invalid": "Expected a dictionary of items.",
    }


class Items(fields.List):
    """A list of values of any kind."""

    def __init__(self, **more: Any) -> None:
        super().__init__(fields.Raw(allow_none=True), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        check_list(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Point(fields.List):
    """A place of a frame: x and y in pixels."""

    def __init__(self, **more: Any) -> None:
        super().__init__(Number(), validate=validate.Length(equal=2), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError("A point is a list of x and y.")
        return super()._deserialize(value, attr, data, **kwargs)


class SublabelMappingEntryRequest(Wire):
    """The sublabel, and the attributes of it, that a function's become."""

    name = String(required=True)
    attributes = Dict(keys=fields.String(), values=String())


class LabelMappingEntryRequest(Wire):
    """The label that a function's label becomes, with its attributes and sublabels."""

    name = String(required=True)
    attributes = Dict(keys=fields.String(), values=String())
    sublabels = Dict(keys=fields.String(), values=Nested(SublabelMappingEntryRequest))


class FunctionCallRequest(Wire):
    """What a function is to annotate, and how."""

    function = String(required=True)
    task = Integer(required=True, minimum=0, maximum=LARGEST_ID)
    job = Integer(minimum=0, maximum=LARGEST_ID)
    max_distance = Integer(minimum=0, maximum=INT_LIMIT)
    threshold = Number(minimum=0, maximum=1)
    cleanup = Boolean()
    conv_mask_to_poly = Boolean()
    mapping = Dict(keys=fields.String(), values=Nested(LabelMappingEntryRequest))
    roi = List(Integer(minimum=0, maximum=INT_LIMIT), validate=REGION)


class OnlineFunctionCallRequest(Wire):
    """A call on one frame; which fields are read depends on the kind of the function."""

    job = Integer(minimum=0, maximum=LARGEST_ID)
    task = Integer(minimum=0, maximum=LARGEST_ID)
    frame = Integer(minimum=0, maximum=INT_LIMIT)
    threshold = Number(minimum=0, maximum=1, allow_none=True)
    mapping = Dict(keys=fields.String(), values=Nested(LabelMappingEntryRequest), allow_none=True)
    conv_mask_to_poly = Boolean()
    roi = List(Integer(minimum=0, maximum=INT_LIMIT), validate=REGION, allow_none=True)
    pos_points = List(Point(), allow_none=True)
    neg_points = List(Point(), allow_none=True)
    obj_bbox = List(Point(), validate=validate.Length(equal=2), allow_none=True)
    shapes = Items(allow_none=True)
    states = Items(allow_none=True)
    frame0 = Integer(minimum=0, maximum=INT_LIMIT)
    frame1 = Integer(minimum=0, maximum=INT_LIMIT)
    boxes0 = Items(allow_none=True)
    boxes1 = Items(allow_none=True)
    max_distance = Integer(minimum=0, maximum=INT_LIMIT, allow_none=True)


class FunctionCallParams(Wire):
    """What a batch was asked for."""

    id = fields.String(required=True, allow_none=True)
    task = fields.Integer(required=True, allow_none=True)
    threshold = fields.Float(required=True, allow_none=True)
    job = fields.Integer()


class FunctionCall(Wire):
    """A batch and what became of it; ``progress`` is in per cent."""

    id = fields.String(required=True)
    function = fields.Nested(FunctionCallParams, required=True)
    status = fields.String(required=True, allow_none=True)
    progress = fields.Integer(allow_none=True)
    enqueued = fields.DateTime(required=True, allow_none=True)
    started = fields.DateTime(required=True, allow_none=True)
    ended = fields.DateTime(required=True, allow_none=True)
    exc_info = fields.String(allow_none=True)
