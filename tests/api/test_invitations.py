"""Invitations: sent, accepted, declined, sent again, withdrawn."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator

import pytest

from tests.api.people import acting_as, add_user
from tests.client import Api

TEAM = {"org": "team"}


@pytest.fixture
async def ann(server, url) -> AsyncIterator[Api]:
    """A client of the owner of an organization; bob and eve are in none."""
    for name in ("ann", "bob", "eve"):
        await add_user(server, name)
    async with acting_as(url, "ann") as ann:
        await ann.post("/organizations", {"slug": "team"})
        yield ann


@pytest.fixture
async def bob(ann: Api, url: str) -> AsyncIterator[Api]:
    """A client of somebody to invite."""
    async with acting_as(url, "bob") as bob:
        yield bob


async def invite(api: Api, name: str = "bob", role: str = "worker", expect: int = 201) -> dict:
    """Invite somebody into the organization."""
    body = {"role": role, "email": f"{name}@example.org"}
    return await api.post("/invitations", body, params=TEAM, expect=expect)


async def test_the_invited_are_members_at_once(ann: Api, bob: Api) -> None:
    made = await invite(ann)
    assert len(made["key"]) == 64
    assert (made["accepted"], made["expired"]) == (True, None)
    assert made["user"]["username"] == "bob"
    assert made["owner"]["username"] == "ann"
    assert made["organization_info"] == {"id": made["organization"], "slug": "team"}
    assert await bob.get(f"/invitations/{made['key']}") == made
    await bob.get(f"/organizations/{made['organization']}")
    error = await bob.post(f"/invitations/{made['key']}/accept", expect=400)
    assert error == "Your invitation is already accepted."


async def test_nobody_is_invited_twice(ann: Api) -> None:
    await invite(ann)
    error = await invite(ann, expect=400)
    assert error == ["The user is a member of the organization already."]


async def test_who_has_no_account_gets_one_without_a_password(ann: Api, url: str) -> None:
    made = await invite(ann, "new")
    assert made["user"]["username"] == "new@example.org"
    async with Api(url, ("new@example.org", "!")) as stranger:
        await stranger.get("/memberships", expect=401)


async def test_wrong_invitations_are_refused(ann: Api, bob: Api) -> None:
    assert await invite(ann, role="king", expect=400) == {"role": ['"king" is not a valid choice.']}
    bad = await ann.post("/invitations", {"role": "worker", "email": "x"}, expect=400)
    assert bad == {"email": ["Enter a valid email address."]}
    empty = await ann.post("/invitations", {}, expect=400)
    assert empty == {"role": ["This field is required."], "email": ["This field is required."]}
    await invite(ann, role="owner", expect=403)
    await invite(bob, "eve", expect=403)
    await ann.post("/invitations", {"role": "worker", "email": "eve@example.org"}, expect=403)


async def test_an_administrator_cannot_invite_to_nowhere(api: Api, ann: Api) -> None:
    await api.post("/invitations", {"role": "worker", "email": "eve@example.org"}, expect=403)
    await invite(api, "eve")


async def test_only_the_owner_invites_maintainers(ann: Api, bob: Api) -> None:
    await invite(ann, "bob", "maintainer")
    await invite(bob, "eve", "maintainer", expect=403)
    await invite(bob, "eve", "supervisor")


async def test_a_stranger_learns_nothing_of_an_invitation(ann: Api, bob: Api, url: str) -> None:
    made = await invite(ann)
    async with acting_as(url, "eve") as eve:
        for method, path in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/accept"),
            ("POST", "/decline"),
            ("POST", "/resend"),
        ):
            await eve.call(method, f"/invitations/{made['key']}{path}", expect=403)
        missing = await eve.get("/invitations/nothing", expect=404)
    assert missing == {"detail": "No Invitation matches the given query."}


async def test_a_withdrawn_invitation_leaves_a_member_in(ann: Api, bob: Api) -> None:
    made = await invite(ann)
    await ann.delete(f"/invitations/{made['key']}")
    await bob.get(f"/organizations/{made['organization']}")


class TestConfirmed:
    """With ``confirm_invitations`` people answer before they are members."""

    @pytest.fixture
    def config(self, config):
        return dataclasses.replace(config, confirm_invitations=True)

    async def test_the_web_client_finds_the_invitations_to_answer(
        self, ann: Api, bob: Api, server
    ) -> None:
        made = await invite(ann)
        assert (made["accepted"], made["expired"]) == (False, False)
        user = str(made["user"]["id"])
        rule = {
            "and": [
                {"==": [{"var": "user_id"}, user]},
                {"==": [{"var": "accepted"}, False]},
            ]
        }
        found = await bob.get("/invitations", params={"filter": json.dumps(rule)})
        assert [one["key"] for one in found["results"]] == [made["key"]]
        await bob.get(f"/organizations/{made['organization']}", expect=403)

    async def test_who_accepts_is_a_member(self, ann: Api, bob: Api) -> None:
        made = await invite(ann)
        joined = await bob.post(f"/invitations/{made['key']}/accept", expect=200)
        assert joined == {"organization_slug": "team"}
        await bob.get(f"/organizations/{made['organization']}")
        again = await ann.post(f"/invitations/{made['key']}/resend", expect=400)
        assert again == "This invitation is already accepted."

    async def test_who_declines_can_be_invited_again(self, ann: Api, bob: Api) -> None:
        made = await invite(ann)
        await bob.post(f"/invitations/{made['key']}/decline", expect=204)
        await bob.get(f"/invitations/{made['key']}", expect=404)
        assert (await ann.get("/memberships", params=TEAM))["count"] == 1
        await invite(ann)

    async def test_a_withdrawn_invitation_cannot_be_accepted(self, ann: Api, bob: Api) -> None:
        made = await invite(ann)
        await ann.delete(f"/invitations/{made['key']}")
        await bob.post(f"/invitations/{made['key']}/accept", expect=404)
        await invite(ann)

    async def test_an_invitation_expires_until_it_is_sent_again(
        self, ann: Api, bob: Api, server
    ) -> None:
        made = await invite(ann)
        async with server.database.writing() as db:
            await db.execute("UPDATE invitations SET sent_date = '2020-01-01T00:00:00.000000Z'")
        assert (await bob.get(f"/invitations/{made['key']}"))["expired"] is True
        error = await bob.post(f"/invitations/{made['key']}/accept", expect=400)
        assert "expired" in error
        await ann.post(f"/invitations/{made['key']}/resend", expect=204)
        await bob.post(f"/invitations/{made['key']}/accept", expect=200)

    async def test_the_log_says_where_to_answer(self, ann: Api, caplog) -> None:
        made = await invite(ann)
        assert made["key"] in caplog.text
        assert "bob@example.org is invited to the organization team" in caplog.text
