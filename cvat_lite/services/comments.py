"""Comments on issues: written, changed, removed."""

from __future__ import annotations

from typing import Any

from cvat_lite.errors import NotFoundError, RuleError
from cvat_lite.permissions import engine
from cvat_lite.permissions.facts import Resource
from cvat_lite.services import events, issues
from cvat_lite.services.context import Context
from cvat_lite.services.views import basic_user
from cvat_lite.store import comments as store
from cvat_lite.store import issues as issue_store
from cvat_lite.store import targets
from cvat_lite.store.comments import Comment
from cvat_lite.store.database import Connection
from cvat_lite.store.filters import ListQuery, Selection, select
from cvat_lite.store.issues import Issue
from cvat_lite.store.targets import Facts


def view(context: Context, comment: Comment) -> dict[str, Any]:
    """A comment on the wire."""
    return {
        "id": comment.id,
        "issue": comment.issue_id,
        "owner": basic_user(
            context,
            comment.owner_id,
            comment.owner_username,
            comment.owner_first_name,
            comment.owner_last_name,
        ),
        "message": comment.message,
        "created_date": comment.created_date,
        "updated_date": comment.updated_date,
    }


async def list_page(
    context: Context, query: ListQuery
) -> tuple[int, list[dict[str, Any]], Selection]:
    """A page of the comments that the asker may see."""
    engine.authorize(context.subject, "list", Resource.here(context.subject, "comments"))
    selection = select(store.COLLECTION, query, engine.visible(context.subject, "comments"))
    async with context.database.reading() as db:
        count, found = await store.page(db, selection)
    return count, [view(context, one) for one in found], selection


async def around(db: Connection, context: Context, issue_id: int) -> tuple[Issue, Facts] | None:
    """The issue of a comment and what is around its job, or None where there is no such issue."""
    issue = await issue_store.get(db, issue_id)
    if issue is None:
        return None
    facts = await targets.get(db, "jobs", issue.job_id, context.subject.user_id)
    return (issue, facts) if facts else None


def resource(context: Context, issue: Issue, facts: Facts, owner_id: int | None) -> Resource:
    """A comment on the issue as permissions see it; ``owner_id`` is None for one to be made."""
    holders = {
        "issue:owner": issue.owner_id,
        "issue:assignee": issue.assignee_id,
        "owner": owner_id,
    }
    return issues.resource(context, "comments", facts, holders)


async def require(
    db: Connection, context: Context, scope: str, comment_id: int
) -> tuple[Comment, events.Place]:
    """The comment and where it is, if the asker may do that to it.

    NotFoundError or ForbiddenError otherwise.
    """
    comment = await store.get(db, comment_id)
    if comment is None:
        raise NotFoundError.of("Comment")
    found = await around(db, context, comment.issue_id)
    if found is None:
        raise NotFoundError.of("Issue")
    issue, facts = found
    asked = resource(context, issue, facts, comment.owner_id)
    engine.authorize(context.subject, scope, asked)
    return comment, issues.place_of(facts, issue.job_id)


async def retrieve(context: Context, comment_id: int) -> dict[str, Any]:
    """A comment as the API shows it."""
    async with context.database.snapshot() as db:
        comment, _ = await require(db, context, "view", comment_id)
    return view(context, comment)


async def create(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Say something about an issue."""
    async with context.database.writing() as db:
        found = await around(db, context, body["issue"])
        if found is None:
            raise RuleError("Issue matching query does not exist.")
        issue, facts = found
        engine.authorize(context.subject, "create@issue", resource(context, issue, facts, None))
        message = body.get("message", "")
        values = {"issue_id": issue.id, "owner_id": context.user.id, "message": message}
        comment_id = await store.insert(db, values)
        made = view(context, await get(db, comment_id))
        await events.record(
            db,
            context,
            "create:comment",
            comment_id,
            place=issues.place_of(facts, issue.job_id),
            payload={"issue": issue.id, "message": message},
            shape=made,
        )
    return made


async def get(db: Connection, comment_id: int) -> Comment:
    """The comment; NotFoundError if it has gone."""
    comment = await store.get(db, comment_id)
    if comment is None:
        raise NotFoundError.of("Comment")
    return comment


async def update(context: Context, comment_id: int, body: dict[str, Any]) -> dict[str, Any]:
    """Say it in other words."""
    async with context.database.writing() as db:
        comment, place = await require(db, context, "update", comment_id)
        values = {"message": body["message"]} if "message" in body else {}
        await store.update(db, comment_id, values)
        before, after = view(context, comment), view(context, await get(db, comment_id))
        await events.record_changes(
            db, context, "update:comment", comment_id, before, after, place=place
        )
    return after


async def destroy(context: Context, comment_id: int) -> None:
    """Take back what was said."""
    async with context.database.writing() as db:
        comment, place = await require(db, context, "delete", comment_id)
        await store.delete(db, comment_id)
        gone = view(context, comment)
        await events.record(db, context, "delete:comment", comment_id, place=place, shape=gone)
