"""Projects with what their answers show of owners, tasks and storages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from cvat_lite.domain.enums import StatusChoice
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
p.id, p.name, p.owner_id, ow.username, ow.first_name, ow.last_name,
p.assignee_id, asg.username, asg.first_name, asg.last_name, p.assignee_updated_date,
p.bug_tracker, p.created_date, p.updated_date, p.status, p.organization_id,
(SELECT g.id FROM guides g WHERE g.project_id = p.id),
p.source_storage_id, ss.location, ss.cloud_storage_id,
p.target_storage_id, ts.location, ts.cloud_storage_id,
(SELECT count(*) FROM tasks t WHERE t.project_id = p.id),
(SELECT t.dimension FROM tasks t WHERE t.project_id = p.id AND t.dimension <> ''
 ORDER BY t.id LIMIT 1),
(SELECT json_group_array(DISTINCT t.subset) FROM tasks t
 WHERE t.project_id = p.id AND t.subset <> '')
"""
FROM = """
projects p LEFT JOIN users ow ON ow.id = p.owner_id
LEFT JOIN users asg ON asg.id = p.assignee_id
LEFT JOIN storages ss ON ss.id = p.source_storage_id
LEFT JOIN storages ts ON ts.id = p.target_storage_id
"""
#: A selector of projects needs no more.
NAME_COLUMNS = "p.id, p.name"

NAMES = ("assignee", "id", "name", "owner", "status", "updated_date")
COLLECTION = Collection(
    fields={
        "id": Field("p.id", Kind.INTEGER),
        "name": Field("p.name"),
        "owner": Field("ow.username"),
        "assignee": Field("asg.username"),
        "status": Field("p.status", choices=tuple(StatusChoice)),
        "updated_date": Field("p.updated_date", Kind.DATE),
    },
    filter=NAMES,
    search=("assignee", "name", "owner"),
    ordering=NAMES,
    simple=("assignee", "name", "owner", "status"),
)


class Project(rows.Struct, frozen=True):
    """A project as its answers need it; ``task_subsets`` is a JSON list."""

    id: int
    name: str
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
    status: str
    organization_id: int | None
    guide_id: int | None
    source_storage_id: int | None
    source_location: str | None
    source_cloud_storage_id: int | None
    target_storage_id: int | None
    target_location: str | None
    target_cloud_storage_id: int | None
    tasks: int
    dimension: str | None
    task_subsets: str


WIDTH = len(Project.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Member:
    """A task of a project that has media."""

    id: int
    data_id: int


async def get(db: Connection, project_id: int) -> Project | None:
    """The project, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE p.id = ?", (project_id,))
    return Project(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Project]]:
    """A page of projects and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Project(*tuple(row)[:WIDTH]) for row in found]


async def page_of_names(db: Connection, selection: Selection) -> tuple[int, list[tuple[int, str]]]:
    """Ids and names of a page of projects, and how many projects there are in all."""
    count, found = await fetch_page(db, NAME_COLUMNS, FROM, selection)
    return count, [(row[0], row[1]) for row in found]


async def members(db: Connection, project_id: int) -> list[Member]:
    """The tasks that have media, by id."""
    found = await rows.fetch_all(
        db,
        """SELECT t.id, t.data_id FROM tasks t JOIN data d ON d.id = t.data_id
           WHERE t.project_id = ? AND d.size > 0 ORDER BY t.id""",
        (project_id,),
    )
    return [Member(row[0], row[1]) for row in found]


async def people(
    db: Connection, project_id: int
) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """Name and address of the owner and of the assignee, where there are any."""
    row = await rows.fetch_one(
        db,
        """SELECT ow.username, ow.email, asg.username, asg.email FROM projects p
           LEFT JOIN users ow ON ow.id = p.owner_id LEFT JOIN users asg ON asg.id = p.assignee_id
           WHERE p.id = ?""",
        (project_id,),
    )
    owner, owner_email, assignee, assignee_email = tuple(row) if row else (None,) * 4
    return (
        (owner, owner_email) if owner is not None else None,
        (assignee, assignee_email) if assignee is not None else None,
    )


async def insert(db: Connection, values: dict[str, Any]) -> int:
    """Add a project; answers its id."""
    return await rows.insert(db, "projects", values)


async def update(db: Connection, project_id: int, values: dict[str, Any]) -> None:
    """Set columns of a project."""
    await rows.update(db, "projects", project_id, values)


async def delete(db: Connection, project_id: int) -> list[int]:
    """Remove a project with its tasks and all that hangs on them.

    Answers the ids of the data that the tasks had: their files are the caller's.
    """
    held = await rows.fetch_all(
        db,
        """SELECT data_id, source_storage_id, target_storage_id FROM tasks WHERE project_id = ?1
           UNION ALL SELECT NULL, source_storage_id, target_storage_id FROM projects
           WHERE id = ?1""",
        (project_id,),
    )
    await rows.delete(db, "projects", project_id)
    data = [row[0] for row in held if row[0] is not None]
    storages = [number for row in held for number in tuple(row)[1:] if number is not None]
    for table, numbers in (("data", data), ("storages", storages)):
        await db.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
            (orjson.dumps(numbers).decode(),),
        )
    return data
