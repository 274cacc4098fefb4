"""Who was invited before having an account gets it, and the invitation, by registering."""

from __future__ import annotations

from tests.api.people import acting_as, add_user
from tests.client import Api

STRONG = "a long and odd phrase 7"


def newcomer(email: str, **more: str) -> dict[str, str]:
    """A registration."""
    return {
        "username": "nina01",
        "email": email,
        "password1": STRONG,
        "password2": STRONG,
        "first_name": "N",
        "last_name": "N",
        **more,
    }


async def test_registering_takes_over_the_account_of_an_invitation(
    server, url: str, nobody: Api
) -> None:
    await add_user(server, "ann")
    async with acting_as(url, "ann") as ann:
        await ann.post("/organizations", {"slug": "zoo"})
        body = {"role": "supervisor", "email": "nina@example.org"}
        made = await ann.post("/invitations", body, params={"org": "zoo"})
    await nobody.post("/auth/register", newcomer("nina@example.org"))
    async with Api(url, ("nina01", STRONG)) as nina:
        me = await nina.get("/users/self")
        assert (me["username"], me["id"]) == ("nina01", made["user"]["id"])
        members = await nina.get("/memberships", params={"org": "zoo", "search": "nina01"})
        assert [one["role"] for one in members["results"]] == ["supervisor"]
    await nobody.post("/auth/register", newcomer("nina@example.org", username="thief"), expect=400)


async def test_an_account_that_somebody_uses_is_not_taken_over(server, nobody: Api) -> None:
    await add_user(server, "bob")
    await nobody.post("/auth/register", newcomer("bob@example.org"), expect=400)
