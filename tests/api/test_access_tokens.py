"""Personal access tokens: made, used, changed and revoked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from cvat_lite.domain import clock, passwords
from cvat_lite.services.context import Server
from cvat_lite.store import rows
from tests.api.people import acting_as, add_user
from tests.client import Api


@pytest.fixture
async def cat(server: Server, url: str) -> AsyncIterator[Api]:
    """A user among others."""
    await add_user(server, "cat")
    async with acting_as(url, "cat") as cat:
        yield cat


def bearer(token: dict) -> dict:
    """The header that a token is sent in."""
    return {"Authorization": f"Bearer {token['value']}"}


async def expire(server: Server, number: int) -> None:
    """Let a token's time be over."""
    async with server.database.writing() as db:
        past = {"expiry_date": clock.later(-1)}
        await rows.update(db, "access_tokens", number, past)
    server.identities.forget()


async def test_a_token_is_shown_with_its_value_once(cat: Api) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    assert re.fullmatch(r"\w{8}\.\w{32}", made.pop("value"))
    assert made["name"] == "mine"
    assert made["read_only"], "a token that nobody spoke of may not write"
    assert made["expiry_date"] is made["last_used_date"] is None
    assert made["owner"]["username"] == "cat"
    assert await cat.get(f"/auth/access_tokens/{made['id']}") == made
    assert (await cat.get("/auth/access_tokens"))["results"] == [made]


async def test_the_store_holds_no_token_that_could_be_used(cat: Api, server: Server) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    async with server.database.reading() as db:
        row = await rows.fetch_one(db, "SELECT * FROM access_tokens")
    secret = made["value"].partition(".")[2]
    assert not any(secret in str(value) for value in tuple(row))
    assert row["hashed_key"] == passwords.hash_key(made["value"])


async def test_a_token_lets_in_and_remembers_it(cat: Api, nobody: Api) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    assert (await nobody.get("/users/self", headers=bearer(made)))["username"] == "cat"
    own = await nobody.get("/auth/access_tokens/self", headers=bearer(made))
    assert own["id"] == made["id"]
    assert own["last_used_date"] >= made["created_date"]
    assert own["updated_date"] == made["updated_date"], "use is no change"
    assert "value" not in own


async def test_a_token_is_good_as_a_whole_only(cat: Api, nobody: Api) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    prefix, _, secret = made["value"].partition(".")
    for wrong in (prefix, f"{prefix}.", f"{prefix}.{secret[:-1]}", f"{prefix}.{secret}x", secret):
        await nobody.get("/users/self", expect=401, headers=bearer({"value": wrong}))


async def test_a_token_made_by_another_server_is_good(
    server: Server, cat: Api, nobody: Api
) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    stored = passwords.hash_password("abcdefgh.secret")
    async with server.database.writing() as db:
        theirs = {"prefix": "abcdefgh", "hashed_key": stored}
        await rows.update(db, "access_tokens", made["id"], theirs)
    await nobody.get("/users/self", headers=bearer({"value": "abcdefgh.secret"}))


async def test_a_read_only_token_may_not_write_until_it_is_allowed(cat: Api, nobody: Api) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine", "read_only": True})
    me = (await nobody.get("/users/self", headers=bearer(made)))["id"]
    change = {"first_name": "Tom"}
    error = await nobody.patch(f"/users/{me}", change, expect=403, headers=bearer(made))
    assert error == {"detail": "You do not have permission to perform this action."}
    path = f"/auth/access_tokens/{made['id']}"
    await nobody.patch(path, {"read_only": False}, expect=403, headers=bearer(made))
    changed = await cat.patch(path, {"name": "renamed", "read_only": False})
    assert (changed["name"], changed["read_only"]) == ("renamed", False)
    assert changed["updated_date"] > made["updated_date"]
    await nobody.patch(f"/users/{me}", change, headers=bearer(made))


async def test_a_revoked_token_is_good_for_nothing(cat: Api, nobody: Api) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    await nobody.get("/users/self", headers=bearer(made))
    await cat.delete(f"/auth/access_tokens/{made['id']}")
    error = await nobody.get("/users/self", expect=401, headers=bearer(made))
    assert error == {"detail": "Invalid token."}
    await cat.get(f"/auth/access_tokens/{made['id']}", expect=404)
    assert (await cat.get("/auth/access_tokens"))["count"] == 0


async def test_an_expired_token_is_good_for_nothing(cat: Api, nobody: Api, server: Server) -> None:
    soon = clock.later(3600)
    made = await cat.post("/auth/access_tokens", {"name": "mine", "expiry_date": soon})
    assert made["expiry_date"] == soon
    await nobody.get("/users/self", headers=bearer(made))
    await expire(server, made["id"])
    await nobody.get("/users/self", expect=401, headers=bearer(made))
    assert (await cat.get("/auth/access_tokens"))["count"] == 0
    await cat.patch(f"/auth/access_tokens/{made['id']}", {"expiry_date": None}, expect=404)


async def test_the_token_of_a_request_is_asked_for_with_a_token_only(cat: Api) -> None:
    error = await cat.get("/auth/access_tokens/self", expect=401)
    assert error == {"detail": "Authentication credentials were not provided."}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "x", "expiry_date": "tomorrow"}, "expiry_date"),
        ({"name": "x", "expiry_date": "2020-01-01T00:00:00Z"}, "expiry_date"),
        ({"name": "x", "read_only": "maybe"}, "read_only"),
    ],
)
async def test_a_wrong_token_is_not_made(cat: Api, body: dict, field: str) -> None:
    assert list(await cat.post("/auth/access_tokens", body, expect=400)) == [field]
    assert (await cat.get("/auth/access_tokens"))["count"] == 0


async def test_tokens_are_their_owners_alone_even_to_administrators(cat: Api, api: Api) -> None:
    made = await cat.post("/auth/access_tokens", {"name": "mine"})
    path = f"/auth/access_tokens/{made['id']}"
    assert (await api.get("/auth/access_tokens"))["count"] == 0
    await api.get(path, expect=403)
    await api.patch(path, {"name": "theirs"}, expect=403)
    await api.delete(path, expect=403)
    await api.get("/auth/access_tokens/999", expect=404)
    assert (await cat.get(path))["name"] == "mine"


async def test_without_a_group_there_are_no_tokens(server: Server, url: str) -> None:
    number = await add_user(server, "stray")
    async with server.database.writing() as db:
        await db.execute("DELETE FROM user_groups WHERE user_id = ?", (number,))
    async with acting_as(url, "stray") as stray:
        await stray.get("/auth/access_tokens", expect=403)
        await stray.post("/auth/access_tokens", {"name": "mine"}, expect=403)


async def test_nobody_hoards_tokens(cat: Api) -> None:
    for number in range(50):
        await cat.post("/auth/access_tokens", {"name": f"token {number}"})
    error = await cat.post("/auth/access_tokens", {"name": "one more"}, expect=400)
    assert error == ["There are 50 access tokens already; revoke one first."]


async def test_tokens_are_filtered_searched_and_sorted(cat: Api) -> None:
    for name, read_only in (("alpha", True), ("beta", False), ("alphabet", False)):
        await cat.post("/auth/access_tokens", {"name": name, "read_only": read_only})

    async def names(**wanted: str) -> list[str]:
        page = await cat.get("/auth/access_tokens", params=wanted)
        return [token["name"] for token in page["results"]]

    assert await names() == ["alphabet", "beta", "alpha"]
    assert await names(sort="name") == ["alpha", "alphabet", "beta"]
    assert await names(search="ALPHA") == ["alphabet", "alpha"]
    assert await names(name="alpha") == ["alpha"]
    assert await names(read_only="false") == ["alphabet", "beta"]
    assert await names(filter='{"!": {"var": "expiry_date"}}', sort="id", page_size="1") == [
        "alpha"
    ]
    assert await names(filter='{">": [{"var": "created_date"}, "2099-01-01"]}') == []


async def test_a_year_of_two_digits_does_not_lie_ahead(cat: Api) -> None:
    body = {"name": "late", "expiry_date": "0023-01-07T19:17:48Z"}
    error = await cat.post("/auth/access_tokens", body, expect=400)
    assert error == {"expiry_date": ["Expiry date must be in the future."]}
