"""The shapes of labels and their attributes."""

from __future__ import annotations

from marshmallow import fields

from cvat_lite.domain.enums import InputType, LabelType
from cvat_lite.schemas.base import Boolean, Choice, Integer, List, Nested, String, Wire
from cvat_lite.schemas.common import paginated


class Attribute(Wire):
    """An attribute of a label."""

    id = fields.Integer()
    name = fields.String(required=True)
    mutable = fields.Boolean(required=True)
    input_type = Choice(InputType, required=True)
    default_value = fields.String()
    values = fields.List(fields.String(), required=True)


class AttributeRequest(Wire):
    """An attribute to be made, changed (with ``id``) or removed (with ``deleted``)."""

    id = Integer()
    name = String(required=True, longest=64)
    mutable = Boolean(required=True)
    input_type = Choice(InputType, required=True)
    default_value = String(blank=True, longest=128, trim=False)
    values = List(String(blank=True, longest=200, trim=False), required=True)
    deleted = Boolean()


class Sublabel(Wire):
    """A label of a point of a skeleton."""

    id = fields.Integer()
    name = fields.String(required=True)
    color = fields.String()
    attributes = fields.List(fields.Nested(Attribute))
    type = fields.String()
    has_parent = fields.Boolean()


class SublabelRequest(Wire):
    """A label of a point of a skeleton, to be made."""

    id = Integer()
    name = String(required=True, longest=64)
    color = String(blank=True)
    attributes = Nested(AttributeRequest, many=True)
    type = Choice(LabelType)
    has_parent = Boolean()


class Label(Wire):
    """A label of a task or of a project."""

    id = fields.Integer()
    name = fields.String(required=True)
    color = fields.String()
    attributes = fields.List(fields.Nested(Attribute))
    type = fields.String()
    svg = fields.String()
    sublabels = fields.List(fields.Nested(Sublabel))
    project_id = fields.Integer(allow_none=True)
    task_id = fields.Integer(allow_none=True)
    parent_id = fields.Integer(allow_none=True)
    has_parent = fields.Boolean()


class PatchedLabelRequest(Wire):
    """A label to be made, changed (with ``id``) or removed (with ``deleted``)."""

    id = Integer()
    name = String(longest=64)
    color = String(blank=True)
    attributes = Nested(AttributeRequest, many=True)
    deleted = Boolean()
    type = Choice(LabelType)
    svg = String(trim=False)
    sublabels = Nested(SublabelRequest, many=True)


PaginatedLabelList = paginated(Label)
