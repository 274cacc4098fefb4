"""Annotation guides: written, read by those who work, changed with their assets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.api.people import acting_as, add_project, add_task, add_user
from tests.api.test_assets import PNG, add_asset
from tests.client import Api


@dataclass
class Work:
    """A project of ann's with a task and a job of wim's, and a client of ann."""

    ann: Api
    project: int
    task: int


@pytest.fixture
async def work(server, url) -> AsyncIterator[Work]:
    """The work that guides are for."""
    owner = await add_user(server, "ann")
    worker = await add_user(server, "wim", "worker")
    await add_user(server, "eve")
    project = await add_project(server, owner)
    task, _ = await add_task(server, owner, project_id=project, job_assignee_id=worker)
    async with acting_as(url, "ann") as ann:
        yield Work(ann, project, task)


async def write(work: Work, **more) -> dict:
    """Write the guide of the project."""
    return await work.ann.post("/guides", {"project_id": work.project, **more})


async def test_a_guide_is_written_once_for_a_project_or_a_task(work: Work) -> None:
    made = await write(work, markdown="# Hello")
    assert (made["project_id"], made["task_id"], made["markdown"]) == (
        work.project,
        None,
        "# Hello",
    )
    assert await work.ann.get(f"/guides/{made['id']}") == made
    again = await work.ann.post("/guides", {"project_id": work.project}, expect=400)
    assert again == ["The project has an annotation guide already."]
    other = await work.ann.post("/guides", {"task_id": work.task, "project_id": None})
    assert (other["project_id"], other["task_id"]) == (None, work.task)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"markdown": "of nothing"}, "One of project_id or task_id must be specified"),
        ({"project_id": 1, "task_id": 1}, "Both project_id and task_id must not be specified"),
        ({"project_id": 999}, "Project matching query does not exist."),
        ({"task_id": 999}, "Task matching query does not exist."),
    ],
)
async def test_a_guide_is_for_exactly_one_thing_that_exists(
    work: Work, body: dict, message: str
) -> None:
    assert await work.ann.post("/guides", body, expect=400) == [message]


async def test_a_guide_is_changed_and_removed(work: Work) -> None:
    made = await write(work, markdown="old")
    path = f"/guides/{made['id']}"
    changed = await work.ann.patch(path, {"markdown": "new"})
    assert changed == {**made, "markdown": "new", "updated_date": changed["updated_date"]}
    assert await work.ann.patch(path, {"project_id": work.project}) == changed
    moved = await work.ann.patch(path, {"task_id": work.task}, expect=400)
    assert moved == ["A guide cannot be moved to another task or project"]
    await work.ann.delete(path)
    error = await work.ann.get(path, expect=404)
    assert error == {"detail": "No AnnotationGuide matches the given query."}


async def test_the_project_counts_as_changed_with_its_guide(work: Work, server) -> None:
    async def changed() -> str:
        async with server.database.reading() as db:
            found = await db.execute_fetchall("SELECT updated_date FROM projects")
        return next(iter(found))[0]

    before = await changed()
    await write(work)
    assert await changed() > before


async def test_who_has_a_job_reads_the_guides_and_changes_none(work: Work, url: str) -> None:
    guides = [await write(work), await work.ann.post("/guides", {"task_id": work.task})]
    async with acting_as(url, "wim") as wim, acting_as(url, "eve") as eve:
        for made in guides:
            await wim.get(f"/guides/{made['id']}")
            await wim.patch(f"/guides/{made['id']}", {"markdown": "x"}, expect=403)
            await wim.delete(f"/guides/{made['id']}", expect=403)
            await eve.get(f"/guides/{made['id']}", expect=403)
            await eve.patch(f"/guides/{made['id']}", {"markdown": "x"}, expect=403)
        await eve.post("/guides", {"project_id": work.project}, expect=403)


async def test_assets_that_the_text_shows_no_more_are_removed(work: Work, config) -> None:
    guide = await write(work)
    shown = await add_asset(work.ann, guide["id"])
    dropped = await add_asset(work.ann, guide["id"])
    text = f"see ![i](/api/assets/{shown['uuid']})"
    changed = await work.ann.patch(f"/guides/{guide['id']}", {"markdown": text})
    assert changed["markdown"] == text
    await work.ann.get(f"/assets/{shown['uuid']}")
    await work.ann.get(f"/assets/{dropped['uuid']}", expect=404)
    assert [path.name for path in config.assets.iterdir()] == [shown["uuid"]]


async def test_a_guide_that_shows_anothers_asset_gets_a_copy(work: Work) -> None:
    first = await write(work)
    asset = await add_asset(work.ann, first["id"])
    text = f"![i](/api/assets/{asset['uuid']}) and ![gone](/api/assets/{'0' * 8}-"
    text += f"{'0' * 4}-{'0' * 4}-{'0' * 4}-{'0' * 12})"
    second = await work.ann.post("/guides", {"task_id": work.task, "markdown": text})
    copy = second["markdown"].partition("/api/assets/")[2][:36]
    assert copy != asset["uuid"]
    assert second["markdown"] == text.replace(asset["uuid"], copy)
    await work.ann.delete(f"/guides/{first['id']}")
    await work.ann.get(f"/assets/{asset['uuid']}", expect=404)
    assert await work.ann.get(f"/assets/{copy}") == PNG


async def test_an_asset_that_the_asker_may_not_see_is_not_copied(
    work: Work, server, url, config
) -> None:
    secret = await add_asset(work.ann, (await write(work))["id"])
    project = await add_project(server, await add_user(server, "mal"))
    body = {"project_id": project, "markdown": f"![i](/api/assets/{secret['uuid']})"}
    async with acting_as(url, "mal") as mal:
        await mal.post("/guides", body, expect=403)
        made = await mal.post("/guides", {"project_id": project})
        await mal.patch(f"/guides/{made['id']}", {"markdown": body["markdown"]}, expect=403)
    assert [path.name for path in config.assets.iterdir()] == [secret["uuid"]]
