"""Jobs: what they tell of themselves and of their task, and to whom."""

from __future__ import annotations

from typing import Any

from cvat_lite.services.context import Server
from cvat_lite.store import rows
from tests.api.people import acting_as, add_project, add_task, add_user
from tests.api.test_tasks import make_task
from tests.client import Api

OF_TASK = ("task_name", "project_name", "source_storage", "target_storage")
DATES = {"created_date": "2026-01-01T00:00:00Z", "updated_date": "2026-01-01T00:00:00Z"}


async def change(server: Server, table: str, number: int, **values: Any) -> None:
    """Set columns of a row straight in the store."""
    async with server.database.writing() as db:
        await rows.update(db, table, number, values)


async def add_job(server: Server, owner_id: int | None, **more: Any) -> tuple[int, int]:
    """Add a task with media and one job; answers the ids of both."""
    task, job = await add_task(server, owner_id, **more)
    async with server.database.writing() as db:
        data = await rows.insert(db, "data", {"kind": "images", "size": 10, "chunk_size": 5})
        await rows.update(db, "tasks", task, {"data_id": data, "dimension": "2d"})
        await rows.update(db, "tasks", task, {"mode": "annotation", "media_type": "image"})
    return task, job


async def add_storage(server: Server) -> int:
    """Add a storage that a task exports to; answers its id."""
    async with server.database.writing() as db:
        return await rows.insert(db, "storages", {"location": "local"})


async def add_organization(server: Server, owner_id: int, **roles: int) -> int:
    """Add an organization with a member for each role; answers its id."""
    async with server.database.writing() as db:
        organization_id = await rows.insert(
            db, "organizations", {"slug": "zoo", "owner_id": owner_id, **DATES}
        )
        for role, user_id in {"owner": owner_id, **roles}.items():
            await rows.insert(
                db,
                "memberships",
                {
                    "user_id": user_id,
                    "organization_id": organization_id,
                    "role": role,
                    "is_active": 1,
                },
            )
    return organization_id


async def test_who_only_works_on_a_job_is_not_told_of_its_task(server, url) -> None:
    ann, wim = await add_user(server, "ann"), await add_user(server, "wim", "worker")
    project = await add_project(server, ann)
    task, job = await add_job(server, ann, project_id=project, job_assignee_id=wim)
    storage = await add_storage(server)
    await change(server, "tasks", task, source_storage_id=storage, target_storage_id=storage)
    local = {"id": storage, "location": "local", "cloud_storage_id": None}
    async with acting_as(url, "ann") as owner, acting_as(url, "wim") as worker:
        whole = await owner.get(f"/jobs/{job}")
        assert [whole[name] for name in OF_TASK] == ["cats", "animals", local, local]
        assert (await owner.get("/jobs"))["results"] == [whole]
        part = await worker.get(f"/jobs/{job}")
        assert part == {**whole, **dict.fromkeys(OF_TASK)}
        assert (await worker.get("/jobs"))["results"] == [part]
        moved = await worker.patch(f"/jobs/{job}", {"state": "in progress"})
        assert [moved[name] for name in OF_TASK] == [None] * 4


async def test_a_maintainer_is_told_of_the_tasks_of_the_organization(server, url) -> None:
    ann, may, wim = [await add_user(server, name) for name in ("ann", "may", "wim")]
    organization = await add_organization(server, ann, maintainer=may, worker=wim)
    _, job = await add_job(server, ann, organization_id=organization, job_assignee_id=wim)
    async with acting_as(url, "may") as maintainer, acting_as(url, "wim") as worker:
        assert (await maintainer.get(f"/jobs/{job}"))["task_name"] == "cats"
        shown = await maintainer.get("/jobs", params={"org": "zoo"})
        assert [one["task_name"] for one in shown["results"]] == ["cats"]
        assert (await worker.get(f"/jobs/{job}"))["task_name"] is None


async def test_a_job_has_the_bug_tracker_of_its_task_or_else_of_its_project(
    api: Api, server
) -> None:
    ann = await add_user(server, "ann")
    project = await add_project(server, ann)
    _, alone = await add_job(server, ann)
    task, job = await add_job(server, ann, project_id=project)

    async def tracker(number: int) -> str | None:
        found: dict[str, str | None] = await api.get(f"/jobs/{number}")
        return found["bug_tracker"]

    assert await tracker(alone) is None
    assert await tracker(job) == ""
    await change(server, "projects", project, bug_tracker="https://bugs.example.org/1")
    assert await tracker(job) == "https://bugs.example.org/1"
    await change(server, "tasks", task, bug_tracker="https://bugs.example.org/2")
    assert await tracker(job) == "https://bugs.example.org/2"


async def test_only_a_job_that_has_replicas_tells_their_number(api: Api, server) -> None:
    task, job = await add_job(server, None)
    await change(server, "tasks", task, consensus_replicas=2)
    async with server.database.writing() as db:
        segment = await rows.fetch_one(db, "SELECT segment_id FROM jobs WHERE id = ?", (job,))
        replicas = [
            await rows.insert(
                db,
                "jobs",
                {
                    "segment_id": segment["segment_id"],
                    "type": "consensus_replica",
                    "parent_job_id": job,
                    **DATES,
                },
            )
            for _ in range(2)
        ]
    for number, count in [(job, 2), *((replica, 0) for replica in replicas)]:
        shown = await api.get(f"/jobs/{number}")
        assert (shown["replicas_count"], shown["consensus_replicas"]) == (count, count)


async def test_a_job_of_single_frames_names_only_its_own(api: Api, server) -> None:
    task = await make_task(api, 4)
    jobs = await api.get("/jobs", params={"task_id": task["id"]})
    whole = await api.get(f"/jobs/{jobs['results'][0]['id']}/data/meta")
    async with server.database.writing() as db:
        segment = await rows.insert(
            db,
            "segments",
            {
                "task_id": task["id"],
                "start_frame": 0,
                "stop_frame": 3,
                "type": "specific_frames",
                "frames": "[1,2]",
                "chunks_updated_date": DATES["created_date"],
            },
        )
        job = await rows.insert(
            db, "jobs", {"segment_id": segment, "type": "ground_truth", **DATES}
        )
    meta = await api.get(f"/jobs/{job}/data/meta")
    assert (meta["size"], meta["start_frame"], meta["stop_frame"]) == (2, 0, 3)
    assert meta["included_frames"] == [1, 2]
    hidden = "placeholder.jpg"
    assert meta["frames"] == [
        {**frame, "name": frame["name"] if place in (1, 2) else hidden}
        for place, frame in enumerate(whole["frames"])
    ]
