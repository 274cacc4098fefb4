"""People: who sees whom, who changes what, and the last administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cvat_lite.domain import clock
from cvat_lite.services.context import Server
from cvat_lite.store import rows, users
from tests.api.browser import Browser
from tests.api.people import PASSWORD, acting_as, add_project, add_user, recorded
from tests.client import Api

REFUSED = {"detail": "You do not have permission to perform this action."}
LAST = ["The last active administrator cannot be removed, deactivated or demoted."]
NAMES = {"url", "id", "username", "first_name", "last_name"}
MORE = {
    "email",
    "groups",
    "is_staff",
    "is_superuser",
    "is_active",
    "last_login",
    "date_joined",
    "has_analytics_access",
    "cvat_usage_reason",
    "primary_role",
    "planned_activities",
    "data_types",
    "discovery_source",
    "email_verified",
    "created_via",
}


@pytest.fixture
async def cat_id(server: Server) -> int:
    return await add_user(server, "cat")


@pytest.fixture
async def cat(server: Server, url: str, cat_id: int) -> AsyncIterator[Api]:
    """A user among others."""
    async with acting_as(url, "cat") as cat:
        yield cat


async def add_organization(server: Server, slug: str, members: dict[int, str]) -> int:
    """An organization with active members of these roles; the first one owns it."""
    now = clock.now()
    async with server.database.writing() as db:
        number = await rows.insert(
            db,
            "organizations",
            {
                "slug": slug,
                "owner_id": next(iter(members)),
                "created_date": now,
                "updated_date": now,
            },
        )
        for user_id, role in members.items():
            values = {"user_id": user_id, "organization_id": number, "role": role}
            await rows.insert(db, "memberships", {**values, "is_active": 1, "joined_date": now})
    return number


def names(page: dict[str, Any]) -> list[str]:
    """The usernames of a page."""
    return [user["username"] for user in page["results"]]


# Seeing


async def test_one_sees_everything_of_oneself(cat: Api, cat_id: int, url: str) -> None:
    me = await cat.get("/users/self")
    assert set(me) == NAMES | MORE
    assert me["url"] == f"{url}/api/users/{cat_id}"
    assert (me["username"], me["email"], me["groups"]) == ("cat", "cat@example.org", ["user"])
    assert me["created_via"] is None
    assert me["planned_activities"] == me["data_types"] == []
    assert await cat.get(f"/users/{cat_id}") == me


async def test_administrators_see_everything_of_everybody(api: Api, cat: Api, cat_id: int) -> None:
    assert await api.get(f"/users/{cat_id}") == await cat.get("/users/self")
    page = await api.get("/users")
    assert names(page) == ["cat", "admin"]
    assert all(set(user) == NAMES | MORE for user in page["results"])


async def test_strangers_are_not_seen(cat: Api) -> None:
    assert await cat.get("/users/1", expect=403) == REFUSED
    page = await cat.get("/users")
    assert names(page) == ["cat"]
    assert set(page["results"][0]) == NAMES


async def test_members_of_an_organization_see_each_others_names(
    server: Server, cat: Api, cat_id: int
) -> None:
    dog = await add_user(server, "dog")
    await add_user(server, "stranger")
    number = await add_organization(server, "pets", {dog: "owner", cat_id: "worker"})
    for wanted in ({"org": "pets"}, {"org_id": str(number)}):
        assert sorted(names(await cat.get("/users", params=wanted))) == ["cat", "dog"]
        assert set(await cat.get(f"/users/{dog}", params=wanted)) == NAMES
        assert await cat.get(f"/users/{dog + 1}", params=wanted, expect=403) == REFUSED
    header = {"X-Organization": "pets"}
    assert sorted(names(await cat.get("/users", headers=header))) == ["cat", "dog"]
    await cat.get(f"/users/{dog}", expect=403)


async def test_an_organization_shows_its_people_to_members_and_administrators_only(
    server: Server, cat: Api, api: Api
) -> None:
    dog = await add_user(server, "dog")
    await add_organization(server, "dogs", {dog: "owner"})
    assert await cat.get("/users", params={"org": "dogs"}, expect=403) == REFUSED
    assert names(await api.get("/users", params={"org": "dogs"})) == ["dog"]


async def test_a_user_who_does_not_exist_is_not_found(api: Api, cat: Api) -> None:
    missing = {"detail": "No User matches the given query."}
    assert await api.get("/users/99", expect=404) == missing
    assert await cat.get("/users/99", expect=404) == missing
    for number in ("x", "0x1", "9" * 30, "9" * 5000):
        await api.get(f"/users/{number}", expect=404)
    await api.patch("/users/99", {}, expect=404)
    await api.delete("/users/99", expect=404)


async def test_nobody_sees_nobody(nobody: Api) -> None:
    for path in ("/users", "/users/self", "/users/1"):
        await nobody.get(path, expect=401)


async def test_people_are_filtered_searched_and_sorted(server: Server, api: Api) -> None:
    for name in ("anna", "bert", "carl"):
        number = await add_user(server, name)
        await api.patch(f"/users/{number}", {"first_name": name.title(), "last_name": "Meier"})
    await api.patch(f"/users/{number}", {"is_active": False})

    async def found(**wanted: str) -> list[str]:
        return names(await api.get("/users", params=wanted))

    assert await found() == ["carl", "bert", "anna", "admin"]
    assert await found(sort="username") == ["admin", "anna", "bert", "carl"]
    assert await found(search="meier", sort="id") == ["anna", "bert", "carl"]
    assert await found(username="bert") == ["bert"]
    assert await found(first_name="Anna") == ["anna"]
    assert await found(last_name="Meier", is_active="false") == ["carl"]
    assert await found(filter='{"in": ["er", {"var": "username"}]}') == ["bert"]
    assert await found(is_active="true", page_size="2", page="2") == ["admin"]


# Changing


async def test_people_change_what_is_their_own(cat: Api, cat_id: int, server: Server) -> None:
    change = {
        "username": "tomcat",
        "first_name": "Tom",
        "last_name": "Cat",
        "cvat_usage_reason": "personal_project",
        "primary_role": "annotator",
        "planned_activities": ["annotate_data", "review_quality"],
        "data_types": ["images"],
        "discovery_source": "a friend",
    }
    changed = await cat.patch(f"/users/{cat_id}", change)
    assert {name: changed[name] for name in change} == change
    async with server.database.reading() as db:
        assert (await users.get(db, cat_id)).planned_activities == (
            "annotate_data",
            "review_quality",
        )
    fields = {event["obj_name"] for event in await recorded(server)}
    assert fields == set(change)


@pytest.mark.parametrize(
    "change",
    [
        {"groups": ["admin"]},
        {"is_superuser": True},
        {"is_staff": True},
        {"is_active": True},
        {"email": "new@example.org"},
        {"first_name": "Tom", "is_superuser": True},
    ],
)
async def test_people_do_not_change_their_own_rights(cat: Api, cat_id: int, change: dict) -> None:
    before = await cat.get("/users/self")
    assert await cat.patch(f"/users/{cat_id}", change, expect=403) == REFUSED
    assert await cat.get("/users/self") == before


async def test_people_do_not_change_others(cat: Api) -> None:
    assert await cat.patch("/users/1", {"first_name": "No"}, expect=403) == REFUSED
    assert await cat.patch("/users/1", {}, expect=403) == REFUSED
    assert await cat.delete("/users/1", expect=403) == REFUSED


async def test_what_is_only_read_is_not_changed(cat: Api, cat_id: int) -> None:
    before = await cat.get("/users/self")
    change = {"id": 99, "date_joined": "2000-01-01T00:00:00Z", "created_via": "sso", "x": 1}
    assert await cat.patch(f"/users/{cat_id}", change) == before


async def test_administrators_change_rights_and_they_hold_at_once(
    api: Api, cat: Api, cat_id: int
) -> None:
    await cat.get("/users/1", expect=403)
    change = {"groups": ["worker", "admin"], "email": "tom@example.org", "is_staff": True}
    changed = await api.patch(f"/users/{cat_id}", change)
    assert changed["groups"] == ["admin", "worker"]
    assert (changed["email"], changed["is_staff"]) == ("tom@example.org", True)
    assert (await cat.get("/users/1"))["username"] == "admin"
    await api.patch(f"/users/{cat_id}", {"groups": []})
    await cat.get("/users/1", expect=403)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"username": "admin"}, {"username": ["A user with that username already exists."]}),
        ({"username": "ADMIN"}, {"username": ["A user with that username already exists."]}),
        ({"username": ""}, {"username": ["This field may not be blank."]}),
        (
            {"username": "x" * 151},
            {"username": ["Ensure this field has no more than 150 characters."]},
        ),
        (
            {"email": "ADMIN@localhost.localdomain"},
            {"email": ["A user is already registered with this e-mail address."]},
        ),
        ({"groups": ["nosuch"]}, {"groups": ["Object with name=nosuch does not exist."]}),
        ({"is_active": "perhaps"}, {"is_active": ["Must be a valid boolean."]}),
        (
            {"cvat_usage_reason": "fun"},
            {"cvat_usage_reason": ['"fun" is not a valid choice.']},
        ),
        (
            {"planned_activities": ["sleep"]},
            {"planned_activities": {"0": ['"sleep" is not a valid choice.']}},
        ),
        (
            {"data_types": ["a"] * 7},
            {"data_types": ["Ensure this field has no more than 6 elements."]},
        ),
    ],
)
async def test_a_wrong_change_is_told_why(api: Api, cat_id: int, change: dict, error: dict) -> None:
    before = await api.get(f"/users/{cat_id}")
    assert await api.patch(f"/users/{cat_id}", change, expect=400) == error
    assert await api.get(f"/users/{cat_id}") == before


async def test_one_may_keep_the_name_and_the_address(api: Api, cat_id: int) -> None:
    same = {"username": "Cat", "email": "CAT@example.org"}
    assert (await api.patch(f"/users/{cat_id}", same))["username"] == "Cat"
    await api.patch("/users/1", {"email": ""})
    await api.patch(f"/users/{cat_id}", {"email": ""})


async def test_whoever_is_deactivated_is_logged_out(
    api: Api, server: Server, url: str, cat_id: int
) -> None:
    async with Browser(url) as cat:
        await cat.log_in("cat", PASSWORD)
        await api.patch(f"/users/{cat_id}", {"is_active": False})
        await cat.get("/users/self", expect=401)
    async with server.database.reading() as db:
        for table in ("sessions", "tokens"):
            assert not await rows.fetch_all(db, f"SELECT * FROM {table}")


# Removing


async def test_people_remove_themselves_and_their_work_stays(
    server: Server, api: Api, cat: Api, cat_id: int
) -> None:
    project = await add_project(server, cat_id)
    await cat.post("/auth/access_tokens", {"name": "robot"})
    await cat.delete(f"/users/{cat_id}")
    await cat.get("/users/self", expect=401)
    await api.get(f"/users/{cat_id}", expect=404)
    async with server.database.reading() as db:
        row = await rows.fetch_one(db, "SELECT owner_id FROM projects WHERE id = ?", (project,))
        assert not await rows.fetch_all(db, "SELECT * FROM access_tokens")
    assert row["owner_id"] is None
    assert {event["scope"] for event in await recorded(server)} >= {"delete:user"}


async def test_administrators_remove_others(api: Api, cat_id: int) -> None:
    await api.delete(f"/users/{cat_id}")
    await api.get(f"/users/{cat_id}", expect=404)
    assert names(await api.get("/users")) == ["admin"]


# The last administrator


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"is_superuser": False, "groups": ["user"]}]
)
async def test_the_last_administrator_stays_one(api: Api, change: dict) -> None:
    before = await api.get("/users/self")
    assert await api.patch("/users/1", change, expect=400) == LAST
    assert await api.delete("/users/1", expect=400) == LAST
    assert await api.get("/users/self") == before


async def test_an_administrator_may_go_when_another_stays(
    api: Api, server: Server, url: str
) -> None:
    second = await add_user(server, "second", "admin")
    async with acting_as(url, "second") as other:
        await other.patch("/users/1", {"is_active": False})
        assert await other.delete(f"/users/{second}", expect=400) == LAST
        await other.patch("/users/1", {"is_active": True})
        await other.delete(f"/users/{second}")
    assert await api.delete("/users/1", expect=400) == LAST


async def test_an_administrator_may_lose_one_of_two_reasons_to_be_one(api: Api) -> None:
    changed = await api.patch("/users/1", {"is_superuser": False})
    assert changed["groups"] == ["admin"]
    assert await api.patch("/users/1", {"groups": []}, expect=400) == LAST
