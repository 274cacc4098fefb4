"""Requirements of quality: what annotations of a kind have to reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

#: The name of the requirement that stands for the settings as a whole.
BASE_NAME = "Base requirement"
#: What a requirement may leave to its parent, and the column of the settings it is there.
INHERITED = {
    "metric": "target_metric",
    "required_score": "target_metric_threshold",
    "iou_threshold": "iou_threshold",
    "point_size": "oks_sigma",
    "point_size_base": "point_size_base",
    "line_thickness": "line_thickness",
    "match_orientation": "compare_line_orientation",
    "line_orientation_threshold": "line_orientation_threshold",
    "match_groups": "compare_groups",
    "group_match_threshold": "group_match_threshold",
    "check_covered_annotations": "check_covered_annotations",
    "object_visibility_threshold": "object_visibility_threshold",
    "panoptic_comparison": "panoptic_comparison",
}
FLAGS = frozenset(
    ["match_orientation", "match_groups", "check_covered_annotations", "panoptic_comparison"]
)
OWN = ("name", "sort_order", "filter", "enabled", "annotation_type", "parent_requirement")
NAMES = (
    "id",
    "settings_id",
    "task_id",
    "project_id",
    "is_base",
    *OWN,
    *INHERITED,
    "attribute_comparison",
    "created_date",
    "updated_date",
    "compare_attributes",
)
COLUMNS = ", ".join(
    [
        "qq.id, qq.settings_id, qs.task_id, qs.project_id, qq.is_base",
        *(f"qq.{name}" for name in OWN),
        *(
            f"CASE WHEN qq.is_base THEN qs.{there} ELSE qq.{name} END"
            for name, there in INHERITED.items()
        ),
        "qq.attribute_comparison, qq.created_date, qq.updated_date, qs.compare_attributes",
    ]
)
FROM = "quality_requirements qq JOIN quality_settings qs ON qs.id = qq.settings_id"
FILTERED = (
    "annotation_type",
    "created_date",
    "enabled",
    "id",
    "project_id",
    "settings_id",
    "task_id",
    "updated_date",
)
COLLECTION = Collection(
    fields={
        "annotation_type": Field("qq.annotation_type"),
        "created_date": Field("qq.created_date", Kind.DATE),
        "enabled": Field("qq.enabled", Kind.BOOLEAN),
        "id": Field("qq.id", Kind.INTEGER),
        "name": Field("qq.name"),
        "project_id": Field("qs.project_id", Kind.INTEGER),
        "settings_id": Field("qq.settings_id", Kind.INTEGER),
        "sort_order": Field("qq.sort_order", Kind.INTEGER),
        "task_id": Field("qs.task_id", Kind.INTEGER),
        "updated_date": Field("qq.updated_date", Kind.DATE),
    },
    filter=FILTERED,
    ordering=(*FILTERED, "name", "sort_order"),
    simple=("annotation_type", "enabled", "project_id", "settings_id", "task_id"),
    default_sort="id",
)


def requirement_of(row: Iterable[Any]) -> dict[str, Any]:
    """A requirement as it stands in the API, None being what it inherits.

    Whether attributes are compared at all is the base's default where it says nothing itself.
    """
    found = dict(zip(NAMES, tuple(row), strict=False))
    for name in ("is_base", "enabled", *FLAGS):
        found[name] = bool(found[name]) if found[name] is not None else None
    attributes = orjson.loads(found["attribute_comparison"])
    compared = bool(found.pop("compare_attributes"))
    if found["is_base"]:
        attributes = {
            "default": {**(attributes.get("default") or {}), "enabled": compared},
            **{name: value for name, value in attributes.items() if name != "default"},
        }
    found["attribute_comparison"] = attributes
    return found


async def settle(db: Connection) -> None:
    """Give all settings that have none their base requirement, as old as themselves."""
    await db.execute(
        "INSERT INTO quality_requirements (settings_id, is_base, name, created_date, updated_date)"
        " SELECT id, 1, ?, created_date, updated_date FROM quality_settings qs"
        " WHERE NOT EXISTS (SELECT 1 FROM quality_requirements qq"
        " WHERE qq.settings_id = qs.id AND qq.is_base)",
        (BASE_NAME,),
    )


async def settled(db: Connection) -> bool:
    """Whether all settings have their base requirement."""
    row = await rows.fetch_one(
        db,
        "SELECT 1 FROM quality_settings qs WHERE NOT EXISTS (SELECT 1 FROM quality_requirements qq"
        " WHERE qq.settings_id = qs.id AND qq.is_base) LIMIT 1",
    )
    return row is None


async def get(db: Connection, requirement_id: int) -> dict[str, Any] | None:
    """A requirement, or None where there is none."""
    row = await rows.fetch_one(
        db, f"SELECT {COLUMNS} FROM {FROM} WHERE qq.id = ?", (requirement_id,)
    )
    return requirement_of(row) if row else None


async def of_settings(db: Connection, settings: Iterable[int]) -> list[dict[str, Any]]:
    """The requirements of settings in their order, the base first."""
    found = await rows.fetch_all(
        db,
        f"""SELECT {COLUMNS} FROM {FROM}
            WHERE qq.settings_id IN (SELECT value FROM json_each(?))
            ORDER BY qq.settings_id, qq.is_base DESC, qq.sort_order, qq.id""",
        (orjson.dumps(list(settings)).decode(),),
    )
    return [requirement_of(row) for row in found]


async def page(db: Connection, selection: Selection) -> tuple[int, list[dict[str, Any]]]:
    """A page of requirements and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [requirement_of(row) for row in found]


async def add(db: Connection, settings_id: int, values: dict[str, Any]) -> int:
    """Record a requirement; answers its id."""
    now = clock.now()
    kept = {**_stored(values), "created_date": now, "updated_date": now}
    number = await rows.insert(db, "quality_requirements", {"settings_id": settings_id, **kept})
    await _touch(db, settings_id)
    return number


async def update(db: Connection, found: dict[str, Any], values: dict[str, Any]) -> None:
    """Change a requirement; what a base requirement compares by is changed in its settings."""
    kept = _stored(values)
    if found["is_base"]:
        moved = {there: kept.pop(name) for name, there in INHERITED.items() if name in kept}
        default = (values.get("attribute_comparison") or {}).get("default") or {}
        if default.get("enabled") is not None:
            moved["compare_attributes"] = default["enabled"]
        if moved:
            await rows.update(db, "quality_settings", found["settings_id"], moved)
    await rows.update(
        db, "quality_requirements", found["id"], {**kept, "updated_date": clock.now()}
    )
    await _touch(db, found["settings_id"])


async def delete(db: Connection, found: dict[str, Any]) -> None:
    """Remove a requirement and those that inherit from it."""
    await rows.delete(db, "quality_requirements", found["id"])
    await _touch(db, found["settings_id"])


async def clear(db: Connection, settings_id: int) -> None:
    """Remove all requirements of settings but the base."""
    await db.execute(
        "DELETE FROM quality_requirements WHERE settings_id = ? AND NOT is_base", (settings_id,)
    )


async def _touch(db: Connection, settings_id: int) -> None:
    """Reports of before are not those of what is required now."""
    await rows.update(db, "quality_settings", settings_id, {"updated_date": clock.now()})


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    """The columns of what was given."""
    kept = {name: values[name] for name in (*OWN, *INHERITED) if name in values}
    if "attribute_comparison" in values:
        kept["attribute_comparison"] = orjson.dumps(values["attribute_comparison"] or {}).decode()
    return kept
