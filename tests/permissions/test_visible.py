"""The condition for lists agrees with the answer for each single thing."""

from __future__ import annotations

import sqlite3
from functools import cache
from itertools import product
from pathlib import Path

import pytest

import cvat_lite.store.migrations
from cvat_lite.permissions.engine import allowed, visible
from cvat_lite.permissions.facts import OrganizationContext, Subject
from cvat_lite.permissions.registry import POLICIES
from cvat_lite.permissions.rows import ROWS
from cvat_lite.permissions.rules import Privilege, Role

from .answers import LISTED, named, resource
from .population import USERS, generate

MIGRATIONS = sorted(Path(cvat_lite.store.migrations.__path__[0]).glob("*.sql"))
WITHOUT_CONTEXT = {"organizations", "requests", "access_tokens"}
EVERYWHERE, PERSONAL, ORGANIZATIONS = "everywhere", "personal", (1, 2, 3)
population = cache(generate)


def subjects(people):
    """Everybody, in every group, asking from everywhere, the sandbox and each organization."""
    for user_id, privilege in product(USERS, Privilege):
        yield EVERYWHERE, Subject(user_id, privilege, everywhere=True)
        yield PERSONAL, Subject(user_id, privilege)
        for organization_id in ORGANIZATIONS:
            role = named(people.role(user_id, organization_id))
            owner = people.get("organizations", organization_id)["owner_id"]
            context = OrganizationContext(organization_id, owner, role)
            yield organization_id, Subject(user_id, privilege, context)


def test_every_list_is_tested():
    assert set(LISTED) == set(ROWS)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("namespace", sorted(LISTED))
def test_a_list_shows_exactly_what_its_context_lets_one_view(namespace, seed):
    people = population(seed)
    table, _ = LISTED[namespace]
    for context, subject in subjects(people):
        expected = {
            key for key in people.tables[table] if belongs(people, namespace, key, context, subject)
        }
        assert listed(people, namespace, subject) == expected, (context, subject)


@pytest.mark.parametrize("namespace", sorted(LISTED))
def test_what_is_listed_may_be_viewed(namespace):
    people = population(3)
    seen = 0
    for _, subject in subjects(people):
        for key in listed(people, namespace, subject):
            assert allowed(subject, "view", resource(people, namespace, key, subject))
            seen += 1
    assert seen > len(USERS)


def listed(people, namespace, subject):
    """The keys that the database finds."""
    table, alias = LISTED[namespace]
    condition, parameters = visible(subject, namespace)
    key = ROWS[namespace].key
    query = f"SELECT {key} FROM {table} {alias} WHERE {condition}"
    found = [key for (key,) in people.database.execute(query, parameters)]
    assert len(found) == len(set(found))
    return set(found)


def belongs(people, namespace, key, context, subject):
    """Whether the row is in the list by the engine's answer and the meaning of the contexts."""
    thing = resource(people, namespace, key, subject)
    if not allowed(subject, "view", thing):
        return False
    if namespace in WITHOUT_CONTEXT:
        master = subject.privilege is Privilege.ADMIN and namespace == "organizations"
        return master or bool(thing.ownerships)
    if namespace == "users":
        return context in (EVERYWHERE, PERSONAL) or thing.target_role is not None
    if context == EVERYWHERE:
        return subject.privilege is Privilege.ADMIN or bool(thing.ownerships)
    return thing.organization_id == (None if context == PERSONAL else context)


def test_leaving_an_organization_takes_its_things_from_all_lists():
    people = generate(0)
    user_id, organization_id = next(
        (row["owner_id"], row["organization_id"])
        for row in people.tables["tasks"].values()
        if row["owner_id"] and people.role(row["owner_id"], row["organization_id"])
    )
    subject = Subject(user_id, Privilege.USER, everywhere=True)
    before = listed(people, "tasks", subject)
    people.database.execute("DELETE FROM memberships WHERE user_id = ?", (user_id,))
    gone = before - listed(people, "tasks", subject)
    assert gone
    assert {people.get("tasks", key)["organization_id"] for key in gone} >= {organization_id}
    assert None not in {people.get("tasks", key)["organization_id"] for key in gone}


@pytest.mark.parametrize("namespace", ["tasks", "jobs", "projects", "labels", "issues", "comments"])
@pytest.mark.parametrize("asker", ["worker", "maintainer", "everywhere", "personal"])
def test_lists_are_found_by_index(namespace, asker):
    database = sqlite3.connect(":memory:")
    for migration in MIGRATIONS:
        database.executescript(migration.read_text())
    subject = {
        "worker": Subject(5, Privilege.WORKER, OrganizationContext(1, 2, Role.WORKER)),
        "maintainer": Subject(5, Privilege.USER, OrganizationContext(1, 2, Role.MAINTAINER)),
        "everywhere": Subject(5, Privilege.USER, everywhere=True),
        "personal": Subject(5, Privilege.USER),
    }[asker]
    table, alias = LISTED[namespace]
    condition, parameters = visible(subject, namespace)
    query = f"EXPLAIN QUERY PLAN SELECT {alias}.id FROM {table} {alias} WHERE {condition}"
    plan = [row[3] for row in database.execute(query, parameters)]
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
    # An organization's maintainers may see every remark there is: remarks are walked for them.
    walked = {alias} if asker == "maintainer" and namespace in ("issues", "comments") else set()
    assert scanned <= walked, plan


def test_every_listed_namespace_has_a_view_scope():
    assert all("view" in POLICIES[namespace].rules for namespace in ROWS)
