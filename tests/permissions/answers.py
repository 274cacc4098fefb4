"""What the things of a population are to a user, worked out without SQL."""

from __future__ import annotations

from cvat_lite.permissions import organizations
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role

# The namespace, its table, the alias of its condition, and the name of its key.
LISTED = {
    "tasks": ("tasks", "t"),
    "projects": ("projects", "p"),
    "jobs": ("jobs", "j"),
    "labels": ("labels", "l"),
    "guides": ("guides", "g"),
    "issues": ("issues", "i"),
    "comments": ("comments", "c"),
    "reviews": ("reviews", "v"),
    "organizations": ("organizations", "o"),
    "memberships": ("memberships", "m"),
    "invitations": ("invitations", "n"),
    "cloudstorages": ("cloud_storages", "cs"),
    "webhooks": ("webhooks", "w"),
    "users": ("users", "u"),
    "events": ("events", "e"),
    "requests": ("background_requests", "r"),
    "access_tokens": ("access_tokens", "a"),
    "quality_settings": ("quality_settings", "qs"),
    "quality_requirements": ("quality_requirements", "qq"),
    "quality_reports": ("quality_reports", "qr"),
    "quality_conflicts": ("quality_conflicts", "qc"),
    "consensus_settings": ("consensus_settings", "ks"),
}


def resource(people, namespace, key, subject):
    """The row as the resource that a service would ask about."""
    row = people.get(LISTED[namespace][0], key)
    if namespace == "organizations":
        return organizations.resource(key, named(people.role(subject.user_id, key)))
    if namespace == "users":
        return user(people, key, subject)
    home, holders = FACTS.get(namespace, own)(people, row)
    held = ownerships(subject.user_id, dict.fromkeys(holders) | plain(holders))
    held |= {
        name for name, ids in holders.items() if isinstance(ids, set) and subject.user_id in ids
    }
    role = named(people.role(subject.user_id, home)) if home else None
    return Resource(namespace, home, held, role)


def user(people, key, subject):
    held = ownerships(subject.user_id, {"self": key})
    context = subject.organization
    target = named(people.role(key, context.id)) if context else None
    return Resource.here(subject, "users", held, target)


def named(role):
    return Role.named(role) if role else None


def plain(holders):
    return {name: holder for name, holder in holders.items() if not isinstance(holder, set)}


def own(people, row):
    return row.get("organization_id"), {"owner": row.get("owner_id")}


def of_project(people, row):
    return row.get("organization_id"), {
        "owner": row.get("owner_id"),
        "assignee": row.get("assignee_id"),
    }


def of_task(people, row):
    home, holders = of_project(people, row)
    _, project = of_project(people, people.get("projects", row.get("project_id")))
    return home, holders | prefixed("project", project)


def prefixed(prefix, holders):
    return {f"{prefix}:{name}": holder for name, holder in holders.items()}


def of_target(people, row):
    """What belongs to a task or a project has the ownerships of it."""
    if row.get("task_id") is not None:
        return of_task(people, people.get("tasks", row["task_id"]))
    return of_project(people, people.get("projects", row.get("project_id")))


def of_job(people, row):
    task = people.get("tasks", people.get("segments", row["segment_id"])["task_id"])
    home, holders = of_task(people, task)
    staff = {
        name if name.startswith("project:") else f"task:{name}": holder
        for name, holder in holders.items()
    }
    return home, staff | {"assignee": row["assignee_id"]}


def of_issue(people, row):
    home, holders = of_job(people, people.get("jobs", row["job_id"]))
    holders["job:assignee"] = holders.pop("assignee")
    return home, holders | {"owner": row["owner_id"], "assignee": row.get("assignee_id")}


def of_comment(people, row):
    home, holders = of_issue(people, people.get("issues", row["issue_id"]))
    theirs = {f"issue:{name}": holders.pop(name) for name in ("owner", "assignee")}
    return home, holders | theirs | {"owner": row["owner_id"]}


def of_guide(people, row):
    kind = "tasks" if row["task_id"] else "projects"
    home, holders = of_project(people, people.get(kind, row["task_id"] or row["project_id"]))
    tasks = {
        key
        for key, task in people.tables["tasks"].items()
        if key == row["task_id"] or (row["project_id"] and task["project_id"] == row["project_id"])
    }
    assigned = {
        job["assignee_id"]
        for job in people.tables["jobs"].values()
        if people.get("segments", job["segment_id"])["task_id"] in tasks
    }
    return home, prefixed("target", holders) | {"job:assignee": assigned - {None}}


def of_report(people, row):
    if row["job_id"] is None:
        return of_target(people, row)
    segment = people.get("segments", people.get("jobs", row["job_id"])["segment_id"])
    return of_target(people, {"task_id": segment["task_id"]})


def of_webhook(people, row):
    project = people.get("projects", row["project_id"])
    return row["organization_id"], {
        "owner": row["owner_id"],
        "project:owner": project.get("owner_id"),
    }


def of_invitation(people, row):
    membership = people.get("memberships", row["membership_id"])
    return membership["organization_id"], {
        "owner": row["owner_id"],
        "invitee": membership["user_id"],
    }


def of_somebody(people, row):
    return row["organization_id"], {"self": row["user_id"]}


FACTS = {
    "tasks": of_task,
    "projects": of_project,
    "jobs": of_job,
    "labels": of_target,
    "guides": of_guide,
    "issues": of_issue,
    "comments": of_comment,
    "reviews": of_issue,
    "memberships": of_somebody,
    "invitations": of_invitation,
    "webhooks": of_webhook,
    "events": of_somebody,
    "quality_settings": of_target,
    "quality_requirements": lambda people, row: of_target(
        people, people.get("quality_settings", row["settings_id"])
    ),
    "quality_reports": of_report,
    "quality_conflicts": lambda people, row: of_report(
        people, people.get("quality_reports", row["report_id"])
    ),
    "consensus_settings": of_target,
}
