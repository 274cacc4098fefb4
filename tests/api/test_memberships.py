"""Memberships: listed, given other roles, ended."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.people import acting_as, add_user
from tests.client import Api


class Team:
    """An organization of ann (owner), mia (maintainer), sue (supervisor), wim and wes (workers)."""

    def __init__(self, ann: Api, url: str) -> None:
        self.ann = ann
        self.url = url
        self.id = 0
        self.members: dict[str, int] = {}

    def acting_as(self, name: str) -> Api:
        """A client of a member."""
        return acting_as(self.url, name)


@pytest.fixture
async def team(server, url) -> AsyncIterator[Team]:
    """The organization."""
    for name in ("ann", "mia", "sue", "wim", "wes", "eve"):
        await add_user(server, name)
    async with acting_as(url, "ann") as ann:
        team = Team(ann, url)
        team.id = (await ann.post("/organizations", {"slug": "team"}))["id"]
        roles = {"mia": "maintainer", "sue": "supervisor", "wim": "worker", "wes": "worker"}
        for name, role in roles.items():
            body = {"role": role, "email": f"{name}@example.org"}
            await ann.post("/invitations", body, params={"org": "team"})
        listed = await ann.get("/memberships", params={"org": "team"})
        team.members = {one["user"]["username"]: one["id"] for one in listed["results"]}
        yield team


async def test_members_see_each_other_and_strangers_see_nobody(team: Team) -> None:
    async with team.acting_as("wim") as wim:
        listed = await wim.get("/memberships", params={"org": "team", "sort": "id"})
        assert [(one["user"]["username"], one["role"]) for one in listed["results"]] == [
            ("ann", "owner"),
            ("mia", "maintainer"),
            ("sue", "supervisor"),
            ("wim", "worker"),
            ("wes", "worker"),
        ]
        one = await wim.get(f"/memberships/{team.members['mia']}")
        assert one["organization"] == team.id
        own = await wim.get("/memberships")
        assert [one["user"]["username"] for one in own["results"]] == ["wim"]
    async with team.acting_as("eve") as eve:
        await eve.get("/memberships", params={"org": "team"}, expect=403)
        await eve.get(f"/memberships/{team.members['mia']}", expect=403)
        await eve.get("/memberships/999", expect=404)


async def test_memberships_are_filtered_by_role_and_searched_by_user(team: Team) -> None:
    workers = await team.ann.get("/memberships", params={"org": "team", "role": "worker"})
    assert workers["count"] == 2
    found = await team.ann.get("/memberships", params={"org": "team", "search": "SUE"})
    assert [one["user"]["username"] for one in found["results"]] == ["sue"]
    error = await team.ann.get("/memberships", params={"role": "king"}, expect=400)
    assert list(error) == ["role"]


async def test_the_owner_gives_any_role(team: Team) -> None:
    path = f"/memberships/{team.members['wim']}"
    for role in ("supervisor", "maintainer", "owner"):
        assert (await team.ann.patch(path, {"role": role}))["role"] == role


async def test_a_maintainer_gives_only_roles_below_the_own(team: Team) -> None:
    path = f"/memberships/{team.members['wim']}"
    async with team.acting_as("mia") as mia:
        assert (await mia.patch(path, {"role": "supervisor"}))["role"] == "supervisor"
        await mia.patch(path, {"role": "maintainer"}, expect=403)
        await mia.patch(path, {"role": "owner"}, expect=403)
        await mia.patch(f"/memberships/{team.members['mia']}", {"role": "owner"}, expect=403)
        await mia.patch(f"/memberships/{team.members['ann']}", {"role": "worker"}, expect=403)


async def test_a_worker_gives_no_role_not_even_to_the_own_account(team: Team) -> None:
    async with team.acting_as("wim") as wim:
        await wim.patch(f"/memberships/{team.members['wim']}", {"role": "supervisor"}, expect=403)
        await wim.patch(f"/memberships/{team.members['wes']}", {"role": "supervisor"}, expect=403)


async def test_a_role_that_does_not_exist_is_refused(team: Team) -> None:
    path = f"/memberships/{team.members['wim']}"
    error = await team.ann.patch(path, {"role": "king"}, expect=400)
    assert error == {"role": ['"king" is not a valid choice.']}


async def test_a_member_leaves_and_sees_the_organization_no_more(team: Team) -> None:
    async with team.acting_as("wim") as wim:
        await wim.delete(f"/memberships/{team.members['wim']}")
        await wim.get(f"/organizations/{team.id}", expect=403)
    await team.ann.get(f"/memberships/{team.members['wim']}", expect=404)


async def test_a_maintainer_removes_workers_but_no_other_maintainer_and_not_the_owner(
    team: Team,
) -> None:
    await team.ann.patch(f"/memberships/{team.members['sue']}", {"role": "maintainer"})
    async with team.acting_as("mia") as mia:
        await mia.delete(f"/memberships/{team.members['wim']}")
        await mia.delete(f"/memberships/{team.members['sue']}", expect=403)
        await mia.delete(f"/memberships/{team.members['ann']}", expect=403)


async def test_the_owner_cannot_leave(team: Team) -> None:
    await team.ann.delete(f"/memberships/{team.members['ann']}", expect=403)
    await team.ann.patch(f"/memberships/{team.members['ann']}", {"role": "worker"}, expect=403)


async def test_another_holder_of_the_owners_role_does_not_dissolve_the_organization(
    team: Team,
) -> None:
    await team.ann.patch(f"/memberships/{team.members['sue']}", {"role": "owner"})
    async with team.acting_as("sue") as sue:
        await sue.patch(f"/organizations/{team.id}", {"name": "Renamed"})
        await sue.delete(f"/organizations/{team.id}", expect=403)
    await team.ann.delete(f"/organizations/{team.id}")
