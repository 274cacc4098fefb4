"""Conversations about people that were recorded on a real CVAT, repeated here.

The people, organizations and tokens of the recorded server are put into the store; the steps of
each conversation that are about people are sent, and the answers compared.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cvat_lite.services.context import Server
from cvat_lite.store import rows
from tests.client import basic

SHARED = Path(__file__).parents[3] / "shared"
DUMP = SHARED / "cvat_dump" / "data.json"
PASSWORD = "!Q@W#E$R"
OURS = re.compile(r"^/api/(users|auth)\b")
#: What version 2.80 added to people.
ADDED = {
    "cvat_usage_reason",
    "primary_role",
    "planned_activities",
    "data_types",
    "discovery_source",
    "email_verified",
    "created_via",
}
#: What is another each time.
FRESH = {"key", "value", "last_login", "date_joined"}
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")

pytestmark = pytest.mark.skipif(
    not DUMP.is_file(), reason="the recordings of a real server are not at hand"
)


def conversations() -> list[Any]:
    """The recorded conversations that have steps about people."""
    if not DUMP.is_file():
        return []
    found = []
    for name in ("reads", "writes"):
        text = (SHARED / "golden" / "conversations" / f"{name}.json").read_text(encoding="utf-8")
        for conversation in json.loads(text)["conversations"]:
            steps = [step for step in conversation["steps"] if OURS.match(step["path"])]
            if steps:
                found.append(pytest.param(steps, id=conversation["name"]))
    return found


async def restore(server: Server) -> None:
    """Put the people of the recorded server into the store."""
    items = json.loads(DUMP.read_text(encoding="utf-8"))
    ids: dict[str, int] = {}
    async with server.database.writing() as db:
        await db.execute("DELETE FROM users")
        for item in items:
            if item["model"] == "auth.user":
                ids[item["fields"]["username"]] = item["pk"]
                await insert_user(db, item["pk"], item["fields"])
        for item in items:
            fields = item["fields"]
            if item["model"] == "engine.profile":
                values = {"has_analytics_access": fields["has_analytics_access"]}
                await rows.update(db, "users", ids[fields["user"][0]], values)
            if item["model"] == "access_tokens.accesstoken":
                names = ("name", "prefix", "hashed_key", "read_only", "revoked", "expiry_date")
                values = {name: fields[name] for name in names}
                values |= {"id": item["pk"], "owner_id": ids[fields["owner"][0]]}
                dates = {"created_date": fields["created"], "updated_date": fields["updated_date"]}
                await rows.insert(db, "access_tokens", {**values, **dates})
    server.identities.forget()


async def insert_user(db: Any, number: int, fields: dict[str, Any]) -> None:
    """A user of the recorded server."""
    names = ("username", "password", "email", "first_name", "last_name", "last_login")
    flags = ("is_active", "is_staff", "is_superuser", "date_joined")
    values = {name: fields[name] for name in (*names, *flags)}
    await rows.insert(db, "users", {"id": number, **values})
    for (group,) in fields["groups"]:
        await rows.insert(db, "user_groups", {"user_id": number, "name": group})


def plain(value: Any) -> Any:
    """A body without what may differ: hosts, dates, new keys, and what newer versions added."""
    if isinstance(value, dict):
        return {
            key: "..." if key in FRESH and item is not None else plain(item)
            for key, item in value.items()
            if key not in ADDED
        }
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return "a date" if DATE.match(value) else re.sub(r"^https?://[^/]+", "", value)
    return value


def fill(value: Any, names: dict[str, Any]) -> Any:
    """Put what was saved by earlier steps where a step names it."""
    return re.sub(r"\$\{(\w+)\}", lambda match: str(names[match[1]]), value)


async def send(
    session: aiohttp.ClientSession, url: str, step: dict[str, Any], names: dict[str, Any]
) -> tuple[int, str, Any]:
    """Status, type and JSON of the answer to a step."""
    headers = {name: fill(value, names) for name, value in step.get("headers", {}).items()}
    if step.get("as"):
        headers["Authorization"] = basic(step["as"], step.get("password", PASSWORD))
    async with session.request(
        step["method"],
        url + fill(step["path"], names),
        params=step.get("query"),
        json=step.get("json"),
        headers=headers,
    ) as response:
        body = await response.read()
        answer = json.loads(body) if "json" in response.content_type else None
        kind = response.content_type if body else ""
        return response.status, kind, answer


@pytest.mark.parametrize("steps", conversations())
async def test_answers_are_those_of_a_real_server(
    server: Server, url: str, steps: list[dict[str, Any]]
) -> None:
    await restore(server)
    names: dict[str, Any] = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        for step in steps:
            status, kind, answer = await send(session, url, step, names)
            expected = step["expect"]
            said = f"{step['method']} {step['path']} as {step.get('as')}: {answer}"
            assert (status, kind) == (expected["status"], expected["type"]), said
            assert plain(answer) == plain(expected.get("json")), said
            for name, field in step.get("save", {}).items():
                names[name] = answer[field]
