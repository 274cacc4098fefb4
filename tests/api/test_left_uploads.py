"""What was being uploaded leaves nothing behind, and is never taken for something else."""

from __future__ import annotations

from pathlib import Path

from cvat_lite.config import Config
from cvat_lite.services import staging
from cvat_lite.services.context import Server
from cvat_lite.services.staging import Place
from cvat_lite.store import rows, uploads
from tests.api.people import add_project, add_task
from tests.api.test_tasks import LABELS
from tests.client import Api
from tests.images import png

BEGUN = {"Upload-Length": "10", "Upload-Metadata": "filename YS5wbmc=", "Tus-Resumable": "1.0.0"}


def folders(config: Config, *places: Place) -> list[Path]:
    """The directories of places that are there."""
    return [path for path in (staging.root(config, place) for place in places) if path.exists()]


async def remembered(server: Server) -> list[str]:
    """The places that the store knows uploads of."""
    async with server.database.reading() as db:
        query = "SELECT target FROM uploads UNION ALL SELECT target FROM upload_files"
        return [row["target"] for row in await rows.fetch_all(db, query)]


async def test_uploads_to_a_task_go_with_it(api: Api, server: Server, config: Config) -> None:
    task = (await api.post("/tasks", {"name": "cats", "labels": LABELS}))["id"]
    await api.post(f"/tasks/{task}/data/", headers=BEGUN, documented=False)
    assert folders(config, Place("tasks/data", task))
    await api.delete(f"/tasks/{task}")
    assert folders(config, Place("tasks/data", task)) == []
    assert await remembered(server) == []


async def test_uploads_to_a_project_its_tasks_and_jobs_go_with_it(
    api: Api, server: Server, config: Config
) -> None:
    project = await add_project(server, 1)
    task, job = await add_task(server, 1, project_id=project)
    other, _ = await add_task(server, 1)
    places = (Place("tasks/data", task), Place("tasks/annotations", task))
    places += (Place("jobs/annotations", job), Place("projects/dataset", project))
    async with server.database.writing() as db:
        for place in (*places, Place("tasks/data", other)):
            await uploads.add_files(db, place.target, place.number, ["a.zip"])
            staging.directory(config, place).mkdir(parents=True)
    await api.delete(f"/projects/{project}")
    assert folders(config, *places) == []
    assert folders(config, Place("tasks/data", other))
    assert await remembered(server) == ["tasks/data"]


async def test_what_an_upload_has_left_is_not_taken_for_copied_server_files(
    api: Api, config: Config
) -> None:
    assert config.share is not None
    (config.share / "a.png").write_bytes(png(64, 48))
    task = (await api.post("/tasks", {"name": "cats", "labels": LABELS}))["id"]
    left = staging.directory(config, Place("tasks/data", task))
    left.mkdir(parents=True)
    (left / "old.png").write_bytes(png(10, 10))
    body = {"image_quality": 70, "server_files": ["a.png"], "copy_data": True}
    answer = await api.post(f"/tasks/{task}/data/", body, expect=202)
    await api.finished(answer["rq_id"])
    meta = await api.get(f"/tasks/{task}/data/meta")
    assert [(one["name"], one["width"]) for one in meta["frames"]] == [("a.png", 64)]
    assert not left.exists()
