"""What the engine promises beside the tables."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import product

import pytest

from cvat_lite.errors import ForbiddenError
from cvat_lite.permissions import organizations
from cvat_lite.permissions.engine import allowed, authorize, recording, visible
from cvat_lite.permissions.facts import OrganizationContext, Resource, Subject, ownerships
from cvat_lite.permissions.registry import POLICIES
from cvat_lite.permissions.rows import ROWS
from cvat_lite.permissions.rules import Privilege, Role

USER = Subject(5, Privilege.USER)
ADMIN = Subject(1, Privilege.ADMIN)


def test_who_may_not_gets_the_forbidden_error():
    with pytest.raises(ForbiddenError):
        authorize(USER, "view", Resource("tasks"))
    authorize(USER, "view", Resource("tasks", ownerships=frozenset({"assignee"})))


@pytest.mark.parametrize(("namespace", "scope"), [("tasks", "fly"), ("planes", "view")])
def test_an_unknown_namespace_or_scope_is_a_mistake_even_for_an_administrator(namespace, scope):
    with pytest.raises(LookupError):
        allowed(ADMIN, scope, Resource(namespace))


def test_a_namespace_without_lists_has_no_condition():
    with pytest.raises(LookupError):
        visible(USER, "server")


def test_the_organization_of_the_thing_decides_and_not_that_of_the_request():
    org1 = OrganizationContext(1, 9, Role.MAINTAINER)
    here = Subject(5, Privilege.USER, org1)
    assert allowed(here, "view", Resource("tasks", 1, role=Role.MAINTAINER))
    assert not allowed(here, "view", Resource("tasks", 2, role=None))
    assert not allowed(here, "view", Resource("tasks"))
    for context in (USER, replace(USER, everywhere=True)):
        assert allowed(context, "view", Resource("tasks", 1, role=Role.MAINTAINER))


def test_a_thing_about_to_be_made_lies_in_the_context_of_the_request():
    org1 = OrganizationContext(1, 9, Role.SUPERVISOR)
    made = Resource.here(Subject(5, Privilege.USER, org1), "tasks")
    assert (made.organization_id, made.role) == (1, Role.SUPERVISOR)
    assert Resource.here(USER, "tasks").organization_id is None


def test_a_request_cannot_name_an_organization_and_none():
    with pytest.raises(ValueError, match="names an organization or"):
        Subject(5, Privilege.USER, OrganizationContext(1, 9, None), everywhere=True)


def test_nobody_owns_what_has_no_owner():
    assert ownerships(5, {"owner": None, "assignee": 5, "project:owner": 6}) == {"assignee"}


@pytest.mark.parametrize("role", [Role.OWNER, Role.MAINTAINER])
def test_nobody_changes_their_own_role_upwards_or_lays_down_ownership(role):
    own = Resource("memberships", 1, frozenset({"self"}), role, target_role=role)
    assert not allowed(USER, "change:role", own)


def test_an_administrator_cannot_remove_or_replace_the_owner_of_an_organization():
    owner = Resource("memberships", 1, target_role=Role.OWNER)
    assert not allowed(ADMIN, "delete", owner)
    assert not allowed(ADMIN, "change:role", owner)
    assert allowed(ADMIN, "delete", replace(owner, target_role=Role.MAINTAINER))


def test_access_tokens_are_private_even_to_administrators():
    theirs = Resource("access_tokens")
    assert not allowed(ADMIN, "view", theirs)
    assert allowed(ADMIN, "view", replace(theirs, ownerships=frozenset({"owner"})))
    assert allowed(ADMIN, "view", Resource("requests"))


def test_someone_without_a_group_has_no_access_tokens():
    assert not allowed(Subject(14, Privilege.NONE), "list", Resource("access_tokens"))


def test_a_role_is_what_one_owns_of_an_organization():
    for role, may in {Role.WORKER: False, Role.SUPERVISOR: False, Role.MAINTAINER: True}.items():
        assert allowed(USER, "view", organizations.resource(1, role))
        assert allowed(USER, "update", organizations.resource(1, role)) is may
    assert not allowed(USER, "view", organizations.resource(1, None))


def test_the_highest_group_counts_and_a_superuser_is_an_administrator():
    assert Privilege.of([]) is Privilege.NONE
    assert Privilege.of(["unknown"]) is Privilege.NONE
    assert Privilege.of(["worker", "user"]) is Privilege.USER
    assert Privilege.of(["worker"], is_superuser=True) is Privilege.ADMIN


def test_roles_are_known_by_their_wire_names():
    assert [Role.named(role.wire) for role in Role] == list(Role)
    with pytest.raises(ValueError, match="king"):
        Role.named("king")


@pytest.mark.parametrize("namespace", sorted(POLICIES))
def test_more_ownership_or_a_higher_role_never_takes_anything_away(namespace):
    for scope, rules in POLICIES[namespace].rules.items():
        names = sorted(frozenset[str]().union(*(rule.ownership for rule in rules)))
        for privilege, role, name in product(Privilege, Role, names):
            subject = Subject(5, privilege, analytics=True)
            some = Resource(namespace, 1, frozenset({name}), role, Role.WORKER)
            if not allowed(subject, scope, some):
                continue
            assert allowed(subject, scope, replace(some, ownerships=frozenset(names)))
            for higher in (other for other in Role if other > role):
                assert allowed(subject, scope, replace(some, role=higher))


@pytest.mark.parametrize("namespace", sorted(ROWS))
def test_every_ownership_that_lets_one_see_a_row_can_be_asked_of_the_store(namespace):
    rules = POLICIES[namespace].of("view")
    assert frozenset[str]().union(*(rule.ownership for rule in rules)) <= set(ROWS[namespace].owned)


def test_what_was_asked_is_recorded_in_the_block_and_not_after_it():
    with recording() as asked:
        allowed(USER, "list", Resource("tasks"))
        visible(USER, "tasks")
    allowed(USER, "view", Resource("jobs"))
    assert asked == [("tasks", "list"), ("tasks", "view")]


async def test_what_a_started_task_asks_is_recorded_and_a_sister_request_is_not():
    async def serve(namespace):
        with recording() as asked:
            await asyncio.create_task(ask(namespace))
        return asked

    async def ask(namespace):
        await asyncio.sleep(0)
        allowed(USER, "view", Resource(namespace))

    both = await asyncio.gather(serve("tasks"), serve("jobs"))
    assert both == [[("tasks", "view")], [("jobs", "view")]]
