"""Webhooks: asked for, told of what happens, and kept from doing harm."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from cvat_lite.api.middleware import SERVER
from cvat_lite.app import make_app
from cvat_lite.clients import webhook_posts
from cvat_lite.config import Config
from cvat_lite.services.webhooks import sending
from cvat_lite.store import rows
from tests.api.people import acting_as, add_project, add_user
from tests.api.receiver import Receiver, running
from tests.client import Api

PAST = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def config(config: Config) -> Config:
    """A server that may reach the receiver on this machine."""
    return replace(config, allow_private_addresses=True)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running() as receiver:
        yield receiver


async def add_hook(api: Api, receiver: Receiver, project: int, *events: str, **more) -> dict:
    body = {
        "target_url": f"{receiver.url}/hook",
        "type": "project",
        "project_id": project,
        "events": list(events),
        **more,
    }
    return await api.post("/webhooks", body)


async def deliveries(api: Api, hook: dict) -> list[dict]:
    return (await api.get(f"/webhooks/{hook['id']}/deliveries"))["results"]


async def delivered(api: Api, hook: dict, count: int = 1) -> list[dict]:
    """The deliveries of a webhook, once so many have been tried."""
    async with asyncio.timeout(20):
        while True:
            found = await deliveries(api, hook)
            if sum(one["status_code"] is not None for one in found) >= count:
                return found
            await asyncio.sleep(0.02)


@pytest.fixture
async def project(api: Api) -> int:
    made = await api.post("/projects", {"name": "animals", "labels": [{"name": "cat"}]})
    return int(made["id"])


async def test_a_webhook_is_told_of_what_happens_in_its_project(
    api: Api, receiver: Receiver, project: int
) -> None:
    await add_hook(api, receiver, project, "create:task", "update:task", "delete:task")
    await api.post("/tasks", {"name": "elsewhere", "labels": []})
    task = await api.post("/tasks", {"name": "cats", "project_id": project})
    changed = await api.patch(f"/tasks/{task['id']}", {"name": "dogs"})
    await api.delete(f"/tasks/{task['id']}")
    made, updated, removed = [one.json for one in await receiver.wait(3)]
    assert made["event"] == "create:task"
    assert made["task"] == task
    assert made["sender"]["username"] == "admin"
    assert updated["task"] == changed
    assert updated["before_update"]["name"] == "cats"
    assert removed["event"] == "delete:task"
    assert removed["task"]["name"] == "dogs"


async def test_a_webhook_gets_only_the_events_that_it_asked_for(
    api: Api, receiver: Receiver, project: int
) -> None:
    hook = await add_hook(api, receiver, project, "update:project")
    await api.post("/tasks", {"name": "cats", "project_id": project})
    await api.patch(f"/projects/{project}", {"name": "beasts"})
    await receiver.wait(1)
    assert [one["event"] for one in await delivered(api, hook)] == ["update:project"]


async def test_a_webhook_that_is_switched_off_gets_nothing(
    api: Api, receiver: Receiver, project: int
) -> None:
    hook = await add_hook(api, receiver, project, "create:task", is_active=False)
    await api.post("/tasks", {"name": "cats", "project_id": project})
    assert await deliveries(api, hook) == []


async def test_a_project_that_goes_says_so_to_its_own_webhooks(
    api: Api, receiver: Receiver, project: int
) -> None:
    hook = await add_hook(api, receiver, project, "delete:project")
    await api.delete(f"/projects/{project}")
    (said,) = await receiver.wait(1)
    assert said.json["event"] == "delete:project"
    assert said.json["project"]["id"] == project
    async with asyncio.timeout(20):
        while (await api.get("/webhooks"))["count"]:
            await asyncio.sleep(0.02)
    await api.get(f"/webhooks/{hook['id']}", expect=404)


async def test_an_organization_is_told_of_its_people(
    api: Api, receiver: Receiver, server, url
) -> None:
    organization = await api.post("/organizations", {"slug": "zoo"})
    body = {
        "target_url": f"{receiver.url}/hook",
        "type": "organization",
        "events": ["create:membership", "create:invitation", "delete:membership"],
    }
    hook = await api.post("/webhooks", body, params={"org": "zoo"})
    assert hook["organization"] == organization["id"]
    await add_user(server, "ann")
    invitation = {"email": "ann@example.org", "role": "worker"}
    await api.post("/invitations", invitation, params={"org": "zoo"})
    told = {one.json["event"]: one.json for one in await receiver.wait(2)}
    assert told["create:membership"]["membership"]["user"]["username"] == "ann"
    assert told["create:invitation"]["invitation"]["role"] == "worker"


async def test_background_work_is_told_of_when_it_is_done(
    api: Api, receiver: Receiver, project: int
) -> None:
    await add_hook(api, receiver, project, "completed:request[export:annotations]")
    await api.call(
        "POST",
        f"/projects/{project}/dataset/export",
        params={"format": "COCO 1.0", "save_images": "false"},
        expect=202,
    )
    (told,) = await receiver.wait(1)
    assert told.json["event"] == "completed:request[export:annotations]"
    assert told.json["request"]["status"] == "finished"
    assert told.json["request"]["operation"]["project_id"] == project
    assert told.json["sender"]["username"] == "admin"


async def test_a_delivery_is_signed_with_the_secret_which_is_never_shown(
    api: Api, receiver: Receiver, project: int
) -> None:
    hook = await add_hook(api, receiver, project, "create:task", secret="hush")
    assert "secret" not in hook
    await api.post("/tasks", {"name": "cats", "project_id": project})
    (said,) = await receiver.wait(1)
    digest = hmac.new(b"hush", said.body, hashlib.sha256).hexdigest()
    assert said.headers["X-Signature-256"] == f"sha256={digest}"
    assert "hush" not in str(await api.get(f"/webhooks/{hook['id']}"))
    assert b"hush" not in said.body


async def test_a_ping_shows_what_came_of_it(api: Api, receiver: Receiver, project: int) -> None:
    hook = await add_hook(api, receiver, project, "create:task")
    ping = await api.post(f"/webhooks/{hook['id']}/ping", None, expect=200)
    assert (ping["event"], ping["status_code"], ping["response"]) == ("ping", 200, "thanks")
    assert ping["request"]["webhook"]["id"] == hook["id"]
    assert receiver.received[0].json == ping["request"]
    shown = await api.get(f"/webhooks/{hook['id']}")
    assert shown["last_status"] == 200
    assert shown["last_delivery_date"] == ping["updated_date"]


async def test_a_delivery_is_made_again_on_request(
    api: Api, receiver: Receiver, project: int
) -> None:
    hook = await add_hook(api, receiver, project, "create:task")
    await api.post("/tasks", {"name": "cats", "project_id": project})
    (first,) = await delivered(api, hook)
    path = f"/webhooks/{hook['id']}/deliveries/{first['id']}"
    assert await api.get(path) == first
    await api.post(f"{path}/redelivery", None, expect=200)
    again, before = await delivered(api, hook, 2)
    assert (again["redelivery"], before["redelivery"]) == (True, False)
    assert receiver.received[0].body == receiver.received[1].body


async def test_a_failed_delivery_is_tried_again_later(
    api: Api, receiver: Receiver, project: int, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BACK_OFF", (0.05, 0.05))
    receiver.behaviour = ["fail", "close", "ok"]
    hook = await add_hook(api, receiver, project, "create:task")
    await api.post("/tasks", {"name": "cats", "project_id": project})
    await receiver.wait(3)
    async with asyncio.timeout(20):
        while (await deliveries(api, hook))[0]["status_code"] != 200:
            await asyncio.sleep(0.02)
    (one,) = await deliveries(api, hook)
    assert (one["attempt"], one["response"]) == (3, "thanks")


async def test_a_delivery_that_nobody_takes_is_given_up(
    api: Api, receiver: Receiver, project: int, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BACK_OFF", (0.02,))
    receiver.behaviour = ["fail"] * 5
    hook = await add_hook(api, receiver, project, "create:task")
    await api.post("/tasks", {"name": "cats", "project_id": project})
    await receiver.wait(2)
    async with asyncio.timeout(20):
        while (await deliveries(api, hook))[0]["attempt"] != 2:
            await asyncio.sleep(0.02)
    async with server.database.reading() as db:
        row = await rows.fetch_one(db, "SELECT due FROM webhook_deliveries")
    assert row is not None
    assert row["due"] is None
    assert len(receiver.received) == 2


async def test_a_redirect_is_not_followed(api: Api, receiver: Receiver, project: int) -> None:
    receiver.behaviour = ["redirect"]
    hook = await add_hook(api, receiver, project, "create:task")
    ping = await api.post(f"/webhooks/{hook['id']}/ping", None, expect=200)
    assert ping["status_code"] == 302
    assert receiver.reached == 0


async def test_of_an_endless_answer_only_the_beginning_is_read(
    api: Api, receiver: Receiver, project: int
) -> None:
    receiver.behaviour = ["endless"]
    hook = await add_hook(api, receiver, project, "create:task")
    ping = await api.post(f"/webhooks/{hook['id']}/ping", None, expect=200)
    assert len(ping["response"]) == webhook_posts.MOST_BYTES


async def test_somebody_who_closes_the_connection_is_recorded_as_a_bad_gateway(
    api: Api, receiver: Receiver, project: int
) -> None:
    receiver.behaviour = ["close"]
    hook = await add_hook(api, receiver, project, "create:task")
    ping = await api.post(f"/webhooks/{hook['id']}/ping", None, expect=200)
    assert ping["status_code"] == 502


async def test_somebody_too_slow_is_recorded_as_a_time_out(
    api: Api, receiver: Receiver, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_posts, "TIMEOUT", webhook_posts.aiohttp.ClientTimeout(total=0.2))
    held = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.close()

    slow = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = slow.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}"
    hook = await add_hook(api, receiver, project, "create:task")
    ping = await api.post(f"/webhooks/{hook['id']}/ping", None, expect=200)
    held.set()
    slow.close()
    assert ping["status_code"] == 504


class TestOnAGuardedServer:
    """A server that keeps its own network out of reach, as it does unless told otherwise."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return replace(config, allow_private_addresses=False)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
    async def test_nothing_is_sent_into_the_servers_own_network(
        self, api: Api, receiver: Receiver, project: int, host: str
    ) -> None:
        receiver.url = receiver.url.replace("127.0.0.1", host)
        hook = await add_hook(api, receiver, project, "create:task")
        ping = await api.post(f"/webhooks/{hook['id']}/ping", None, expect=200)
        assert ping["status_code"] == 502
        assert "not on a public host" in ping["response"]
        assert receiver.received == []


async def test_what_waited_when_the_server_ended_is_sent_when_it_starts_again(
    config: Config, receiver: Receiver
) -> None:
    async with serving(config) as first, first[SERVER].database.writing() as db:
        dates = {"created_date": PAST, "updated_date": PAST}
        hook = {"target_url": f"{receiver.url}/hook", "type": "server", "events": "[]"}
        hook_id = await rows.insert(db, "webhooks", {**hook, **dates})
        waiting = {"webhook_id": hook_id, "event": "ping", "request": '{"event": "ping"}'}
        await rows.insert(db, "webhook_deliveries", {**waiting, **dates, "due": PAST})
    assert receiver.received == []
    async with serving(config):
        (said,) = await receiver.wait(1)
    assert said.json == {"event": "ping"}


@asynccontextmanager
async def serving(config: Config) -> AsyncIterator[web.Application]:
    """A server from its start to its end."""
    app = make_app(config)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        yield app
    finally:
        await runner.cleanup()


async def test_an_address_a_type_and_events_have_to_make_sense(api: Api, project: int) -> None:
    body = {
        "target_url": "http://example.com",
        "type": "project",
        "project_id": project,
        "events": ["create:task"],
    }
    wrong: list[tuple[dict, object]] = [
        ({"target_url": "nope"}, {"target_url": ["Enter a valid URL."]}),
        ({"target_url": "ftp://a/b"}, {"target_url": ["Enter a valid URL."]}),
        ({"type": "x"}, {"type": ['"x" is not a valid choice.']}),
        ({"events": ["create:moon"]}, {"events": ['"create:moon" is not a valid choice.']}),
        ({"events": []}, {"non_field_errors": ["Invalid events list for project webhook"]}),
        (
            {"events": ["create:project"]},
            {"non_field_errors": ["Invalid events list for project webhook"]},
        ),
        ({"project_id": 99999}, ["Project matching query does not exist."]),
        ({"content_type": "text/plain"}, {"content_type": ['"text/plain" is not a valid choice.']}),
    ]
    for changes, answer in wrong:
        assert await api.post("/webhooks", {**body, **changes}, expect=400) == answer
    assert (await api.get("/webhooks"))["count"] == 0


async def test_somebody_elses_project_cannot_be_listened_to(server, url, receiver) -> None:
    ann = await add_user(server, "ann")
    await add_user(server, "eve")
    project = await add_project(server, ann)
    async with acting_as(url, "ann") as api, acting_as(url, "eve") as eve:
        hook = await add_hook(api, receiver, project, "create:task")
        body = {"target_url": "http://e.org", "type": "project", "project_id": project}
        await eve.post("/webhooks", {**body, "events": ["create:task"]}, expect=403)
        path = f"/webhooks/{hook['id']}"
        await eve.get(path, expect=403)
        await eve.get(f"{path}/deliveries", expect=403)
        await eve.patch(path, {"target_url": "http://eve.org"}, expect=403)
        await eve.delete(path, expect=403)
        assert (await eve.get("/webhooks"))["count"] == 0
        server_wide = {"target_url": "http://e.org", "type": "server", "events": ["create:user"]}
        await api.post("/webhooks", server_wide, expect=403)


async def test_a_webhook_is_changed_and_removed(api: Api, receiver: Receiver, project: int) -> None:
    hook = await add_hook(api, receiver, project, "create:task")
    path = f"/webhooks/{hook['id']}"
    changed = await api.patch(path, {"is_active": False, "events": ["delete:task"]})
    assert (changed["is_active"], changed["events"]) == (False, ["delete:task"])
    body = {"target_url": "http://example.com", "type": "project", "events": ["update:job"]}
    replaced = await api.call("PUT", path, {**body, "project_id": project})
    assert (await replaced.json())["target_url"] == "http://example.com"
    await api.patch(path, {"events": []}, expect=400)
    await api.delete(path)
    assert await api.get(path, expect=404) == {"detail": "No Webhook matches the given query."}


@pytest.mark.parametrize(
    ("kind", "some"),
    [
        ("project", "delete:comment"),
        ("organization", "create:membership"),
        ("server", "create:user"),
    ],
)
async def test_the_events_that_there_are_are_listed(api: Api, kind: str, some: str) -> None:
    found = await api.get("/webhooks/events", params={"type": kind})
    assert found["webhook_type"] == kind
    assert some in [one["key"] for one in found["events"]]
    assert (await api.get("/webhooks/events"))["webhook_type"] == "all"
    wrong = await api.get("/webhooks/events", params={"type": "bad"}, expect=400)
    assert wrong == "Incorrect value of type parameter"
