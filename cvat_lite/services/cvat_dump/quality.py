"""Quality and consensus: settings, reports, conflicts and the annotations in conflict."""

from __future__ import annotations

from collections.abc import Iterable

from cvat_lite.services.cvat_dump.records import KEY, Record, Row, many, model, table, user
from cvat_lite.services.cvat_dump.values import (
    date,
    flag,
    integer,
    json_text,
    keys,
    optional,
    real,
    text,
)


def report_text(value: object) -> str:
    """The report as JSON text, which Django's dump holds as a text or as an object."""
    return text(value) if isinstance(value, str) else json_text(value)


def parents(record: Record) -> Iterable[Row]:
    """The reports that a report is part of."""
    return [(record.number(), parent) for parent in record.read("parents", keys)]


MODELS = (
    model(
        "quality_control.qualitysettings",
        table(
            "quality_settings",
            id=KEY,
            task_id=("task", optional(integer)),
            project_id=("project", optional(integer)),
            job_filter=text,
            inherit=flag,
            max_validations_per_job=integer,
            target_metric=text,
            target_metric_threshold=real,
            iou_threshold=real,
            oks_sigma=real,
            point_size_base=text,
            line_thickness=real,
            low_overlap_threshold=real,
            compare_line_orientation=flag,
            line_orientation_threshold=real,
            compare_groups=flag,
            group_match_threshold=real,
            check_covered_annotations=flag,
            object_visibility_threshold=real,
            panoptic_comparison=flag,
            compare_attributes=flag,
            empty_is_annotated=flag,
            created_date=date,
            updated_date=date,
        ),
    ),
    model(
        "quality_control.qualityreport",
        table(
            "quality_reports",
            id=KEY,
            job_id=("job", optional(integer)),
            task_id=("task", optional(integer)),
            project_id=("project", optional(integer)),
            assignee_id=user("assignee"),
            assignee_last_updated=optional(date),
            created_date=date,
            target_last_updated=date,
            gt_last_updated=optional(date),
            data=report_text,
        ),
        many("quality_report_parents", "report_id parent_id", parents, "parents"),
    ),
    model(
        "quality_control.annotationconflict",
        table(
            "quality_conflicts",
            id=KEY,
            report_id=("report", integer),
            frame=integer,
            type=text,
            severity=text,
        ),
    ),
    model(
        "quality_control.annotationid",
        table(
            "quality_annotation_ids",
            id=KEY,
            conflict_id=("conflict", integer),
            job_id=integer,
            obj_id=integer,
            type=text,
            shape_type=optional(text),
        ),
    ),
    model(
        "consensus.consensussettings",
        table("consensus_settings", id=KEY, task_id=("task", integer), iou_threshold=real),
    ),
)
