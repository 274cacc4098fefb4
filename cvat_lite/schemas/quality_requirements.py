"""The shapes of quality requirements."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, pre_load

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.domain.quality.parameters import (
    Comparator,
    Metric,
    PointSizeBase,
    RequirementKind,
)
from cvat_lite.schemas.base import Boolean, Choice, Integer, List, Nested, Number, String, Wire
from cvat_lite.schemas.common import paginated

#: Requirements inherit from requirements, but not through more than this.
DEEPEST = 20


def share() -> Any:
    """A number from 0 to 1, or nothing."""
    return Number(minimum=0, maximum=1, allow_none=True)


class AttributeComparisonDefaultRequest(Wire):
    """How attributes are compared that no rule names."""

    enabled = Boolean(allow_none=True)
    comparator = Choice(Comparator, allow_none=True)
    threshold = share()


class AttributeComparisonRuleRequest(Wire):
    """How the values of one attribute are compared."""

    spec_id = Integer(required=True, minimum=0, maximum=LARGEST_ID)
    enabled = Boolean(required=True)
    comparator = Choice(Comparator, allow_none=True)
    threshold = share()


class AttributeComparisonRequest(Wire):
    """How attributes are compared."""

    default = Nested(AttributeComparisonDefaultRequest, allow_none=True)
    rules = List(Nested(AttributeComparisonRuleRequest))


class RequirementFields(Wire):
    """What can be told of a requirement; nothing is what its parent has."""

    name = String(longest=250)
    sort_order = Integer(minimum=-(2**31), maximum=2**31 - 1)
    filter = String(blank=True)
    enabled = Boolean()
    annotation_type = Choice(RequirementKind, allow_none=True)
    metric = Choice(Metric, allow_none=True)
    required_score = share()
    parent_requirement = Integer(allow_none=True, minimum=0, maximum=LARGEST_ID)
    iou_threshold = share()
    point_size = share()
    point_size_base = Choice(PointSizeBase, allow_none=True)
    line_thickness = share()
    match_orientation = Boolean(allow_none=True)
    line_orientation_threshold = share()
    match_groups = Boolean(allow_none=True)
    group_match_threshold = share()
    check_covered_annotations = Boolean(allow_none=True)
    object_visibility_threshold = share()
    panoptic_comparison = Boolean(allow_none=True)
    attribute_comparison = Nested(AttributeComparisonRequest, allow_none=True)


class QualityRequirementRequest(RequirementFields):
    """A requirement that is to be, or all of one that is."""

    settings_id = Integer(minimum=0, maximum=LARGEST_ID)


class PatchedQualityRequirementRequest(QualityRequirementRequest):
    """What is to be changed of a requirement."""


class QualityRequirementListItemRequest(QualityRequirementRequest):
    """A requirement among those of settings."""


class QualityRequirementBulkCreateNodeRequest(RequirementFields):
    """A requirement and those that inherit from it."""

    name = String(required=True, longest=250)
    children = List(Nested("QualityRequirementBulkCreateNodeRequest"))


class QualityRequirementBulkCreateRequest(Wire):
    """Trees of requirements for settings."""

    settings_id = Integer(required=True, minimum=0, maximum=LARGEST_ID)
    requirements = List(Nested(QualityRequirementBulkCreateNodeRequest), required=True)

    @pre_load
    def check_depth(self, data: Any, **_: Any) -> Any:
        """Refuse trees that nobody would make, before they are read."""
        level, depth = [data.get("requirements")] if isinstance(data, dict) else [], 0
        while level:
            depth += 1
            if depth > DEEPEST:
                raise ValidationError("The tree is too deep.", "requirements")
            nodes = [node for nodes in level if isinstance(nodes, list) for node in nodes]
            level = [
                node["children"] for node in nodes if isinstance(node, dict) and "children" in node
            ]
        return data


class QualityRequirementListItem(QualityRequirementRequest):
    """A requirement as lists show it."""

    id = fields.Integer(dump_only=True)
    task_id = fields.Integer(allow_none=True, dump_only=True)
    project_id = fields.Integer(allow_none=True, dump_only=True)
    is_base = fields.Boolean(dump_only=True)
    created_date = fields.DateTime(dump_only=True)
    updated_date = fields.DateTime(dump_only=True)


class QualityRequirement(QualityRequirementListItem):
    """A requirement and what it comes to with what it inherits."""

    effective = fields.Dict(dump_only=True)


PaginatedQualityRequirementListItemList = paginated(QualityRequirementListItem)
