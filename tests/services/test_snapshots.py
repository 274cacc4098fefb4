"""Snapshots of a server that runs: saved, put back, removed, and what becomes of media."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections import Counter
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from cvat_lite.app import make_app
from cvat_lite.config import Config
from cvat_lite.services import leftovers, snapshots
from cvat_lite.services.context import Server
from tests.client import ADMIN_PASSWORD, Api, basic
from tests.images import encoded
from tests.process import PATIENCE

TASKS = 25
ROUNDS = 6


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, allow_snapshots=True)


async def save(api: Api, name: str, **more: Any) -> dict[str, Any]:
    return await api.post("/snapshots", {"name": name, **more})


async def restore(api: Api, name: str) -> None:
    await api.post(f"/snapshots/{name}/restore", expect=200)


async def make_task(api: Api, color: str) -> dict[str, Any]:
    """A task of one image of that color."""
    task = await api.post("/tasks", {"name": color, "labels": [{"name": "cat"}]})
    form = aiohttp.FormData()
    form.add_field("image_quality", "90")
    form.add_field(
        "client_files[0]", encoded(Image.new("RGB", (32, 32), color)), filename=f"{color}.png"
    )
    answer = await api.post(f"/tasks/{task['id']}/data/", expect=202, data=form)
    await api.finished(answer["rq_id"])
    return await api.get(f"/tasks/{task['id']}")


async def color_of(api: Api, task: dict[str, Any], kind: str = "frame") -> tuple[int, int, int]:
    """The color of the task's image as the server serves it."""
    number = "" if kind == "preview" else f"&type={kind}&number=0&quality=compressed"
    path = "preview" if kind == "preview" else "data"
    data = await api.get(f"/tasks/{task['id']}/{path}?{number}", documented=False)
    pixel = Image.open(io.BytesIO(data)).convert("RGB").getpixel((16, 16))
    return tuple(round(value / 255) for value in pixel)


async def names(api: Api) -> list[str]:
    return [task["name"] for task in (await api.get("/tasks?page_size=500"))["results"]]


async def test_everything_is_as_it_was_when_the_snapshot_was_saved(api: Api) -> None:
    task = await api.post("/tasks", {"name": "before", "labels": [{"name": "cat"}]})
    made = await save(api, "base")
    assert made == (await api.get("/snapshots"))["results"][0]
    await api.patch(f"/tasks/{task['id']}", {"name": "after"})
    await api.post("/tasks", {"name": "more"})
    await restore(api, "base")
    assert await names(api) == ["before"]
    assert await api.get(f"/tasks/{task['id']}") == task
    again = await api.post("/tasks", {"name": "again"})
    assert again["id"] == task["id"] + 1


async def test_a_name_is_not_taken_twice_unless_the_snapshot_may_be_replaced(api: Api) -> None:
    await save(api, "base")
    await api.post("/tasks", {"name": "new"})
    refused = await api.post("/snapshots", {"name": "base"}, expect=409)
    assert refused == {"detail": "There is a snapshot base already."}
    await save(api, "base", replace=True)
    await restore(api, "base")
    assert await names(api) == ["new"]


@pytest.mark.parametrize("name", ["../base", "", "a/b", ".hidden", "x" * 101])
async def test_names_stay_within_their_directory(api: Api, name: str) -> None:
    assert "name" in await api.post("/snapshots", {"name": name}, expect=400)


async def test_a_snapshot_that_is_not_there_cannot_be_used(api: Api) -> None:
    await api.post("/snapshots/none/restore", expect=404)
    await api.delete("/snapshots/none", expect=404)


async def test_only_administrators_may(api: Api, nobody: Api, url: str) -> None:
    await api.post(
        "/auth/register",
        {
            "username": "bobby",
            "email": "bob@example.org",
            "password1": "purple otter 9",
            "password2": "purple otter 9",
        },
    )
    await save(api, "base")
    async with Api(url, ("bobby", "purple otter 9")) as bob:
        await bob.get("/snapshots", expect=403)
        await bob.post("/snapshots", {"name": "mine"}, expect=403)
        await bob.post("/snapshots/base/restore", expect=403)
        await bob.delete("/snapshots/base", expect=403)
    await nobody.post("/snapshots/base/restore", expect=401)


async def test_a_user_who_came_later_is_unknown_afterwards_at_once(api: Api, url: str) -> None:
    await save(api, "base")
    word = "purple otter 9"
    person = {"username": "bobby", "email": "bob@example.org"}
    await api.post("/auth/register", {**person, "password1": word, "password2": word})
    async with Api(url, ("bobby", word)) as bob:
        await bob.get("/users/self")
        await restore(api, "base")
        await bob.get("/users/self", expect=401)


class TestWithoutAllowance:
    @pytest.fixture
    def config(self, tmp_path) -> Config:
        return Config(data_dir=tmp_path / "data", admin_password=ADMIN_PASSWORD, port=0)

    async def test_nobody_may(self, api: Api) -> None:
        refused = await api.post("/snapshots", {"name": "base"}, expect=403)
        assert "--allow-snapshots" in refused["detail"]
        await api.get("/snapshots", expect=403)


class TestMedia:
    async def test_they_stay_while_a_snapshot_names_them(self, api: Api, config: Config) -> None:
        task = await make_task(api, "red")
        await save(api, "red")
        await api.delete(f"/tasks/{task['id']}")
        await restore(api, "red")
        assert await color_of(api, task) == (1, 0, 0)
        await api.delete(f"/tasks/{task['id']}")
        assert (config.media / str(task["data"])).is_dir()
        await api.delete("/snapshots/red")
        assert not (config.media / str(task["data"])).exists()

    async def test_they_stay_after_the_snapshot_while_the_store_or_another_names_them(
        self, api: Api, config: Config
    ) -> None:
        task = await make_task(api, "red")
        await save(api, "one")
        await save(api, "two")
        await api.delete("/snapshots/one")
        assert await color_of(api, task) == (1, 0, 0)
        await api.delete(f"/tasks/{task['id']}")
        assert (config.media / str(task["data"])).is_dir()

    async def test_those_of_the_state_that_is_left_go(self, api: Api, config: Config) -> None:
        await save(api, "empty")
        task = await make_task(api, "red")
        await restore(api, "empty")
        assert not (config.media / str(task["data"])).exists()

    async def test_a_start_leaves_those_of_snapshots(
        self, api: Api, server: Server, config: Config
    ) -> None:
        task = await make_task(api, "red")
        await save(api, "red")
        await api.delete(f"/tasks/{task['id']}")
        (config.media / "999").mkdir()
        await leftovers.remove(server)
        assert {place.name for place in config.media.iterdir()} == {str(task["data"])}

    @pytest.mark.parametrize("kind", ["chunk", "preview", "frame"])
    async def test_those_of_what_was_left_are_never_served_for_what_comes_later(
        self, api: Api, kind: str
    ) -> None:
        await save(api, "empty")
        red = await make_task(api, "red")
        await self.fetch(api, red, kind)
        await restore(api, "empty")
        blue = await make_task(api, "blue")
        assert blue["id"] == red["id"]
        assert blue["data"] > red["data"]
        assert await self.fetch(api, blue, kind) == (0, 0, 1)

    async def fetch(self, api: Api, task: dict[str, Any], kind: str) -> tuple[int, ...]:
        if kind != "chunk":
            return await color_of(api, task, kind)
        import zipfile

        path = f"/tasks/{task['id']}/data?type=chunk&number=0&quality=compressed"
        archive = zipfile.ZipFile(io.BytesIO(await api.get(path, documented=False)))
        image = Image.open(io.BytesIO(archive.read(archive.namelist()[0])))
        return tuple(round(value / 255) for value in image.convert("RGB").getpixel((16, 16)))

    async def test_what_is_removed_while_a_snapshot_is_saved_stays_if_it_names_it(
        self, api: Api, server: Server, config: Config
    ) -> None:
        task = await make_task(api, "red")
        with server.keeping.saving():
            await api.delete(f"/tasks/{task['id']}")
            assert (config.media / str(task["data"])).is_dir()
        await save(api, "without")
        assert not (config.media / str(task["data"])).exists()

    async def test_nothing_goes_while_a_snapshot_cannot_be_read(
        self, api: Api, config: Config
    ) -> None:
        task = await make_task(api, "red")
        config.snapshots.mkdir()
        (config.snapshots / "broken.sqlite3").write_bytes(b"no database at all" * 100)
        keeping = snapshots.keeping.Keeping.read(config)
        assert keeping.spare_media({task["data"]}) == set()
        refused = await api.post("/snapshots/broken/restore", expect=409)
        assert "cannot be used" in refused["detail"]
        assert await names(api) == ["red"]


async def test_an_upload_that_had_begun_is_not_found_in_the_other_state(
    api: Api, config: Config
) -> None:
    task = await api.post("/tasks", {"name": "waits", "labels": [{"name": "cat"}]})
    await save(api, "base")
    at = f"/tasks/{task['id']}/data/"
    await api.post(at, expect=202, headers={"Upload-Start": "true"}, documented=False)
    await api.post(
        at,
        headers={
            "Upload-Length": "10",
            "Upload-Metadata": "filename YS5wbmc=",
            "Tus-Resumable": "1.0.0",
        },
        documented=False,
    )
    assert any(path.is_file() for path in config.uploads.rglob("*"))
    await restore(api, "base")
    assert list(config.uploads.iterdir()) == []
    done = await make_task(api, "red")
    assert await color_of(api, done) == (1, 0, 0)


async def test_work_that_waits_is_dropped_and_later_work_is_done(api: Api, server: Server) -> None:
    task = await make_task(api, "red")
    await save(api, "base")
    before = await api.get("/requests")
    exports = [
        await api.post(f"/tasks/{task['id']}/dataset/export?format={name}", expect=202)
        for name in ("COCO 1.0", "CVAT for images 1.1", "Datumaro 1.0", "YOLO 1.1")
    ]
    assert len(exports) == 4
    await restore(api, "base")
    assert await api.get("/requests") == before
    again = await api.post(f"/tasks/{task['id']}/dataset/export?format=COCO 1.0", expect=202)
    await api.finished(again["rq_id"])


async def test_a_request_that_does_not_come_to_an_end_is_refused(
    api: Api, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "PATIENCE", 0.05)
    await save(api, "base")
    begun = asyncio.Event()

    async def slow_body() -> Any:
        yield b'{"name": "'
        begun.set()
        await asyncio.sleep(PATIENCE)
        yield b'late"}'

    headers = {
        "Authorization": basic("admin", ADMIN_PASSWORD),
        "Content-Type": "application/json",
    }
    async with aiohttp.ClientSession() as session:
        slow = asyncio.create_task(
            session.post(f"{url}/api/tasks", data=slow_body(), headers=headers)
        )
        await begun.wait()
        await api.get("/tasks")
        await asyncio.sleep(0.05)
        await restore(api, "base")
        answer = await asyncio.wait_for(slow, PATIENCE)
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert (
            "nothing of this request was done" in (await answer.json(content_type=None))["detail"]
        )
    assert await names(api) == []


class Crowd:
    """Readers and writers that note what is neither of two states."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.stop = False
        self.statuses: Counter[int] = Counter()
        self.mixed: list[Any] = []
        #: Tasks made by requests sent and answered after the last restore.
        self.promised: dict[int, str] = {}
        self.settled = False

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        response = await self.api.session.request(method, f"{self.api.url}/api{path}", json=body)
        data = await response.json(content_type=None)
        self.statuses[response.status] += 1
        if response.status == 503:
            assert response.headers["Retry-After"]
        return data if response.status < 300 else None

    async def read(self) -> None:
        while not self.stop:
            page = await self.call("GET", f"/tasks?page_size=500&filter={OLD}")
            if page is not None:
                seen = {(task["name"], task["subset"]) for task in page["results"]}
                if len(seen) != 1 or len(page["results"]) != TASKS:
                    self.mixed.append(seen)

    async def write(self, number: int) -> None:
        while not self.stop:
            settled = self.settled
            name = f"new {number}"
            labels = [{"name": label} for label in "abc"]
            made = await self.call("POST", "/tasks", {"name": name, "labels": labels})
            if made is not None and settled:
                self.promised[made["id"]] = name
            task = await self.call("PATCH", f"/tasks/{number + 1}", {"bug_tracker": name})
            if task is not None and (task["name"], task["subset"]) not in (A, B):
                self.mixed.append(task)


A, B = ("a", "first"), ("b", "second")
OLD = '{"<=":[{"var":"id"},' + str(TASKS) + "]}"


async def test_fifty_readers_and_writers_see_only_whole_states(api: Api, config: Config) -> None:
    login = {"username": "admin", "password": ADMIN_PASSWORD}
    token = await api.post("/auth/login", login, expect=200)
    # A password takes its time to be checked, by each of the fifty after each restore.
    api.session.headers["Authorization"] = f"Token {token['key']}"
    for _ in range(TASKS):
        await api.post("/tasks", {"name": "a", "subset": "first", "labels": [{"name": "cat"}]})
    await save(api, "a")
    for number in range(1, TASKS + 1):
        await api.patch(f"/tasks/{number}", {"name": "b", "subset": "second"})
    await save(api, "b")
    crowd = Crowd(api)
    async with asyncio.TaskGroup() as group:
        for number in range(25):
            group.create_task(crowd.read())
            group.create_task(crowd.write(number))
        for turn in range(ROUNDS):
            await asyncio.sleep(0.05)
            expected = "ab"[turn % 2]
            await restore(api, expected)
            page = await api.get(f"/tasks?page_size=500&filter={OLD}")
            assert {task["name"] for task in page["results"]} == {expected}
        crowd.settled = True
        async with asyncio.timeout(60):
            while not crowd.promised:
                await asyncio.sleep(0.05)
        crowd.stop = True
    assert crowd.mixed == []
    assert crowd.statuses.keys() <= {200, 201, 503}
    assert crowd.statuses[200] > ROUNDS
    there = {task["id"]: task["name"] for task in await everything(api)}
    assert crowd.promised
    assert {number: there.get(number) for number in crowd.promised} == crowd.promised
    for number in list(crowd.promised)[:10]:
        assert (await api.get(f"/labels?task_id={number}"))["count"] == 3
    with sqlite3.connect(config.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


async def everything(api: Api) -> list[dict[str, Any]]:
    """All tasks, page by page."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        part = await api.get(f"/tasks?page_size=500&page={page}")
        found += part["results"]
        if part["next"] is None:
            return found
        page += 1


async def test_a_snapshot_of_an_older_schema_is_brought_up_to_date(
    api: Api, config: Config
) -> None:
    from cvat_lite.store import database

    config.snapshots.mkdir()
    path = config.snapshots / "old.sqlite3"
    number, name, sql = database.migrations()[0]
    with database.connect(path) as connection:
        database.migrate(connection, number, name, sql)
        connection.executescript(
            "INSERT INTO users (id, username, password, is_superuser, date_joined) "
            "VALUES (7, 'old', 'x', 1, '2020-01-01T00:00:00.000000Z')"
        )
    await restore(api, "old")
    await api.get("/users/self", expect=401)
    with sqlite3.connect(config.database) as connection:
        assert connection.execute("SELECT username FROM users").fetchall() == [("old",)]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        assert version == database.migrations()[-1][0]
    connection.close()


async def test_the_state_put_back_is_there_at_the_next_start(api: Api, config: Config, app) -> None:
    await api.post("/tasks", {"name": "kept"})
    await save(api, "base")
    await api.post("/tasks", {"name": "dropped"})
    await restore(api, "base")
    await app.cleanup()
    runner = web.AppRunner(make_app(config), access_log=None)
    await runner.setup()
    with sqlite3.connect(config.database) as connection:
        assert connection.execute("SELECT name FROM tasks").fetchall() == [("kept",)]
    connection.close()
    await runner.cleanup()
