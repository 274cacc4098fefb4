"""The shapes of quality: settings, reports and conflicts."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.domain.quality.parameters import Metric, PointSizeBase
from cvat_lite.schemas.base import Boolean, Choice, Integer, List, Nested, Number, String, Wire
from cvat_lite.schemas.common import BasicUser, paginated
from cvat_lite.schemas.quality_requirements import (
    QualityRequirementListItem,
    QualityRequirementListItemRequest,
)


def share() -> Any:
    """A number from 0 to 1."""
    return Number(minimum=0, maximum=1)


class QualitySettingsFields(Wire):
    """What there is to say of how work is judged."""

    job_filter = String(longest=1024, blank=True)
    inherit = Boolean()
    max_validations_per_job = Integer(minimum=0, maximum=2**31 - 1)
    target_metric = Choice(Metric)
    target_metric_threshold = share()
    iou_threshold = share()
    oks_sigma = share()
    point_size_base = Choice(PointSizeBase)
    line_thickness = share()
    low_overlap_threshold = share()
    compare_line_orientation = Boolean()
    line_orientation_threshold = share()
    compare_groups = Boolean()
    group_match_threshold = share()
    check_covered_annotations = Boolean()
    object_visibility_threshold = share()
    panoptic_comparison = Boolean()
    compare_attributes = Boolean()
    empty_is_annotated = Boolean()


class QualitySettingsRequest(QualitySettingsFields):
    """How the work on a task or project is judged."""

    requirements = List(Nested(QualityRequirementListItemRequest))


class PatchedQualitySettingsRequest(QualitySettingsRequest):
    """What is to be changed of the settings."""


class QualitySettings(QualitySettingsFields):
    """How the work on a task or project is judged."""

    requirements = fields.List(fields.Nested(QualityRequirementListItem))
    id = fields.Integer(dump_only=True)
    task_id = fields.Integer(allow_none=True)
    project_id = fields.Integer(allow_none=True)
    created_date = fields.DateTime(dump_only=True)
    updated_date = fields.DateTime(dump_only=True)


class QualityReportCreateRequest(Wire):
    """What a report is to be made of."""

    task_id = Integer(minimum=0, maximum=LARGEST_ID)
    project_id = Integer(minimum=0, maximum=LARGEST_ID)


class QualityReport(Wire):
    """How good the annotations of a job, task or project are."""

    id = fields.Integer(dump_only=True)
    job_id = fields.Integer(allow_none=True)
    task_id = fields.Integer(allow_none=True)
    project_id = fields.Integer(allow_none=True)
    parent_id = fields.Integer(allow_none=True)
    target = fields.String(required=True)
    summary = fields.Dict(required=True)
    created_date = fields.DateTime(dump_only=True)
    target_last_updated = fields.DateTime(dump_only=True)
    gt_last_updated = fields.DateTime(dump_only=True, allow_none=True)
    assignee = fields.Nested(BasicUser, allow_none=True)


class AnnotationId(Wire):
    """An annotation that a conflict is about."""

    obj_id = fields.Integer(dump_only=True)
    job_id = fields.Integer(dump_only=True)
    type = fields.String(dump_only=True)
    shape_type = fields.String(allow_none=True)


class AnnotationConflict(Wire):
    """Where annotations and ground truth do not agree."""

    id = fields.Integer(dump_only=True)
    frame = fields.Integer(dump_only=True)
    type = fields.String(dump_only=True)
    annotation_ids = fields.List(fields.Nested(AnnotationId), required=True)
    report_id = fields.Integer(dump_only=True)
    severity = fields.String(dump_only=True)


PaginatedQualitySettingsList = paginated(QualitySettings)
PaginatedQualityReportList = paginated(QualityReport)
PaginatedAnnotationConflictList = paginated(AnnotationConflict)
