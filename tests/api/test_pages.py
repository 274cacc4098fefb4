"""What a browser gets that is no API."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from cvat_lite.api.pages import Client
from cvat_lite.config import Config

INLINE = "console.log('here')"
PAGE = f"<!doctype html><script src=/x.js></script><script>{INLINE}</script>"
SCRIPT = "assets/client.5f2c7ab912.min.js"


async def fetch(url: str, path: str, **headers: str) -> aiohttp.ClientResponse:
    async with aiohttp.ClientSession() as session:
        response = await session.get(f"{url}{path}", headers=headers, allow_redirects=False)
        await response.read()
        return response


class TestWithoutAClient:
    async def test_the_landing_page_leads_to_the_documentation(self, url) -> None:
        response = await fetch(url, "/")
        page = await response.text()
        assert response.status == 200
        assert response.content_type == "text/html"
        assert all(path in page for path in ("/api/docs/", "/api/swagger/", "/api/schema/"))

    @pytest.mark.parametrize("path", ["/static/logo.svg", "/static/landing.css"])
    async def test_everything_the_landing_page_shows_is_there(self, url, path) -> None:
        assert path in await (await fetch(url, "/")).text()
        assert (await fetch(url, path)).status == 200

    async def test_the_logo_is_a_picture(self, url) -> None:
        logo = await fetch(url, "/static/logo.svg")
        assert logo.content_type == "image/svg+xml"

    async def test_other_paths_are_not_there(self, url) -> None:
        assert (await fetch(url, "/tasks/1")).status == 404
        assert (await fetch(url, "/static/__init__.py")).status == 404


class TestWithAClient:
    @pytest.fixture
    def config(self, config: Config, tmp_path: Path) -> Config:
        folder = tmp_path / "ui"
        (folder / "assets").mkdir(parents=True)
        (folder / "index.html").write_text(PAGE)
        (folder / SCRIPT).write_text("1")
        (folder / "assets" / "decoder.wasm").write_bytes(b"\0asm")
        (folder / "assets" / "index-BX8dS1kz.mjs").write_text("1")
        (folder / ".env").write_text("secret")
        (tmp_path / "outside.txt").write_text("secret")
        (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
        return replace(config, ui=folder)

    @pytest.mark.parametrize(
        "path", ["/", "/index.html", "/tasks/5/jobs/7", "/auth/login", "/api2"]
    )
    async def test_paths_that_are_no_files_get_the_page(self, url, path) -> None:
        response = await fetch(url, path)
        assert (response.status, await response.text()) == (200, PAGE)
        assert response.headers["Cache-Control"] == "no-cache"

    async def test_scripts_in_the_page_may_run_and_injected_ones_may_not(self, url) -> None:
        policy = (await fetch(url, "/")).headers["Content-Security-Policy"]
        digest = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert f"'sha256-{digest}'" in scripts
        assert "'unsafe-inline'" not in scripts

    async def test_workers_from_blobs_and_webassembly_are_allowed(self, url) -> None:
        policy = (await fetch(url, f"/{SCRIPT}")).headers["Content-Security-Policy"]
        assert "worker-src 'self' blob:" in policy
        assert "'wasm-unsafe-eval'" in policy
        assert "connect-src 'self' data: blob:" in policy

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            (SCRIPT, "text/javascript"),
            ("assets/index-BX8dS1kz.mjs", "text/javascript"),
            ("assets/decoder.wasm", "application/wasm"),
        ],
    )
    async def test_files_have_the_type_browsers_insist_on(self, url, path, kind) -> None:
        assert (await fetch(url, f"/{path}")).content_type == kind

    @pytest.mark.parametrize(
        ("path", "forever"),
        [(SCRIPT, True), ("assets/index-BX8dS1kz.mjs", True), ("assets/decoder.wasm", False)],
    )
    async def test_files_named_by_their_content_are_kept_for_ever(self, url, path, forever) -> None:
        kept = (await fetch(url, f"/{path}")).headers["Cache-Control"]
        assert ("immutable" in kept) is forever
        assert (kept == "no-cache") is not forever

    async def test_a_file_that_has_not_changed_is_not_sent_again(self, url) -> None:
        first = await fetch(url, "/assets/decoder.wasm")
        again = await fetch(url, "/assets/decoder.wasm", **{"If-None-Match": first.headers["ETag"]})
        assert again.status == 304

    @pytest.mark.parametrize(
        "path",
        [
            "/missing.js",
            "/.env",
            "/link.txt",
            "/%2e%2e/outside.txt",
            "/assets/%2e%2e/%2e%2e/outside.txt",
            "/..%5coutside.txt",
            "/%00.js",
        ],
    )
    async def test_what_is_not_in_the_folder_is_not_there(self, url, path) -> None:
        assert (await fetch(url, path)).status == 404

    @pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/tasks/x/y/z"])
    async def test_the_page_never_answers_for_the_api(self, url, path) -> None:
        assert (await fetch(url, path)).status == 404

    async def test_the_logo_is_the_server_s_own(self, url) -> None:
        assert (await fetch(url, "/static/logo.svg")).content_type == "image/svg+xml"

    @pytest.mark.parametrize(
        "name", ["../outside.txt", "a/../../outside.txt", "..\\outside.txt", ""]
    )
    def test_a_path_cannot_leave_the_folder_however_it_is_written(self, config, name) -> None:
        assert Client(config.ui).find(name) is None
        assert Client(config.ui).find(SCRIPT) == config.ui / SCRIPT
