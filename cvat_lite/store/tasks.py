"""Tasks with what their answers show of owners, data, jobs and storages."""

from __future__ import annotations

from typing import Any

from cvat_lite.domain.enums import Dimension, MediaType, StatusChoice
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
t.id, t.name, t.project_id, p.name, t.owner_id, ow.username, ow.first_name, ow.last_name,
t.assignee_id, asg.username, asg.first_name, asg.last_name, t.assignee_updated_date,
t.bug_tracker, t.created_date, t.updated_date, t.overlap, t.segment_size, t.status, t.subset,
t.mode, t.dimension, t.media_type, t.organization_id, t.consensus_replicas,
(SELECT g.id FROM guides g WHERE g.task_id = t.id),
t.data_id, d.size, d.image_quality, d.chunk_size, d.compressed_chunk_type, d.original_chunk_type,
d.cloud_storage_id, t.source_storage_id, ss.location, ss.cloud_storage_id,
t.target_storage_id, ts.location, ts.cloud_storage_id,
(SELECT count(*) FROM segments s JOIN jobs j ON j.segment_id = s.id WHERE s.task_id = t.id),
(SELECT count(*) FROM segments s JOIN jobs j ON j.segment_id = s.id WHERE s.task_id = t.id
 AND j.state = 'completed' AND j.stage = 'acceptance'),
(SELECT count(*) FROM segments s JOIN jobs j ON j.segment_id = s.id WHERE s.task_id = t.id
 AND j.stage = 'validation'),
vl.mode
"""
FROM = """
tasks t LEFT JOIN projects p ON p.id = t.project_id LEFT JOIN users ow ON ow.id = t.owner_id
LEFT JOIN users asg ON asg.id = t.assignee_id LEFT JOIN data d ON d.id = t.data_id
LEFT JOIN storages ss ON ss.id = t.source_storage_id
LEFT JOIN storages ts ON ts.id = t.target_storage_id
LEFT JOIN validation_layouts vl ON vl.data_id = t.data_id
"""

NAMES = (
    "assignee",
    "created_date",
    "dimension",
    "id",
    "media_type",
    "mode",
    "name",
    "owner",
    "project_id",
    "project_name",
    "status",
    "subset",
    "tracker_link",
    "updated_date",
    "validation_mode",
)

COLLECTION = Collection(
    fields={
        "id": Field("t.id", Kind.INTEGER),
        "name": Field("t.name"),
        "project_id": Field("t.project_id", Kind.INTEGER),
        "project_name": Field("p.name"),
        "owner": Field("ow.username"),
        "assignee": Field("asg.username"),
        "status": Field("t.status", choices=tuple(StatusChoice)),
        "subset": Field("t.subset"),
        "mode": Field("t.mode"),
        "dimension": Field("t.dimension", choices=tuple(Dimension)),
        "media_type": Field("t.media_type", choices=tuple(MediaType)),
        "tracker_link": Field("t.bug_tracker"),
        "created_date": Field("t.created_date", Kind.DATE),
        "updated_date": Field("t.updated_date", Kind.DATE),
        "validation_mode": Field("vl.mode", choices=("gt", "gt_pool")),
    },
    filter=NAMES,
    search=("assignee", "name", "owner", "project_name", "subset", "tracker_link"),
    ordering=NAMES,
    simple=tuple(name for name in NAMES if name not in ("created_date", "id", "updated_date")),
)


class Task(rows.Struct, frozen=True):
    """A task as its answers need it; the data's columns are None before there is data."""

    id: int
    name: str
    project_id: int | None
    project_name: str | None
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    assignee_id: int | None
    assignee_username: str | None
    assignee_first_name: str | None
    assignee_last_name: str | None
    assignee_updated_date: str | None
    bug_tracker: str
    created_date: str
    updated_date: str
    overlap: int | None
    segment_size: int
    status: str
    subset: str
    mode: str
    dimension: str
    media_type: str
    organization_id: int | None
    consensus_replicas: int
    guide_id: int | None
    data_id: int | None
    size: int | None
    image_quality: int | None
    chunk_size: int | None
    compressed_chunk_type: str | None
    original_chunk_type: str | None
    data_cloud_storage_id: int | None
    source_storage_id: int | None
    source_location: str | None
    source_cloud_storage_id: int | None
    target_storage_id: int | None
    target_location: str | None
    target_cloud_storage_id: int | None
    jobs: int
    completed: int
    validation: int
    validation_mode: str | None


WIDTH = len(Task.__struct_fields__)


async def get(db: Connection, task_id: int) -> Task | None:
    """The task, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE t.id = ?", (task_id,))
    return Task(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Task]]:
    """A page of tasks and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Task(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a task; answers its id."""
    return await rows.insert(db, "tasks", values)


async def update(db: Connection, task_id: int, values: dict[str, Any]) -> None:
    """Set columns of a task."""
    await rows.update(db, "tasks", task_id, values)


async def delete(db: Connection, task_id: int) -> int | None:
    """Remove a task with everything that hangs on it; answers the id of the data it had."""
    row = await rows.fetch_one(
        db,
        "SELECT data_id, source_storage_id, target_storage_id FROM tasks WHERE id = ?",
        (task_id,),
    )
    await rows.delete(db, "tasks", task_id)
    if row is None:
        return None
    for number in (row["source_storage_id"], row["target_storage_id"]):
        if number is not None:
            await rows.delete(db, "storages", number)
    if row["data_id"] is not None:
        await rows.delete(db, "data", row["data_id"])
    return row["data_id"]  # type: ignore[no-any-return]


async def set_storage(
    db: Connection, table: str, number: int, column: str, storage: dict[str, Any] | None
) -> None:
    """Make this the source or target storage of a task or project."""
    row = await rows.fetch_one(db, f'SELECT "{column}" AS id FROM {table} WHERE id = ?', (number,))
    old = row["id"] if row else None
    new = None
    if storage is not None:
        new = await rows.insert(
            db,
            "storages",
            {
                "location": storage.get("location", "local"),
                "cloud_storage_id": storage.get("cloud_storage_id"),
            },
        )
    await rows.update(db, table, number, {column: new})
    if old is not None:
        await rows.delete(db, "storages", old)
