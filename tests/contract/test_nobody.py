"""What is not public is refused to who does not say who it is, or proves it wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cvat_lite.config import Config
from tests.api.test_tasks import make_task
from tests.client import Api, basic
from tests.openapi_check import checks

#: What anybody may call: what logs in and out, and what tells which server this is.
PUBLIC = {
    "auth_create_login",
    "auth_create_logout",
    "auth_create_password_reset",
    "auth_create_password_reset_confirm",
    "auth_create_register",
    "auth_retrieve_rules",
    "schema_retrieve",
    "server_retrieve_about",
    "server_retrieve_health",
}
FILE_ID = "1_00000000-0000-0000-0000-000000000000"
WRONG = [
    {},
    {"Authorization": basic("admin", "wrong")},
    {"Authorization": "Token wrong"},
    {"Authorization": "Bearer wrong"},
    {"Cookie": "sessionid=wrong; csrftoken=wrong", "X-CSRFToken": "wrong"},
]


@pytest.fixture
def config(config: Config) -> Config:
    """A server that lets wrong passwords be tried as often as one likes."""
    return replace(config, rate_limit_per_minute=0)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of everything that the document describes."""
    return [
        (method.upper(), path, operation)
        for path, described in checks().document["paths"].items()
        for method, operation in described.items()
    ]


def test_what_is_public_is_listed() -> None:
    public = {one["operationId"] for _, _, one in operations() if {} in one["security"]}
    assert sorted(public) == sorted(PUBLIC)


@pytest.mark.parametrize("headers", WRONG, ids=["nothing", "password", "key", "token", "session"])
async def test_nobody_may_call_the_rest(api: Api, nobody: Api, headers: dict[str, str]) -> None:
    await make_task(api, 1)
    for method, path, operation in operations():
        if operation["operationId"] in PUBLIC:
            continue
        where = path.removeprefix("/api").replace("{id}", "1").replace("{file_id}", FILE_ID)
        where = where.replace("{", "").replace("}", "")
        await nobody.call(method, where, expect=401, headers=headers)
