"""Issues: raised, assigned, resolved."""

from __future__ import annotations

from typing import Any

import orjson

from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource, ownerships
from cvat_lite.permissions.rules import Role
from cvat_lite.services import events
from cvat_lite.services.context import Context
from cvat_lite.services.events import Place
from cvat_lite.services.tasks import may_name
from cvat_lite.services.views import basic_user
from cvat_lite.store import issues as store
from cvat_lite.store import targets
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.issues import Issue
from cvat_lite.store.targets import Facts


def view(context: Context, issue: Issue) -> dict[str, Any]:
    """An issue on the wire."""
    return {
        "id": issue.id,
        "frame": issue.frame,
        "position": orjson.loads(issue.position),
        "job": issue.job_id,
        "owner": basic_user(
            context,
            issue.owner_id,
            issue.owner_username,
            issue.owner_first_name,
            issue.owner_last_name,
        ),
        "assignee": basic_user(
            context,
            issue.assignee_id,
            issue.assignee_username,
            issue.assignee_first_name,
            issue.assignee_last_name,
        ),
        "created_date": issue.created_date,
        "updated_date": issue.updated_date,
        "resolved": bool(issue.resolved),
        "comments": {
            "count": issue.comments,
            "url": context.link(f"/api/comments?issue_id={issue.id}"),
        },
    }


def resource(
    context: Context, namespace: str, facts: Facts, holders: dict[str, int | None]
) -> Resource:
    """What lies in a job, for permissions: ``holders`` are its own, the job's come with it."""
    user_id = context.subject.user_id
    around = {
        "job:assignee": facts.job_assignee,
        "task:owner": facts.task_owner,
        "task:assignee": facts.task_assignee,
        "project:owner": facts.project_owner,
        "project:assignee": facts.project_assignee,
    }
    role = Role.named(facts.role) if facts.role else None
    found = ownerships(user_id, {**around, **holders})
    return Resource(namespace, facts.organization_id, found, role)


def place_of(facts: Facts, job_id: int) -> Place:
    """Where in the tree of work a job is."""
    return Place(facts.organization_id, facts.project_id, facts.task_id, job_id)


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the issues that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "issues"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "issues"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def require(
    db: Connection, context: Context, scope: str, issue_id: int
) -> tuple[Issue, Facts]:
    """The issue and what is around its job, if the asker may do that to it.

    NotFoundError or ForbiddenError otherwise.
    """
    issue = await store.get(db, issue_id)
    if issue is None:
        raise NotFoundError.of("Issue")
    facts = await targets.get(db, "jobs", issue.job_id, context.subject.user_id)
    if facts is None:
        raise NotFoundError.of("Job")
    holders = {"owner": issue.owner_id, "assignee": issue.assignee_id}
    engine.authorize(context.subject, scope, resource(context, "issues", facts, holders))
    return issue, facts


async def retrieve(context: Context, issue_id: int) -> dict[str, Any]:
    """An issue as the API shows it."""
    async with context.database.snapshot() as db:
        issue, _ = await require(db, context, "view", issue_id)
    return view(context, issue)


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Raise an issue in a job; its message becomes its first comment."""
    async with context.database.writing() as db:
        facts = await targets.get(db, "jobs", body["job"], context.subject.user_id)
        if facts is None:
            raise RuleError("Job matching query does not exist.")
        return view(context, await get(db, await raise_in(db, context, facts, body)))


async def raise_in(db: Connection, context: Context, facts: Facts, body: dict[str, Any]) -> int:
    """Raise an issue in the job of ``facts``, inside a transaction; answers its id.

    ForbiddenError for who may not, or may not see the assignee.
    """
    engine.authorize(context.subject, "create@job", resource(context, "issues", facts, {}))
    await check_assignee(context, db, body.get("assignee"), facts)
    values = {
        "job_id": body["job"],
        "frame": body["frame"],
        "owner_id": context.user.id,
        "assignee_id": body.get("assignee"),
        "resolved": int(body.get("resolved", False)),
    }
    issue_id = await store.insert(db, values, body["position"], body["message"])
    place = place_of(facts, body["job"])
    payload = {"frame": body["frame"], "message": body["message"]}
    made = view(context, await get(db, issue_id))
    await events.record(
        db, context, "create:issue", issue_id, place=place, payload=payload, shape=made
    )
    return issue_id


async def get(db: Connection, issue_id: int) -> Issue:
    """The issue; NotFoundError if it has gone."""
    issue = await store.get(db, issue_id)
    if issue is None:
        raise NotFoundError.of("Issue")
    return issue


async def check_assignee(
    context: Context, db: Connection, user_id: int | None, facts: Facts
) -> None:
    """ForbiddenError for an assignee whom the asker may not see."""
    if user_id is not None and user_id != context.user.id:
        await may_name(context, db, user_id, facts.organization_id)


async def update(context: Context, issue_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Move, assign, resolve or reopen an issue."""
    values: dict[str, Any] = {}
    if "position" in body:
        values["position"] = orjson.dumps(body["position"]).decode()
    if "resolved" in body:
        values["resolved"] = int(body["resolved"])
    async with context.database.writing() as db:
        issue, facts = await require(db, context, "update", issue_id)
        if "assignee" in body and body["assignee"] != issue.assignee_id:
            await check_assignee(context, db, body["assignee"], facts)
            values["assignee_id"] = body["assignee"]
        await store.update(db, issue_id, values)
        before, after = view(context, issue), view(context, await get(db, issue_id))
        place = place_of(facts, issue.job_id)
        await events.record_changes(
            db, context, "update:issue", issue_id, before, after, place=place
        )
    return after


async def destroy(context: Context, issue_id: int) -> None:
    """Remove an issue with all that was said about it."""
    async with context.database.writing() as db:
        issue, facts = await require(db, context, "delete", issue_id)
        await store.delete(db, issue_id)
        place = place_of(facts, issue.job_id)
        gone = view(context, issue)
        await events.record(db, context, "delete:issue", issue_id, place=place, shape=gone)
