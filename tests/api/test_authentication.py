"""Who is let in by what: sessions, tokens, passwords, hosts, origins, and this machine itself."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cvat_lite.config import Config
from cvat_lite.domain import clock
from cvat_lite.services.context import Server
from cvat_lite.store import users
from tests.api.browser import Browser
from tests.api.people import PASSWORD, add_user
from tests.client import ADMIN_PASSWORD, Api, basic

MISSING = {"detail": "CSRF Failed: CSRF token missing."}
INCORRECT = {"detail": "CSRF Failed: CSRF token incorrect."}
FOREIGN = {"detail": "CSRF Failed: Origin checking failed."}
NOBODY = {"detail": "Authentication credentials were not provided."}
NAME = {"first_name": "Ada"}


@pytest.fixture
async def browser(url: str) -> AsyncIterator[Browser]:
    async with Browser(url) as browser:
        await browser.log_in("admin", ADMIN_PASSWORD)
        yield browser


async def raw(url: str, *lines: bytes) -> bytes:
    """The status line that a request of these very bytes is answered with."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\r\n".join((*lines, b"Connection: close", b"", b"")))
    status = await reader.readline()
    writer.close()
    return status


# Sessions


async def test_reading_needs_no_csrf_value(browser: Browser) -> None:
    assert (await browser.get("/users/self"))["username"] == "admin"
    await browser.call("HEAD", "/users/self")


async def test_writing_needs_the_csrf_value_of_the_session(browser: Browser) -> None:
    assert await browser.patch("/users/1", NAME, expect=403) == MISSING
    wrong = {"X-CSRFTOKEN": "0" * 64}
    assert await browser.patch("/users/1", NAME, expect=403, headers=wrong) == INCORRECT
    strange = {"X-CSRFTOKEN": "ü"}
    assert await browser.patch("/users/1", NAME, expect=403, headers=strange) == INCORRECT
    changed = await browser.patch("/users/1", NAME, headers=browser.csrf)
    assert changed["first_name"] == "Ada"


async def test_the_csrf_value_of_another_session_does_not_fit(
    browser: Browser, server: Server, url: str
) -> None:
    await add_user(server, "cat")
    async with Browser(url) as other:
        await other.log_in("cat", PASSWORD)
        assert await browser.patch("/users/1", NAME, expect=403, headers=other.csrf) == INCORRECT


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.example.com"},
    ],
)
async def test_another_sites_page_cannot_write_even_with_the_csrf_value(
    browser: Browser, foreign: dict
) -> None:
    headers = {**browser.csrf, **foreign}
    assert await browser.patch("/users/1", NAME, expect=403, headers=headers) == FOREIGN


async def test_the_servers_own_page_can_write(browser: Browser, url: str) -> None:
    for own in ({"Origin": url}, {"Origin": url, "Sec-Fetch-Site": "same-origin"}):
        await browser.patch("/users/1", NAME, headers={**browser.csrf, **own})


async def test_a_session_that_never_was_is_nobody(nobody: Api) -> None:
    for session in ("0" * 40, "ünicode", "a b"):
        headers = {"Cookie": f"sessionid={session}"}
        assert await nobody.get("/users/self", expect=401, headers=headers) == NOBODY
        await nobody.get("/server/about", headers=headers)


# Tokens and passwords


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        ("Token nosuchtoken", "Invalid token."),
        ("Bearer nosuchtoken", "Invalid token."),
        ("Bearer nosuch.token", "Invalid token."),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token two words", "Invalid token header. Token string should not contain spaces."),
        ("Basic", "Invalid basic header. No credentials provided."),
        ("Basic two words", "Invalid basic header. Credentials string should not contain spaces."),
        ("Basic ???", "Invalid basic header. Credentials not correctly base64 encoded."),
        (basic("admin", "bad"), "Invalid username/password."),
        (basic("nosuchuser", ADMIN_PASSWORD), "Invalid username/password."),
        ("Basic YWRtaW4=", "Invalid username/password."),
        ("Digest username=admin", "Authentication credentials were not provided."),
    ],
)
async def test_a_wrong_proof_is_told_what_is_wrong(nobody: Api, proof: str, words: str) -> None:
    response = await nobody.call("GET", "/users/self", expect=401, headers={"Authorization": proof})
    assert await response.json(content_type=None) == {"detail": words}
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'


async def test_a_wrong_proof_is_refused_where_anybody_may_call(nobody: Api) -> None:
    await nobody.get("/server/about", expect=401, headers={"Authorization": "Token nosuch"})
    await nobody.get("/server/about", headers={"Authorization": "Negotiate abc"})


async def test_bytes_that_are_no_text_prove_nothing(url: str) -> None:
    for header in (b"Authorization: Token \xff\xfe", b"Cookie: sessionid=\xff\xfe"):
        request = (b"GET /api/users/self HTTP/1.1", b"Host: localhost", header)
        assert b" 401 " in await raw(url, *request)
    context = (b"GET /api/server/about HTTP/1.1", b"Host: localhost", b"X-Organization: \xff")
    assert b" 404 " in await raw(url, *context)


async def test_names_and_passwords_may_have_any_letters(server: Server, nobody: Api) -> None:
    number = await add_user(server, "grüße")
    async with server.database.writing() as db:
        stored = await server.identities.hash("köln:am:rhein")
        await users.update(db, number, {"password": stored})
    for encoding in ("utf-8", "latin-1"):
        proof = base64.b64encode("grüße:köln:am:rhein".encode(encoding)).decode()
        me = await nobody.get("/users/self", headers={"Authorization": f"Basic {proof}"})
        assert me["id"] == number


async def test_a_header_goes_before_a_session(browser: Browser, server: Server) -> None:
    await add_user(server, "cat")
    headers = {"Authorization": basic("cat", PASSWORD)}
    assert (await browser.get("/users/self", headers=headers))["username"] == "cat"


async def test_a_deactivated_user_is_let_in_by_nothing(
    server: Server, url: str, api: Api, nobody: Api
) -> None:
    number = await add_user(server, "cat")
    async with Browser(url) as cat:
        key = (await cat.log_in("cat", PASSWORD))["key"]
        token = await cat.post("/auth/access_tokens", {"name": "robot"}, headers=cat.csrf)
        proofs = (f"Token {key}", f"Bearer {token['value']}", basic("cat", PASSWORD))
        for proof in proofs:
            await nobody.get("/users/self", headers={"Authorization": proof})
        await api.patch(f"/users/{number}", {"is_active": False})
        await cat.get("/users/self", expect=401)
        for proof in proofs:
            await nobody.get("/users/self", expect=401, headers={"Authorization": proof})
        await api.patch(f"/users/{number}", {"is_active": True})
        await cat.get("/users/self", expect=401)
        await nobody.get("/users/self", headers={"Authorization": basic("cat", PASSWORD)})


async def test_a_key_whose_user_was_deactivated_elsewhere_says_so(
    server: Server, url: str, nobody: Api
) -> None:
    number = await add_user(server, "cat")
    async with Browser(url) as cat:
        key = (await cat.log_in("cat", PASSWORD))["key"]
    async with server.database.writing() as db:
        await users.update(db, number, {"is_active": 0})
    server.identities.forget()
    proof = {"Authorization": f"Token {key}"}
    error = await nobody.get("/users/self", expect=401, headers=proof)
    assert error == {"detail": "User inactive or deleted."}


async def test_what_was_looked_up_before_a_change_is_not_remembered(server: Server) -> None:
    key = "k" * 40
    number = await add_user(server, "cat")
    async with server.database.writing() as db:
        await users.token_of(db, number, key)
    for _ in range(20):
        looking = asyncio.create_task(server.identities.token(key))
        await asyncio.sleep(0)
        server.identities.forget()
        assert (await looking).user.id == number
        assert not server.identities._known


# Where a request was sent to


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:81", "127.0.0.1", "[::1]:8080", "10.1.2.3"]
)
async def test_names_of_this_machine_and_numbers_are_answered(nobody: Api, host: str) -> None:
    await nobody.get("/server/about", headers={"Host": host})


@pytest.mark.parametrize(
    "host", ["evil.example.com", "localhost.evil.com", "localhost@evil.com", "[::1", "a/b", "a b"]
)
async def test_other_hosts_are_not(url: str, host: str) -> None:
    status = await raw(url, b"GET /api/server/about HTTP/1.1", f"Host: {host}".encode())
    assert b" 400 " in status


class TestWithNamesOfItsOwn:
    """A server that is known by names, and whose pages come from another place too."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(
            data_dir=tmp_path / "data",
            admin_password=ADMIN_PASSWORD,
            allowed_hosts=("CVAT.example.com", ".lab.example.org"),
            trusted_origins=("https://ui.example.com",),
        )

    @pytest.mark.parametrize(
        "host",
        ["cvat.example.com", "CVAT.example.com:8443", "lab.example.org", "a.lab.example.org"],
    )
    async def test_its_names_are_answered(self, nobody: Api, host: str) -> None:
        await nobody.get("/server/about", headers={"Host": host})

    @pytest.mark.parametrize(
        "host", ["example.com", "xlab.example.org", "cvat.example.com.evil.com"]
    )
    async def test_names_that_look_like_them_are_not(self, nobody: Api, host: str) -> None:
        await nobody.get("/server/about", headers={"Host": host}, expect=400)

    async def test_pages_of_a_trusted_place_may_write(self, browser: Browser) -> None:
        trusted = {"Origin": "https://ui.example.com", "Sec-Fetch-Site": "cross-site"}
        await browser.patch("/users/1", NAME, headers={**browser.csrf, **trusted})
        wrong_scheme = {"Origin": "http://ui.example.com"}
        await browser.patch("/users/1", NAME, headers={**browser.csrf, **wrong_scheme}, expect=403)

    async def test_links_have_the_name_that_was_asked_for(self, api: Api) -> None:
        me = await api.get("/users/self", headers={"Host": "cvat.example.com"})
        assert me["url"] == "http://cvat.example.com/api/users/1"


@pytest.mark.parametrize(
    ("headers", "scheme"),
    [
        ({}, "http"),
        ({"X-Forwarded-Proto": "https"}, "https"),
        ({"X-Forwarded-Proto": "HTTPS, http"}, "https"),
        ({"X-Forwarded-Proto": "gopher"}, "http"),
        ({"Origin": "https://{host}"}, "https"),
        ({"Origin": "ftp://{host}"}, "http"),
        ({"Origin": "https://elsewhere.example.com"}, "http"),
        ({"Origin": "http://[::1"}, "http"),
    ],
)
async def test_links_have_the_scheme_that_is_spoken_outside(
    api: Api, url: str, headers: dict, scheme: str
) -> None:
    host = url.removeprefix("http://")
    sent = {name: value.format(host=host) for name, value in headers.items()}
    assert (await api.get("/users/self", headers=sent))["url"] == f"{scheme}://{host}/api/users/1"


# Without a login


class TestWithoutLogin:
    """A server for the person at this machine, who is its administrator."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(data_dir=tmp_path / "data", admin_password=ADMIN_PASSWORD, no_login=True)

    async def test_whoever_is_at_this_machine_is_the_administrator(self, nobody: Api) -> None:
        assert (await nobody.get("/users/self"))["username"] == "admin"
        await nobody.patch("/users/1", NAME)
        await nobody.get("/users/self", headers={"Host": "localhost"})

    @pytest.mark.parametrize(
        "foreign",
        [
            {"Origin": "http://evil.example.com"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    async def test_another_sites_page_is_not(self, nobody: Api, foreign: dict) -> None:
        assert await nobody.get("/users/self", expect=403, headers=foreign) == FOREIGN
        assert await nobody.patch("/users/1", NAME, expect=403, headers=foreign) == FOREIGN

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"Host": "10.1.2.3"},
            {"X-Forwarded-For": "203.0.113.7"},
            {"Forwarded": "for=203.0.113.7"},
            {"X-Real-IP": "203.0.113.7"},
        ],
    )
    async def test_whoever_comes_by_another_name_or_a_proxy_is_nobody(
        self, nobody: Api, elsewhere: dict
    ) -> None:
        assert await nobody.get("/users/self", expect=401, headers=elsewhere) == NOBODY

    async def test_one_may_still_come_as_somebody_else(self, server: Server, nobody: Api) -> None:
        await add_user(server, "cat")
        proof = {"Authorization": basic("cat", PASSWORD)}
        assert (await nobody.get("/users/self", headers=proof))["username"] == "cat"


async def test_with_a_login_this_machine_is_nobody(nobody: Api) -> None:
    assert await nobody.get("/users/self", expect=401) == NOBODY


# Contexts


async def test_an_organization_that_does_not_exist_is_not_found(api: Api) -> None:
    error = await api.get("/users", expect=404, params={"org": "nosuchorg"})
    assert error == {"detail": "nosuchorg organization does not exist."}
    both = {"org": "a", "org_id": "1"}
    error = await api.get("/users", expect=400, params=both)
    assert error == ['You cannot specify "org_id" query parameter with "org" query parameter.']


async def test_a_session_is_not_extended_at_each_request(browser: Browser, server: Server) -> None:
    async with server.database.reading() as db:
        before = list(await db.execute_fetchall("SELECT expiry_date FROM sessions"))
    server.identities.forget()
    await browser.get("/users/self")
    async with server.database.reading() as db:
        after = list(await db.execute_fetchall("SELECT expiry_date FROM sessions"))
    assert before[0]["expiry_date"] == after[0]["expiry_date"] > clock.now()
