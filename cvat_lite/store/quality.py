"""Quality: settings, reports and conflicts."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

FLAT = [
    "job_filter",
    "inherit",
    "target_metric",
    "target_metric_threshold",
    "max_validations_per_job",
    "iou_threshold",
    "oks_sigma",
    "point_size_base",
    "line_thickness",
    "low_overlap_threshold",
    "compare_line_orientation",
    "line_orientation_threshold",
    "compare_groups",
    "group_match_threshold",
    "check_covered_annotations",
    "object_visibility_threshold",
    "panoptic_comparison",
    "compare_attributes",
    "empty_is_annotated",
]
FLAGS = frozenset(
    [
        "inherit",
        "compare_line_orientation",
        "compare_groups",
        "check_covered_annotations",
        "panoptic_comparison",
        "compare_attributes",
        "empty_is_annotated",
    ]
)
NAMES = ("id", "task_id", "project_id", *FLAT, "created_date", "updated_date")
COLUMNS = ", ".join(f"qs.{name}" for name in NAMES)
FROM = "quality_settings qs"
SORTED = ("created_date", "id", "inherit", "project_id", "task_id", "updated_date")
COLLECTION = Collection(
    fields={
        "created_date": Field("qs.created_date", Kind.DATE),
        "id": Field("qs.id", Kind.INTEGER),
        "inherit": Field("qs.inherit", Kind.BOOLEAN),
        "project_id": Field("qs.project_id", Kind.INTEGER),
        "task_id": Field("qs.task_id", Kind.INTEGER),
        "updated_date": Field("qs.updated_date", Kind.DATE),
        "parent_type": Field(
            "CASE WHEN qs.task_id IS NULL THEN 'project' ELSE 'task' END",
            choices=("project", "task"),
        ),
    },
    filter=SORTED,
    ordering=SORTED,
    simple=("inherit", "parent_type", "project_id", "task_id"),
    default_sort="id",
)

TARGET = "CASE WHEN qr.job_id > 0 THEN 'job' WHEN qr.task_id > 0 THEN 'task' ELSE 'project' END"
PARENT = "(SELECT max(qp.parent_id) FROM quality_report_parents qp WHERE qp.report_id = qr.id)"
REPORT_NAMES = [
    "id",
    "job_id",
    "task_id",
    "project_id",
    "parent_id",
    "target",
    "created_date",
    "target_last_updated",
    "gt_last_updated",
    "assignee_id",
    "username",
    "first_name",
    "last_name",
    "summary",
    "legacy",
]
REPORT_COLUMNS = f"""qr.id, qr.job_id, COALESCE(qr.task_id, j.task_id),
COALESCE(qr.project_id, t.project_id), {PARENT}, {TARGET}, qr.created_date,
qr.target_last_updated, qr.gt_last_updated, qr.assignee_id, u.username, u.first_name, u.last_name,
qsu.data,
CASE WHEN qsu.report_id IS NULL THEN json_object(
 'comparison_summary', json_extract(qr.data, '$.comparison_summary'),
 'requirements', json_extract(qr.data, '$.requirements')) END"""
REPORT_FROM = """quality_reports qr LEFT JOIN jobs j ON j.id = qr.job_id
LEFT JOIN tasks t ON t.id = COALESCE(qr.task_id, j.task_id)
LEFT JOIN users u ON u.id = qr.assignee_id
LEFT JOIN quality_summaries qsu ON qsu.report_id = qr.id"""
NOT_LEGACY = "(qsu.report_id IS NOT NULL OR json_extract(qr.data, '$.requirements') IS NOT NULL)"
"""The condition that a report is not one that a CVAT of before requirements made."""
REPORT_SORTED = (
    "created_date",
    "gt_last_updated",
    "id",
    "job_id",
    "project_id",
    "target_last_updated",
    "task_id",
)
REPORTS = Collection(
    fields={
        "created_date": Field("qr.created_date", Kind.DATE),
        "gt_last_updated": Field("qr.gt_last_updated", Kind.DATE),
        "id": Field("qr.id", Kind.INTEGER),
        "job_id": Field("qr.job_id", Kind.INTEGER),
        "parent_id": Field(PARENT, Kind.INTEGER),
        "project_id": Field("COALESCE(qr.project_id, t.project_id)", Kind.INTEGER),
        "target": Field(TARGET, choices=("job", "project", "task")),
        "target_last_updated": Field("qr.target_last_updated", Kind.DATE),
        "task_id": Field("COALESCE(qr.task_id, j.task_id)", Kind.INTEGER),
    },
    filter=REPORT_SORTED,
    ordering=REPORT_SORTED,
    simple=("job_id", "parent_id", "project_id", "target", "task_id"),
)

CONFLICT_NAMES = (
    "id",
    "frame",
    "type",
    "annotation_ids",
    "report_id",
    "severity",
    "attribute_names",
)
CONFLICT_COLUMNS = """qc.id, qc.frame, qc.type,
(SELECT json_group_array(json_object('obj_id', x.obj_id, 'job_id', x.job_id, 'type', x.type,
 'shape_type', x.shape_type)) FROM (SELECT * FROM quality_annotation_ids a
 WHERE a.conflict_id = qc.id ORDER BY a.id) x), qc.report_id, qc.severity,
qc.attribute_names"""
CONFLICT_FROM = """quality_conflicts qc JOIN quality_reports qr ON qr.id = qc.report_id
LEFT JOIN jobs j ON j.id = qr.job_id LEFT JOIN tasks t ON t.id = COALESCE(qr.task_id, j.task_id)"""
CONFLICT_SORTED = ("frame", "id", "job_id", "project_id", "severity", "task_id", "type")
CONFLICTS = Collection(
    fields={
        "frame": Field("qc.frame", Kind.INTEGER),
        "id": Field("qc.id", Kind.INTEGER),
        "job_id": Field("qr.job_id", Kind.INTEGER),
        "project_id": Field("COALESCE(qr.project_id, t.project_id)", Kind.INTEGER),
        "severity": Field("qc.severity"),
        "task_id": Field("COALESCE(qr.task_id, j.task_id)", Kind.INTEGER),
        "type": Field("qc.type"),
    },
    filter=CONFLICT_SORTED,
    ordering=CONFLICT_SORTED,
    simple=CONFLICT_SORTED[:1] + CONFLICT_SORTED[2:],
)
UNDER = """qc.report_id IN (WITH RECURSIVE part (id) AS (SELECT ? UNION
SELECT qp.report_id FROM quality_report_parents qp JOIN part ON qp.parent_id = part.id)
SELECT id FROM part)"""
"""The conflicts of a report, whose id is the parameter, and of those below it."""

MISSING = """SELECT {kind}.id, {kind}.created_date FROM {kind}s {kind}
WHERE NOT EXISTS (SELECT 1 FROM quality_settings s WHERE s.{kind}_id = {kind}.id)"""


def settings_of(row: Any) -> dict[str, Any]:
    """Settings on the wire."""
    found = dict(zip(NAMES, tuple(row), strict=False))
    return {name: bool(value) if name in FLAGS else value for name, value in found.items()}


async def settled(db: Connection) -> bool:
    """Whether every task and project has its settings."""
    for kind in ("task", "project"):
        if await rows.fetch_one(db, f"{MISSING.format(kind=kind)} LIMIT 1", ()):
            return False
    return True


async def settle(db: Connection) -> None:
    """Give every task and project that has none its settings, as old as itself."""
    for kind in ("task", "project"):
        await db.execute(
            f"INSERT INTO quality_settings ({kind}_id, created_date, updated_date)"
            f" SELECT id, created_date, created_date FROM ({MISSING.format(kind=kind)} ORDER BY 1)"
        )


async def get(db: Connection, settings_id: int) -> dict[str, Any] | None:
    """The settings, or None where there are none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE qs.id = ?", (settings_id,))
    return settings_of(row) if row else None


async def of_target(db: Connection, kind: str, number: int) -> dict[str, Any] | None:
    """The settings of a ``task`` or ``project``."""
    column = {"task": "qs.task_id", "project": "qs.project_id"}[kind]
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE {column} = ?", (number,))
    return settings_of(row) if row else None


async def most_validations(db: Connection, task_id: int) -> int:
    """How often a job of a task is judged when it is completed; 0 where settings have not come."""
    row = await rows.fetch_one(
        db,
        "SELECT COALESCE(theirs.max_validations_per_job, own.max_validations_per_job)"
        " FROM quality_settings own JOIN tasks t ON t.id = own.task_id"
        " LEFT JOIN quality_settings theirs ON own.inherit AND theirs.project_id = t.project_id"
        " WHERE own.task_id = ?",
        (task_id,),
    )
    return int(row[0]) if row else 0


async def page(db: Connection, selection: Selection) -> tuple[int, list[dict[str, Any]]]:
    """A page of settings and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [settings_of(row) for row in found]


async def update(db: Connection, settings_id: int, values: dict[str, Any]) -> None:
    """Change settings."""
    known = {name: values[name] for name in FLAT if name in values}
    await rows.update(db, "quality_settings", settings_id, {**known, "updated_date": clock.now()})


async def report(db: Connection, report_id: int) -> dict[str, Any] | None:
    """A report without its data, or None where there is none."""
    row = await rows.fetch_one(
        db, f"SELECT {REPORT_COLUMNS} FROM {REPORT_FROM} WHERE qr.id = ?", (report_id,)
    )
    return dict(zip(REPORT_NAMES, tuple(row), strict=True)) if row else None


async def report_data(db: Connection, report_id: int) -> str:
    """The whole data of a report that is there, as JSON."""
    row = await rows.fetch_one(db, "SELECT data FROM quality_reports WHERE id = ?", (report_id,))
    return str(row[0]) if row else "{}"


async def reports(db: Connection, selection: Selection) -> tuple[int, list[dict[str, Any]]]:
    """A page of reports and how many there are in all."""
    count, found = await fetch_page(db, REPORT_COLUMNS, REPORT_FROM, selection)
    return count, [dict(zip(REPORT_NAMES, tuple(row), strict=False)) for row in found]


async def conflicts(db: Connection, selection: Selection) -> tuple[int, list[dict[str, Any]]]:
    """A page of conflicts and how many there are in all."""
    count, found = await fetch_page(db, CONFLICT_COLUMNS, CONFLICT_FROM, selection)
    return count, [dict(zip(CONFLICT_NAMES, tuple(row), strict=False)) for row in found]
