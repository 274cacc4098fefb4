"""People for tests, made straight in the store, and clients that act as them."""

from __future__ import annotations

import json

from cvat_lite.domain import clock, passwords
from cvat_lite.services.context import Server
from cvat_lite.store import rows, users
from tests.client import Api

#: One hash for everybody: making it takes longer than most tests.
PASSWORD = "people of the tests"
HASH = passwords.hash_password(PASSWORD)


async def add_user(server: Server, name: str, *groups: str) -> int:
    """Add a user of these groups; answers the id."""
    values = {"username": name, "password": HASH, "email": f"{name}@example.org"}
    async with server.database.writing() as db:
        return await users.insert(db, values, groups or ("user",))


def acting_as(url: str, name: str) -> Api:
    """A client logged in as a user of ``add_user``."""
    return Api(url, (name, PASSWORD))


async def add_task(
    server: Server,
    owner_id: int | None,
    *,
    organization_id: int | None = None,
    project_id: int | None = None,
    job_assignee_id: int | None = None,
) -> tuple[int, int]:
    """Add a task of ten frames with one job; answers the ids of both."""
    dates = {"created_date": clock.now(), "updated_date": clock.now()}
    async with server.database.writing() as db:
        task_id = await rows.insert(
            db,
            "tasks",
            {
                "name": "cats",
                "owner_id": owner_id,
                "organization_id": organization_id,
                "project_id": project_id,
                **dates,
            },
        )
        segment_id = await rows.insert(
            db,
            "segments",
            {
                "task_id": task_id,
                "start_frame": 0,
                "stop_frame": 9,
                "chunks_updated_date": clock.now(),
            },
        )
        job_id = await rows.insert(
            db, "jobs", {"segment_id": segment_id, "assignee_id": job_assignee_id, **dates}
        )
    return task_id, job_id


async def add_project(
    server: Server, owner_id: int | None, organization_id: int | None = None
) -> int:
    """Add a project; answers its id."""
    dates = {"created_date": clock.now(), "updated_date": clock.now()}
    values = {"name": "animals", "owner_id": owner_id, "organization_id": organization_id}
    async with server.database.writing() as db:
        return await rows.insert(db, "projects", {**values, **dates})


async def recorded(server: Server) -> list[dict[str, object]]:
    """All events in the store, the oldest first."""
    async with server.database.reading() as db:
        found = await rows.fetch_all(db, "SELECT * FROM events ORDER BY id")
    return [{**dict(row), **json.loads(row["fields"])} for row in found]
