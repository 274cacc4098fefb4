"""Projects, tasks and jobs as targets of work: where they are and whose they are, in one query."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cvat_lite.errors import NotFoundError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role
from cvat_lite.services.context import Context
from cvat_lite.store import targets as store
from cvat_lite.store.database import Connection

MODELS = {"projects": "Project", "tasks": "Task", "jobs": "Job"}


@dataclass(frozen=True, slots=True)
class Target:
    """A project, task or job: the ids around it, and what permissions need to know of it.

    ``project_id`` of a task or job is its project's, ``task_id`` of a job its task's.
    """

    kind: str
    id: int
    project_id: int | None
    task_id: int | None
    segment_id: int | None
    data_id: int | None
    organization_id: int | None
    resource: Resource


async def find(db: Connection, context: Context, kind: str, number: int) -> Target:
    """The target of that kind (``projects``, ``tasks``, ``jobs``); NotFoundError if absent."""
    user_id = context.subject.user_id
    facts = await store.get(db, kind, number, user_id)
    if facts is None:
        raise NotFoundError.of(MODELS[kind])
    holders = {
        "projects": {"owner": facts.project_owner, "assignee": facts.project_assignee},
        "tasks": {
            "owner": facts.task_owner,
            "assignee": facts.task_assignee,
            "project:owner": facts.project_owner,
            "project:assignee": facts.project_assignee,
        },
        "jobs": {
            "assignee": facts.job_assignee,
            "task:owner": facts.task_owner,
            "task:assignee": facts.task_assignee,
            "project:owner": facts.project_owner,
            "project:assignee": facts.project_assignee,
        },
    }[kind]
    resource = Resource(
        kind,
        facts.organization_id,
        ownerships(user_id, holders),
        Role.named(facts.role) if facts.role else None,
    )
    return Target(
        kind,
        number,
        facts.project_id,
        facts.task_id,
        facts.segment_id,
        facts.data_id,
        facts.organization_id,
        resource,
    )


async def require(db: Connection, context: Context, kind: str, number: int, *scopes: str) -> Target:
    """The target, if the asker may do all of that to it; else NotFoundError or ForbiddenError."""
    target = await find(db, context, kind, number)
    for scope in scopes:
        engine.authorize(context.subject, scope, target.resource)
    return target


def as_part(resource: Resource, namespace: str) -> Resource:
    """The same place and ownerships for what is a part of the target, such as a label."""
    return replace(resource, namespace=namespace)
