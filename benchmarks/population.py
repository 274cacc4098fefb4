"""A store full of rows, made straight in SQL: what a large organization has after some years.

10,000 tasks with 100,000 jobs and 1,000 users: eight tasks in ten are one organization's, the
rest another's and of no organization at all. Everything is drawn from one seed, so that two runs
ask the same questions of the same rows.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from cvat_lite.domain import passwords
from cvat_lite.store.database import connect, prepare

USERS = 1_000
PROJECTS = 200
TASKS = 10_000
JOBS_PER_TASK = 10
LABELS_PER_PROJECT = 20
LABELS_PER_TASK = 4
ISSUES = 20_000
COMMENTS = 60_000
REVIEWS = 10_000
REQUESTS = 20_000
WEBHOOKS = 200
DELIVERIES = 100
EVENTS, SHAPES = 100_000, 200_000

#: The organization whose lists are measured, and another one.
ORGANIZATION, ANOTHER = 1, 2
SLUG = "large"
#: Who asks. An API token is the user's name.
ADMINISTRATOR, OWNER, MAINTAINER, WORKER, LONER = 1, 2, 3, 4, 5
NAMES = {1: "admin", 2: "owner", 3: "maintainer", 4: "annotator", 5: "loner"}
#: The first of the users who work for the organization, and the first who do not.
FIRST, OUTSIDE = 6, 701
#: Of the organization's jobs, tasks and issues one in so many is the measured worker's.
JOB_SHARE, TASK_SHARE, ISSUE_SHARE = 80, 160, 100

STAGES = ("annotation", "annotation", "annotation", "validation", "acceptance")
STATES = ("new", "new", "in progress", "completed", "rejected")
SUBSETS = ("", "Train", "Validation", "Test")
WORDS = ("street", "harbour", "field", "tunnel", "bridge", "market", "forest", "station")


def fill(directory: Path, password: str) -> None:
    """Make the store of a data directory; ``password`` is the administrator's."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "cvat_lite.sqlite3"
    prepare(path)
    chance = random.Random(7)
    with connect(path) as db:
        db.execute("BEGIN")
        people(db, chance, password)
        projects(db, chance)
        tasks(db, chance)
        labels(db, chance)
        review(db, chance)
        traffic(db, chance)
        db.execute("COMMIT")


def insert(
    db: sqlite3.Connection, table: str, columns: str, rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert many rows, given as tuples of the named columns."""
    marks = ", ".join("?" * len(columns.split(",")))
    db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def date(number: int, of: int) -> str:
    """A date within three years, later for a greater part of ``of``."""
    minutes = number * 1_576_800 // of
    days, minute = divmod(minutes, 1440)
    year, day = divmod(days, 365)
    month, rest = divmod(min(day, 335), 28)
    return (
        f"{2023 + year}-{month + 1:02d}-{rest + 1:02d}"
        f"T{minute // 60:02d}:{minute % 60:02d}:{number % 60:02d}.{number % 1_000_000:06d}Z"
    )


def home(number: int) -> int | None:
    """The organization of the project or task of that number."""
    return {8: ANOTHER, 9: None}.get(number % 10, ORGANIZATION)


def someone(chance: random.Random, organization: int | None) -> int:
    """A user who may work there; the ones who are measured get their share elsewhere."""
    if organization == ORGANIZATION:
        return chance.randrange(FIRST, OUTSIDE)
    if organization == ANOTHER:
        return chance.randrange(OUTSIDE, USERS + 1)
    return chance.choice((LONER, LONER, chance.randrange(FIRST, USERS + 1)))


def people(db: sqlite3.Connection, chance: random.Random, password: str) -> None:
    """Users, their groups and tokens, two organizations and who belongs to them."""
    hashed = passwords.hash_password(password)
    ids = range(1, USERS + 1)
    insert(
        db,
        "users",
        "id, username, password, email, first_name, last_name, is_staff, is_superuser, date_joined",
        (
            (
                number,
                NAMES.get(number, f"user{number:04d}"),
                hashed,
                f"user{number}@example.com",
                chance.choice(("Ada", "Ben", "Chi", "Dora", "Émile", "Олег")),
                chance.choice(("Lund", "Moss", "Novak", "Okoye", "Petit")),
                number == ADMINISTRATOR,
                number == ADMINISTRATOR,
                date(number, USERS),
            )
            for number in ids
        ),
    )
    groups = {ADMINISTRATOR: "admin", WORKER: "worker"}
    insert(db, "user_groups", "user_id, name", ((one, groups.get(one, "user")) for one in ids))
    tokens = ((name, number, date(number, USERS)) for number, name in NAMES.items())
    insert(db, "tokens", "key, user_id, created_date", tokens)
    insert(
        db,
        "access_tokens",
        "name, prefix, hashed_key, owner_id, read_only, created_date, updated_date",
        (
            (f"token {n}", f"p{n}", "-", n % 20 + 1, n % 2, date(n, 400), date(n, 400))
            for n in range(400)
        ),
    )
    insert(
        db,
        "organizations",
        "id, slug, name, owner_id, created_date, updated_date",
        (
            (number, SLUG if number == ORGANIZATION else f"org{number}", f"Organization {number}",
             OWNER if number == ORGANIZATION else OUTSIDE, date(number, 50), date(number, 50))
            for number in range(1, 31)
        ),
    )  # fmt: skip
    memberships(db, chance)


def memberships(db: sqlite3.Connection, chance: random.Random) -> None:
    """Who is in which organization, and the invitations by which they came."""
    roles = {OWNER: "owner", MAINTAINER: "maintainer", WORKER: "worker"}
    members = [(number, ORGANIZATION, roles.get(number)) for number in range(2, OUTSIDE)]
    members = [one for one in members if one[0] != LONER]
    members += [(OUTSIDE, ANOTHER, "owner")]
    members += [(number, ANOTHER, None) for number in range(OUTSIDE + 1, USERS + 1)]
    insert(
        db,
        "memberships",
        "user_id, organization_id, is_active, joined_date, role",
        (
            (user, organization, number % 20 > 0 or user in NAMES, date(number, len(members)),
             role or chance.choice(("worker",) * 8 + ("supervisor", "maintainer")))
            for number, (user, organization, role) in enumerate(members)
        ),
    )  # fmt: skip
    insert(
        db,
        "invitations",
        "key, membership_id, owner_id, created_date, sent_date",
        (
            (f"{chance.getrandbits(160):040x}", n, (MAINTAINER, OWNER)[n % 2], date(n, 1000),
             date(n, 1000))
            for n in range(2, len(members))
        ),
    )  # fmt: skip


def projects(db: sqlite3.Connection, chance: random.Random) -> None:
    """Projects; the measured worker is assigned a few."""
    insert(
        db,
        "projects",
        "id, name, owner_id, assignee_id, status, organization_id, created_date, updated_date",
        (
            (number, f"{chance.choice(WORDS)} project {number}", someone(chance, home(number)),
             WORKER if number in (40, 80, 120) else someone(chance, home(number)),
             chance.choice(("annotation", "validation", "completed")), home(number),
             date(number, PROJECTS), date(chance.randrange(PROJECTS), PROJECTS))
            for number in range(1, PROJECTS + 1)
        ),
    )  # fmt: skip


def tasks(db: sqlite3.Connection, chance: random.Random) -> None:
    """Tasks, half of them in projects, with their media, segments and jobs."""
    ids = range(1, TASKS + 1)
    insert(db, "data", "id, kind, size, stop_frame", ((n, "images", 1000, 999) for n in ids))
    layouts = ((n, chance.choice(("gt", "gt_pool"))) for n in ids if n % 20 == 0)
    insert(db, "validation_layouts", "data_id, mode", layouts)
    insert(
        db,
        "tasks",
        "id, project_id, data_id, name, mode, dimension, media_type, owner_id, assignee_id,"
        "bug_tracker, overlap, segment_size, status, subset, organization_id, created_date,"
        "updated_date",
        (task(number, chance) for number in ids),
    )
    segments = (
        (n * JOBS_PER_TASK + k, n, 100 * k, 100 * k + 99, date(n, TASKS))
        for n in ids
        for k in range(JOBS_PER_TASK)
    )
    columns = "id, task_id, start_frame, stop_frame, chunks_updated_date"
    insert(db, "segments", columns, segments)
    insert(
        db,
        "jobs",
        "id, segment_id, assignee_id, status, stage, state, type, created_date, updated_date",
        (job(n * JOBS_PER_TASK + k, n, chance) for n in ids for k in range(JOBS_PER_TASK)),
    )
    guides = ((n, "# How to\n", date(n, TASKS), date(n, TASKS)) for n in ids if n % 10 == 0)
    insert(db, "guides", "task_id, markdown, created_date, updated_date", guides)


def task(number: int, chance: random.Random) -> tuple[object, ...]:
    """A row of a task."""
    organization = home(number)
    # A project of the same organization: their numbers end in the same digit.
    project = number % 10 + 10 * chance.randrange(1, PROJECTS // 10) if number % 20 < 10 else None
    return (
        number,
        project,
        number,
        f"{chance.choice(WORDS)} {chance.choice(WORDS)} {number}",
        "annotation" if number % 5 else "interpolation",
        "2d" if number % 10 else "3d",
        "image" if number % 5 else "video",
        someone(chance, organization),
        WORKER if mine(number, organization, TASK_SHARE) else someone(chance, organization),
        f"https://tracker.example.com/{number}" if number % 7 == 0 else "",
        0,
        100,
        chance.choice(("annotation", "validation", "completed")),
        chance.choice(SUBSETS),
        organization,
        date(number, TASKS),
        date(chance.randrange(TASKS), TASKS),
    )


def mine(number: int, organization: int | None, share: int) -> bool:
    """Whether a thing of the organization is one of those given to the measured worker."""
    return organization == ORGANIZATION and number * 7919 % share == 0


def job(number: int, task_id: int, chance: random.Random) -> tuple[object, ...]:
    """A row of a job, in the segment of the same number."""
    organization = home(task_id)
    other = someone(chance, organization) if chance.random() < 0.8 else None
    return (
        number,
        number,
        WORKER if mine(number, organization, JOB_SHARE) else other,
        "annotation",
        chance.choice(STAGES),
        chance.choice(STATES),
        "ground_truth" if number % 200 == 9 else "annotation",
        date(number, TASKS * JOBS_PER_TASK + JOBS_PER_TASK),
        date(chance.randrange(TASKS * JOBS_PER_TASK), TASKS * JOBS_PER_TASK),
    )


def labels(db: sqlite3.Connection, chance: random.Random) -> None:
    """Labels of projects, and of tasks in none; every fourth has an attribute. And shapes."""

    def row(project: int | None, task_id: int | None, n: int) -> tuple[object, ...]:
        color = f"#{chance.getrandbits(24):06x}"
        return project, task_id, f"{chance.choice(WORDS)} {n}", color, ("any", "polygon")[n % 2]

    rows = [row(one, None, n) for one in range(1, PROJECTS + 1) for n in range(LABELS_PER_PROJECT)]
    rows += [
        row(None, one, n)
        for one in range(1, TASKS + 1)
        if one % 20 >= 10
        for n in range(LABELS_PER_TASK)
    ]
    insert(db, "labels", "project_id, task_id, name, color, type", rows)
    columns = 'label_id, name, mutable, input_type, default_value, "values"'
    specs = ((n, "occluded by", 1, "text", "", "[]") for n in range(1, len(rows) + 1, 4))
    insert(db, "attribute_specs", columns, specs)
    first = JOBS_PER_TASK
    insert(
        db,
        "shapes",
        "job_id, label_id, type, frame, points",
        (
            (first + n % (TASKS * JOBS_PER_TASK), n % len(rows) + 1, "rectangle", n % 100,
             "[1.0,2.0,30.0,40.0]")
            for n in range(SHAPES)
        ),
    )  # fmt: skip


def review(db: sqlite3.Connection, chance: random.Random) -> None:
    """Reviews, issues and comments, spread over the jobs."""
    total = TASKS * JOBS_PER_TASK

    def rows(count: int) -> Iterable[tuple[int, int, int | None, str, str]]:
        for n in range(1, count + 1):
            number = JOBS_PER_TASK + chance.randrange(total)
            organization = home(number // JOBS_PER_TASK)
            yield n, number, organization, date(n, count), date(chance.randrange(count), count)

    insert(
        db,
        "reviews",
        "id, job_id, owner_id, status, estimated_quality, created_date, updated_date",
        (
            (n, number, WORKER if mine(n, where, ISSUE_SHARE) else someone(chance, where),
             chance.choice(("accepted", "rejected", "review_further")),
             chance.randrange(11) / 2, created, updated)
            for n, number, where, created, updated in rows(REVIEWS)
        ),
    )  # fmt: skip
    insert(
        db,
        "issues",
        "id, job_id, frame, position, owner_id, assignee_id, resolved, created_date, updated_date",
        (
            (n, number, n % 100, "[10.0,20.0,30.0,40.0]", someone(chance, where),
             WORKER if mine(n, where, ISSUE_SHARE) else None, n % 3 == 0, created, updated)
            for n, number, where, created, updated in rows(ISSUES)
        ),
    )  # fmt: skip
    insert(
        db,
        "comments",
        "issue_id, owner_id, message, created_date, updated_date",
        (
            (chance.randrange(1, ISSUES + 1),
             WORKER if n % ISSUE_SHARE == 0 else chance.randrange(FIRST, OUTSIDE),
             "please look again", date(n, COMMENTS), date(n, COMMENTS))
            for n in range(COMMENTS)
        ),
    )  # fmt: skip


def traffic(db: sqlite3.Connection, chance: random.Random) -> None:
    """Background requests, webhooks with their deliveries, and events."""
    ids = range(1, REQUESTS + 1)
    insert(
        db,
        "background_requests",
        "id, number, operation, target, task_id, organization_id, format, owner_id, status,"
        "created_date, finished_date",
        (
            (f"action=export&target=task&target_id={n % TASKS + 1}&id={n}", n,
             chance.choice(("export:dataset", "export:annotations", "import:annotations")),
             "task", n % TASKS + 1, home(n % TASKS + 1), "COCO 1.0",
             chance.choice((WORKER, MAINTAINER, LONER)) if n % 20 == 0
             else someone(chance, ORGANIZATION),
             chance.choice(("finished", "finished", "failed")), date(n, REQUESTS),
             date(n, REQUESTS))
            for n in ids
        ),
    )  # fmt: skip
    insert(
        db,
        "webhooks",
        "id, target_url, description, type, owner_id, organization_id, project_id, created_date,"
        "updated_date",
        (
            (n, f"https://hooks.example.com/{n}", f"hook {n}", "project",
             WORKER if n % 10 == 1 else someone(chance, home(n)), home(n), n,
             date(n, WEBHOOKS), date(n, WEBHOOKS))
            for n in range(1, WEBHOOKS + 1)
        ),
    )  # fmt: skip
    body = json.dumps({"event": "update:task", "payload": "x" * 2000})
    insert(
        db,
        "webhook_deliveries",
        "webhook_id, event, status_code, attempt, request, created_date, updated_date",
        (
            (n // DELIVERIES + 1, "update:task", 200, 1, body,
             date(n, WEBHOOKS * DELIVERIES), date(n, WEBHOOKS * DELIVERIES))
            for n in range(WEBHOOKS * DELIVERIES)
        ),
    )  # fmt: skip
    insert(
        db,
        "events",
        "timestamp, scope, user_id, organization_id, task_id, fields",
        (
            (date(n, EVENTS), "update:task", someone(chance, ORGANIZATION),
             home(n % TASKS + 1), n % TASKS + 1, "{}")
            for n in range(EVENTS)
        ),
    )  # fmt: skip
