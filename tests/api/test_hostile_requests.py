"""Requests that no client makes, and that are refused without a fault of the server."""

from __future__ import annotations

import pytest

from tests.client import Api

PART = b'--x\r\nContent-Disposition: form-data; name="a\x17b"\r\n\r\n1\r\n--x--\r\n'


async def test_no_organization_has_a_number_that_the_store_cannot_hold(api: Api) -> None:
    number = "9999999999999999999"
    answer = await api.get(f"/requests?org_id={number}", expect=404)
    assert answer == {"detail": f"{number} organization does not exist."}


@pytest.mark.parametrize("path", ["/assets", "/auth/register", "/projects"])
async def test_a_form_whose_part_has_malformed_headers_is_refused(api: Api, path: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await api.post(path, data=PART, headers=headers, expect=400)
    assert answer["detail"].startswith("Multipart form parse error")
