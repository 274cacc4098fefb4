"""Logging in and out, registering, and passwords that are changed or forgotten."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import tarfile
from collections.abc import AsyncIterator
from email import message_from_string, policy
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
from tests.api.people import PASSWORD, acting_as, add_user, recorded
from tests.client import ADMIN_PASSWORD, Api
from tests.domain.test_passwords import MD5

NEWCOMER = {
    "username": "fresh",
    "password1": "Str0ng_enough!",
    "password2": "Str0ng_enough!",
    "email": "fresh@example.org",
    "first_name": "F",
    "last_name": "R",
}
SENT = {"detail": "Password reset e-mail has been sent."}


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


# Registering


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
                    "Enter a valid username. This value may contain only letters, numbers, and "
                    "@/./+/-/_ characters."
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


# Changing the password


async def test_a_changed_password_is_the_only_one(server: Server, url: str) -> None:
    await add_user(server, "cat")
    change = {
        "old_password": PASSWORD,
        "new_password1": "An0ther_one!",
        "new_password2": "An0ther_one!",
    }
    async with acting_as(url, "cat") as cat:
        answer = await cat.post("/auth/password/change", change, expect=200)
        assert answer == {"detail": "New password has been saved."}
        error = await cat.get("/users/self", expect=401)
        assert error == {"detail": "Invalid username/password."}
    async with Api(url, ("cat", "An0ther_one!")) as cat:
        assert (await cat.get("/users/self"))["username"] == "cat"


async def test_a_changed_password_ends_the_other_sessions_and_the_key(
    url: str, browser: Browser, nobody: Api
) -> None:
    change = {
        "old_password": ADMIN_PASSWORD,
        "new_password1": "An0ther_one!",
        "new_password2": "An0ther_one!",
    }
    async with Browser(url) as elsewhere:
        key = (await elsewhere.log_in("admin", ADMIN_PASSWORD))["key"]
        await browser.log_in("admin", ADMIN_PASSWORD)
        await browser.post("/auth/password/change", change, expect=200, headers=browser.csrf)
        await elsewhere.get("/users/self", expect=401)
    await nobody.get("/users/self", expect=401, headers={"Authorization": f"Token {key}"})
    await browser.get("/users/self")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            {"old_password": "wrong"},
            {"old_password": ["Your old password was entered incorrectly. Please enter it again."]},
        ),
        (
            {"new_password2": "An0ther_two!"},
            {"new_password2": ["The two password fields didn't match."]},
        ),
        (
            {"new_password1": "1234567890", "new_password2": "1234567890"},
            {
                "new_password2": [
                    "This password is too common.",
                    "This password is entirely numeric.",
                ]
            },
        ),
        ({"new_password1": "", "new_password2": "x" * 257}, None),
    ],
)
async def test_a_wrong_change_of_the_password_changes_nothing(
    api: Api, change: dict, error: dict | None
) -> None:
    right = {
        "old_password": ADMIN_PASSWORD,
        "new_password1": "An0ther_one!",
        "new_password2": "An0ther_one!",
    }
    answer = await api.post("/auth/password/change", {**right, **change}, expect=400)
    assert error is None or answer == error
    await api.get("/users/self")


async def test_nobody_in_particular_has_no_password_to_change(nobody: Api) -> None:
    await nobody.post("/auth/password/change", {}, expect=401)


async def test_an_access_token_does_not_change_passwords(api: Api, nobody: Api) -> None:
    token = await api.post("/auth/access_tokens", {"name": "robot", "read_only": False})
    change = {
        "old_password": ADMIN_PASSWORD,
        "new_password1": "An0ther_one!",
        "new_password2": "An0ther_one!",
    }
    bearer = {"Authorization": f"Bearer {token['value']}"}
    await nobody.post("/auth/password/change", change, expect=401, headers=bearer)
    await api.get("/users/self")


# Forgetting it


async def message_in(caplog: pytest.LogCaptureFixture) -> str:
    """The message that the server has logged."""
    for _ in range(400):
        for line in caplog.messages:
            if line.startswith("message to"):
                return line
        await asyncio.sleep(0.01)
    raise AssertionError("no message was logged")


def link_in(message: str) -> dict[str, str]:
    """The uid and the token of a message."""
    found = re.search(r"/auth/password/reset/confirm\?uid=(\d+)&token=(\w+)", message)
    assert found is not None, message
    return {"uid": found[1], "token": found[2]}


async def test_a_forgotten_password_is_replaced_once_with_the_logged_message(
    server: Server, url: str, nobody: Api, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="cvat_lite")
    await add_user(server, "cat")
    await browser.log_in("cat", PASSWORD)
    asked = {"email": "CAT@example.org"}
    assert await nobody.post("/auth/password/reset", asked, expect=200) == SENT
    message = await message_in(caplog)
    assert url in message
    body = {**link_in(message), "new_password1": "An0ther_one!", "new_password2": "An0ther_one!"}
    done = await nobody.post("/auth/password/reset/confirm", body, expect=200)
    assert done == {"detail": "Password has been reset with the new password."}
    await browser.get("/users/self", expect=401)
    async with Api(url, ("cat", "An0ther_one!")) as cat:
        assert (await cat.get("/users/self"))["email_verified"]
    error = await nobody.post("/auth/password/reset/confirm", body, expect=400)
    assert error == {"token": ["Invalid value"]}


async def test_an_unknown_address_is_answered_the_same_and_sent_nothing(
    server: Server, nobody: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await add_user(server, "cat")
    unknown = {"email": "unknown@example.org"}
    assert await nobody.post("/auth/password/reset", unknown, expect=200) == SENT
    await nobody.post("/auth/password/reset", {"email": "cat@example.org"}, expect=200)
    assert "cat@example.org" in await message_in(caplog)
    assert "unknown@example.org" not in caplog.text


async def test_the_link_does_not_lead_to_a_host_that_the_asker_made_up(
    server: Server, nobody: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await add_user(server, "cat")
    asked = {"email": "cat@example.org"}
    theirs = {"Host": "203.0.113.7"}
    await nobody.post("/auth/password/reset", asked, expect=200, headers=theirs)
    message = await message_in(caplog)
    assert "203.0.113.7" not in message
    assert link_in(message)["uid"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"uid": "x"}, "uid"),
        ({"uid": "9" * 40}, "uid"),
        ({"uid": "1"}, "token"),
        ({"uid": "99999"}, "token"),
        ({"token": "x" * 40}, "token"),
        ({"new_password2": "An0ther_two!"}, "new_password2"),
        ({"new_password1": "password1", "new_password2": "password1"}, "new_password2"),
    ],
)
async def test_a_wrong_confirmation_sets_no_password(
    server: Server,
    url: str,
    nobody: Api,
    caplog: pytest.LogCaptureFixture,
    changes: dict,
    field: str,
) -> None:
    await add_user(server, "cat")
    await nobody.post("/auth/password/reset", {"email": "cat@example.org"}, expect=200)
    right = {"new_password1": "An0ther_one!", "new_password2": "An0ther_one!"}
    body = {**link_in(await message_in(caplog)), **right, **changes}
    error = await nobody.post("/auth/password/reset/confirm", body, expect=400)
    assert list(error) == [field]
    async with acting_as(url, "cat") as cat:
        await cat.get("/users/self")


async def test_a_message_is_worthless_when_its_time_is_over(
    server: Server, nobody: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await add_user(server, "cat")
    await nobody.post("/auth/password/reset", {"email": "cat@example.org"}, expect=200)
    link = link_in(await message_in(caplog))
    async with server.database.writing() as db:
        await db.execute("UPDATE password_resets SET expiry_date = ?", (clock.later(-1),))
    body = {**link, "new_password1": "An0ther_one!", "new_password2": "An0ther_one!"}
    error = await nobody.post("/auth/password/reset/confirm", body, expect=400)
    assert error == {"token": ["Invalid value"]}


class MailServer:
    """A mail server that takes everything and keeps it."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[str] = asyncio.Queue()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 mail\r\n")
        while line := (await reader.readline()).strip().upper():
            if line == b"DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.put_nowait(text.decode())
            writer.write(b"221 bye\r\n" if line == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
        writer.close()


class TestWithAMailServer:
    """Where a mail server is set, the message goes there and not into the log."""

    @pytest.fixture
    async def mail(self) -> AsyncIterator[tuple[MailServer, int]]:
        mail = MailServer()
        listening = await asyncio.start_server(mail.talk, "127.0.0.1", 0)
        async with listening:
            yield mail, listening.sockets[0].getsockname()[1]

    @pytest.fixture
    def config(self, tmp_path: Path, mail: tuple[MailServer, int]) -> Config:
        return Config(
            data_dir=tmp_path / "data",
            admin_password=ADMIN_PASSWORD,
            smtp_url=f"smtp://127.0.0.1:{mail[1]}",
            email_from="cvat@example.org",
        )

    async def test_the_message_is_mailed(
        self,
        server: Server,
        nobody: Api,
        mail: tuple[MailServer, int],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await add_user(server, "cat")
        await nobody.post("/auth/password/reset", {"email": "cat@example.org"}, expect=200)
        async with asyncio.timeout(10):
            sent = message_from_string(await mail[0].mails.get(), policy=policy.default)
        assert (sent["To"], sent["From"]) == ("cat@example.org", "cvat@example.org")
        text = sent.get_content()
        body = {
            **link_in(text),
            "new_password1": "An0ther_one!",
            "new_password2": "An0ther_one!",
        }
        await nobody.post("/auth/password/reset/confirm", body, expect=200)
        assert body["token"] not in caplog.text


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
