"""How SQLite finds the rows of lists: never by looking at every task, job or annotation.

The server keeps no statistics for SQLite (no ANALYZE), so that its plans depend on the schema and
the question alone, and are here what they are over a hundred thousand jobs.
"""

from __future__ import annotations

import importlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import OrganizationContext, Subject
from cvat_lite.permissions.rules import Privilege, Role
from cvat_lite.store.database import connect, prepare
from cvat_lite.store.filters import Collection, Kind, ListQuery, select
from cvat_lite.store.filters.page import page_statement

LARGE = ("tasks", "jobs", "segments", "tags", "shapes", "tracks", "tracked_shapes", "intervals")
LISTS = (
    "projects",
    "tasks",
    "jobs",
    "labels",
    "issues",
    "comments",
    "reviews",
    "users",
    "organizations",
    "memberships",
    "invitations",
    "webhooks",
    "requests",
    "access_tokens",
)
WORKER = Subject(7, Privilege.WORKER, OrganizationContext(1, 2, Role.WORKER))
ANYWHERE = Subject(7, Privilege.WORKER, everywhere=True)
LONER = Subject(7, Privilege.USER)
MAINTAINER = Subject(7, Privilege.USER, OrganizationContext(1, 2, Role.MAINTAINER))
ADMINISTRATOR = Subject(7, Privilege.ADMIN, everywhere=True)
VALUES = {
    Kind.INTEGER: 3,
    Kind.TEXT: "a",
    Kind.BOOLEAN: True,
    Kind.DATE: "2026-01-01T00:00:00Z",
    Kind.REAL: 0.5,
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A store as the server makes it."""
    path: Path = tmp_path_factory.mktemp("plans") / "store"
    prepare(path)
    with connect(path) as connection:
        yield connection


def questions(collection: Collection) -> Iterator[ListQuery]:
    """All that a list offers to ask, one thing at a time, and some together."""
    yield ListQuery()
    yield ListQuery(page="3", page_size="100")
    yield ListQuery(search="a b")
    yield ListQuery(search="ж", sort=",".join(collection.ordering))
    for name in collection.simple:
        field = collection.fields[name]
        value = field.choices[0] if field.choices else str(VALUES[field.kind])
        yield ListQuery(simple={name: value})
    for name in collection.ordering:
        yield ListQuery(sort=name)
        yield ListQuery(sort=f"-{name}")
    for name in collection.filter:
        yield from (ListQuery(filter=json.dumps(rule)) for rule in rules(collection, name))


def rules(collection: Collection, name: str) -> Iterator[object]:
    """JSON logic about one field."""
    variable, value = {"var": name}, VALUES[collection.fields[name].kind]
    alike = {"==": [variable, value]}
    yield from (alike, {"!": alike}, {"!!": variable}, {"or": [alike, {"!": variable}]})
    yield from ({sign: [variable, value]} for sign in ("<", "<=", ">", ">="))
    yield {"<=": [value, variable, value]}
    yield {"in": [variable, [value, value]]}
    yield {"in": ["a", variable]}


def scanned(db: sqlite3.Connection, name: str, query: ListQuery, subject: Subject) -> set[str]:
    """The large tables that the page of a list is found in by looking at every row."""
    store = importlib.import_module(f"cvat_lite.store.{name}")
    selection = select(store.COLLECTION, query, engine.visible(subject, name))
    sql = page_statement(store.COLUMNS, store.FROM, selection)
    parameters = (*selection.parameters, *selection.parameters, selection.limit, selection.offset)
    steps = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    aliases = dict.fromkeys(LARGE) | {"t": "tasks", "j": "jobs", "s": "segments", "r": None}
    aliases["r"] = "jobs" if name == "jobs" else None
    found = (re.match(r"SCAN (\w+)", step) for step in steps)
    names = (match[1] for match in found if match)
    return {aliases[one] or one for one in names if one in LARGE or aliases.get(one)}


def offenders(db: sqlite3.Connection, name: str, subject: Subject) -> list[object]:
    """The questions of a list for which a large table is looked through."""
    store = importlib.import_module(f"cvat_lite.store.{name}")
    return [
        (query, found)
        for query in questions(store.COLLECTION)
        if (found := scanned(db, name, query, subject))
    ]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("subject", [WORKER, ANYWHERE, LONER], ids=["in", "everywhere", "alone"])
def test_no_list_of_a_worker_looks_at_every_task_job_or_annotation(db, name, subject):
    assert offenders(db, name, subject) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_maintainer_s_lists_look_at_their_organization_only(db, name):
    assert offenders(db, name, MAINTAINER) == []


def test_an_administrator_s_search_is_seen_to_look_at_every_task(db):
    assert scanned(db, "tasks", ListQuery(search="a"), ADMINISTRATOR) == {"tasks"}


def test_what_is_one_s_own_is_found_by_its_owner_and_not_by_the_organization(db):
    condition, parameters = engine.visible(WORKER, "jobs")
    plan = db.execute(
        f"EXPLAIN QUERY PLAN SELECT count(*) FROM jobs j WHERE {condition}", parameters
    )
    steps = [row["detail"] for row in plan]
    assert any("jobs_assignee" in step for step in steps)
    assert not any("jobs_organization" in step for step in steps)
