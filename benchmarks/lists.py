"""Every list of the API, with every filter, sort and search field it offers, on a full store.

What a list offers is read from its collection, and the values asked for from the rows that the
asker sees, so that a new field is measured as soon as it is there.
"""

from __future__ import annotations

import gc
import http.client
import json
import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

from benchmarks import population
from benchmarks.server import PASSWORD, processor, running
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import OrganizationContext, Subject
from cvat_lite.permissions.rules import Privilege, Role
from cvat_lite.store import (
    access_tokens,
    comments,
    growth,
    invitations,
    issues,
    jobs,
    labels,
    memberships,
    organizations,
    projects,
    requests,
    reviews,
    tasks,
    users,
    webhook_deliveries,
    webhooks,
)
from cvat_lite.store.filters import Field, Kind

CALLS = 20
TARGET = 0.050
#: Asked for where no row has a value.
NOTHING: dict[Kind, str | int] = {
    Kind.TEXT: "nothing",
    Kind.DATE: "2024-01-01T00:00:00Z",
    Kind.BOOLEAN: 1,
}

Question = dict[str, str]


@dataclass(frozen=True)
class List:
    """A list: its path, the store module of its collection, the namespace that tells who sees.

    Without a namespace it is asked for as if everything could be seen.
    """

    path: str
    module: ModuleType
    namespace: str | None


@dataclass(frozen=True)
class Asker:
    """Who asks: a title, the API token, what the query says of the organization, the rights."""

    title: str
    token: str
    where: Question
    subject: Subject


LISTS = (
    List("/projects", projects, "projects"),
    List("/tasks", tasks, "tasks"),
    List("/jobs", jobs, "jobs"),
    List("/labels", labels, "labels"),
    List("/issues", issues, "issues"),
    List("/comments", comments, "comments"),
    List("/reviews", reviews, "reviews"),
    List("/users", users, "users"),
    List("/organizations", organizations, "organizations"),
    List("/memberships", memberships, "memberships"),
    List("/invitations", invitations, "invitations"),
    List("/webhooks", webhooks, "webhooks"),
    List("/requests", requests, "requests"),
    List("/auth/access_tokens", access_tokens, "access_tokens"),
    List("/growth", growth, None),
)
#: Lists whose path names something, one for each asker that may see it.
NESTED = (
    ("/tasks/{}/jobs", jobs, "SELECT max(t.id) FROM tasks t WHERE {}", "tasks"),
    (
        "/webhooks/{}/deliveries",
        webhook_deliveries,
        "SELECT max(w.id) FROM webhooks w WHERE {}",
        "webhooks",
    ),
)


def within(user: int, privilege: Privilege, role: Role | None) -> Subject:
    """Somebody who asks in the measured organization."""
    place = OrganizationContext(population.ORGANIZATION, population.OWNER, role)
    return Subject(user, privilege, place)


ORG: Question = {"org": population.SLUG}
ASKERS = (
    Asker("worker", "annotator", ORG, within(population.WORKER, Privilege.WORKER, Role.WORKER)),
    Asker(
        "worker, everywhere",
        "annotator",
        {},
        Subject(population.WORKER, Privilege.WORKER, everywhere=True),
    ),
    Asker(
        "maintainer",
        "maintainer",
        ORG,
        within(population.MAINTAINER, Privilege.USER, Role.MAINTAINER),
    ),
    Asker("sandbox", "loner", {"org": ""}, Subject(population.LONER, Privilege.USER)),
    Asker(
        "administrator",
        "admin",
        {},
        Subject(population.ADMINISTRATOR, Privilege.ADMIN, everywhere=True),
    ),
)


class Connection:
    """One keep-alive connection of one asker."""

    def __init__(self, port: int, asker: Asker) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.asker = asker

    def ask(self, path: str, question: Question) -> tuple[float, int]:
        """The seconds until the whole answer was there, and how many rows it counts."""
        where = f"/api{path}?{urlencode({**self.asker.where, **question})}"
        begun = time.perf_counter()
        self.connection.request(
            "GET", where, headers={"Authorization": f"Token {self.asker.token}"}
        )
        response = self.connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - begun
        if response.status != 200:
            raise RuntimeError(f"{where}: {response.status} {body[:300]!r}")
        return seconds, json.loads(body)["count"]


def samples(db: sqlite3.Connection, one: List, subject: Subject) -> dict[str, str | int | float]:
    """A value of each field, from the middle of the rows that the asker sees."""
    condition, parameters = engine.visible(subject, one.namespace) if one.namespace else ("1", ())
    where = f"FROM {one.module.FROM} WHERE {condition}"
    count = db.execute(f"SELECT count(*) {where}", parameters).fetchone()[0]
    found: dict[str, str | int | float] = {}
    for name, field in one.module.COLLECTION.fields.items():
        row = db.execute(
            f"SELECT {field.sql} {where} AND {field.sql} IS NOT NULL AND {field.sql} != '' "
            "LIMIT 1 OFFSET ?",
            (*parameters, count // 3),
        ).fetchone()
        found[name] = row[0] if row else NOTHING.get(field.kind, 7)
    return found


def questions(one: List, values: dict[str, str | int | float]) -> Iterator[Question]:
    """All that the list may be asked, one field at a time, and some things together."""
    collection = one.module.COLLECTION
    yield {}
    yield {"page_size": "100"}
    for name in collection.simple:
        field = collection.fields[name]
        value = str(values[name])
        yield {name: field.choices[0] if field.choices and value == "nothing" else value}
    for name in collection.filter:
        for rule in rules(name, collection.fields[name], values[name]):
            yield {"filter": json.dumps(rule)}
    for name in collection.ordering:
        yield {"sort": name}
        yield {"sort": f"-{name}"}
    if collection.ordering:
        yield {"sort": ",".join(collection.ordering[::-1])}
    if collection.search:
        for word in ("street", "user01", "e", "Олег", "no such words"):
            yield {"search": word}
        last = collection.ordering[-1]
        yield {"search": "e", "sort": f"-{last}"}
    if len(collection.filter) > 1:
        first, second = collection.filter[0], collection.filter[-1]
        both = [{"==": [{"var": name}, values[name]]} for name in (first, second)]
        yield {"filter": json.dumps({"or": both})}
        yield {"filter": json.dumps({"and": [{"!": both[0]}, both[1]]})}


def rules(name: str, field: Field, value: str | float) -> Iterator[object]:
    """JSON logic about one field."""
    variable = {"var": name}
    if field.kind is Kind.BOOLEAN:
        value = bool(value)
    yield {"==": [variable, value]}
    yield {"!": {"==": [variable, value]}}
    yield {"!!": variable}
    yield {"in": [variable, [value, value]]}
    yield {"<=": [variable, value]}
    yield {">": [variable, value]}
    yield {"<=": [value, variable, value]}
    if field.kind is Kind.TEXT:
        yield {"in": [str(value)[:3], variable]}


def percentile(times: list[float], part: float) -> float:
    """The smallest time that this part of the times does not exceed."""
    return sorted(times)[math.ceil(part * len(times)) - 1]


@dataclass
class Worst:
    """What has been measured of one list."""

    asked: int = 0
    slow: int = 0
    p50: float = 0.0
    p95: float = 0.0
    busiest: float = 0.0
    question: str = ""
    rows: int = 0

    def add(self, question: Question, times: list[float], rows: int, work: float) -> None:
        """Take in the times of one question, and the processor time of an answer."""
        self.asked += 1
        self.busiest = max(self.busiest, work)
        middle, high = percentile(times, 0.5), percentile(times, 0.95)
        self.slow += high >= TARGET
        if high > self.p95:
            self.p50, self.p95, self.rows = middle, high, rows
            self.question = " ".join(f"{name}={value}" for name, value in question.items()) or "-"


def measure(connection: Connection, pid: int, path: str, asked: Iterator[Question]) -> Worst:
    """Ask each question many times."""
    worst = Worst()
    gc.disable()
    for question in asked:
        connection.ask(path, question)
        before = processor(pid)
        answers = [connection.ask(path, question) for _ in range(CALLS)]
        work = (processor(pid) - before) / CALLS
        worst.add(question, [seconds for seconds, _ in answers], answers[0][1], work)
    gc.enable()
    return worst


def paths(db: sqlite3.Connection, subject: Subject) -> Iterator[tuple[str, List]]:
    """The lists, and those that stand under something that the asker sees."""
    for one in LISTS:
        yield one.path, one
    for path, module, sql, namespace in NESTED:
        condition, parameters = engine.visible(subject, namespace)
        row = db.execute(sql.format(condition), parameters).fetchone()
        if row[0] is not None:
            known = "jobs" if module is jobs else None
            yield path.format(row[0]), List(path, module, known)


def lists(share: Path) -> None:
    """Fill a store, then ask every list everything, as five different people."""
    directory = share / "data"
    population.fill(directory, PASSWORD)
    with running(data=directory) as (client, pid, _):
        report(client.connection.port, pid, directory / "cvat_lite.sqlite3")


def report(port: int, pid: int, store: Path) -> None:
    """A table: for each asker and list the slowest question.

    ``processor`` is the most that an answer to some question takes of it, on average: unlike the
    times it hardly depends on what else the machine is doing.
    """
    print("| who | list | questions | over 50 ms | p50 | p95 | processor | rows | the slowest |")
    print("|---|---|---|---|---|---|---|---|---|")
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as db:
        for asker in ASKERS:
            connection = Connection(port, asker)
            for path, one in paths(db, asker.subject):
                values = samples(db, one, asker.subject)
                worst = measure(connection, pid, path, questions(one, values))
                print(
                    f"| {asker.title} | {one.path} | {worst.asked} | {worst.slow} "
                    f"| {worst.p50 * 1e3:.1f} ms | {worst.p95 * 1e3:.1f} ms "
                    f"| {worst.busiest * 1e3:.1f} ms | {worst.rows:,} "
                    f"| `{worst.question}` |",
                    flush=True,
                )
