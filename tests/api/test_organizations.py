"""Organizations: founded, changed, dissolved, and who may see them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.people import acting_as, add_project, add_task, add_user, recorded
from tests.client import Api


@pytest.fixture
async def ann(server, url) -> AsyncIterator[Api]:
    """A client of a plain user."""
    await add_user(server, "ann")
    async with acting_as(url, "ann") as ann:
        yield ann


async def found(api: Api, slug: str = "team", **more) -> dict:
    """Found an organization."""
    return await api.post("/organizations", {"slug": slug, **more})


async def test_who_founds_an_organization_owns_it(ann: Api) -> None:
    made = await found(ann, name="Team", description="d", contact={"email": "a@example.org"})
    assert made["owner"]["username"] == "ann"
    assert made["contact"] == {"email": "a@example.org"}
    assert await ann.get(f"/organizations/{made['id']}") == made
    members = await ann.get("/memberships", params={"org": "team"})
    assert [member["role"] for member in members["results"]] == ["owner"]
    assert members["results"][0]["is_active"] is True
    assert members["results"][0]["invitation"] is None


async def test_a_short_name_is_taken_once(ann: Api) -> None:
    await found(ann)
    error = await ann.post("/organizations", {"slug": "team"}, expect=400)
    assert error == {"slug": ["organization with this slug already exists."]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "This field is required."),
        ({"slug": ""}, "This field may not be blank."),
        ({"slug": "x" * 17}, "Ensure this field has no more than 16 characters."),
        (
            {"slug": "bad slug!"},
            'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
        ),
    ],
)
async def test_a_wrong_short_name_is_refused(ann: Api, body: dict, message: str) -> None:
    assert await ann.post("/organizations", body, expect=400) == {"slug": [message]}


@pytest.mark.parametrize("group", ["worker", "stranger"])
async def test_workers_and_people_of_no_group_found_none(server, url, group: str) -> None:
    await add_user(server, "wim", group)
    async with acting_as(url, "wim") as wim:
        error = await wim.post("/organizations", {"slug": "w"}, expect=403)
    assert error == {"detail": "You do not have permission to perform this action."}


async def test_an_organization_is_changed_field_by_field(ann: Api) -> None:
    made = await found(ann, name="Team", contact={"email": "a@example.org"})
    changed = await ann.patch(f"/organizations/{made['id']}", {"name": "Newer", "contact": {}})
    assert changed == {
        **made,
        "name": "Newer",
        "contact": {},
        "updated_date": changed["updated_date"],
    }
    assert changed["updated_date"] > made["updated_date"]
    await ann.patch(f"/organizations/{made['id']}", {"slug": "team"})


async def test_strangers_neither_see_nor_list_an_organization(ann: Api, server, url) -> None:
    made = await found(ann)
    await add_user(server, "bob")
    async with acting_as(url, "bob") as bob:
        await bob.get(f"/organizations/{made['id']}", expect=403)
        await bob.patch(f"/organizations/{made['id']}", {"name": "x"}, expect=403)
        await bob.delete(f"/organizations/{made['id']}", expect=403)
        assert (await bob.get("/organizations"))["results"] == []
        missing = await bob.get("/organizations/999", expect=404)
    assert missing == {"detail": "No Organization matches the given query."}


async def test_organizations_are_found_by_short_name(ann: Api) -> None:
    await found(ann, "first")
    await found(ann, "second")
    listed = await ann.get("/organizations", params={"page_size": 10, "sort": "slug", "org": ""})
    assert [one["slug"] for one in listed["results"]] == ["first", "second"]
    rule = '{"and":[{"==":[{"var":"slug"},"second"]}]}'
    chosen = await ann.get("/organizations", params={"filter": rule})
    assert [one["slug"] for one in chosen["results"]] == ["second"]
    searched = await ann.get("/organizations", params={"search": "sec"})
    assert searched["count"] == 1


async def test_a_dissolved_organization_leaves_its_work_to_the_owners(ann: Api, server) -> None:
    made = await found(ann)
    user = (await ann.get(f"/organizations/{made['id']}"))["owner"]["id"]
    project = await add_project(server, user, made["id"])
    task, _ = await add_task(server, user, organization_id=made["id"])
    await ann.delete(f"/organizations/{made['id']}")
    await ann.get(f"/organizations/{made['id']}", expect=404)
    async with server.database.reading() as db:
        left = await db.execute_fetchall(
            """SELECT organization_id FROM projects WHERE id = ?
               UNION ALL SELECT organization_id FROM tasks WHERE id = ?
               UNION ALL SELECT organization_id FROM memberships""",
            (project, task),
        )
    assert [row[0] for row in left] == [None, None]


async def test_what_happens_to_an_organization_is_recorded(ann: Api, server) -> None:
    made = await found(ann, name="Team")
    await ann.patch(f"/organizations/{made['id']}", {"name": "Newer"})
    await ann.delete(f"/organizations/{made['id']}")
    events = await recorded(server)
    assert [event["scope"] for event in events] == [
        "create:organization",
        "update:organization",
        "delete:organization",
    ]
    assert {event["user_name"] for event in events} == {"ann"}
    assert {event["organization_id"] for event in events} == {made["id"]}
    assert events[1]["obj_name"] == "name"
    assert events[1]["obj_val"] == "Newer"
    assert events[1]["payload"] == '{"old_value":"Team"}'
