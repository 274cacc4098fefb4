"""The shapes of quality: settings, reports and conflicts."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from cvat_lite.domain.annotations import LARGEST_ID
from cvat_lite.domain.quality.parameters import (
    Aggregation,
    CalculationStatus,
    Figure,
    Metric,
    PointSizeBase,
    Target,
)
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


class ScoreComponents(Wire):
    """What a score is made of."""

    valid_count = fields.Integer(required=True)
    missing_count = fields.Integer(required=True)
    extra_count = fields.Integer(required=True)


class RequirementCalculation(Wire):
    """Whether there is a score, and if not, why."""

    status = Choice(CalculationStatus, required=True)
    reason = fields.String()


class QualityReportRequirement(Wire):
    """How a requirement came out."""

    requirement_id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True)
    metric = Choice(Metric, required=True)
    score = fields.Float(required=True, allow_none=True)
    score_components = fields.Nested(ScoreComponents, required=True)
    calculation = fields.Nested(RequirementCalculation, required=True)
    threshold = fields.Float(required=True)


class QualityReportRequirements(Wire):
    """How the requirements came out."""

    total = fields.Integer(required=True)
    enabled = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    not_computed = fields.Integer(required=True)
    items = fields.List(fields.Nested(QualityReportRequirement), required=True)


class QualityReportJobs(Wire):
    """How many jobs a report is about."""

    total = fields.Integer(required=True)
    excluded = fields.Integer(required=True)
    not_checkable = fields.Integer(required=True)
    included = fields.Integer(required=True)
    completed = fields.Integer(required=True)


class QualityReportTasks(Wire):
    """How many tasks a report is about."""

    total = fields.Integer(required=True)
    custom = fields.Integer(required=True)
    not_configured = fields.Integer(required=True)
    excluded = fields.Integer(required=True)
    included = fields.Integer(required=True)
    completed = fields.Integer(required=True)


class QualityReportSummary(Wire):
    """What a report comes to; the figures that 2.80 has no more are those of older clients."""

    total_frames = fields.Integer(required=True)
    validation_frames = fields.Integer(required=True)
    validation_frame_share = fields.Float(required=True)
    conflict_count = fields.Integer(required=True)
    error_count = fields.Integer(required=True)
    conflicts_by_type = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    tasks = fields.Nested(QualityReportTasks)
    jobs = fields.Nested(QualityReportJobs)
    requirements = fields.Nested(QualityReportRequirements)
    frame_count = fields.Integer(required=True)
    frame_share = fields.Float(required=True)
    warning_count = fields.Integer(required=True)
    valid_count = fields.Integer(required=True)
    ds_count = fields.Integer(required=True)
    gt_count = fields.Integer(required=True)
    total_count = fields.Integer(required=True)
    accuracy = fields.Float(required=True)
    precision = fields.Float(required=True)
    recall = fields.Float(required=True)


class MatrixAxes(Wire):
    """What the columns and the rows of a matrix are."""

    cols = fields.String(required=True)
    rows = fields.String(required=True)


class TargetMetricValues(Wire):
    """A figure over all, as the mean of the labels, and of the worst of them."""

    micro = fields.Float(required=True, allow_none=True)
    mean = fields.Float(required=True, allow_none=True)
    label = fields.Float(required=True, allow_none=True)


class TargetMetricSummary(Wire):
    """What the metric of a requirement comes to."""

    metric = Choice(Figure, required=True)
    aggregation = Choice(Aggregation, required=True)
    values = fields.Nested(TargetMetricValues, required=True)
    worst_labels = fields.List(fields.String(), required=True)


class QualityReportConfusionMatrix(Wire):
    """How often a label was given where another was due; rows are the job's, columns the truth's."""

    labels = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.Integer()), required=True)
    axes = fields.Nested(MatrixAxes, required=True)
    precision = fields.List(fields.Float(), required=True)
    recall = fields.List(fields.Float(), required=True)
    accuracy = fields.List(fields.Float(), required=True)
    jaccard_index = fields.List(fields.Float(), required=True)
    dice = fields.List(fields.Float(), required=True)
    target_metric_summary = fields.Nested(TargetMetricSummary, required=True)


class QualityReport(Wire):
    """How good the annotations of a job, task or project are."""

    id = fields.Integer(dump_only=True)
    job_id = fields.Integer(allow_none=True)
    task_id = fields.Integer(allow_none=True)
    project_id = fields.Integer(allow_none=True)
    parent_id = fields.Integer(allow_none=True)
    target = Choice(Target, required=True)
    summary = fields.Nested(QualityReportSummary, required=True)
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
    attribute_names = fields.List(fields.String(), dump_only=True)


PaginatedQualitySettingsList = paginated(QualitySettings)
PaginatedQualityReportList = paginated(QualityReport)
PaginatedAnnotationConflictList = paginated(AnnotationConflict)
