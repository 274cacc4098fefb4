"""The check that all answers in the tests pass finds what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.openapi_check import checks

JSON = "application/vnd.cvat+json"
ABOUT = {"name": "n", "description": "d", "version": "v", "logo_url": "http://h/l", "subtitle": "s"}


def check(status: int, body: Any, kind: str = JSON, path: str = "/api/server/about") -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    checks().check("GET", path, status, kind, data)


def test_what_is_documented_passes() -> None:
    check(200, ABOUT)
    check(200, ABOUT, path="/api/server/about/")
    check(400, {"name": ["This field is required."]})
    check(403, {"detail": "No."})
    check(405, b"")
    check(304, b"")
    check(299, b"", path="/api/no/such/path")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (299, ABOUT),
        (200, b""),
        (200, {**ABOUT, "more": 1}),
        (200, {**ABOUT, "version": None}),
        (200, {**ABOUT, "version": 2}),
        (200, {name: ABOUT[name] for name in ABOUT if name != "version"}),
        (403, {"error": "No."}),
        (304, ABOUT),
    ],
)
def test_a_status_or_a_body_that_is_not_documented_fails(status: int, body: Any) -> None:
    with pytest.raises(AssertionError, match="server_retrieve_about answered"):
        check(status, body)


def test_another_type_fails() -> None:
    with pytest.raises(AssertionError, match="text/html"):
        check(200, b"<html>", "text/html")


def test_a_path_without_a_variable_goes_before_one_with() -> None:
    operation = checks().operation("GET", "/api/users/self")
    assert operation is not None
    assert operation["operationId"] == "users_retrieve_self"


def test_null_dates_and_values_of_enumerations_are_looked_at() -> None:
    request = {
        "status": "queued",
        "id": "1",
        "operation": {"type": "export", "target": "task"},
        "created_date": "2026-01-01T00:00:00.000000Z",
        "started_date": None,
        "owner": None,
    }
    path = "/api/requests/1"
    check(200, request, path=path)
    for wrong in ({"status": "lost"}, {"created_date": "today"}, {"created_date": None}):
        with pytest.raises(AssertionError):
            check(200, {**request, **wrong}, path=path)
