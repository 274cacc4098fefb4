"""Passwords that are changed, and passwords that were forgotten."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from email import message_from_string, policy
from pathlib import Path

import pytest

from cvat_lite.config import Config
from cvat_lite.domain import clock
from cvat_lite.services.context import Server
from tests.api.browser import Browser
from tests.api.people import PASSWORD, acting_as, add_user
from tests.client import ADMIN_PASSWORD, Api

SENT = {"detail": "Password reset e-mail has been sent."}


@pytest.fixture
async def browser(url: str) -> AsyncIterator[Browser]:
    async with Browser(url) as browser:
        yield browser


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
