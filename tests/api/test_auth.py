"""Logging in and out, sessions, and the permission tables."""

from __future__ import annotations

import asyncio
import io
import json
import re
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from cvat_sdk import make_client
from cvat_sdk.core.client import AccessTokenCredentials

from cvat_lite.config import Config
from cvat_lite.domain import clock, passwords
from cvat_lite.services.context import Server
from cvat_lite.store import rows, users
from tests.api.browser import Browser
from tests.api.people import PASSWORD, add_user
from tests.client import ADMIN_PASSWORD, Api
from tests.domain.test_passwords import MD5


@pytest.fixture
async def browser(url: str) -> AsyncIterator[Browser]:
    async with Browser(url) as browser:
        yield browser


async def stored(server: Server, username: str) -> users.User:
    """The user as the store has it."""
    async with server.database.reading() as db:
        user = await users.by_name(db, username)
    assert user is not None
    return user


async def set_hash(server: Server, user_id: int, text: str) -> None:
    """Give a user a hash as it came from elsewhere."""
    async with server.database.writing() as db:
        await users.update(db, user_id, {"password": text})


# Logging in


async def test_logging_in_by_name_or_address_answers_the_same_key(browser: Browser) -> None:
    by_name = await browser.log_in("admin", ADMIN_PASSWORD)
    body = {"email": "Admin@LocalHost.localdomain", "password": ADMIN_PASSWORD}
    again = await browser.post("/auth/login", body, expect=200, headers=browser.csrf)
    assert again == by_name
    assert re.fullmatch(r"\w{40}", by_name["key"])


async def test_the_key_and_the_session_both_let_one_in(browser: Browser, nobody: Api) -> None:
    key = (await browser.log_in("admin", ADMIN_PASSWORD))["key"]
    assert (await browser.get("/users/self"))["username"] == "admin"
    by_key = await nobody.get("/users/self", headers={"Authorization": f"Token {key}"})
    assert by_key["username"] == "admin"


async def test_scripts_cannot_read_the_session_cookie_but_the_csrf_cookie(nobody: Api) -> None:
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    response = await nobody.call("POST", "/auth/login", body)
    session, csrf = response.cookies["sessionid"], response.cookies["csrftoken"]
    assert session["httponly"] and not csrf["httponly"]
    assert session["samesite"] == csrf["samesite"] == "Lax"
    assert session["path"] == csrf["path"] == "/"
    assert not session["secure"]
    assert "domain" not in response.headers["Set-Cookie"].lower()


async def test_cookies_given_over_https_are_for_https_only(nobody: Api) -> None:
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    outside = {"X-Forwarded-Proto": "https"}
    response = await nobody.call("POST", "/auth/login", body, headers=outside)
    assert response.cookies["sessionid"]["secure"]
    assert response.cookies["csrftoken"]["secure"]


async def test_logging_in_is_remembered_as_the_last_login(
    server: Server, url: str, browser: Browser
) -> None:
    await add_user(server, "cat")
    assert (await stored(server, "cat")).last_login is None
    before = clock.now()
    await browser.log_in("cat", PASSWORD)
    assert (await browser.get("/users/self"))["last_login"] >= before


@pytest.mark.parametrize(
    "body",
    [
        {"username": "admin", "password": "bad"},
        {"username": "Admin", "password": ADMIN_PASSWORD},
        {"username": "nobody", "password": ADMIN_PASSWORD},
        {"email": "nobody@example.org", "password": ADMIN_PASSWORD},
    ],
)
async def test_wrong_names_and_wrong_passwords_are_refused_alike(nobody: Api, body: dict) -> None:
    error = await nobody.post("/auth/login", body, expect=400)
    assert error == {"non_field_errors": ["Unable to log in with provided credentials."]}


@pytest.mark.parametrize("body", [{}, {"username": "admin"}, {"password": "x"}, {"username": ""}])
async def test_an_incomplete_login_is_told_what_is_needed(nobody: Api, body: dict) -> None:
    error = await nobody.post("/auth/login", body, expect=400)
    assert error == ['Must include either "username" or "email" and "password".']


async def test_a_deactivated_user_cannot_log_in(server: Server, nobody: Api) -> None:
    number = await add_user(server, "cat")
    async with server.database.writing() as db:
        await users.update(db, number, {"is_active": 0})
    body = {"username": "cat", "password": PASSWORD}
    error = await nobody.post("/auth/login", body, expect=400)
    assert error == {"non_field_errors": ["Unable to log in with provided credentials."]}


async def test_a_form_may_log_in(nobody: Api) -> None:
    form = {"username": "admin", "password": ADMIN_PASSWORD}
    assert "key" in await nobody.post("/auth/login", data=form, expect=200)


async def test_another_sites_page_cannot_log_a_browser_in(nobody: Api) -> None:
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    foreign = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}
    error = await nobody.post("/auth/login", body, expect=403, headers=foreign)
    assert error == {"detail": "CSRF Failed: Origin checking failed."}


async def test_a_hash_of_another_server_is_replaced_when_its_password_is_used(
    server: Server, browser: Browser
) -> None:
    number = await add_user(server, "cat")
    await set_hash(server, number, MD5)
    wrong = {"username": "cat", "password": "bad"}
    await browser.post("/auth/login", wrong, expect=400)
    assert (await stored(server, "cat")).password == MD5
    await browser.log_in("cat", "!Q@W#E$R")
    now = (await stored(server, "cat")).password
    assert now.startswith("scrypt$")
    assert passwords.verify_password("!Q@W#E$R", now)


async def test_a_user_without_a_password_cannot_log_in(server: Server, nobody: Api) -> None:
    number = await add_user(server, "cat")
    await set_hash(server, number, "!")
    for password in ("!", PASSWORD):
        body = {"username": "cat", "password": password}
        await nobody.post("/auth/login", body, expect=400)


# Sessions


async def test_the_store_holds_no_session_id_that_could_be_used(
    server: Server, browser: Browser
) -> None:
    await browser.log_in("admin", ADMIN_PASSWORD)
    async with server.database.reading() as db:
        found = await rows.fetch_all(db, "SELECT digest FROM sessions")
    session = browser.cookies["sessionid"]
    assert [row["digest"] for row in found] == [passwords.digest_key(session)]
    assert session not in found[0]["digest"]


async def test_a_session_that_is_used_lasts_longer(server: Server, browser: Browser) -> None:
    await browser.log_in("admin", ADMIN_PASSWORD)
    soon = clock.later(60)
    async with server.database.writing() as db:
        await db.execute("UPDATE sessions SET expiry_date = ?", (soon,))
    server.identities.forget()
    await browser.get("/users/self")
    async with server.database.reading() as db:
        row = await rows.fetch_one(db, "SELECT expiry_date FROM sessions")
    assert row["expiry_date"] > clock.later(server.config.session_lifetime - 60)


async def test_a_session_that_was_not_used_is_over(server: Server, browser: Browser) -> None:
    await browser.log_in("admin", ADMIN_PASSWORD)
    async with server.database.writing() as db:
        await db.execute("UPDATE sessions SET expiry_date = ?", (clock.later(-1),))
    server.identities.forget()
    await browser.get("/users/self", expect=401)


async def test_a_new_login_ends_the_session_it_came_with(browser: Browser, nobody: Api) -> None:
    await browser.log_in("admin", ADMIN_PASSWORD)
    old = browser.cookies["sessionid"]
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    await browser.post("/auth/login", body, expect=200, headers=browser.csrf)
    assert browser.cookies["sessionid"] != old
    await nobody.get("/users/self", expect=401, headers={"Cookie": f"sessionid={old}"})


# Logging out


async def test_logging_out_ends_the_session_and_the_key(browser: Browser, nobody: Api) -> None:
    key = (await browser.log_in("admin", ADMIN_PASSWORD))["key"]
    old = {"Cookie": f"sessionid={browser.cookies['sessionid']}"}
    answer = await browser.post("/auth/logout", expect=200, headers=browser.csrf)
    assert answer == {"detail": "Successfully logged out."}
    assert browser.cookies == {}
    await nobody.get("/users/self", expect=401, headers=old)
    by_key = {"Authorization": f"Token {key}"}
    error = await nobody.get("/users/self", expect=401, headers=by_key)
    assert error == {"detail": "Invalid token."}


async def test_nobody_may_log_out_too(nobody: Api) -> None:
    answer = await nobody.post("/auth/logout", expect=200)
    assert answer == {"detail": "Successfully logged out."}


async def test_a_page_cannot_log_somebody_out_without_the_csrf_value(browser: Browser) -> None:
    await browser.log_in("admin", ADMIN_PASSWORD)
    await browser.post("/auth/logout", expect=403)
    await browser.get("/users/self")


# Rules


async def test_the_permission_tables_are_a_tar_that_is_sent_once(nobody: Api) -> None:
    response = await nobody.call("GET", "/auth/rules")
    assert response.content_type == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(await response.read())) as tar:
        assert "rules/tasks.json" in tar.getnames()
        member = tar.extractfile("rules/users.json")
        assert member is not None
        table = json.load(member)
    assert {
        "scope": "delete",
        "context": "n/a",
        "ownership": ["self"],
        "privilege": "none",
        "membership": None,
        "limit": None,
        "exactly": False,
    } in table["rules"]
    known = {"If-None-Match": response.headers["ETag"]}
    await nobody.call("GET", "/auth/rules", expect=304, headers=known)


# Knocking too often


class TestWithALowLimit:
    """Strangers who guess passwords are slowed down; people at work are not."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(
            data_dir=tmp_path / "data", admin_password=ADMIN_PASSWORD, rate_limit_per_minute=3
        )

    async def test_the_fourth_login_has_to_wait(self, nobody: Api, api: Api) -> None:
        wrong = {"username": "admin", "password": "guess"}
        for _ in range(3):
            await nobody.post("/auth/login", wrong, expect=400)
        response = await nobody.call("POST", "/auth/login", wrong, expect=429)
        seconds = int(response.headers["Retry-After"])
        assert 1 <= seconds <= 20
        assert f"Expected available in {seconds} second" in (await response.json())["detail"]
        await api.get("/users/self")

    async def test_the_fourth_guess_by_basic_has_to_wait(self, nobody: Api, url: str) -> None:
        async with Api(url, ("admin", "guess")) as guessing:
            for _ in range(3):
                await guessing.get("/users/self", expect=401)
            await guessing.get("/users/self", expect=429)

    async def test_right_passwords_and_tokens_are_not_counted(self, api: Api, nobody: Api) -> None:
        for _ in range(8):
            await api.get("/users/self")
            await nobody.get("/server/about")


# The published client


def work_with_the_client(url: str) -> tuple[str, str, list[str]]:
    """Log in with the published SDK, as people do."""
    with make_client(url, credentials=("admin", ADMIN_PASSWORD)) as client:
        me = client.users.retrieve_current_user()
        token, _ = client.api_client.auth_api.create_access_tokens(
            access_token_write_request={"name": "robot", "read_only": False}
        )
        changed, _ = client.api_client.users_api.partial_update(
            me.id, patched_user_request={"first_name": "Ada", "primary_role": "lead"}
        )
        assert changed.primary_role == "lead"
        assert client.api_client.growth_api.retrieve(str(me.id))[0].id == me.id
        client.logout()
    with make_client(url) as client:
        client.login(AccessTokenCredentials(token.value))
        own, _ = client.api_client.auth_api.retrieve_access_tokens_self()
        names = [user.username for user in client.users.list()]
        return own.name, client.users.retrieve_current_user().first_name, names


async def test_the_published_sdk_logs_in_and_out_and_uses_tokens(app: web.Application, url: str):
    found = await asyncio.to_thread(work_with_the_client, url)
    assert found == ("robot", "Ada", ["admin"])
