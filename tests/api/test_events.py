"""Events: sent by clients, recorded by the server, exported as CSV."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from cvat_lite.domain import clock
from tests.api.people import acting_as, add_user, recorded
from tests.client import Api

SENT = "2026-01-01T00:00:01.000Z"


def load_job(**more) -> dict:
    """An event of a client, a second before it was sent."""
    return {"scope": "load:job", "timestamp": "2026-01-01T00:00:00.000Z", **more}


@pytest.fixture
async def ann(server, url) -> AsyncIterator[Api]:
    """A client of a plain user."""
    await add_user(server, "ann")
    async with acting_as(url, "ann") as ann:
        yield ann


async def send(api: Api, *events: dict, expect: int = 201, **parameters) -> dict:
    """Send events as clients do."""
    body = {"events": list(events), "timestamp": SENT}
    return await api.post("/events", body, params=parameters, expect=expect)


async def export(api: Api, **parameters) -> list[dict[str, str]]:
    """Export events and read them."""
    started = await api.post("/events/export", params=parameters, expect=202)
    request = await api.finished(started["rq_id"])
    path = request["result_url"].partition("/api")[2]
    answer = await api.call("GET", path)
    assert answer.content_type == "text/csv"
    return list(csv.DictReader(io.StringIO(await answer.text())))


async def test_an_event_is_answered_with_the_servers_time_and_the_senders_name(ann: Api) -> None:
    before = datetime.now(UTC)
    answer = await send(ann, load_job(task_id=2, job_id=2, duration=5))
    (event,) = answer["events"]
    happened = clock.read(event.pop("timestamp"))
    assert timedelta(0) <= happened - (before - timedelta(seconds=1)) < timedelta(seconds=30)
    assert event.pop("user_id") > 0
    assert event == {
        "scope": "load:job",
        "duration": 5,
        "task_id": 2,
        "job_id": 2,
        "source": "client",
        "payload": "{}",
        "org_id": None,
        "org_slug": None,
        "user_name": "ann",
        "user_email": "ann@example.org",
    }
    assert answer["previous_event"] is None
    assert clock.read(answer["timestamp"]) == clock.read(SENT)


async def test_nobody_sends_events_in_anothers_name(ann: Api, server) -> None:
    await send(ann, load_job(user_id=1, user_name="admin", org_slug="others", org_id=7))
    (event,) = await recorded(server)
    assert (event["user_name"], event["organization_id"]) == ("ann", None)
    assert event["user_id"] != 1


async def test_events_belong_to_the_organization_of_the_request(ann: Api, server) -> None:
    made = await ann.post("/organizations", {"slug": "team"})
    answer = await send(ann, load_job(), org="team")
    assert (answer["events"][0]["org_id"], answer["events"][0]["org_slug"]) == (made["id"], "team")
    assert (await recorded(server))[-1]["organization_id"] == made["id"]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (
            load_job(scope="nosuch:scope"),
            {"scope": "Event scope **nosuch:scope** is not allowed from client"},
        ),
        (
            load_job(scope="create:task"),
            {"scope": "Event scope **create:task** is not allowed from client"},
        ),
        (load_job(payload="{"), {"payload": "JSON payload is not valid in passed event"}),
        ({"timestamp": SENT}, {"events": [{}, {"scope": ["This field is required."]}]}),
    ],
)
async def test_wrong_events_are_refused_and_none_is_kept(
    ann: Api, server, event: dict, error: dict
) -> None:
    assert await send(ann, load_job(), event, expect=400) == error
    assert await recorded(server) == []


async def test_a_message_without_its_time_is_refused(ann: Api) -> None:
    error = await ann.post("/events", {}, expect=400)
    assert error == {"timestamp": ["This field is required."]}
    far = {"events": [load_job(timestamp="9999-12-31T23:59:59Z")], "timestamp": SENT}
    await ann.post("/events", far, expect=400)


async def test_events_are_exported_as_csv_in_the_order_of_time(ann: Api) -> None:
    await send(
        ann,
        load_job(timestamp="2026-01-01T00:00:00.500Z", job_id=3, obj_val='a "quoted", word'),
        load_job(job_id=2, payload='{"a": 1}'),
    )
    lines = await export(ann)
    assert list(lines[0]) == [
        "scope",
        "obj_name",
        "obj_id",
        "obj_val",
        "source",
        "timestamp",
        "count",
        "duration",
        "project_id",
        "task_id",
        "job_id",
        "user_id",
        "user_name",
        "user_email",
        "org_id",
        "org_slug",
        "payload",
    ]
    assert [line["job_id"] for line in lines] == ["2", "3"]
    assert lines[1]["obj_val"] == 'a "quoted", word'
    assert lines[0]["payload"] == '{"a": 1}'
    assert lines[0]["user_name"] == "ann"


async def test_an_export_holds_what_was_asked_for(ann: Api) -> None:
    await send(ann, load_job(job_id=2, task_id=1), load_job(job_id=3, task_id=1, project_id=9))
    now = clock.now()
    assert len(await export(ann, task_id=1)) == 2
    assert len(await export(ann, job_id=3)) == 1
    assert len(await export(ann, project_id=9)) == 1
    assert len(await export(ann, project_id=8)) == 0
    assert len(await export(ann, to=now)) == 2
    assert len(await export(ann, **{"from": now})) == 0


async def test_events_of_more_than_one_batch_are_all_exported(ann: Api, monkeypatch) -> None:
    monkeypatch.setattr("cvat_lite.services.event_export.BATCH", 3)
    await send(ann, *(load_job(job_id=number) for number in range(7)))
    assert [line["job_id"] for line in await export(ann)] == [str(number) for number in range(7)]


async def test_people_export_their_own_events_and_the_administrator_all(
    ann: Api, api: Api, server, url
) -> None:
    await add_user(server, "bob")
    await send(ann, load_job())
    async with acting_as(url, "bob") as bob:
        await send(bob, load_job())
        assert [line["user_name"] for line in await export(bob)] == ["bob"]
    assert [line["user_name"] for line in await export(api)] == ["ann", "bob"]


async def test_a_maintainer_exports_what_happened_in_the_organization(
    ann: Api, server, url
) -> None:
    team = await ann.post("/organizations", {"slug": "team"})
    await add_user(server, "bob")
    body = {"role": "worker", "email": "bob@example.org"}
    await ann.post("/invitations", body, params={"org": "team"})
    async with acting_as(url, "bob") as bob:
        await send(bob, load_job(), org="team")
        assert {line["user_name"] for line in await export(bob, org_id=team["id"])} == {"bob"}
    lines = await export(ann, org_id=team["id"])
    assert {line["user_name"] for line in lines} == {"ann", "bob"}
    assert {line["org_slug"] for line in lines} == {"team"}


async def test_the_old_way_to_export_asks_until_the_file_is_there(ann: Api) -> None:
    await send(ann, load_job())
    started = await ann.get("/events", expect=202)
    asked = {"query_id": started["query_id"]}
    for _ in range(400):
        answer = await ann.session.get(f"{ann.url}/api/events", params=asked)
        if answer.status != 202:
            break
        await asyncio.sleep(0.025)
    assert answer.status == 201
    file = await ann.call("GET", "/events", params={**asked, "action": "download"})
    assert "attachment" in file.headers["Content-Disposition"]
    assert len((await file.text()).splitlines()) == 2


async def test_an_export_is_its_askers_own(ann: Api, server, url) -> None:
    started = await ann.get("/events", expect=202)
    await add_user(server, "bob")
    async with acting_as(url, "bob") as bob:
        await bob.get("/events", params=started, expect=403)
    await ann.get("/events", params={"query_id": "nothing"}, expect=404)
    await ann.get("/events/download", expect=400)


async def test_the_file_bears_the_name_that_was_asked_for(ann: Api) -> None:
    started = await ann.post("/events/export", params={"filename": "a/b.csv"}, expect=202)
    await ann.finished(started["rq_id"])
    answer = await ann.call("GET", "/events/download", params={"rq_id": started["rq_id"]})
    assert 'filename="a_b.csv"' in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"task_id": "x"}, "task_id"),
        ({"from": "yesterday"}, "from"),
        ({"location": "moon"}, "location"),
    ],
)
async def test_wrong_filters_are_refused(ann: Api, parameters: dict, name: str) -> None:
    error = await ann.post("/events/export", params=parameters, expect=400)
    assert list(error) == [name]


async def test_an_export_cannot_end_before_it_begins(ann: Api) -> None:
    dates = {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    error = await ann.post("/events/export", params=dates, expect=400)
    assert error == ["'from' must be before 'to'"]


async def test_a_server_without_functions_says_so(ann: Api, nobody: Api) -> None:
    await ann.call("HEAD", "/lambda/functions", params={"org": ""}, expect=503)
    error = await ann.get("/lambda/functions", expect=503)
    assert error == {"detail": "No functions are connected to this server."}
    assert await ann.get("/lambda/requests", params={"org": ""}) == []
    await nobody.get("/lambda/functions", expect=401)
