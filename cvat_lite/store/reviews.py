"""Reviews: a reviewer's verdict on a job, and the issues raised with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from cvat_lite.domain import clock
from cvat_lite.domain.enums import ReviewStatus
from cvat_lite.store import rows
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import Collection, Field, Kind, Selection, fetch_page

COLUMNS = """
v.id, v.job_id, v.owner_id, ow.username, ow.first_name, ow.last_name,
v.assignee_id, asg.username, asg.first_name, asg.last_name, v.status, v.estimated_quality,
v.created_date, v.updated_date,
(SELECT json_group_array(x.id) FROM
 (SELECT i.id FROM issues i WHERE i.review_id = v.id ORDER BY i.id) x)
"""
FROM = """
reviews v LEFT JOIN users ow ON ow.id = v.owner_id LEFT JOIN users asg ON asg.id = v.assignee_id
"""

NAMES = (
    "assignee",
    "created_date",
    "estimated_quality",
    "id",
    "job_id",
    "reviewer",
    "status",
    "task_id",
    "updated_date",
)
COLLECTION = Collection(
    fields={
        "assignee": Field("asg.username"),
        "created_date": Field("v.created_date", Kind.DATE),
        "estimated_quality": Field("v.estimated_quality", Kind.REAL),
        "id": Field("v.id", Kind.INTEGER),
        "job_id": Field("v.job_id", Kind.INTEGER),
        "reviewer": Field("ow.username"),
        "status": Field("v.status", choices=tuple(ReviewStatus)),
        "task_id": Field("v.task_id", Kind.INTEGER),
        "updated_date": Field("v.updated_date", Kind.DATE),
    },
    filter=NAMES,
    search=("assignee", "reviewer"),
    ordering=NAMES,
    simple=("assignee", "job_id", "reviewer", "status", "task_id"),
)


class Review(rows.Struct, frozen=True):
    """A review as its answers need it.

    ``estimated_quality`` is from 0 to 5, ``issues`` a JSON list of ids.
    """

    id: int
    job_id: int
    owner_id: int | None
    owner_username: str | None
    owner_first_name: str | None
    owner_last_name: str | None
    assignee_id: int | None
    assignee_username: str | None
    assignee_first_name: str | None
    assignee_last_name: str | None
    status: str
    estimated_quality: float
    created_date: str
    updated_date: str
    issues: str


WIDTH = len(Review.__struct_fields__)


async def get(db: Connection, review_id: int) -> Review | None:
    """The review, or None where there is none."""
    row = await rows.fetch_one(db, f"SELECT {COLUMNS} FROM {FROM} WHERE v.id = ?", (review_id,))
    return Review(*row) if row else None


async def page(db: Connection, selection: Selection) -> tuple[int, list[Review]]:
    """A page of reviews and how many there are in all."""
    count, found = await fetch_page(db, COLUMNS, FROM, selection)
    return count, [Review(*tuple(row)[:WIDTH]) for row in found]


async def insert(db: Connection, values: dict[str, Any], issue_ids: Sequence[int]) -> int:
    """Add a review, of which these issues of its job become a part; answers its id."""
    now = clock.now()
    dates = {"created_date": now, "updated_date": now}
    review_id = await rows.insert(db, "reviews", {**values, **dates})
    await db.execute(
        "UPDATE issues SET review_id = ? WHERE id IN (SELECT value FROM json_each(?))",
        (review_id, orjson.dumps(list(issue_ids)).decode()),
    )
    return review_id


async def delete(db: Connection, review_id: int) -> None:
    """Remove a review; its issues stay with the job."""
    await rows.delete(db, "reviews", review_id)
