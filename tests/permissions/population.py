"""People and their work in a SQLite database of the columns that the conditions speak of."""

from __future__ import annotations

import random
import sqlite3
from importlib import resources

from cvat_lite.store import places

#: The migration whose triggers keep where a job is, and what is said about it.
PLACES = (resources.files("cvat_lite.store.migrations") / "0007_places.sql").read_text("utf-8")

TABLES = {
    "users": "id",
    "organizations": "id, owner_id",
    "memberships": "id, user_id, organization_id, role, is_active",
    "invitations": "key, membership_id, owner_id",
    "projects": "id, owner_id, assignee_id, organization_id",
    "tasks": "id, project_id, owner_id, assignee_id, organization_id",
    "segments": "id, task_id",
    "jobs": "id, segment_id, assignee_id",
    "labels": "id, task_id, project_id, parent_id",
    "guides": "id, task_id, project_id",
    "issues": "id, job_id, owner_id, assignee_id",
    "comments": "id, issue_id, owner_id",
    "reviews": "id, job_id, owner_id",
    "cloud_storages": "id, owner_id, organization_id",
    "webhooks": "id, owner_id, organization_id, project_id",
    "events": "id, user_id, organization_id",
    "background_requests": "id, owner_id",
    "access_tokens": "id, owner_id",
    "quality_settings": "id, task_id, project_id",
    "quality_requirements": "id, settings_id",
    "quality_reports": "id, task_id, job_id, project_id",
    "quality_conflicts": "id, report_id",
    "consensus_settings": "id, task_id",
}
ROLES = ("worker", "supervisor", "maintainer")
USERS = range(1, 8)


class Population:
    """Rows by table and key, as plain dictionaries and in a database alike."""

    def __init__(self):
        self.database = sqlite3.connect(":memory:")
        self.tables = {name: {} for name in TABLES}
        for name, columns in TABLES.items():
            key, *others = columns.split(", ")
            kind = " INTEGER PRIMARY KEY" if key == "id" else ""
            self.database.execute(f"CREATE TABLE {name} ({', '.join((key + kind, *others))})")
        self.database.executescript(PLACES)

    def add(self, table, **values):
        """Insert a row; absent columns are NULL."""
        key = next(iter(TABLES[table].split(",")))
        values.setdefault(key, len(self.tables[table]) + 1)
        row = {name: values.pop(name, None) for name in TABLES[table].split(", ")}
        assert not values, f"{table} has no {', '.join(values)}"
        marks = ", ".join("?" * len(row))
        self.database.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
        )
        self.tables[table][row[key]] = row
        return row[key]

    def settle(self):
        """Find where everything is, after rows came before what they belong to."""
        places.settle(self.database)

    def get(self, table, key):
        return self.tables[table].get(key) or {}

    def role(self, user_id, organization_id):
        """The name of the user's active role in an organization, or None."""
        for row in self.tables["memberships"].values():
            mine = (row["user_id"], row["organization_id"]) == (user_id, organization_id)
            if mine and row["is_active"]:
                return row["role"]
        return None


def generate(seed: int) -> Population:
    """Some seven people, three organizations, and work of every kind, at random."""
    rng = random.Random(seed)
    people = Population()
    for _ in USERS:
        people.add("users")
    somebody = (*USERS, None)
    for owner in rng.sample(list(USERS), 3):
        settle(people, rng, people.add("organizations", owner_id=owner), owner)
    organizations = (None, 1, 2, 3)
    for _ in range(8):
        people.add(
            "projects",
            owner_id=rng.choice(somebody),
            assignee_id=rng.choice(somebody),
            organization_id=rng.choice(organizations),
        )
    for _ in range(20):
        project = rng.choice((*people.tables["projects"], None, None))
        home = people.get("projects", project).get("organization_id")
        people.add(
            "tasks",
            owner_id=rng.choice(somebody),
            assignee_id=rng.choice(somebody),
            project_id=project,
            organization_id=home if project else rng.choice(organizations),
        )
    work(people, rng, somebody)
    around(people, rng, somebody, organizations)
    return people


def settle(people, rng, organization_id, owner):
    """Members, and people who are invited and have not answered."""
    people.add(
        "memberships", user_id=owner, organization_id=organization_id, role="owner", is_active=1
    )
    for user in rng.sample([user for user in USERS if user != owner], 4):
        membership = people.add(
            "memberships",
            user_id=user,
            organization_id=organization_id,
            role=rng.choice(ROLES),
            is_active=int(rng.random() < 0.75),
        )
        key = f"key{membership}"
        people.add("invitations", key=key, membership_id=membership, owner_id=rng.choice(USERS))


def work(people, rng, somebody):
    """Jobs of the tasks, and what is said of them."""
    for task in people.tables["tasks"]:
        for _ in range(rng.randint(0, 2)):
            segment = people.add("segments", task_id=task)
            people.add("jobs", segment_id=segment, assignee_id=rng.choice(somebody))
    for _ in range(15):
        job = rng.choice(list(people.tables["jobs"]))
        people.add(
            "issues", job_id=job, owner_id=rng.choice(somebody), assignee_id=rng.choice(somebody)
        )
        people.add("reviews", job_id=job, owner_id=rng.choice(somebody))
    for _ in range(20):
        issue = rng.choice(list(people.tables["issues"]))
        people.add("comments", issue_id=issue, owner_id=rng.choice(somebody))


def around(people, rng, somebody, organizations):
    """What belongs to a task, to a project, or directly to somebody."""
    for table in ("labels", "guides", "quality_settings", "quality_reports"):
        for task in rng.sample(list(people.tables["tasks"]), 12):
            people.add(table, task_id=task)
        for project in people.tables["projects"]:
            people.add(table, project_id=project)
    for job in people.tables["jobs"]:
        people.add("quality_reports", job_id=job)
    for report in people.tables["quality_reports"]:
        people.add("quality_conflicts", report_id=report)
    for settings in people.tables["quality_settings"]:
        people.add("quality_requirements", settings_id=settings)
    for task in people.tables["tasks"]:
        people.add("consensus_settings", task_id=task)
    for _ in range(12):
        owner = {"owner_id": rng.choice(somebody)}
        home = {"organization_id": rng.choice(organizations)}
        people.add("cloud_storages", **owner, **home)
        people.add("events", user_id=rng.choice(somebody), **home)
        people.add("background_requests", **owner)
        people.add("access_tokens", **owner)
        project = rng.choice((*people.tables["projects"], None))
        theirs = people.get("projects", project).get("organization_id")
        people.add(
            "webhooks",
            **owner,
            project_id=project,
            organization_id=theirs if project else home["organization_id"],
        )
