"""Registering: newcomers are users like others, and let in at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from cvat_lite.services.context import Server
from tests.api.browser import Browser
from tests.api.people import recorded
from tests.client import Api

NEWCOMER = {
    "username": "fresh",
    "password1": "Str0ng_enough!",
    "password2": "Str0ng_enough!",
    "email": "fresh@example.org",
    "first_name": "F",
    "last_name": "R",
}


@pytest.fixture
async def browser(url: str) -> AsyncIterator[Browser]:
    async with Browser(url) as browser:
        yield browser


async def test_whoever_registers_is_in_at_once(browser: Browser, server: Server) -> None:
    answer = await browser.post("/auth/register", NEWCOMER)
    key = answer.pop("key")
    assert re.fullmatch(r"\w{40}", key)
    assert answer == {
        "username": "fresh",
        "email": "fresh@example.org",
        "first_name": "F",
        "last_name": "R",
        "email_verification_required": False,
    }
    me = await browser.get("/users/self")
    assert (me["username"], me["groups"], me["created_via"]) == ("fresh", ["user"], "registration")
    assert me["last_login"] is not None
    assert not me["is_staff"] and not me["is_superuser"] and not me["email_verified"]
    assert "create:user" in [event["scope"] for event in await recorded(server)]


async def test_an_address_is_not_needed(nobody: Api) -> None:
    wanted = {name: NEWCOMER[name] for name in ("username", "password1", "password2")}
    assert (await nobody.post("/auth/register", wanted))["email"] == ""
    await nobody.post("/auth/register", {**wanted, "username": "second"})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"username": "fresh"}, {"username": ["A user with that username already exists."]}),
        ({"username": "FRESH"}, {"username": ["A user with that username already exists."]}),
        (
            {"email": "Fresh@Example.org"},
            {"email": ["A user is already registered with this e-mail address."]},
        ),
        (
            {"username": "weak", "password1": "123", "password2": "123"},
            {
                "username": ["Ensure this field has at least 5 characters."],
                "password1": ["Ensure this field has at least 8 characters."],
                "password2": ["Ensure this field has at least 8 characters."],
            },
        ),
        (
            {"password2": "Str0ng_enough?"},
            {"non_field_errors": ["The two password fields didn't match."]},
        ),
        ({"email": "notmail"}, {"email": ["Enter a valid email address."]}),
        (
            {"password1": "password1", "password2": "password1"},
            {"password1": ["This password is too common."]},
        ),
        (
            {"username": "two words"},
            {
                "username": [
                    (
                        "Enter a valid username. This value may contain only letters, numbers, "
                        "and @/./+/-/_ characters."
                    )
                ]
            },
        ),
    ],
)
async def test_a_wrong_registration_is_told_why(nobody: Api, changes: dict, error: dict) -> None:
    await nobody.post("/auth/register", NEWCOMER)
    other = {**NEWCOMER, "username": "other", "email": "other@example.org", **changes}
    assert await nobody.post("/auth/register", other, expect=400) == error


async def test_what_a_registration_lacks_is_told(nobody: Api) -> None:
    error = await nobody.post("/auth/register", {}, expect=400)
    needed = ["This field is required."]
    assert error == {"username": needed, "password1": needed, "password2": needed}


async def test_nobody_registers_as_an_administrator(nobody: Api) -> None:
    wanted = {**NEWCOMER, "is_superuser": True, "is_staff": True, "groups": ["admin"]}
    key = (await nobody.post("/auth/register", wanted))["key"]
    me = await nobody.get("/users/self", headers={"Authorization": f"Token {key}"})
    assert (me["is_superuser"], me["is_staff"], me["groups"]) == (False, False, ["user"])
